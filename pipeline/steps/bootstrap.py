"""The foundation: state bucket, terraform/account, terraform/foundation, what they publish."""

import hashlib
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context, Workspace, workspace_of
from pipeline.core import naming, plan
from pipeline.core.errors import CloudUnusable, CorruptRecord, LeaseHeld, PlanRefused, UsageError
from pipeline.core.foundation import Foundation
from pipeline.core.outcomes import Action, PlanSummary
from pipeline.gateways.account import buckets_like, published_foundation
from pipeline.gateways.state_bucket import ensure_state_bucket
from pipeline.gateways.terraform_words import failure

logger = logging.getLogger(__name__)

# Two first runs at once: the second waits for the first, then finds nothing left to do.
_LOCK_TIMEOUT_S = 120
_MOST_ATTEMPTS = 3
_ROOTS = ("account", "foundation")
_TAKES_AWAY = (Action.DELETE, Action.REPLACE, Action.FORGET)
_STATEFUL = frozenset(
    {
        "aws_cloudtrail",
        "aws_iam_openid_connect_provider",
        "aws_iam_role",
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_sagemaker_model_package_group",
        "aws_sns_topic",
        "aws_sqs_queue",
        "aws_vpc",
    }
)


def entered_workspace(context: Context) -> Workspace:
    """Return this environment's workspace. The embedded AWS gets its foundation by itself."""
    if context.cloud.is_local and not is_current(context, _readable(context)):
        return bootstrap(context)
    return find_workspace(context)


def find_workspace(context: Context) -> Workspace:
    """Return this environment's workspace as it is. Raises CloudUnusable where there is none."""
    published = published_here(context)
    if published is None:
        _require_not_elsewhere(context)
        message = f"There is no foundation for {context.settings.environment} in this account."
        remedy = "If that is its name, make one, with rights to create it: --mode bootstrap"
        raise CloudUnusable(message, remedy=remedy)
    return workspace_of(context, _with_given(context, published))


def known_workspace(context: Context) -> Workspace | None:
    """Return this environment's workspace as earlier runs left it; None before the first one."""
    published = _readable(context)
    if published is None:
        return None
    return workspace_of(context, _with_given(context, published))


def require_terraform(context: Context) -> None:
    """Find out now that there is no usable Terraform, not after minutes of training."""
    context.engine  # noqa: B018 -- looked for at the first use, and kept


def bootstrap(context: Context) -> Workspace:
    """Create or update the foundation; does nothing where nothing differs."""
    if _readable(context) is None:
        _require_not_elsewhere(context)
    bucket = context.state_bucket
    if ensure_state_bucket(context.cloud, bucket):
        logger.info("state bucket created bucket=%s", bucket)
    for root, variables in root_variables(context).items():
        _apply(context, root, variables, key=state_key(context, root))
    published = published_here(context)
    if published is None:
        message = "terraform apply of foundation succeeded, but its parameter cannot be read."
        raise CloudUnusable(message, remedy="Run --mode bootstrap again; report it if it stays.")
    return workspace_of(context, _with_given(context, published))


def root_variables(context: Context) -> dict[str, dict[str, Any]]:
    """Return what a run knows of the variables of each root, in the order of their apply."""
    published = _readable(context)
    # Other models of this environment keep their groups.
    kept = published.model_package_groups if published else ()
    groups = sorted({context.package_group, *kept})
    known = {"inputs_digest": inputs_digest(context), "model_package_groups": groups}
    return {
        "account": account_variables(context),
        "foundation": foundation_variables(context) | known,
    }


def state_key(context: Context, root: str) -> str:
    """Return where Terraform keeps the state of one of these roots."""
    environment = context.settings.environment
    return "account.tfstate" if root == "account" else f"foundation/{environment}.tfstate"


def _require_not_elsewhere(context: Context) -> None:
    """Refuse a second region: roles and the like have no region, so it could only be half made."""
    settings = context.settings
    prefix = naming.artifact_bucket_prefix(
        settings.project, settings.environment, account=context.account
    )
    for bucket in buckets_like(context.cloud, prefix):
        region = bucket.removeprefix(prefix)
        if region != context.cloud.region:
            message = (
                f"The environment {settings.environment} of {settings.project} lives in {region} "
                f"(bucket {bucket}), not in {context.cloud.region}."
            )
            remedy = f"Use --region {region}, or another environment or project here."
            raise UsageError(message, remedy=remedy)


def published_here(context: Context) -> Foundation | None:
    """Return what the foundation of this environment published; None where there is none."""
    settings = context.settings
    name = naming.foundation_parameter_name(settings.project, settings.environment)
    return published_foundation(context.cloud, name)


def _readable(context: Context) -> Foundation | None:
    """Return what is published, and None for what Terraform is about to write anew."""
    try:
        return published_here(context)
    except CorruptRecord as error:
        logger.warning("%s", error.message)
        return None


def is_current(context: Context, published: Foundation | None) -> bool:
    """Tell whether the foundation was made from these Terraform files and settings."""
    if published is None or context.package_group not in published.model_package_groups:
        return False
    return published.inputs_digest == inputs_digest(context)


def _with_given(context: Context, published: Foundation) -> Foundation:
    """What the user gives wins over what the foundation offers."""
    settings = context.settings
    return replace(
        published,
        role_arn=settings.role_arn or published.role_arn,
        bucket=settings.s3_bucket or published.bucket,
        topic_arn=settings.sns_topic_arn or published.topic_arn,
    )


def inputs_digest(context: Context) -> str:
    """Return the sha256 of what the foundation is made from: its Terraform and variables."""
    digest = hashlib.sha256()
    for path in _sources(context):
        digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    variables = [account_variables(context), foundation_variables(context)]
    digest.update(json.dumps(variables, sort_keys=True).encode())
    return digest.hexdigest()


def _sources(context: Context) -> list[Path]:
    folders = [PROJECT_ROOT / "terraform" / name for name in (*_ROOTS, "modules")]
    files = [path for folder in folders for path in folder.rglob("*.tf")]
    given = [path for root in _ROOTS for path in variable_files(context, root)]
    return sorted(files) + [path for path in given if path.is_file()]


def account_variables(context: Context) -> dict[str, Any]:
    return {
        "project": context.settings.project,
        "region": context.cloud.region,
        "s3_use_path_style": context.cloud.is_local,
    }


def foundation_variables(context: Context) -> dict[str, Any]:
    settings = context.settings
    # With a sender the runner mails them itself.
    subscribed = () if settings.notifications.email_sender else settings.email_recipients
    return {
        "email_recipients": list(subscribed),
        "environment": settings.environment,
        "monitor_schedule": settings.drift.schedule if settings.drift.enabled else None,
        "project": settings.project,
        "region": context.cloud.region,
        "role_arn": settings.role_arn,
        "s3_bucket": settings.s3_bucket,
        "s3_use_path_style": context.cloud.is_local,
        "sns_topic_arn": settings.sns_topic_arn,
    }


def variable_files(context: Context, root: str) -> tuple[Path, ...]:
    """Return what people set: for a foundation always, for the account where they set anything."""
    folder = PROJECT_ROOT / "terraform" / "environments"
    if root == "foundation":
        name = "local" if context.cloud.is_local else context.settings.environment
        return (folder / f"{name}.tfvars",)
    account = folder / "account.tfvars"
    return (account,) if account.is_file() and not context.cloud.is_local else ()


def _apply(context: Context, root: str, variables: dict[str, Any], *, key: str) -> None:
    """Bring a root up to date, also where another run does the same at this moment."""
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        try:
            _plan_and_apply(context, root, variables, key=key)
        except LeaseHeld as held:
            if attempt == _MOST_ATTEMPTS:
                message = (
                    f"Another run is setting up {root} of {context.settings.project} at the same "
                    f"time, and has not finished after {_LOCK_TIMEOUT_S} s. {held.message}"
                )
                remedy = f"Wait until it has ended, then run the same command again. {held.remedy}"
                raise LeaseHeld(message, remedy=remedy) from held
            logger.warning("terraform root=%s: another run is setting it up; again", root)
        else:
            return


def _plan_and_apply(context: Context, root: str, variables: dict[str, Any], *, key: str) -> None:
    """Plan to a file, and apply that file where it would change anything."""
    terraform = context.terraform(root, state_key=key)
    var_file = context.work_dir / f"{root}.tfvars.json"
    var_file.write_text(json.dumps(variables), encoding="utf-8")
    plan_file = context.work_dir / f"{root}.tfplan"
    files = given_variables(context, root)
    if not terraform.plan(
        var_files=[*files, var_file], out=plan_file, lock_timeout_s=_LOCK_TIMEOUT_S
    ):
        logger.info("terraform root=%s nothing to change", root)
        return
    refuse_losses(root, plan.summarize(terraform.show(plan_file)))
    applied = terraform.apply(plan_file, lock_timeout_s=_LOCK_TIMEOUT_S)
    if applied.exit_code != 0:
        failed = failure("apply", root, applied)
        raise failed
    logger.info("terraform root=%s applied duration_s=%.1f", root, applied.duration_s)


def given_variables(context: Context, root: str) -> tuple[Path, ...]:
    """Return the files of variables that people set. Raises UsageError where one is missing."""
    files = variable_files(context, root)
    missing = [path for path in files if not path.is_file()]
    if missing:
        message = f"There is no {missing[0].relative_to(PROJECT_ROOT)}."
        raise UsageError(message, remedy="Copy staging.tfvars to that name and edit it.")
    return files


def losses(root: str, summary: PlanSummary) -> tuple[str, ...]:
    """Return a sentence where a plan would take away what releases still use; none is good."""
    lost = [
        change.address
        for change in summary.changes
        if change.action in _TAKES_AWAY and change.resource_type in _STATEFUL
    ]
    return (f"The plan of {root} would delete or replace {', '.join(lost)}.",) if lost else ()


def refuse_losses(root: str, summary: PlanSummary) -> None:
    for message in losses(root, summary):
        remedy = "Releases may still use it. Undo the setting that causes it; nothing was applied."
        raise PlanRefused(message, remedy=remedy)

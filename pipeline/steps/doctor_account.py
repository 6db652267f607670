"""The checks of mode doctor that ask an account: what a run needs there, and what is left there."""

import json
from collections.abc import Callable, Mapping

from pipeline.context import Context, Workspace
from pipeline.core import checkup, naming
from pipeline.core.checkup import Finding
from pipeline.core.errors import PipelineError
from pipeline.gateways import account, leases, owners
from pipeline.gateways.store import Store
from pipeline.steps.bootstrap import is_current, published_here

_SERVICES = ("iam", "s3", "sagemaker", "service-quotas", "ssm", "sts")
_QUOTA_FIX = "Ask for more under Service Quotas, Amazon SageMaker, or use another instance type."


def credentials(context: Context) -> Finding:
    found = account.identity(context.cloud)
    return checkup.ok("credentials", f"{found.arn}, account {found.account}")


def checks_of_account(context: Context) -> Mapping[str, Callable[[], Finding]]:
    # Made here: threads that share clients are fine, threads that make them are not.
    for service in _SERVICES:
        context.cloud.client(service)
    return {
        "clock": lambda: _clock(context),
        "state bucket": lambda: _state_bucket(context),
        "foundation": lambda: _foundation(context),
        "quotas": lambda: _quotas(context),
    }


def checks_of_workspace(workspace: Workspace) -> Mapping[str, Callable[[], Finding]]:
    return {
        "artifact bucket": lambda: _artifact_bucket(workspace),
        "role": lambda: _role(workspace),
        "model package group": lambda: _package_group(workspace),
        "endpoint": lambda: _endpoint(workspace),
        "lease": lambda: _lease(workspace),
        "state lock": lambda: _state_lock(workspace),
    }


def _clock(context: Context) -> Finding:
    server_time = account.identity(context.cloud).server_time
    skew_s = (context.now() - server_time).total_seconds() if server_time else None
    return checkup.judge_clock(skew_s)


def _state_bucket(context: Context) -> Finding:
    bucket = context.state_bucket
    if account.has_bucket(context.cloud, bucket):
        return checkup.ok("state bucket", bucket)
    return _missing(context, "state bucket", f"there is no {bucket}.")


def _foundation(context: Context) -> Finding:
    settings = context.settings
    name = naming.foundation_parameter_name(settings.project, settings.environment)
    published = published_here(context)
    if published is None:
        return _missing(context, "foundation", f"there is no parameter {name}.")
    if is_current(context, published):
        return checkup.ok("foundation", f"{name}, as this version makes it")
    fix = "--mode bootstrap brings it up to date; on the embedded AWS the next run does."
    what = f"{name} was made from other Terraform files or settings."
    return checkup.warning("foundation", what, fix=fix)


def _missing(context: Context, check: str, what: str) -> Finding:
    """What the embedded AWS lacks, the next run makes; in a real account somebody has to."""
    if context.cloud.is_local:
        return checkup.warning(check, what, fix="--mode full makes it.")
    return checkup.failed(check, what, fix="Run --mode bootstrap, or check --region.")


def _quotas(context: Context) -> Finding:
    if context.cloud.is_local:
        return checkup.ok("quotas", "the embedded AWS has none")
    settings = context.settings
    wanted = {
        f"{settings.training.instance_type} for training job usage": 1,
        f"{settings.evaluation.instance_type} for processing job usage": 1,
        # While it moves, an endpoint has two fleets.
        f"{settings.instance_type} for endpoint usage": 2 * settings.deployment.instance_count,
    }
    try:
        found = account.quotas(context.cloud, wanted)
    except PipelineError as error:
        return checkup.unreadable("quotas", error)
    return checkup.judge_quotas(wanted, found, fix=_QUOTA_FIX)


def _artifact_bucket(workspace: Workspace) -> Finding:
    bucket = workspace.foundation.bucket
    if account.has_bucket(workspace.context.cloud, bucket):
        return checkup.ok("artifact bucket", bucket)
    return _missing(workspace.context, "artifact bucket", f"there is no {bucket}.")


def _role(workspace: Workspace) -> Finding:
    arn = workspace.foundation.role_arn
    own = workspace.context.account
    if arn.split(":")[4] != own:
        what = f"{arn} lies in another account than {own}, which cannot look at it."
        return checkup.warning("role", what, fix="Name a role of this account with --role-arn.")
    try:
        policy = account.trust_policy(workspace.context.cloud, arn)
    except PipelineError as error:
        return checkup.unreadable("role", error)
    return checkup.judge_role(arn, policy)


def _package_group(workspace: Workspace) -> Finding:
    name = workspace.context.package_group
    if account.has_package_group(workspace.context.cloud, name):
        return checkup.ok("model package group", name)
    return _missing(workspace.context, "model package group", f"there is no {name}.")


def _endpoint(workspace: Workspace) -> Finding:
    head = workspace.ledger.read().head
    seen = workspace.sagemaker.observe(workspace.context.endpoint)
    return checkup.judge_endpoint(head, seen)


def _lease(workspace: Workspace) -> Finding:
    lease = leases.find(workspace.store, workspace.context.endpoint)
    return checkup.judge_lease(
        lease,
        now=workspace.context.now(),
        owner_is_dead=lease is not None and owners.is_dead(lease.owner),
    )


def _state_lock(workspace: Workspace) -> Finding:
    """A Terraform that was killed leaves its lock behind, and that has no expiry."""
    context = workspace.context
    key = naming.serving_state_key(context.settings.environment, context.endpoint) + ".tflock"
    store = Store(context.cloud, context.state_bucket)
    found = store.find(key)
    if found is None:
        return checkup.ok("state lock", "free")
    lock = json.loads(found.body)
    what = f"{store.uri(key)} is held by {lock.get('Who')} since {lock.get('Created')}."
    fix = "If that run is dead: docs/operations.md, Unlock a Terraform state."
    return checkup.warning("state lock", what, fix=fix)

"""What account and foundation are made from: their Terraform, what people set, what a run knows."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context

ROOTS = ("account", "foundation")


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
    folders = [PROJECT_ROOT / "terraform" / name for name in (*ROOTS, "modules")]
    files = [path for folder in folders for path in folder.rglob("*.tf")]
    given = [path for root in ROOTS for path in variable_files(context, root)]
    return sorted(files) + [path for path in given if path.is_file()]


def account_variables(context: Context) -> dict[str, Any]:
    return {
        "project": context.settings.project,
        "region": context.cloud.region,
        "s3_use_path_style": context.cloud.is_local,
    }


def foundation_variables(context: Context) -> dict[str, Any]:
    settings = context.settings
    return {
        "environment": settings.environment,
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

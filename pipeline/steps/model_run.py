"""Which training job a command is about: one of the model that the configuration is for."""

import shlex

from pipeline.context import Workspace
from pipeline.core.errors import UsageError
from pipeline.core.records import ApprovalStatus, TrainingRun
from pipeline.steps import preflight, recorded


def model_run(workspace: Workspace, job: str, *, mode: str, reason: str | None) -> TrainingRun:
    """Return the record of a training job. Raises UsageError for one of another model."""
    run = recorded.training_run(workspace, job)
    because = f" --reason {shlex.quote(reason)}" if reason else ""
    command = f"--mode {mode} --training-job {job}{because}"
    preflight.require_configured_model(workspace, run, command=command)
    return run


def newest_approved(workspace: Workspace) -> str:
    """Return the job of the newest approved package of this model. Raises UsageError."""
    group = workspace.context.package_group
    for each in workspace.sagemaker.packages(group):
        if each.package.approval_status is ApprovalStatus.APPROVED and each.training_job:
            return each.training_job
    message = f"No approved model package in {group}."
    raise UsageError(message, remedy="Run --mode training, or approve a held model.")

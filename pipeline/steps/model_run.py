"""Which training job a command is about: one of the model that the configuration is for."""

import shlex
from contextlib import suppress

from pipeline.context import Workspace
from pipeline.core.errors import UsageError
from pipeline.core.gate import judge
from pipeline.core.records import ApprovalStatus, TrainingRun, Verdict
from pipeline.steps import preflight, recorded


def model_run(workspace: Workspace, job: str, *, mode: str, reason: str | None) -> TrainingRun:
    """Return the record of a training job. Raises UsageError for one of another model."""
    run = recorded.training_run(workspace, job)
    because = f" --reason {shlex.quote(reason)}" if reason else ""
    command = f"--mode {mode} --training-job {job}{because}"
    preflight.require_configured_model(workspace, run, command=command)
    return run


def newest_approved(workspace: Workspace) -> str:
    """Return the job of the newest package of this model that may be deployed. Raises UsageError.

    A pipeline's role approves nothing, so what it registered counts by its recorded evaluation.
    """
    group = workspace.context.package_group
    for each in workspace.sagemaker.packages(group):
        status = each.package.approval_status
        if not each.training_job or status is ApprovalStatus.REJECTED:
            continue
        if status is ApprovalStatus.APPROVED or _passed(workspace, each.training_job):
            return each.training_job
    message = f"No approved model package in {group}."
    raise UsageError(message, remedy="Run --mode training, or approve a held model.")


def _passed(workspace: Workspace, job: str) -> bool:
    settings = workspace.settings
    with suppress(UsageError):  # somebody else's package of this group: nothing of it is recorded
        evaluation = recorded.evaluation(workspace, recorded.training_run(workspace, job))
        limits = settings.accuracy_limits
        decision = judge(evaluation.metrics, limits, gates=settings.gate_limits)
        return decision.verdict is Verdict.DEPLOY
    return False

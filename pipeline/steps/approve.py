"""A person lets a model pass that is held, or worse than what is live: who, when and why."""

import logging
from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.errors import CloudUnusable, GateNotPassed, UsageError
from pipeline.core.records import (
    Approval,
    ApprovalStatus,
    Decision,
    ModelPackage,
    TrainingRun,
    Verdict,
)
from pipeline.steps import champion, register

logger = logging.getLogger(__name__)


def approve(
    workspace: Workspace, run: TrainingRun, decision: Decision, *, reason: str
) -> ModelPackage:
    """Approve a model. A rejected one never passes; one that passed needs no approval."""
    if decision.verdict is Verdict.REJECT:
        message = f"{run.job_name} is rejected, and nobody can approve that: "
        remedy = "Train a better model, or change the limits in the configuration file."
        raise GateNotPassed(message + " ".join(decision.reasons), remedy=remedy)
    package = register.find_package(workspace, run.job_name)
    if package is None:
        message = f"{run.job_name} has no model package."
        remedy = f"Run --mode registration --training-job {run.job_name} first."
        raise UsageError(message, remedy=remedy)
    against = champion.champion(workspace)
    given = Approval(
        training_job=run.job_name,
        artifact_sha256=run.artifact_sha256,
        who=workspace.context.who,
        when=workspace.context.now(),
        reason=reason,
        champion_sha256=against.artifact_sha256 if against else None,
    )
    said = f"Approved by {given.who}: {reason}"
    if not workspace.sagemaker.set_approval(package.arn, ApprovalStatus.APPROVED, said):
        message = f"The role in use may not approve {package.arn}."
        remedy = "A person approves, with a role that may: those of pipelines never do."
        raise CloudUnusable(message, remedy=remedy)
    workspace.store.put(naming.approval_object(run.job_name), given.to_json().encode())
    logger.info("approved job=%s by=%s reason=%s", run.job_name, given.who, reason)
    return replace(package, approval_status=ApprovalStatus.APPROVED)

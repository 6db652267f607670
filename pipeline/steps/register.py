"""Puts the artifact at its content address and registers it with all that is known."""

import logging
from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import jobs, naming
from pipeline.core.errors import CorruptRecord, JobFailed
from pipeline.core.model_card import card_status, model_card
from pipeline.core.plots import Plots
from pipeline.core.records import (
    Approval,
    ApprovalStatus,
    Decision,
    Evaluation,
    ModelPackage,
    TrainingRun,
    Verdict,
)

logger = logging.getLogger(__name__)

_APPROVAL_OF_VERDICT = {
    Verdict.DEPLOY: ApprovalStatus.APPROVED,
    Verdict.HOLD: ApprovalStatus.PENDING,
    Verdict.KEEP: ApprovalStatus.PENDING,
    Verdict.REJECT: ApprovalStatus.REJECTED,
}


def register(
    workspace: Workspace,
    run: TrainingRun,
    evaluation: Evaluation,
    *,
    decision: Decision,
    approval: Approval | None,
) -> ModelPackage:
    """Register the evaluated artifact; one that is registered already gets its new status.

    Nothing is registered as approved: the roles of pipelines may not, so that a person can be the
    only one who approves. Where the role may, what passed the gate is approved then.
    """
    artifact_uri = store_artifact(workspace, run)
    status = ApprovalStatus.APPROVED if approval else _APPROVAL_OF_VERDICT[decision.verdict]
    known = find_package(workspace, run.job_name)
    if known is not None:
        return _with_status(workspace, known, status, reason=_reason(decision, approval))
    rejected = status is ApprovalStatus.REJECTED
    request = jobs.package_request(
        run,
        evaluation,
        group=workspace.context.package_group,
        status=status if rejected else ApprovalStatus.PENDING,
        status_reason=_reason(decision, approval),
        artifact_uri=artifact_uri,
        evaluation_uri=workspace.store.uri(naming.evaluation_object(run.job_name)),
        region=workspace.context.cloud.region,
        instance_type=workspace.settings.instance_type,
        card={
            "ModelCardContent": model_card(run, evaluation, decision, plots_of(workspace, run)),
            "ModelCardStatus": card_status(decision, is_approved=approval is not None),
        },
    )
    package = workspace.sagemaker.register(request)
    logger.info("model package arn=%s", package.arn)
    return _with_status(workspace, package, status, reason=_reason(decision, approval))


def plots_of(workspace: Workspace, run: TrainingRun) -> Plots | None:
    """Return what the evaluation job drew of exactly this artifact.

    A script of the user's own may have drawn nothing, or something else: that is nothing to show.
    """
    key = naming.plots_object(run.job_name)
    found = workspace.store.find(key)
    if found is None:
        return None
    try:
        plots = Plots.from_json(found.body, place=workspace.store.uri(key))
    except CorruptRecord as error:
        logger.warning("%s", error.message)
        return None
    return plots if plots.artifact_sha256 == run.artifact_sha256 else None


def store_artifact(workspace: Workspace, run: TrainingRun) -> str:
    """Copy the artifact to its content address, and make sure that the copy is what was trained."""
    key = naming.artifact_object(run.artifact_sha256)
    uri = workspace.store.uri(key)
    if not workspace.store.exists(key):
        # First the source: what lies at a content address can never be deleted again.
        _require_trained(workspace, run, run.artifact_uri)
        workspace.store.copy_to(run.artifact_uri, key)
    _require_trained(workspace, run, uri)
    return uri


def _require_trained(workspace: Workspace, run: TrainingRun, uri: str) -> None:
    found = workspace.store.sha256(uri)
    if found != run.artifact_sha256:
        message = (
            f"{uri} is not what {run.job_name} trained: its sha256 is {found[:12]}, "
            f"not {run.artifact_sha256[:12]}."
        )
        raise JobFailed(message, remedy="Somebody replaced it. Train again.")


def find_package(workspace: Workspace, training_job: str) -> ModelPackage | None:
    """Return the newest package that was registered for a training job."""
    packages = workspace.sagemaker.packages(workspace.context.package_group)
    return next((each.package for each in packages if each.training_job == training_job), None)


def _with_status(
    workspace: Workspace, package: ModelPackage, status: ApprovalStatus, *, reason: str
) -> ModelPackage:
    if package.approval_status is status:
        return package
    if not workspace.sagemaker.set_approval(package.arn, status, reason):
        note = f"{package.arn} stays {package.approval_status.value}: this role may not approve it."
        workspace.context.recorder.note(note)
        return package
    return replace(package, approval_status=status)


def _reason(decision: Decision, approval: Approval | None) -> str:
    if approval:
        return f"Approved by {approval.who}: {approval.reason}"
    return " ".join(decision.reasons)

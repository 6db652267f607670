"""What earlier runs left in S3 about a training job: separate processes, the same cloud."""

import difflib
import logging
import shlex
from contextlib import suppress
from typing import TypeVar

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.document import Stored
from pipeline.core.errors import UsageError
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.records import (
    Approval,
    ApprovalStatus,
    Evaluation,
    Release,
    TrainingInputs,
    TrainingRun,
    Verdict,
)
from pipeline.core.serving_gate import judge_candidate
from pipeline.gateways.ports import Objects
from pipeline.gateways.sagemaker import JobOutcome
from pipeline.steps import preflight
from pipeline.steps.leased import require_endpoint

logger = logging.getLogger(__name__)

_MOST_SAID = 500

T = TypeVar("T", bound=Stored)


def training_run(workspace: Workspace, job: str) -> TrainingRun:
    """Return the record of a training job. Raises UsageError for one that was never recorded."""
    found = _stored(workspace, TrainingRun, naming.training_run_object(job))
    if found is not None:
        return found
    inputs = _stored(workspace, TrainingInputs, naming.training_inputs_object(job))
    outcome = workspace.sagemaker.find_training(job) if inputs else None
    if inputs is None or outcome is None or not outcome.is_completed:
        raise _unknown(workspace, job)
    logger.warning("training job=%s finished after its run had died; it is taken up now", job)
    return record_finished(workspace, inputs, outcome)


def run_in(store: Objects, job: str) -> TrainingRun:
    """Return the record of a training job in a bucket. Raises UsageError without one."""
    key = naming.training_run_object(job)
    found = store.find(key)
    if found is None:
        message = f"{store.uri(key)} is gone: nobody recorded the training job {job} there."
        raise UsageError(message, remedy="Restore an earlier version of the object.")
    return TrainingRun.from_json(found.body, place=store.uri(key))


def model_run(workspace: Workspace, job: str, *, mode: str, reason: str | None) -> TrainingRun:
    """Return the record of a training job. Raises UsageError for one of another model."""
    run = training_run(workspace, job)
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
        found = evaluation(workspace, training_run(workspace, job))
        policy = settings.gate_policy.without_champion  # a deployment compares with what is live
        return judge_candidate(found, policy).verdict is Verdict.DEPLOY
    return False


def require_recorded(workspace: Workspace, job: str) -> None:
    """Refuse a job of which nothing was written down: to look must not write it down either."""
    if not workspace.store.exists(naming.training_run_object(job)):
        raise _unknown(workspace, job)


def _stored(workspace: Workspace, kind: type[T], key: str) -> T | None:
    found = workspace.store.find(key)
    return kind.from_json(found.body, place=workspace.store.uri(key)) if found else None


def record_finished(
    workspace: Workspace, inputs: TrainingInputs, outcome: JobOutcome
) -> TrainingRun:
    """Write the record of a completed training job, by which every later mode finds it."""
    seen = outcome.description
    artifact_uri = seen["ModelArtifacts"]["S3ModelArtifacts"]
    run = TrainingRun(
        job_name=outcome.name,
        job_arn=seen["TrainingJobArn"],
        artifact_uri=artifact_uri,
        artifact_sha256=workspace.store.sha256(artifact_uri),
        metrics={
            metric["MetricName"]: float(metric["Value"])
            for metric in seen.get("FinalMetricDataList", ())
        },
        image_uri=seen["AlgorithmSpecification"]["TrainingImage"],
        data_sha256=inputs.data_sha256,
        code_sha256=inputs.code_sha256,
        hyperparameters=seen["HyperParameters"],
        started_at=seen["TrainingStartTime"],
        ended_at=seen["TrainingEndTime"],
        instance_type=seen["ResourceConfig"]["InstanceType"],
        identity=inputs.identity,
        train_uri=inputs.train_uri,
        test_uri=inputs.test_uri,
        files=inputs.files,
    )
    workspace.store.put(naming.training_run_object(run.job_name), run.to_json().encode())
    return run


def evaluation(workspace: Workspace, run: TrainingRun) -> Evaluation:
    """Return the recorded evaluation of exactly this artifact. Raises UsageError without one."""
    found = _stored(workspace, Evaluation, naming.evaluation_object(run.job_name))
    if found is None or found.artifact_sha256 != run.artifact_sha256:
        message = f"The training job {run.job_name} has no evaluation."
        remedy = f"Run --mode evaluation --training-job {run.job_name} first."
        raise UsageError(message, remedy=remedy)
    return found


def record_evaluation(workspace: Workspace, found: Evaluation) -> None:
    key = naming.evaluation_object(found.training_job)
    workspace.store.put(key, found.to_json().encode())


def approval(workspace: Workspace, run: TrainingRun) -> Approval | None:
    """Return a person's approval of exactly this artifact, if there is one."""
    given = _stored(workspace, Approval, naming.approval_object(run.job_name))
    return given if given and given.artifact_sha256 == run.artifact_sha256 else None


def live_release(workspace: Workspace, seen: EndpointObservation) -> Release:
    """Return the release that the endpoint serves. Raises UsageError where there is none."""
    head = workspace.ledger.read().head
    if seen.status is EndpointStatus.ABSENT:
        if head.live is not None:
            require_endpoint(seen)
        message = f"There is no endpoint {seen.name}."
        raise UsageError(message, remedy="To make it, type: --mode full")
    key = naming.config_key_of(seen.name, seen.config_name or "")
    if key is None or key not in head.endpoint_configs:
        message = f"Endpoint {seen.name} serves {seen.config_name}, which is no release of ours."
        raise UsageError(message, remedy="Name an endpoint that this project deployed.")
    return workspace.ledger.release(head.endpoint_configs[key].release)


def _not_recorded_yet(job: str, state: str) -> UsageError:
    """Return the refusal of a job of ours whose run died, or waits for it now."""
    take_up = f"--mode evaluation --training-job {job}"
    if state == "Completed":
        message = f"The training job {job} has ended, but no run has recorded it yet."
        return UsageError(message, remedy=f"To take it up, type: {take_up}")
    message = f"The training job {job} has not ended yet: it is {state}."
    remedy = (
        f"To see what it does, type: --mode logs --training-job {job} --follow\n"
        f"Once it has ended, its own run goes on; where that died, to take it up: {take_up}"
    )
    return UsageError(message, remedy=remedy)


def _unknown(workspace: Workspace, job: str) -> UsageError:
    status = workspace.sagemaker.find_training(job)
    if status is not None:
        state = status.description["TrainingJobStatus"]
        if state in ("Failed", "Stopped"):
            reason = " ".join(str(status.description.get("FailureReason", "")).split())
            said = f": {reason[:_MOST_SAID]}" if reason else "."
            message = f"The training job {job} ended as {state} and has no model{said}"
            remedy = "Mend the cause and train again, or name a job that mode training finished."
            return UsageError(message, remedy=remedy)
        if state == "Stopping":  # it ends as Stopped, whoever waits for it
            message = f"The training job {job} is being stopped and leaves no model."
            remedy = "Train again, or name a job that mode training finished."
            return UsageError(message, remedy=remedy)
        if workspace.store.exists(naming.training_inputs_object(job)):
            return _not_recorded_yet(job, state)
        message = (
            f"The training job {job} exists ({state}), but no run of this project recorded it."
        )
        return UsageError(message, remedy="Name a job that mode training finished, or train again.")
    known = [
        key.split("/")[1] for key in workspace.store.keys("jobs/") if key.endswith("/training.json")
    ]
    near = difflib.get_close_matches(job, known, n=1)
    newest = f"The newest one is {known[-1]}." if known else "To make one, type: --mode training"
    hint = f"Did you mean {near[0]}?" if near else newest
    return UsageError(f"There is no training job {job}.", remedy=hint)

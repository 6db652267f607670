"""What earlier runs left in S3 about a training job: separate processes, the same cloud."""

import difflib
import logging
from typing import TypeVar

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.document import Stored
from pipeline.core.errors import NotServing, UsageError
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.records import Approval, Evaluation, Release, TrainingInputs, TrainingRun
from pipeline.gateways.sagemaker import JobOutcome

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
    )
    workspace.store.put(naming.training_run_object(run.job_name), run.to_json().encode())
    return run


def evaluation(workspace: Workspace, run: TrainingRun) -> Evaluation:
    """Return the recorded evaluation of exactly this artifact. Raises UsageError without one."""
    found = _find_evaluation(workspace, run)
    if found is None:
        message = f"The training job {run.job_name} has no evaluation."
        remedy = f"Run --mode evaluation --training-job {run.job_name} first."
        raise UsageError(message, remedy=remedy)
    return found


def _find_evaluation(workspace: Workspace, run: TrainingRun) -> Evaluation | None:
    evaluation = _stored(workspace, Evaluation, naming.evaluation_object(run.job_name))
    if evaluation and evaluation.artifact_sha256 != run.artifact_sha256:
        return None
    return evaluation


def approval(workspace: Workspace, run: TrainingRun) -> Approval | None:
    """Return a person's approval of exactly this artifact, if there is one."""
    given = _stored(workspace, Approval, naming.approval_object(run.job_name))
    return given if given and given.artifact_sha256 == run.artifact_sha256 else None


def live_release(workspace: Workspace, seen: EndpointObservation) -> Release:
    """Return the release that the endpoint serves. Raises UsageError where there is none."""
    if seen.status is EndpointStatus.ABSENT:
        message = f"There is no endpoint {seen.name}."
        if workspace.ledger.read().head.live is not None:
            message = f"{message} Somebody deleted it; no release is serving."
            raise NotServing(message, remedy="To make it again: --mode settle --yes")
        raise UsageError(message, remedy="To make it, type: --mode full")
    head = workspace.ledger.read().head
    key = naming.config_key_of(seen.name, seen.config_name or "")
    if key is None or key not in head.endpoint_configs:
        message = f"Endpoint {seen.name} serves {seen.config_name}, which is no release of ours."
        raise UsageError(message, remedy="Name an endpoint that this project deployed.")
    return workspace.ledger.release(head.endpoint_configs[key].release)


def _without_model(job: str, state: str, reason: str) -> UsageError:
    said = f": {' '.join(reason.split())[:_MOST_SAID]}" if reason else "."
    return UsageError(
        f"The training job {job} ended as {state} and has no model{said}",
        remedy="Mend the cause and train again, or name a job that mode training finished.",
    )


def _unknown(workspace: Workspace, job: str) -> UsageError:
    status = workspace.sagemaker.find_training(job)
    if status is not None:
        state = status.description["TrainingJobStatus"]
        if state in ("Failed", "Stopped"):
            return _without_model(job, state, str(status.description.get("FailureReason", "")))
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

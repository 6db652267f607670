"""Runs the processing job that measures exactly the artifact of a training job on held-out rows."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Any

from pipeline.configuration.sections import SliceSettings
from pipeline.context import Workspace
from pipeline.core import jobs, naming
from pipeline.core.errors import JobFailed, UsageError
from pipeline.core.measures import ACCURACY, RMSE
from pipeline.core.records import (
    CandidateScore,
    Comparison,
    Evaluation,
    ModelChoice,
    ModelKind,
    PairedErrors,
    ServingCheck,
    Slice,
    TrainingRun,
)
from pipeline.gateways.sagemaker import NameTaken
from pipeline.steps import champion, recorded
from pipeline.steps.progress import JobProgress

logger = logging.getLogger(__name__)


def evaluate(workspace: Workspace, run: TrainingRun) -> Evaluation:
    """Measure the artifact; record and return the evaluation. Raises JobFailed."""
    compared = champion.to_compare(workspace, run)
    name = _start(workspace, run, compared)
    settings = workspace.settings.evaluation
    workspace.sagemaker.wait_for_processing(
        name,
        timeout_s=settings.max_runtime_s + jobs.START_TIMEOUT_S,
        seen=JobProgress(workspace, name, kind="processing").seen,
    )
    found = workspace.store.find(f"{_output(name, run)}evaluation.json")
    if found is None:
        message = f"The processing job {name} ended as Completed, but left no evaluation.json."
        remedy = "Let your metrics return instead of ending the program, then evaluate again."
        raise JobFailed(message, remedy=remedy)
    document = json.loads(found.body)
    evaluation = _read_evaluation(document, run, processing_job=name)
    evaluation = replace(evaluation, comparison=_comparison(document, compared))
    baseline = workspace.store.find(f"{_output(name, run)}baseline.json")
    if baseline is not None:  # an artifact of an earlier version has none
        workspace.store.put(naming.baseline_object(run.job_name), baseline.body)
    recorded.record_evaluation(workspace, evaluation)
    _keep_plots(workspace, run, name)
    metric = RMSE if evaluation.kind is ModelKind.REGRESSION else ACCURACY
    logger.info("evaluation job=%s %s=%.4g", name, metric, evaluation.metrics.get(metric, nan))
    return evaluation


def _keep_plots(workspace: Workspace, run: TrainingRun, name: str) -> None:
    """Keep what the job drew for people. A script of the user's own may draw nothing."""
    found = workspace.store.find(f"{_output(name, run)}plots.json")
    if found is not None:
        workspace.store.put(naming.plots_object(run.job_name), found.body)


def _read_evaluation(document: Any, run: TrainingRun, *, processing_job: str) -> Evaluation:
    """Turn the container's document into a record. It must speak of the bytes that were trained."""
    if document["artifact_sha256"] != run.artifact_sha256:
        message = (
            f"The processing job {processing_job} measured another artifact "
            f"({document['artifact_sha256'][:12]}) than {run.job_name} left "
            f"({run.artifact_sha256[:12]})."
        )
        raise JobFailed(message, remedy="Somebody replaced model.tar.gz; train again.")
    metrics = {**document["metrics"], "cv_mean_accuracy": document["cv_mean_accuracy"]}
    choice = document["choice"]
    if choice is not None:
        scores = tuple(CandidateScore(**score) for score in choice["candidates"])
        choice = ModelChoice(model=choice["model"], rows=choice["rows"], candidates=scores)
    check = document.get("serving")  # a script of the user's own may not ask
    return Evaluation(
        training_job=run.job_name,
        artifact_sha256=document["artifact_sha256"],
        # null is a metric that was not finite: it is missing, and the gate refuses what is missing
        metrics={name: float(value) for name, value in metrics.items() if value is not None},
        classification_report=document["classification_report"],
        confusion_matrix=tuple(tuple(row) for row in document["confusion_matrix"]),
        labels=tuple(str(label) for label in document["labels"]),
        row_count=document["rows"],
        kind=ModelKind(document["kind"]),
        baseline={name: float(value) for name, value in document["baseline"].items()},
        slices=tuple(Slice(**each) for each in document["slices"]),
        artifact_bytes=document["artifact_bytes"],
        processing_job=processing_job,
        choice=choice,
        serving=ServingCheck(**check) if check else None,
    )


def _comparison(
    document: Any, compared: jobs.ComparedWith | Comparison | None
) -> Comparison | None:
    if not isinstance(compared, jobs.ComparedWith):
        return compared
    found = dict(document.get("comparison") or {})
    if not found.get("artifact_sha256"):  # it could not even be unpacked
        found["artifact_sha256"] = compared.artifact_sha256
    errors = found.pop("errors", None)
    return Comparison(
        **found, release_id=compared.release_id, errors=PairedErrors(**errors) if errors else None
    )


def _start(
    workspace: Workspace, run: TrainingRun, compared: jobs.ComparedWith | Comparison | None
) -> str:
    """Start the job; a second evaluation of the same training job gets a number."""
    for attempt in range(1, naming.MOST_ATTEMPTS + 1):
        name = naming.processing_job_name(run.job_name, attempt=attempt)
        request = jobs.evaluation_request(
            _order(workspace, run, compared, name=name),
            workspace.foundation,
            tags=workspace.tags,
        )
        try:
            workspace.sagemaker.start_processing(request)
        except NameTaken:
            continue
        logger.info("evaluation job=%s started", name)
        return name
    message = f"{run.job_name} has been evaluated {naming.MOST_ATTEMPTS} times."
    raise UsageError(message, remedy="Train again.")


def _order(
    workspace: Workspace,
    run: TrainingRun,
    compared: jobs.ComparedWith | Comparison | None,
    *,
    name: str,
) -> jobs.EvaluationOrder:
    settings = workspace.settings
    code = workspace.store.uri(f"{naming.code_prefix(run.code_sha256)}src/")
    custom = settings.training.custom_metrics
    return jobs.EvaluationOrder(
        job_name=name,
        image_uri=run.image_uri,
        machine=jobs.Machine(
            instance_type=settings.evaluation.instance_type,
            max_runtime_s=settings.evaluation.max_runtime_s,
        ),
        artifact_uri=run.artifact_uri,
        test_uri=run.test_uri,
        source_uri=code,
        output_uri=workspace.store.uri(_output(name, run)),
        arguments={
            "message-file": "/opt/ml/output/message",
            "startup-timeout-s": str(settings.deployment.startup_timeout_s),
            "target": run.identity.target,
            **({"custom-metrics": custom} if custom else {}),
        },
        slices=_slices(settings.evaluation.slices),
        serving_environment=jobs.serving_environment(workspace.context.cloud.region),
        champion=compared if isinstance(compared, jobs.ComparedWith) else None,
    )


def _slices(asked: Sequence[SliceSettings]) -> str:
    return json.dumps([{"column": each.column, "bins": each.bins} for each in asked])


def _output(name: str, run: TrainingRun) -> str:
    return f"{naming.job_prefix(run.job_name)}evaluation/{name}/"

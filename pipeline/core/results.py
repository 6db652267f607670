"""The document of a run for machines: `results.json`.

`Results` is the structure of `results.json`; docs/results.schema.json is generated from it. A phase
that did not run is absent, a number that could not be measured is null.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt

from pipeline.core.champion import is_comparable, paired
from pipeline.core.data_checks import DataCheck
from pipeline.core.document import Instant
from pipeline.core.intervals import wilson
from pipeline.core.measures import OWN
from pipeline.core.monitoring import Monitored
from pipeline.core.outcomes import (
    DeploymentStatus,
    FailureReport,
    History,
    ListedEndpoint,
    Notice,
    ProbeCase,
    ProbeReport,
    RunReport,
    RunStatus,
    Standing,
)
from pipeline.core.records import (
    ApprovalStatus,
    Decision,
    Evaluation,
    ModelChoice,
    ModelKind,
    ServingCheck,
    Slice,
)
from pipeline.core.serving_gate import numbers_of
from pipeline.core.version import VERSION

# None and what is no number are null.
Measured = float | None
_ABSENT: Any = Field(default=None, exclude_if=lambda value: value is None)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Summary(_Part):
    training_accuracy: Measured
    deployment_occurred: bool
    endpoint_name: str | None
    testing_passed: bool | None


class ShareInterval(_Part):
    """Where a share of `rows` rows lies with 95 % confidence (Wilson)."""

    value: Measured
    low: float
    high: float
    rows: NonNegativeInt


class ComparisonResults(_Part):
    """The live release (champion) and this model (challenger) on the same held-out rows.

    `champion` and `challenger` are accuracies, of numbers R2; `baseline` is what the most common
    class reaches. `low` and `high` hold the difference of the two with 95 % confidence, `p_better`
    and `p_worse` are the one-sided chances that it only looks so. `seen_rows` were left out, for
    the champion was trained on them. All numbers are null where `failure` says why there are none.
    """

    release_id: str
    artifact_sha256: str
    metric: Literal["accuracy", "r2"]
    rows: NonNegativeInt
    seen_rows: NonNegativeInt
    champion: Measured = None
    challenger: Measured = None
    baseline: Measured = None
    difference: Measured = None
    low: Measured = None
    high: Measured = None
    p_better: Measured = None
    p_worse: Measured = None
    both_right: NonNegativeInt
    only_champion_right: NonNegativeInt
    only_challenger_right: NonNegativeInt
    both_wrong: NonNegativeInt
    failure: str | None


class EvaluationResults(_Part):
    """Rows of the confusion matrix are true labels, columns predicted ones, both as in `labels`.

    `majority_class_accuracy` is what always naming the most common class of held-out rows reaches,
    `baseline` the same by metric, of a number what its mean reaches; `serving` is what the serving
    container answered in the evaluation job, before any traffic. `intervals` are of the shares by
    their names, `slices` the parts of the rows that were measured apart.
    """

    accuracy: Measured
    cv_mean_accuracy: Measured
    classification_report: Mapping[str, Any]
    confusion_matrix: tuple[tuple[NonNegativeInt, ...], ...]
    labels: tuple[str, ...]
    row_count: NonNegativeInt
    majority_class_accuracy: Measured
    model_choice: ModelChoice | None
    serving: ServingCheck | None
    custom_metrics: Mapping[str, Measured]
    kind: ModelKind
    metrics: Mapping[str, Measured]
    baseline: Mapping[str, Measured]
    intervals: Mapping[str, ShareInterval]
    slices: tuple[Slice, ...]
    artifact_bytes: NonNegativeInt | None
    comparison: ComparisonResults | None


class TrainingPhase(_Part):
    pipeline_status: Literal["success", "failed"] = "success"
    training_job_name: str | None = _ABSENT
    evaluation_results: EvaluationResults | None = _ABSENT
    model_package_arn: str | None = _ABSENT
    approval_status: ApprovalStatus | None = _ABSENT


class PlanCounts(_Part):
    create: NonNegativeInt
    update: NonNegativeInt
    delete: NonNegativeInt


class DeploymentResults(_Part):
    status: DeploymentStatus
    endpoint_name: str
    deployment_duration: NonNegativeFloat
    release_id: str
    rolled_back_to: str | None = _ABSENT


class DeploymentPhase(_Part):
    pipeline_status: Literal["success", "failed"]
    deployment_results: DeploymentResults | None = _ABSENT
    plan: PlanCounts | None = _ABSENT


class TestSummary(_Part):
    prediction_accuracy: Measured
    prediction_accuracy_interval: ShareInterval | None = None
    prediction_rmse: Measured = None
    avg_latency_ms: Measured = None
    p50_latency_ms: Measured = None
    p95_latency_ms: Measured = None
    p99_latency_ms: Measured = None
    performance_success_rate: Measured = None
    performance_success_rate_interval: ShareInterval | None = None
    requests_per_second: Measured = None


class TestingPhase(_Part):
    overall_status: Literal["passed", "failed"]
    test_summary: TestSummary | None = _ABSENT
    tests: tuple[ProbeCase, ...] | None = _ABSENT


class Phases(_Part):
    """A phase that did not run is absent."""

    training: TrainingPhase | None = _ABSENT
    deployment: DeploymentPhase | None = _ABSENT
    testing: TestingPhase | None = _ABSENT


class Results(_Part):
    """results.json of a pipeline run; a number that could not be measured is null.

    `backend` is unknown where a run was refused before its configuration was read, `account` empty
    where it ended before that was known. `timings` are seconds by step, `links` the run's files by
    name, `listing` is what the mode was asked to show; modes status and history show blocks of
    those names, mode list `endpoints`, mode monitor `monitoring`. `data_warnings` say how the data
    file was read where it might be meant otherwise, `data_checks` what was found in it before
    training.
    `notifications` are the messages of this run by channel, and what was left of earlier ones.
    """

    schema_version: Literal[1] = 1
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")] = VERSION
    run_id: str
    mode: str
    backend: Literal["local", "aws", "unknown"]
    account: str
    region: str
    environment: str
    git_sha: str
    config_digest: str
    started_at: Instant
    pipeline_status: RunStatus
    total_duration_seconds: NonNegativeFloat
    summary: Summary
    phases: Phases
    release_id: str | None
    plan_digest: str | None
    decision: Decision | None
    timings: Mapping[str, float]
    links: Mapping[str, str]
    notes: tuple[str, ...]
    listing: tuple[str, ...]
    data_warnings: tuple[str, ...]
    data_checks: tuple[DataCheck, ...]
    notifications: tuple[Notice, ...]
    status: Standing | None = _ABSENT
    history: History | None = _ABSENT
    endpoints: tuple[ListedEndpoint, ...] | None = _ABSENT
    monitoring: Monitored | None = _ABSENT
    error: FailureReport | None = _ABSENT


def results_of(report: RunReport) -> Results:
    """Return the content of results.json."""
    return Results(
        run_id=report.run_id,
        mode=report.mode,
        backend=report.backend,
        account=report.account,
        region=report.region,
        environment=report.environment,
        git_sha=report.git_sha,
        config_digest=report.config_digest,
        started_at=report.started_at,
        pipeline_status=report.status,
        total_duration_seconds=report.duration_s,
        summary=Summary(
            training_accuracy=accuracy_of(report),
            deployment_occurred=has_deployed(report),
            endpoint_name=endpoint_of(report),
            testing_passed=report.probe.passed if report.probe else None,
        ),
        phases=Phases(
            training=_training_phase(report),
            deployment=_deployment_phase(report),
            testing=_testing_phase(report),
        ),
        release_id=report.release_id,
        plan_digest=report.plan_digest,
        decision=report.decision,
        timings=report.timings_s,
        links=report.links,
        notes=report.notes,
        listing=report.listing,
        data_warnings=report.data_warnings,
        data_checks=report.data_checks,
        notifications=report.notifications,
        status=report.standing,
        history=report.history,
        endpoints=report.endpoints,
        monitoring=report.monitored,
        error=report.failure,
    )


def results_json(report: RunReport) -> str:
    return results_of(report).model_dump_json(indent=2) + "\n"


def has_deployed(report: RunReport) -> bool:
    """Tell whether this run put a release into service and left it there."""
    deployment = report.deployment
    return deployment is not None and deployment.status is DeploymentStatus.SUCCESS


def endpoint_of(report: RunReport) -> str | None:
    if report.deployment is not None:
        return report.deployment.endpoint_name
    return report.probe.endpoint_name if report.probe else None


def training_job_of(report: RunReport) -> str | None:
    if report.training is not None:
        return report.training.job_name
    return report.evaluation.training_job if report.evaluation else None


def accuracy_of(report: RunReport) -> float | None:
    """The measured accuracy; None if there is none or it is no number."""
    accuracy = report.evaluation.metrics.get("accuracy") if report.evaluation else None
    return accuracy if accuracy is not None and math.isfinite(accuracy) else None


def majority_class_accuracy(evaluation: Evaluation) -> float:
    """What always naming the most common class of the held-out rows reaches (0..1)."""
    if not evaluation.confusion_matrix:
        return math.nan
    largest = max(map(sum, evaluation.confusion_matrix))
    return largest / evaluation.row_count if evaluation.row_count else math.nan


def _training_phase(report: RunReport) -> TrainingPhase | None:
    failed = report.failed_phase == "training"
    if report.training is None and report.evaluation is None and not failed:
        return None
    package = report.package
    return TrainingPhase(
        pipeline_status="failed" if failed else "success",
        training_job_name=training_job_of(report),
        evaluation_results=_evaluation_results(report.evaluation) if report.evaluation else None,
        model_package_arn=package.arn if package else None,
        approval_status=package.approval_status if package else None,
    )


def _evaluation_results(evaluation: Evaluation) -> EvaluationResults:
    metrics = evaluation.metrics
    return EvaluationResults(
        accuracy=metrics.get("accuracy"),
        cv_mean_accuracy=metrics.get("cv_mean_accuracy"),
        classification_report=evaluation.classification_report,
        confusion_matrix=evaluation.confusion_matrix,
        labels=evaluation.labels,
        row_count=evaluation.row_count,
        majority_class_accuracy=majority_class_accuracy(evaluation),
        model_choice=evaluation.choice,
        serving=evaluation.serving,
        custom_metrics={name: metrics[name] for name in metrics if name not in OWN},
        kind=evaluation.kind,
        metrics=numbers_of(evaluation),
        baseline=evaluation.baseline,
        intervals=intervals_of(evaluation),
        slices=evaluation.slices,
        artifact_bytes=evaluation.artifact_bytes,
        comparison=_comparison_results(evaluation) if evaluation.comparison else None,
    )


def _comparison_results(evaluation: Evaluation) -> ComparisonResults:
    comparison = evaluation.comparison
    assert comparison is not None
    counted = ComparisonResults(
        metric="r2" if comparison.errors else "accuracy",
        baseline=majority_class_accuracy(evaluation),
        **{name: value for name, value in vars(comparison).items() if name != "errors"},
    )
    if not is_comparable(comparison):
        return counted
    found = paired(comparison)
    return counted.model_copy(
        update={
            "champion": found.champion,
            "challenger": found.challenger,
            "difference": found.difference,
            "low": found.interval.low,
            "high": found.interval.high,
            "p_better": found.p_better,
            "p_worse": found.p_worse,
        }
    )


def intervals_of(evaluation: Evaluation) -> dict[str, ShareInterval]:
    """Return every share that was counted, with the rows it was counted on."""
    check, rows = evaluation.serving, evaluation.row_count
    shares: dict[str, tuple[float | None, int]] = {
        "accuracy": (evaluation.metrics.get("accuracy"), rows),
        "majority_class_accuracy": (majority_class_accuracy(evaluation), rows),
        **{
            f"recall of {label}": (
                counts[number] / sum(counts) if sum(counts) else None,
                sum(counts),
            )
            for number, (label, counts) in enumerate(
                zip(evaluation.labels, evaluation.confusion_matrix, strict=True)
            )
        },
    }
    if check is not None:
        shares["accuracy_as_served"] = (check.accuracy, check.rows)
    found = {name: interval_of(*share) for name, share in shares.items()}
    return {name: each for name, each in found.items() if each is not None}


def interval_of(share: float | None, rows: int | None) -> ShareInterval | None:
    """Return a share with its interval; None where it is none, or of no rows."""
    if share is None or not rows or not 0 <= share <= 1:
        return None
    interval = wilson(share * rows, rows)
    return ShareInterval(value=share, low=interval.low, high=interval.high, rows=rows)


def _deployment_phase(report: RunReport) -> DeploymentPhase | None:
    deployment, failed = report.deployment, report.failed_phase == "deployment"
    if deployment is None:
        return DeploymentPhase(pipeline_status="failed") if failed else None
    good = (DeploymentStatus.SUCCESS, DeploymentStatus.NOTHING_TO_DO)
    plan = deployment.plan
    return DeploymentPhase(
        pipeline_status="failed" if failed or deployment.status not in good else "success",
        deployment_results=DeploymentResults(
            status=deployment.status,
            endpoint_name=deployment.endpoint_name,
            deployment_duration=deployment.duration_s,
            release_id=deployment.release_id,
            rolled_back_to=deployment.rolled_back_to,
        ),
        plan=PlanCounts(create=plan.create, update=plan.update, delete=plan.delete)
        if plan
        else None,
    )


def _testing_phase(report: RunReport) -> TestingPhase | None:
    probe, failed = report.probe, report.failed_phase == "testing"
    if probe is None:
        return TestingPhase(overall_status="failed") if failed else None
    return TestingPhase(
        overall_status="failed" if failed else overall_status(probe),
        test_summary=_test_summary(probe),
        tests=probe.cases,
    )


def _test_summary(probe: ProbeReport) -> TestSummary:
    accuracy, latency = probe.prediction_accuracy, probe.latency
    predicted = TestSummary(
        prediction_accuracy=accuracy,
        prediction_accuracy_interval=interval_of(accuracy, probe.prediction_rows),
        prediction_rmse=probe.prediction_rmse,
    )
    if latency is None:
        return predicted
    rate = latency.success_rate
    measured = {
        "avg_latency_ms": latency.avg_ms,
        "p50_latency_ms": latency.p50_ms,
        "p95_latency_ms": latency.p95_ms,
        "p99_latency_ms": latency.p99_ms,
        "performance_success_rate": rate,
        "performance_success_rate_interval": interval_of(rate, latency.request_count),
        "requests_per_second": latency.throughput_rps,
    }
    return predicted.model_copy(update=measured)


def overall_status(probe: ProbeReport) -> Literal["passed", "failed"]:
    return "passed" if probe.passed else "failed"

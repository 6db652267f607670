"""The nouns of a model's life: training run, evaluation, decision, approval, package, release.

All are values: frozen, complete, compared by content. What is kept in S3 derives from `Stored`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from pipeline.core import naming
from pipeline.core.document import Instant, Metric, Metrics, Stored, canonical_json, sha256_of
from pipeline.core.identity import ModelIdentity
from pipeline.core.intervals import Interval


@dataclass(frozen=True, kw_only=True)
class TrainingInputs(Stored):
    """What one training job is given: digests and addresses of data and code.

    `files` has the sha256 of each by its key in the bucket; those of earlier versions have none.
    """

    data_sha256: str
    train_uri: str
    test_uri: str
    code_sha256: str
    code_uri: str
    identity: ModelIdentity
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TrainingRun(Stored):
    """A finished training job: `metrics` holds `cv_mean_accuracy` (0..1), or `cv_mean_r2`."""

    job_name: str
    job_arn: str
    artifact_uri: str
    artifact_sha256: str
    metrics: Metrics
    image_uri: str
    data_sha256: str
    code_sha256: str
    hyperparameters: Mapping[str, str]
    started_at: Instant
    ended_at: Instant
    instance_type: str
    identity: ModelIdentity
    train_uri: str
    test_uri: str
    files: Mapping[str, str] = field(default_factory=dict)


class ModelKind(StrEnum):
    """What a model predicts: one of two classes, one of more, or a number."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True, kw_only=True)
class CandidateScore:
    """How well a model did in the folds in which it was compared.

    The share of right answers (0..1); of a model that predicts a number, R2 (at most 1).
    """

    name: str
    folds: int
    accuracy: Metric | None = None
    r2: Metric | None = None


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """Which model the default training chose on how many rows; `candidates` are best first."""

    model: str
    rows: int
    candidates: tuple[CandidateScore, ...]


@dataclass(frozen=True, kw_only=True)
class ServingCheck:
    """What the serving container answered in the evaluation job, before any traffic.

    `accuracy` is the share (0..1) of right answers to `rows` held-out rows, asked for as the
    endpoint tests ask, `rmse` what takes its place where a number is predicted; both None with a
    `failure`, which says why there are none. `differing` counts rows that the container answered
    otherwise than the model loaded directly; None where these cannot be compared row by row.
    Seconds until the container was healthy, and milliseconds of one row, are those of the job's
    machine.
    """

    rows: int
    accuracy: float | None
    start_s: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    failure: str | None
    rmse: Metric | None = None
    differing: int | None = None


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The held-out rows with one value, or in one bin, of a column, and what was measured there.

    `value` is in words; `metrics` are accuracy, or rmse and mae.
    """

    column: str
    value: str
    rows: int
    metrics: Metrics


@dataclass(frozen=True, kw_only=True)
class PairedErrors:
    """Squared errors of two models of a number on the same rows: their means, the standard
    deviation of the champion's less the challenger's, and the variance of what was to be predicted.
    """

    champion_mean: Metric
    challenger_mean: Metric
    difference_deviation: Metric
    target_variance: Metric


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The live release (champion) and the candidate (challenger) on the same held-out rows.

    Both answered as they serve. `rows` were compared; `seen_rows` were left out, because the
    champion was trained on equal ones and the challenger was not. Of classes, the four counts say
    who was right; of numbers, `errors` do. `failure` says why nothing was compared.
    """

    release_id: str
    artifact_sha256: str
    rows: int = 0
    seen_rows: int = 0
    both_right: int = 0
    only_champion_right: int = 0
    only_challenger_right: int = 0
    both_wrong: int = 0
    errors: PairedErrors | None = None
    failure: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluation(Stored):
    """What the processing job measured on the held-out rows of exactly this artifact.

    `confusion_matrix[i][j]` counts rows of `labels[i]` that were predicted as `labels[j]`; a model
    that predicts a number has none, no labels and no report. `baseline` is what a constant answer
    reaches: the most common class, or the mean. `choice` is None for a model of the user's own
    make, `serving` where nobody asked the container, `comparison` where nothing was live.
    """

    training_job: str
    artifact_sha256: str
    metrics: Metrics
    classification_report: Mapping[str, Any]
    confusion_matrix: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]
    row_count: int
    processing_job: str
    choice: ModelChoice | None = None
    serving: ServingCheck | None = None
    kind: ModelKind = ModelKind.MULTICLASS
    baseline: Metrics = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    artifact_bytes: int | None = None
    comparison: Comparison | None = None


class Verdict(StrEnum):
    """From the best to the worst. `keep`: the live release is better, and stays."""

    DEPLOY = "deploy"
    HOLD = "hold"
    KEEP = "keep"
    REJECT = "reject"

    @property
    def may_be_approved(self) -> bool:
        """Tell whether a person may let it pass, with a reason."""
        return self in (Verdict.HOLD, Verdict.KEEP)


class Outcome(StrEnum):
    """What became of one gate; `skipped` is one with too few rows to be judged.

    `kept` is the champion's: what is live is better.
    """

    PASSED = "passed"
    HELD = "held"
    KEPT = "kept"
    FAILED = "failed"
    SKIPPED = "skipped"


# Whether the value itself is held against the limit, or an end of its interval
Bound = Literal["value", "lower", "upper"]


@dataclass(frozen=True, kw_only=True)
class GateOutcome:
    """One gate: what was measured, what was asked, what became of it, and why in a sentence.

    `value` is None where nothing was measured. Beyond `minimum` or `maximum` is rejection, from
    `threshold` on deployment. A share of `rows` rows has an `interval` of 95 % confidence.
    """

    name: str
    outcome: Outcome
    reason: str
    value: Metric | None = None
    minimum: Metric | None = None
    maximum: Metric | None = None
    threshold: Metric | None = None
    bound: Bound = "value"
    interval: Interval | None = None
    rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class Decision(Stored):
    """The gate's word on an evaluation: one sentence and one outcome for each gate.

    `reasons` may say more than `gates`; those of earlier versions have no `gates`.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    gates: tuple[GateOutcome, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Approval(Stored):
    """A person let a held model pass.

    `champion_sha256` is the artifact that was live then: against another one it overrules nothing.
    """

    training_job: str
    artifact_sha256: str
    who: str
    when: Instant
    reason: str
    champion_sha256: str | None = None


class ApprovalStatus(StrEnum):
    """SageMaker's own words (API reference, ModelPackage, ModelApprovalStatus)."""

    APPROVED = "Approved"
    PENDING = "PendingManualApproval"
    REJECTED = "Rejected"


@dataclass(frozen=True, kw_only=True)
class ModelPackage(Stored):
    arn: str
    version: int
    approval_status: ApprovalStatus


@dataclass(frozen=True, kw_only=True)
class DataCapture:
    """Share of requests (0..100 percent) that the endpoint copies to S3.

    Payloads of these content types are written as text, all others as BASE64.
    """

    percentage: int
    destination_uri: str
    csv_content_types: tuple[str, ...] = ()
    json_content_types: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RollbackAlarms:
    """Limits of the release's own alarms: p95 latency in ms, failures as a share (0..1).

    A minute with fewer than `minimum_request_count` requests says nothing.
    """

    latency_p95_ms: float
    error_rate: float
    minimum_request_count: int


@dataclass(frozen=True, kw_only=True)
class ServingSettings(Stored):
    """Every argument of the SageMaker model and endpoint config that cannot change in place."""

    image_uri: str
    instance_type: str
    container_environment: Mapping[str, str]
    execution_role_arn: str
    network_isolation: bool
    startup_timeout_s: int
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    kms_key_arn: str | None
    data_capture: DataCapture | None
    rollback_alarms: RollbackAlarms


@dataclass(frozen=True, kw_only=True)
class TestLimits:
    """What endpoint tests ask for: shares (0..1) of right answers and of successes, ms.

    Of a model that predicts a number, `maximum_prediction_rmse` takes the place of the first.
    """

    minimum_prediction_accuracy: float
    minimum_success_rate: float
    maximum_latency_p95_ms: float
    maximum_prediction_rmse: Metric | None = None


@dataclass(frozen=True, kw_only=True)
class Release(Stored):
    """Immutable and complete: everything Terraform needs to serve it, and where it came from.

    `test_limits` are those of the deployment that made it. `promoted_from` names the environment
    and the release that it comes from, None for one that was trained for this environment.
    """

    release_id: str
    endpoint_name: str
    model_package_arn: str
    artifact_uri: str
    artifact_sha256: str
    training_job: str
    identity: ModelIdentity
    evaluation: Evaluation
    decision: Decision
    approval: Approval | None
    data_sha256: str
    code_sha256: str
    git_sha: str
    created_at: Instant
    created_by: str
    serving: ServingSettings
    test_limits: TestLimits
    promoted_from: str | None = None

    @property
    def content_digest(self) -> str:
        """Same artifact, same image, same settings: the same thing to serve, whatever its name."""
        return content_digest(self.artifact_sha256, self.serving)


def content_digest(artifact_sha256: str, serving: ServingSettings) -> str:
    """Where and how traffic is captured says nothing of what serves: each release has its place."""
    document = json.loads(serving.to_json())
    capture = serving.data_capture
    if capture is not None:
        place = naming.without_release(capture.destination_uri)
        document["data_capture"] = {"destination_uri": place, "percentage": capture.percentage}
    return sha256_of(canonical_json([artifact_sha256, canonical_json(document)]))

"""What a run saw and did: plan, observation, apply, probe, and the report made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pipeline.core.document import Instant, Stored
from pipeline.core.head import DeploymentConfig
from pipeline.core.records import Decision, Evaluation, ModelPackage, TrainingRun


class Action(StrEnum):
    """What Terraform means to do with one resource; a replacement is one action, not two.

    An import takes into the state what is there as it is; one that also changes it is an update.
    """

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    READ = "read"
    FORGET = "forget"
    IMPORT = "import"
    NONE = "no-op"


@dataclass(frozen=True, kw_only=True)
class AttributeChange:
    """One changed attribute; texts are ready to print: secrets and unknowns are marked so."""

    path: str
    before: str
    after: str
    forces_replacement: bool


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """One resource of a plan. `reason` is Terraform's action_reason, empty if it gave none."""

    address: str
    resource_type: str
    action: Action
    attributes: tuple[AttributeChange, ...]
    reason: str
    deposed: bool = False


@dataclass(frozen=True, kw_only=True)
class PlanSummary(Stored):
    """Counts as GitLab's widget wants them: a replacement is one create and one delete."""

    create: int
    update: int
    delete: int
    replace: int
    changes: tuple[ResourceChange, ...]
    terraform_version: str

    @property
    def is_empty(self) -> bool:
        return not self.changes


class EndpointStatus(StrEnum):
    """SageMaker's own words, and UNKNOWN for one that came later: never taken for success."""

    ABSENT = "Absent"
    OUT_OF_SERVICE = "OutOfService"
    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, kw_only=True)
class EndpointObservation:
    """One DescribeEndpoint. `pending_config` is set while a deployment is under way.

    `deployment_config` is that of the last update; None where that was made without one, or with
    one that this project never uses.
    """

    name: str
    status: EndpointStatus
    config_name: str | None = None
    pending_config: str | None = None
    desired_count: int | None = None
    current_count: int | None = None
    failure_reason: str | None = None
    arn: str | None = None
    created_at: datetime | None = None
    deployment_config: DeploymentConfig | None = None

    def serves(self, config_name: str) -> bool:
        """Tell whether the endpoint is settled on exactly this endpoint config."""
        settled = self.status is EndpointStatus.IN_SERVICE and self.pending_config is None
        return settled and self.config_name == config_name


@dataclass(frozen=True, kw_only=True)
class ProbeCase:
    """One endpoint test. `detail` is a sentence with the measured value and the limit.

    `is_inconclusive`: it did not pass because it could not be measured (throttling, network, the
    service itself), which says nothing about the model.
    """

    name: str
    passed: bool
    detail: str
    duration_s: float
    is_inconclusive: bool = False


@dataclass(frozen=True, kw_only=True)
class LatencyReport:
    """A measured run of requests; percentiles as `metrics.percentile` defines them."""

    request_count: int
    success_rate: float
    throughput_rps: float
    avg_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, kw_only=True)
class ProbeReport:
    """All endpoint tests of one endpoint. Parts that could not be measured are None."""

    endpoint_name: str
    cases: tuple[ProbeCase, ...]
    prediction_accuracy: float | None = None
    latency: LatencyReport | None = None

    @property
    def failed_cases(self) -> tuple[ProbeCase, ...]:
        return tuple(case for case in self.cases if not case.passed)

    @property
    def failures(self) -> str:
        """What the failed cases say, in one text."""
        return " ".join(case.detail for case in self.failed_cases)

    @property
    def is_inconclusive(self) -> bool:
        """Nothing speaks against the model, and not everything could be measured."""
        return bool(self.failed_cases) and all(each.is_inconclusive for each in self.failed_cases)

    @property
    def passed(self) -> bool:
        """A report without a single case has proved nothing and does not pass."""
        return bool(self.cases) and not self.failed_cases


class DeploymentStatus(StrEnum):
    SUCCESS = "success"
    NOTHING_TO_DO = "nothing_to_do"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class DeploymentReport:
    """How a deployment or rollback ended; `release_id` is the one that was asked for."""

    status: DeploymentStatus
    endpoint_name: str
    release_id: str
    duration_s: float
    plan: PlanSummary | None = None
    rolled_back_to: str | None = None


class RunStatus(StrEnum):
    """`stopped`: the gate did not say deploy. `interrupted`: by a signal."""

    SUCCESS = "success"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


Phase = Literal["training", "deployment", "testing"]


@dataclass(frozen=True, kw_only=True)
class FailureReport:
    code: str
    message: str
    remedy: str
    exit_code: int


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """Everything the outputs of a run are made of; parts that did not run are None.

    `failed_phase` is the phase that a failure ended, also when it left no record of its own.
    `listing` is what the mode was asked to show, line by line; `notes` are remarks beside it;
    `data_warnings` say how the data file was read where it might be meant otherwise.
    """

    run_id: str
    mode: str
    status: RunStatus
    backend: str
    account: str
    region: str
    environment: str
    git_sha: str
    config_digest: str
    started_at: Instant
    duration_s: float
    training: TrainingRun | None = None
    evaluation: Evaluation | None = None
    decision: Decision | None = None
    package: ModelPackage | None = None
    deployment: DeploymentReport | None = None
    probe: ProbeReport | None = None
    release_id: str | None = None
    plan_digest: str | None = None
    failure: FailureReport | None = None
    failed_phase: Phase | None = None
    timings_s: Mapping[str, float] | None = None
    links: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()
    listing: tuple[str, ...] = ()
    data_warnings: tuple[str, ...] = ()

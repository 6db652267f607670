"""What a run saw and did: plan, observation, apply, probe, and the report made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from pipeline.core.data_checks import DataCheck
from pipeline.core.document import Instant, Metric, Stored
from pipeline.core.head import DeploymentConfig, HistoryEvent, Lived, Move, Quarantined
from pipeline.core.lease import Owner
from pipeline.core.monitoring import Monitored
from pipeline.core.plots import Plots
from pipeline.core.records import (
    Approval,
    Decision,
    Evaluation,
    ModelPackage,
    Release,
    TrainingRun,
)


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


class Bake(StrEnum):
    """How much of the traffic the new fleet has while SageMaker watches the alarms of a move."""

    NONE = "none"
    PART = "part"
    WHOLE = "whole"


@dataclass(frozen=True, kw_only=True)
class ServingVariant:
    """A production variant that answers; `share` is its part of the endpoint's traffic (0..1)."""

    name: str
    instances: int | None
    wanted: int | None
    share: float | None


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """How far the deployment that is under way has come, in SageMaker's words.

    `stage` is its VariantStatus, empty where it shows none. `share` is the new fleet's part of the
    traffic (0..1), `instances` how many it has, `bake_ends_at` when it has been watched long enough
    as it is now; None where SageMaker does not say.
    """

    stage: str
    started_at: Instant | None = None
    share: float | None = None
    instances: int | None = None
    bake_ends_at: Instant | None = None


@dataclass(frozen=True, kw_only=True)
class EndpointObservation:
    """One DescribeEndpoint. `pending_config` and `rollout` are set while a deployment is under way.

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
    deployment_config: DeploymentConfig | None = None
    bake: Bake = Bake.NONE
    variants: tuple[ServingVariant, ...] = ()
    rollout: Rollout | None = None

    def serves(self, config_name: str) -> bool:
        """Tell whether the endpoint is settled on exactly this endpoint config."""
        settled = self.status is EndpointStatus.IN_SERVICE and self.pending_config is None
        return settled and self.config_name == config_name

    def stays_on(self, config_name: str) -> bool:
        """Tell whether it serves this endpoint config, also while instances come or go."""
        scales = self.status in (EndpointStatus.UPDATING, EndpointStatus.SYSTEM_UPDATING)
        return self.serves(config_name) or (scales and self.config_name == config_name)


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
    """A measured run of requests; percentiles as `metrics.percentile` defines them.

    `shown_ms` are at most 100 of the latencies, rising: what a drawing of them needs.
    """

    request_count: int
    success_rate: float
    throughput_rps: float
    avg_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    shown_ms: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProbeReport:
    """All endpoint tests of one endpoint. Parts that could not be measured are None.

    `prediction_rmse` takes the place of `prediction_accuracy` where a number is predicted; either
    is of `prediction_rows` held-out rows.
    """

    endpoint_name: str
    cases: tuple[ProbeCase, ...]
    prediction_accuracy: float | None = None
    prediction_rmse: float | None = None
    prediction_rows: int | None = None
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


@dataclass(frozen=True, kw_only=True)
class RetainedRelease:
    """A release that the ledger retains; `healthy`: it passed its tests while it was live."""

    release_id: str
    live: bool
    healthy: bool
    quarantined: bool


@dataclass(frozen=True, kw_only=True)
class LiveRelease:
    """What the record of the live release says; `accuracy` is the one it was judged by (0..1).

    Of a model that predicts a number there is none, but an `rmse`.
    """

    release_id: str
    created_at: Instant
    created_by: str
    training_job: str
    accuracy: Metric | None
    decision: Decision
    approval: Approval | None
    rmse: Metric | None = None


@dataclass(frozen=True, kw_only=True)
class LedgerView:
    """What the ledger says of an endpoint. `live` and the target of `move` are config keys.

    `contradicted`: SageMaker says otherwise. `unknown`: it serves what the ledger never knew.
    `to_settle`: something was left that mode settle would finish or put right. `releases` are
    newest first, `last_events` and `lived`, who served from when on, oldest first; `around` is what
    was asked for around the endpoint, `around_due` that it is not applied yet. `release`: None
    where its record cannot be read.
    """

    live: str | None
    move: Move | None
    contradicted: bool
    unknown: bool
    to_settle: bool
    around: tuple[str, ...]
    around_due: bool
    releases: tuple[RetainedRelease, ...]
    quarantined: tuple[Quarantined, ...]
    release: LiveRelease | None = None
    last_events: tuple[HistoryEvent, ...] = ()
    lived: tuple[Lived, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An endpoint by SageMaker, by CloudWatch and by the ledger; what cannot be read is None."""

    endpoint: EndpointObservation
    alarms: tuple[str, ...] | None = None
    ringing_alarms: tuple[str, ...] | None = None
    ledger: LedgerView | None = None
    ledger_error: str | None = None
    at_work: Owner | None = None


@dataclass(frozen=True, kw_only=True)
class History:
    """What was done to an endpoint, oldest first; `first_broken` is the first line that is not
    the one it was, None where the record is whole. `approvals` are of jobs of its model.
    """

    endpoint: str
    events: tuple[HistoryEvent, ...]
    first_broken: int | None
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ListedEndpoint:
    """One endpoint with its cost in US dollars an hour; None where no price is known.

    `live_since` is when SageMaker was first seen serving `live_release`. `alarms` ring now.
    `is_forgotten`: tagged ours without a ledger, or in a ledger without an endpoint.
    """

    endpoint: str
    environment: str
    model: str | None
    status: str
    live_release: str | None
    live_since: Instant | None
    created_at: Instant | None
    instance_type: str | None
    instances: int
    cost_per_hour_usd: float | None
    alarms: tuple[str, ...]
    disagreements: tuple[str, ...]
    is_forgotten: bool


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What only the report shows of a run: read back at its end, absent where that failed.

    `release` is the one that the run was about, and `run` the job that trained it. `commands` are
    what a person may type next, each with what it does, completed.
    """

    plots: Plots | None = None
    release: Release | None = None
    run: TrainingRun | None = None
    commands: tuple[tuple[str, str], ...] = ()


NOTHING_SHOWN = Shown()


class NoticeState(StrEnum):
    """`claimed`: a run is sending it. `failed`: the channel will never take it; `dropped`: it was
    too old to be sent.
    """

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What became of one message of this run on one channel, or of one that was left to it.

    `error` says why a channel did not take it, and what to do; null where there is nothing to say.
    """

    event: str
    channel: str
    state: NoticeState
    tries: int
    error: str | None = None


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
    exit_code: Annotated[int, Field(exclude=True)]


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """Everything the outputs of a run are made of; parts that did not run are None.

    The defaults are those of a run that was refused before its configuration was read.

    `failed_phase` is the phase that a failure ended, also when it left no record of its own.
    `listing` is what the mode was asked to show, line by line; `standing` and `history` have types
    of their own. `notes` are remarks beside it. `links` are the run's files, by name.
    `data_warnings` say how the data file was read where it might be meant otherwise, `data_checks`
    what was found in it before training; empty where no data was looked at.
    `has_dashboard`: the settings ask for one around the endpoint.
    """

    run_id: str
    mode: str
    status: RunStatus
    git_sha: str
    started_at: Instant
    backend: Literal["local", "aws", "unknown"] = "unknown"
    account: str = ""
    region: str = ""
    environment: str = ""
    config_digest: str = ""
    duration_s: float = 0.0
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
    standing: Standing | None = None
    history: History | None = None
    timings_s: Mapping[str, float] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    listing: tuple[str, ...] = ()
    endpoints: tuple[ListedEndpoint, ...] | None = None
    data_warnings: tuple[str, ...] = ()
    data_checks: tuple[DataCheck, ...] = ()
    has_dashboard: bool = False
    notifications: tuple[Notice, ...] = ()
    shown: Shown = NOTHING_SHOWN
    monitored: Monitored | None = None

    @property
    def has_page(self) -> bool:
        """Whether it has anything that is worth a page."""
        shown = (self.training, self.evaluation, self.deployment, self.probe, self.monitored)
        return any(part is not None for part in shown)

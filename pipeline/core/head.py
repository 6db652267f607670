"""The ledger's records: what one endpoint retains, serves, moves to, and has been through.

Only data; the transitions between heads are in `ledger`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline.core.document import Instant, Stored
from pipeline.core.surroundings import NOTHING, Surroundings


@dataclass(frozen=True, kw_only=True)
class EndpointConfigEntry:
    """One endpoint config: a release with its initial instance count. Never edited."""

    release: str
    instance_count: int


class Strategy(StrEnum):
    ALL_AT_ONCE = "all_at_once"
    CANARY = "canary"
    LINEAR = "linear"
    ROLLING = "rolling"


@dataclass(frozen=True, kw_only=True)
class DeploymentConfig:
    """How SageMaker shifts traffic: AWS's DeploymentConfig, as terraform/serving takes it.

    Any difference makes the provider send an UpdateEndpoint that relaunches the fleet, so these
    values belong to a move and stay until the next one. `step_percentage` is None for all-at-once,
    and the size of a batch for rolling, which has no termination wait: each batch is waited for.
    """

    strategy: Strategy
    step_percentage: int | None
    wait_interval_s: int
    termination_wait_s: int
    maximum_execution_timeout_s: int
    alarm_names: tuple[str, ...]


class MoveKind(StrEnum):
    """Why the pointer moves.

    An adoption is a move that somebody made by hand and that was found; a return is the way back of
    a deployment that failed; a rollback was asked for by a person or an alarm.
    """

    ADOPTION = "adoption"
    DEPLOYMENT = "deployment"
    RETURN = "return"
    ROLLBACK = "rollback"


GOES_BACK = (MoveKind.RETURN, MoveKind.ROLLBACK)


@dataclass(frozen=True, kw_only=True)
class Move:
    """A move that was begun and is not finished: written before its first effect.

    `origin` and `target` are keys of `endpoint_configs`; `origin` is what was live, if anything.
    `bars`: what is left is quarantined, with `reason`, by the write that says that SageMaker serves
    the target. `has_arrived`: it does, and what is missing is the proof that the target answers.
    `run_id` is that of the run that began it, `request_id` that of the event that asked for it.
    `found_due`: an earlier run had left something undone when it was begun.
    """

    kind: MoveKind
    origin: str | None
    target: str
    deployment_config: DeploymentConfig
    run_id: str
    reason: str = ""
    bars: bool = False
    request_id: str | None = None
    has_arrived: bool = False
    found_due: bool = False

    @property
    def goes_back(self) -> bool:
        return self.kind in GOES_BACK


@dataclass(frozen=True, kw_only=True)
class Retained:
    """A release Terraform keeps a model for."""

    release_id: str
    content_digest: str


@dataclass(frozen=True, kw_only=True)
class Lived:
    """A stretch of serving: the release was live, and it did or did not pass its tests.

    `since` is when SageMaker was seen serving it, and `by` what move that was.
    """

    release_id: str
    healthy: bool
    since: Instant
    by: MoveKind


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """Content that must not be deployed again without --force.

    `who` left it, of a job its page too: whoever wrote the head that bars it first.
    """

    content_digest: str
    release_id: str
    reason: str
    when: Instant
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestedRollback:
    """An alarm's rollback that was begun: each content is rolled back so once, for ever."""

    content_digest: str
    release_id: str
    request_id: str
    when: Instant


@dataclass(frozen=True, kw_only=True)
class HistoryEvent(Stored):
    """One numbered line of an endpoint's history, chained to the one before by its sha256."""

    number: int
    what: str
    who: str
    when: Instant
    details: Mapping[str, str]
    previous_sha256: str


@dataclass(frozen=True, kw_only=True)
class LedgerHead(Stored):
    """The whole state of one endpoint's releases; written with If-Match only.

    `live` is a key of `endpoint_configs`: what SageMaker was last seen serving. `move` is the move
    that was begun and is not finished; once it has arrived, `live` is its target. `lived` is oldest
    first. `last_event` is the newest line of the history, written together with what it tells.
    `fencing` is the lease's number of the last writer. `surroundings` are those that a deployment
    last asked for; `surroundings_due` tells that Terraform has to look at them again, `state_due`
    that its state of the endpoint, or the variables kept for people, may be behind. `unheard` is
    the run that finished the last rollback, until its user is known to know. `applied_commit` is
    the commit of the last reviewed plan that was applied.
    """

    endpoint: str
    retained: tuple[Retained, ...] = ()
    endpoint_configs: Mapping[str, EndpointConfigEntry]
    live: str | None = None
    move: Move | None = None
    surroundings: Surroundings = NOTHING
    surroundings_due: bool = False
    state_due: bool = False
    unheard: str | None = None
    lived: tuple[Lived, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    requested_rollbacks: tuple[RequestedRollback, ...] = ()
    last_event: HistoryEvent | None = None
    fencing: int = 0
    applied_commit: str | None = None

    @property
    def live_release(self) -> str | None:
        return self.endpoint_configs[self.live].release if self.live else None

    @property
    def release_ids(self) -> tuple[str, ...]:
        return tuple(each.release_id for each in self.retained)

    @property
    def is_moving(self) -> bool:
        """Tell whether a move was begun whose target does not serve yet."""
        return self.move is not None and not self.move.has_arrived

    @property
    def was_ever_live(self) -> bool:
        return bool(self.lived)

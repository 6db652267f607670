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


class MoveKind(StrEnum):
    """Why the pointer moves. An adoption is a move that nobody announced, and that was found."""

    ADOPTION = "adoption"
    DEPLOYMENT = "deployment"
    ROLLBACK = "rollback"


@dataclass(frozen=True, kw_only=True)
class Move:
    """How the pointer moves: rendered unchanged until it moves again.

    Any difference in Terraform's `deployment_config` relaunches the fleet, so these values belong
    to a move and not to the configuration. `step_percentage` is None for all-at-once.
    `kind` is None in what earlier versions wrote.
    """

    strategy: Strategy
    step_percentage: int | None
    wait_interval_s: int
    termination_wait_s: int
    maximum_execution_timeout_s: int
    alarm_names: tuple[str, ...]
    kind: MoveKind | None = None


@dataclass(frozen=True, kw_only=True)
class Retained:
    """A release Terraform keeps a model for."""

    release_id: str
    content_digest: str


@dataclass(frozen=True, kw_only=True)
class Lived:
    """A stretch of serving: the release was live, and it did or did not pass its tests.

    `since` is when the move that began it was complete, and `by` what move that was; both are None
    in what earlier versions wrote.
    """

    release_id: str
    healthy: bool
    since: Instant | None = None
    by: MoveKind | None = None


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """Content that must not be deployed again without --force."""

    content_digest: str
    release_id: str
    reason: str
    when: Instant


@dataclass(frozen=True, kw_only=True)
class RequestedRollback:
    """An alarm's rollback that was begun: each content is rolled back so once, for ever."""

    content_digest: str
    release_id: str
    request_id: str
    when: Instant


@dataclass(frozen=True, kw_only=True)
class LedgerHead(Stored):
    """The whole state of one endpoint's releases; written with If-Match only.

    `live` and `target` are keys of `endpoint_configs`; `target` and `target_move` are set while a
    move is in progress. `last_move` is what Terraform last sent to the endpoint.
    `fencing` is the lease's number of the last writer. `lived` is oldest first.
    `surroundings` are those that Terraform last applied, `wanted` those that a deployment last
    asked for: they differ while scaling is off for a move, or after a run that died.
    """

    endpoint: str
    retained: tuple[Retained, ...] = ()
    endpoint_configs: Mapping[str, EndpointConfigEntry]
    live: str | None = None
    target: str | None = None
    target_move: Move | None = None
    last_move: Move | None = None
    surroundings: Surroundings = NOTHING
    wanted: Surroundings = NOTHING
    lived: tuple[Lived, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    requested_rollbacks: tuple[RequestedRollback, ...] = ()
    next_history_number: int = 1
    last_history_sha256: str = ""
    fencing: int = 0

    @property
    def live_release(self) -> str | None:
        return self.endpoint_configs[self.live].release if self.live else None

    @property
    def release_ids(self) -> tuple[str, ...]:
        return tuple(each.release_id for each in self.retained)

    @property
    def was_ever_live(self) -> bool:
        return bool(self.lived)


@dataclass(frozen=True, kw_only=True)
class HistoryEvent(Stored):
    """One numbered line of an endpoint's history, chained to the one before by its sha256."""

    number: int
    what: str
    who: str
    when: Instant
    details: Mapping[str, str]
    previous_sha256: str

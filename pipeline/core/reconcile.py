"""What the ledger says against what SageMaker says: who is right, and what follows.

The state machine of docs/state-machine.md: only the endpoint itself knows how a move ended whose
run died, and what somebody did by hand. Nothing here reads or writes.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.core import ledger, naming
from pipeline.core.head import DeploymentConfig, LedgerHead, Move, MoveKind, Strategy
from pipeline.core.outcomes import EndpointObservation, EndpointStatus

_MAXIMUM_EXECUTION_TIMEOUT_S = 1800
GIVEN_UP = "interrupted deployment had not moved"


class Truth(StrEnum):
    """What an endpoint serves, seen from the ledger.

    TARGET: of the move that was begun; LIVE: as the ledger has it; RETAINED: another release that
    the ledger knows; FOREIGN: what the ledger does not know; NOTHING: there is no endpoint, or one
    that never came up.
    """

    TARGET = "target"
    LIVE = "live"
    RETAINED = "retained"
    FOREIGN = "foreign"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The head as SageMaker's word makes it, and the line of history that says so, if any."""

    head: LedgerHead
    event: str | None = None


def truth_of(head: LedgerHead, seen: EndpointObservation) -> Truth:
    """Read an endpoint that has settled."""
    if seen.status in (EndpointStatus.ABSENT, EndpointStatus.FAILED):
        return Truth.NOTHING
    key = naming.config_key_of(head.endpoint, seen.config_name or "")
    if head.move is not None and key == head.move.target and _settled(seen):
        return Truth.TARGET
    if key is not None and key == head.live:
        return Truth.LIVE
    if key in head.endpoint_configs and _settled(seen):
        return Truth.RETAINED
    return Truth.FOREIGN


def serves_live(head: LedgerHead, seen: EndpointObservation) -> bool:
    """Tell whether the endpoint serves exactly what the ledger calls live."""
    if head.live is None:
        return False
    return seen.serves(naming.endpoint_config_name(head.endpoint, head.live))


def reconcile(
    head: LedgerHead, seen: EndpointObservation, *, when: datetime, run_id: str
) -> Finding:
    """Bring the head into agreement with what SageMaker serves."""
    truth, move = truth_of(head, seen), head.move
    if truth is Truth.RETAINED:
        return _adopted(head, seen, when=when, run_id=run_id)
    if move is None:
        return Finding(head=head)
    if move.has_arrived:
        if truth is Truth.TARGET:
            return Finding(head=head)
        lost = "what had arrived does not serve any more"  # and nothing of ours does
        return Finding(head=ledger.drop_move(head), event=lost)
    if truth is Truth.TARGET:
        return Finding(head=ledger.arrive(head, when=when), event="interrupted move had succeeded")
    if move.goes_back:
        return Finding(head=head)  # it is carried on: what it leaves was to be left
    return Finding(head=ledger.drop_move(head), event=GIVEN_UP)  # nothing else is dropped


def _adopted(
    head: LedgerHead, seen: EndpointObservation, *, when: datetime, run_id: str
) -> Finding:
    """Somebody moved the endpoint to a release that the ledger knows: that is what is live now.

    A rollback that was begun is done by that as far as it left what it was to leave.
    """
    key = naming.config_key_of(head.endpoint, seen.config_name or "") or ""
    begun = head.move
    bars = begun is not None and begun.bars and not begun.has_arrived
    move = Move(
        kind=MoveKind.ADOPTION,
        origin=head.live,
        target=key,
        deployment_config=seen.deployment_config or quiet_shift(head.endpoint),
        run_id=run_id,
        reason=begun.reason if begun else "",
        bars=bars,
    )
    settled = ledger.drop_move(head) if head.move else head
    adopted = ledger.arrive(ledger.begin(settled, move), when=when)
    return Finding(head=adopted, event="found serving without a record")


def quiet_shift(endpoint: str) -> DeploymentConfig:
    """All at once, no waits, watched by the alarm of the endpoint that never rings.

    A way back depends on nothing that can ring: the alarms of where it goes remember why that was
    left once. SageMaker wants 1 to 10 alarms (API reference, AutoRollbackConfig), so it is one.
    """
    return DeploymentConfig(
        strategy=Strategy.ALL_AT_ONCE,
        step_percentage=None,
        wait_interval_s=0,
        termination_wait_s=0,
        maximum_execution_timeout_s=_MAXIMUM_EXECUTION_TIMEOUT_S,
        alarm_names=(naming.quiet_alarm_name(endpoint),),
    )


def _settled(seen: EndpointObservation) -> bool:
    return seen.status is EndpointStatus.IN_SERVICE and seen.pending_config is None

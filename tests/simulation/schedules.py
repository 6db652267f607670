"""One schedule: a command with its faults, what a person types afterwards, and what must come."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.core.errors import LeaseHeld, PlanRefused
from pipeline.core.outcomes import EndpointStatus
from tests.fakes.hosting import wait_for
from tests.simulation import invariants
from tests.simulation.commands import Broken, Command, Ended, Mode, run_command
from tests.simulation.digest import digest
from tests.simulation.faults import Injector, Passed, Planned
from tests.simulation.world import ENDPOINT, World

_SAME_AGAIN = 2
_PAST_THE_LEASE_S = 16 * 60.0
_FOR_EVER_S = 30 * 24 * 3600.0
_MOST_TYPED = 3
_BETWEEN_S = 60.0
_TOLD = (0, 3, 5, 6, 7)
_ROLLBACK = "type: --mode rollback"
SETTLE = Command(mode=Mode.SETTLE)
ROLLBACK = Command(mode=Mode.ROLLBACK)


@dataclass(kw_only=True)
class Walk:
    """What came of a schedule: each command with how it ended and what it passed."""

    world: World
    ended: list[tuple[Command, Ended]] = field(default_factory=list)
    passed: list[list[Passed]] = field(default_factory=list)
    digests: list[int] = field(default_factory=list)  # of the world at each command's beginning
    at: int = 0
    problem: str | None = None


@dataclass(kw_only=True)
class Known:
    """From where everything is known to end well, so that it need not be walked again."""

    ends_well: set[object] = field(default_factory=set)
    starts: set[int] = field(default_factory=set)  # worlds in which a command was typed


def walk(
    start: World, command: Command, planned: Iterable[Planned], known: Known | None = None
) -> Walk:
    """Type the command, then what follows; the faults happen where they are planned."""
    world = start.copy()
    walked = Walk(world=world)
    invariants.watch(world)
    faults, seen = sorted(planned), []
    try:
        for typed in _typed_in_turn(walked, command):
            key = (digest(world), typed, len(walked.ended) == 0 or _last(walked).code)
            walked.at = key[0]
            if known is not None:
                known.starts.add(key[0])
                if not _to_come(walked, faults) and key in known.ends_well:
                    break
            if not _to_come(walked, faults):
                seen.append(key)
            _type(walked, typed, faults)
    except Broken as broken:
        walked.problem = str(broken)
    else:
        if known is not None:
            known.ends_well.update(seen)
    return walked


def _to_come(walked: Walk, faults: Sequence[Planned]) -> bool:
    return bool(faults) and faults[-1].command >= len(walked.ended)


def _typed_in_turn(walked: Walk, command: Command) -> Iterator[Command]:
    """Yield what a person types: the command, the same again, then what the sentences say."""
    yield command
    for _ in range(_SAME_AGAIN):
        if _last(walked).code in _TOLD:
            break
        yield command
    for _ in range(_MOST_TYPED):
        if not _differs(walked):
            return
        yield _what_is_said(walked)
    _require_agreement(walked)


def _last(walked: Walk) -> Ended:
    return walked.ended[-1][1]


def _differs(walked: Walk) -> str:
    return "; ".join(invariants.disagreements(walked.world))


def _require_agreement(walked: Walk) -> None:
    """8: at last ledger, states and cloud agree."""
    found = _differs(walked)
    if found:
        said = _last(walked)
        message = f"invariant 8: at last (exit {said.code}: {said.said[:300]}): {found}"
        raise Broken(message)


def _what_is_said(walked: Walk) -> Command:
    """Return the command that the last sentence names; settle is the one for all else."""
    last, world = _last(walked), walked.world
    found = world.cloud.endpoint(ENDPOINT)
    failed = found is not None and found.status is EndpointStatus.FAILED
    if failed and last.code == PlanRefused.exit_code:
        world.facts.hand_is_at_work = True
        world.cloud.delete_endpoint(ENDPOINT)  # the one thing that SageMaker allows then
        world.facts.hand_is_at_work = False
        world.story.append("a person deletes the failed endpoint")
        return SETTLE
    return ROLLBACK if _ROLLBACK in last.said else SETTLE


def _type(walked: Walk, command: Command, faults: Sequence[Planned]) -> None:
    """Type a command; whoever finds the lease held or the endpoint busy waits."""
    ended = _typed(walked, command, faults)
    if ended.code == LeaseHeld.exit_code:
        walked.world.clock.jump(_PAST_THE_LEASE_S)
        wait_for(walked.world.cloud, ENDPOINT, timeout_s=_FOR_EVER_S)
        _typed(walked, command, faults)


def _typed(walked: Walk, command: Command, faults: Sequence[Planned]) -> Ended:
    world, number = walked.world, len(walked.ended)
    here = {each.boundary: each.fault for each in faults if each.command == number}
    injector = Injector(world, here)
    world.story.append(f"{command}:")
    world.facts.meddled = False
    ended = run_command(world, command, injector)
    walked.passed.append(injector.passed)
    walked.ended.append((command, ended))
    walked.digests.append(walked.at)
    world.story.append(
        f"  exit {ended.code}: {' '.join(ended.said.split())[:160]}; serves {world.serves}"
    )
    invariants.after_command(world, command, ended)
    world.cloud.unanswered = ()
    world.clock.jump(_BETWEEN_S)
    return ended

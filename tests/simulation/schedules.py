"""One schedule: a command with its faults, what a person types afterwards, and what must come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.core.errors import LeaseHeld
from tests.simulation import invariants
from tests.simulation.commands import Broken, Command, Ended, Mode, run_command
from tests.simulation.faults import Injector, Passed, Planned
from tests.simulation.world import World

_SAME_AGAIN = 2
_PAST_THE_LEASE_S = 16 * 60.0
SETTLE = Command(mode=Mode.SETTLE)


@dataclass(kw_only=True)
class Walk:
    """What came of a schedule: each command with how it ended and what it passed."""

    world: World
    ended: list[tuple[Command, Ended]] = field(default_factory=list)
    passed: list[list[Passed]] = field(default_factory=list)
    problem: str | None = None


def walk(start: World, command: Command, planned: Iterable[Planned]) -> Walk:
    """Type the command, then what follows; the faults happen where they are planned."""
    world = start.copy()
    walked = Walk(world=world)
    invariants.watch(world)
    faults = list(planned)
    try:
        _type(walked, command, faults)
        for _ in range(_SAME_AGAIN):
            if is_told(walked):
                break
            _type(walked, command, faults)
        _settled(walked, faults)
    except Broken as broken:
        walked.problem = str(broken)
    return walked


def is_told(walked: Walk) -> bool:
    """Tell whether the person knows that the command is done, well or not."""
    return walked.ended[-1][1].code in (0, 3, 5, 6, 7)


def _settled(walked: Walk, faults: Sequence[Planned]) -> None:
    """8: ledger, states and cloud agree, or do after a settle; that once more changes nothing."""
    if not _differs(walked):
        return
    _type(walked, SETTLE, faults)
    found = _differs(walked)
    if found:
        said = walked.ended[-1][1]
        message = f"invariant 8: after settle (exit {said.code}: {said.said[:300]}): {found}"
        raise Broken(message)


def _differs(walked: Walk) -> str:
    return "; ".join(invariants.disagreements(walked.world))


def _type(walked: Walk, command: Command, faults: Sequence[Planned]) -> Ended:
    """Type a command; whoever finds the lease held waits until it is free."""
    ended = _typed(walked, command, faults)
    if ended.code == LeaseHeld.exit_code:
        walked.world.clock.jump(_PAST_THE_LEASE_S)
        ended = _typed(walked, command, faults)
    return ended


def _typed(walked: Walk, command: Command, faults: Sequence[Planned]) -> Ended:
    world, number = walked.world, len(walked.ended)
    here = {each.boundary: each.fault for each in faults if each.command == number}
    injector = Injector(world, here)
    world.story.append(f"{command}:")
    ended = run_command(world, command, injector)
    walked.passed.append(injector.passed)
    walked.ended.append((command, ended))
    world.story.append(
        f"  exit {ended.code}: {' '.join(ended.said.split())[:160]}; serves {world.serves}"
    )
    invariants.after_command(world, command, ended)
    world.cloud.unanswered = ()
    world.clock.jump(60.0)
    return ended

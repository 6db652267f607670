"""A command that accidents hit, typed again until it says that it is done.

For commands whose end is another one than that an endpoint serves: their tests say what must hold.
"""

from collections.abc import Callable, Collection, Iterator

from tests.simulation.commands import Command, Ended, run_command
from tests.simulation.digest import digest
from tests.simulation.faults import ACCIDENTS, Injector, Passed, possible_at
from tests.simulation.world import World

PAST_THE_LEASE_S = 16 * 60.0
_MOST_TYPED = 4


def typed(
    world: World, command: Command, faults: dict[int, str] | None = None
) -> tuple[Ended, list[Passed]]:
    """Type it once, with faults at some of its boundaries; return what it passed, too."""
    injector = Injector(world, faults or {})
    return run_command(world, command, injector), injector.passed


def until_done(world: World, command: Command) -> Ended:
    """Type the same command until it is done; a lease may have to expire meanwhile."""
    for _ in range(_MOST_TYPED):
        ended, _ = typed(world, command)
        if ended.code == 0:
            break
        world.clock.jump(PAST_THE_LEASE_S)
    return ended


def every_schedule(
    start: World,
    command: Command,
    faults: int,
    copied: Callable[[World], World],
    *,
    names: Collection[str] = ACCIDENTS,
    met: set[object] | None = None,
    story: str = "",
) -> Iterator[tuple[World, str]]:
    """Yield the end of each schedule of accidents, one in each command; equal worlds go on once."""
    met = set() if met is None else met
    _, passed = typed(copied(start), command)
    for number, each in enumerate(passed):
        for name in possible_at(each):
            if name not in names:
                continue
            world, told = copied(start), f"{story} {number} ({each.what}): {name};"
            typed(world, command, {number: name})
            world.clock.jump(PAST_THE_LEASE_S)
            known = (faults, digest(world))
            if known in met:
                continue
            met.add(known)
            if faults > 1:
                yield from every_schedule(
                    world, command, faults - 1, copied, names=names, met=met, story=told
                )
            else:
                ended = until_done(world, command)
                yield world, f"{told} exit {ended.code} {ended.said[:200]}"

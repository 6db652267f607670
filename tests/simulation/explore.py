"""All schedules of a story with up to so many faults, and random ones of all stories."""

import random
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from tests.simulation.commands import Ended
from tests.simulation.digest import digest
from tests.simulation.faults import ACCIDENTS, DECISIONS, FAULTS, Planned, possible_at
from tests.simulation.schedules import Known, Walk, walk
from tests.simulation.starts import Story, stories

_MOST_FAULTS = 4
_ALL_LATER = 80  # more boundaries than any command passes


@dataclass(kw_only=True)
class Findings:
    """What was tried and what was found."""

    schedules: int = 0
    known: Known = field(default_factory=Known)
    covered: set[tuple[str, str]] = field(default_factory=set)  # boundary, fault
    broken: list[tuple[Story, tuple[Planned, ...], str]] = field(default_factory=list)
    seconds: float = 0.0

    def line(self) -> str:
        rate = self.schedules / self.seconds if self.seconds else 0.0
        return (
            f"{self.schedules} schedules, {rate:.0f} a second, {len(self.known.starts)} worlds, "
            f"{len(self.covered)} pairs of boundary and fault, {len(self.broken)} broken"
        )


def exhaustively(
    story: Story,
    findings: Findings,
    *,
    faults: int = 1,
    first: Collection[str] = tuple(FAULTS),
    later: Collection[str] = (*ACCIDENTS, *DECISIONS),
    stop_at: int | None = None,
) -> None:
    """Try every schedule of a story with up to `faults` faults.

    A world that is met again with as many faults to come is gone on from once only.
    """
    began = time.perf_counter()
    _from(story, (), findings, set(), faults, first, later, stop_at)
    findings.seconds += time.perf_counter() - began


def _from(
    story: Story,
    planned: tuple[Planned, ...],
    findings: Findings,
    met: set[object],
    left: int,
    kinds: Collection[str],
    later: Collection[str],
    stop_at: int | None,
) -> None:
    # Who still has faults to come must see every command; all others stop where it is known.
    walked = _tried(story, planned, findings, stops=left == 0)
    if left == 0 or walked.problem:
        return
    for place, what, fault in _next_places(walked, planned, kinds, met, left):
        if stop_at is not None and len(findings.broken) >= stop_at:
            return
        findings.covered.add((what, fault))
        one_more = (*planned, Planned(*place, fault))
        _from(story, one_more, findings, met, left - 1, later, later, stop_at)


def _next_places(
    walked: Walk,
    planned: Sequence[Planned],
    kinds: Collection[str],
    met: set[object],
    left: int,
) -> Iterator[tuple[tuple[int, int], str, str]]:
    """Yield where one more fault may happen: later than all others, in worlds not yet met."""
    after = (planned[-1].command, planned[-1].boundary) if planned else (-1, -1)
    for command, passed in enumerate(walked.passed):
        if command > after[0]:
            key = (walked.digests[command], str(walked.ended[command][0]), left)
            if key in met:
                continue
            met.add(key)
        for boundary, each in enumerate(passed):
            if (command, boundary) <= after:
                continue
            for fault in possible_at(each):
                if fault in kinds:
                    yield (command, boundary), each.what, fault


def _tried(
    story: Story, planned: tuple[Planned, ...], findings: Findings, *, stops: bool = True
) -> Walk:
    walked = walk(
        story.start(), story.command, planned, findings.known, goal=story.goal, stops=stops
    )
    findings.schedules += 1
    if walked.problem:
        findings.broken.append((story, planned, walked.problem))
    return walked


def at_random(
    seed: int, findings: Findings, *, names: Sequence[str] | None = None
) -> tuple[Story, tuple[Planned, ...]]:
    """Try the schedule of a seed."""
    story, planned = schedule_of(seed, names=names)
    began = time.perf_counter()
    walked = _tried(story, planned, findings)
    findings.seconds += time.perf_counter() - began
    findings.covered |= set(zip(walked.hit, walked.happened, strict=True))
    return story, planned


def schedule_of(
    seed: int, *, names: Sequence[str] | None = None
) -> tuple[Story, tuple[Planned, ...]]:
    """Return what a seed stands for; a stream of its own for each kind of choice."""
    told, where, which = (random.Random(f"{seed}/{label}") for label in ("told", "at", "fault"))
    all_stories = stories()
    story = all_stories[told.choice(list(names or all_stories))]
    planned = {}
    for _ in range(told.randint(1, _MOST_FAULTS)):
        command = min(where.choice((0, 0, 0, 1, 1, 2)), 2)
        boundary = where.randrange(_ALL_LATER if where.random() < 0.3 else 40)
        planned[command, boundary] = str(which.randrange(len(FAULTS)))
    return story, tuple(sorted(Planned(*at, fault) for at, fault in planned.items()))


def shrunk(story: Story, planned: tuple[Planned, ...]) -> tuple[Planned, ...]:
    """Return as few of these faults as break something."""
    for each in planned:
        fewer = tuple(other for other in planned if other is not each)
        if walk(story.start(), story.command, fewer, goal=story.goal).problem:
            return shrunk(story, fewer)
    return planned


def told(story: Story, planned: tuple[Planned, ...]) -> str:
    """Return the story of a schedule in at most ten lines."""
    walked = walk(story.start(), story.command, planned, goal=story.goal)
    lines = [f"{story.name}: {walked.problem}", *walked.world.story]
    return "\n".join(
        line[:300] for line in (lines if len(lines) <= 10 else [*lines[:9], lines[-1]])
    )


__all__ = ["Ended", "Findings", "at_random", "digest", "exhaustively", "shrunk", "told"]

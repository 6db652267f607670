"""One schedule: a command with its faults, what a person types afterwards, and what must come."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.core.errors import LeaseHeld, PlanRefused
from pipeline.core.outcomes import EndpointStatus
from tests.fakes.hosting import wait_for
from tests.simulation import invariants
from tests.simulation.commands import Broken, Command, Ended, Mode, run_command
from tests.simulation.digest import digest
from tests.simulation.faults import ACCIDENTS, Injector, Passed, Planned
from tests.simulation.world import ENDPOINT, World, artifact_uri

_SAME_AGAIN = 4  # one more than the faults of any schedule that is enumerated
_PAST_THE_LEASE_S = 16 * 60.0
_FOR_EVER_S = 30 * 24 * 3600.0
_MOST_TYPED = 6
_BETWEEN_S = 60.0
_TOLD = (0, 2, 3, 5, 6, 7)
_ROLLBACK = re.compile(r"type: --mode rollback(?: --to (r-[0-9a-f-]+))?")
SETTLE = Command(mode=Mode.SETTLE)


@dataclass(kw_only=True)
class Walk:
    """What came of a schedule: each command with how it ended and what it passed."""

    world: World
    ended: list[tuple[Command, Ended]] = field(default_factory=list)
    passed: list[list[Passed]] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)  # faults
    hit: list[str] = field(default_factory=list)  # the boundaries at which they happened
    digests: list[int] = field(default_factory=list)  # of the world at each command's beginning
    at: int = 0
    was_hit: bool = False  # a fault happened in the last command
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a rollback must come to, whatever accidents happen: candidates by their names."""

    serves: str
    barred: str


@dataclass(kw_only=True)
class Known:
    """From where everything is known to end well, so that it need not be walked again."""

    ends_well: set[object] = field(default_factory=set)
    starts: set[int] = field(default_factory=set)  # worlds in which a command was typed


def walk(
    start: World,
    command: Command,
    planned: Iterable[Planned],
    known: Known | None = None,
    *,
    goal: Goal | None = None,
    stops: bool = True,
) -> Walk:
    """Type the command, then what follows; the faults happen where they are planned.

    `stops`: no further than to where it is known to end well.
    """
    world = start.copy()
    walked = Walk(world=world)
    invariants.watch(world)
    faults, seen = sorted(planned), []
    try:
        for typed in _typed_in_turn(walked, command, goal):
            key = (digest(world), typed, len(walked.ended) == 0 or _last(walked).code)
            walked.at = key[0]
            if known is not None:
                known.starts.add(key[0])
                if stops and not _to_come(walked, faults) and key in known.ends_well:
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


def _typed_in_turn(walked: Walk, command: Command, goal: Goal | None) -> Iterator[Command]:
    """Yield what a person types: the command, the same again, then what the sentences say."""
    yield command
    for _ in range(_SAME_AGAIN):
        if _last(walked).code in _TOLD:
            break
        yield command
    _require_finished(walked)
    for _ in range(_MOST_TYPED):
        if not _differs(walked):
            break
        yield _what_is_said(walked)
    _require_agreement(walked)
    for _ in range(_SAME_AGAIN):
        if not all(each in ACCIDENTS for each in walked.happened):
            return
        if goal is None or not _missed(walked.world, goal):
            return
        yield _what_is_said(walked)
    if goal is not None and all(each in ACCIDENTS for each in walked.happened):
        _require_goal(walked, goal)


def _require_finished(walked: Walk) -> None:
    """8: the same command again finishes what an accident cut off, without a settle."""
    if walked.was_hit or not all(each in ACCIDENTS for each in walked.happened):
        return
    last = _last(walked)
    differing = (each for each in invariants.disagreements(walked.world) if "orphan" not in each)
    found = "; ".join(differing)  # orphans are for settle
    if last.code not in _TOLD or (last.code in (0, 5) and found):
        message = f"invariant 8: the same again (exit {last.code}: {last.said[:200]}): {found}"
        raise Broken(message)


def _missed(world: World, goal: Goal) -> str:
    """Say what of the goal is not there."""
    config, head = world.serves, world.head()
    if config is None or world.cloud.artifact_of(config) != artifact_uri(goal.serves):
        return f"{goal.serves} shall serve, and {config} does"
    barred = {each.content_digest for each in head.quarantined}
    for retained in head.retained:
        name = world.cloud.artifact_of(f"{ENDPOINT}-{retained.release_id}-n1")
        shall = name in [artifact_uri(each) for each in goal.barred]
        if shall != (retained.content_digest in barred):
            return f"{retained.release_id} {'is not' if shall else 'is'} barred"
    return ""


def _require_goal(walked: Walk, goal: Goal) -> None:
    """5: a rollback ends where it must."""
    missed = _missed(walked.world, goal)
    if missed:
        message = f"invariant 5: exit {_last(walked).code}: {missed}"
        raise Broken(message)


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
    if world.facts.overtaken and last.code == LeaseHeld.exit_code and world.serving.lock:
        world.serving.lock = None  # of a run that slept through its lease: a person unlocks it
        world.story.append("a person unlocks the state")
        return walked.ended[-1][0]
    found = world.cloud.endpoint(ENDPOINT)
    failed = found is not None and found.status is EndpointStatus.FAILED
    if failed and last.code == PlanRefused.exit_code:
        world.facts.hand_is_at_work = True
        world.cloud.delete_endpoint(ENDPOINT)  # the one thing that SageMaker allows then
        world.facts.hand_is_at_work = False
        world.story.append("a person deletes the failed endpoint")
        return SETTLE
    if last.code not in _TOLD and walked.was_hit:
        return walked.ended[-1][0]  # what was cut off is typed again
    named = _ROLLBACK.search(last.said)
    return Command(mode=Mode.ROLLBACK, to=named[1] or "previous") if named else SETTLE


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
    walked.happened += injector.happened
    walked.hit += injector.hit
    walked.was_hit = bool(injector.hit)
    world.serving.edit = None
    walked.ended.append((command, ended))
    walked.digests.append(walked.at)
    world.story.append(
        f"  exit {ended.code}: {' '.join(ended.said.split())[:160]}; serves {world.serves}"
    )
    invariants.after_command(world, command, ended)
    world.cloud.unanswered = ()
    world.clock.jump(_BETWEEN_S)
    return ended

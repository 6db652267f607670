"""A reviewed plan, applied by another process: once, and what was reviewed, cut off anywhere."""

import functools
import logging
import sys
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

import pytest

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.gateways import terraform_code
from pipeline.steps import planned
from tests.fakes.boundary import Kind, NoFaults
from tests.fakes.cloud import Behaviour
from tests.simulation import invariants, reviewed
from tests.simulation.again import PAST_THE_LEASE_S, every_schedule, typed
from tests.simulation.commands import Command, Mode, run_command, workspace_of
from tests.simulation.faults import ACCIDENTS
from tests.simulation.starts import Story
from tests.simulation.swapped import remembering, swapped
from tests.simulation.test_dry_run import OnlyReads, everything
from tests.simulation.world import ENDPOINT, World, candidate, sha256_of

T = TypeVar("T")

APPLY = Command(mode=Mode.APPLY, name="D")
REFUSED, WENT_BACK, DONE = 7, 5, 0
# With what serves then. A plan that was used up without an effect needs a new one.
ENDS = ((DONE, "D"), (REFUSED, "C"), (WENT_BACK, "C"))
CLAIMS = "plans/"
_MOST_TYPED = 4


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Remember what pure functions gave, and which Terraform there is; let nothing log."""
    logging.disable(logging.CRITICAL)
    known = functools.cache(lambda: terraform_code.code_of(PROJECT_ROOT, ("serving",)))
    with remembering(), swapped(planned, "code_of", lambda *_: known()):
        yield
    logging.disable(logging.NOTSET)


def a_world() -> World:
    """Three releases, of which the last is live, and a reviewed plan of a fourth."""
    world = Story(name="reviewed", deployed="ABC", command=APPLY).start()
    candidate(world, "D")  # trained before
    before = everything(world)
    reviewed.review(workspace_of(world, APPLY, OnlyReads(), run_id="planner"), world, "D")
    assert everything(world) == before
    return world


def serves(world: World) -> str:
    return next(
        name for name in "ABCDE" if (world.release_that_serves or "").endswith(sha256_of(name)[:6])
    )


def claims(world: World) -> list[str]:
    return [key for key in world.bucket.objects if key.startswith(CLAIMS)]


def watched(world: World) -> World:
    other = world.copy()
    invariants.watch(other)
    return other


def test_a_plan_only_reads_and_its_apply_does_what_was_reviewed() -> None:
    world = watched(a_world())
    folder = world.review
    assert isinstance(folder, reviewed.Folder)
    ended, _ = typed(world, APPLY)
    assert ended.code == DONE, ended.said
    assert serves(world) == "D"
    assert folder.record.release is not None
    assert world.head().live_release == folder.record.release.release_id
    assert len(claims(world)) == 1


def test_typed_again_it_changes_nothing() -> None:
    world = a_world()
    typed(world, APPLY)
    world.clock.jump(PAST_THE_LEASE_S)
    before, lines = world.serves, world.head().last_event
    assert typed(world, APPLY)[0].code == DONE
    assert (world.serves, world.head().last_event) == (before, lines)


@pytest.mark.parametrize("mode", [Mode.ROLLBACK, Mode.DEPLOYMENT])
def test_an_endpoint_that_moved_since_the_plan_is_left_alone(mode: Mode) -> None:
    world = a_world()
    assert run_command(world, Command(mode=mode, name="E"), NoFaults()).code == DONE
    world.clock.jump(PAST_THE_LEASE_S)
    before = world.serves
    ended, _ = typed(world, APPLY)
    assert ended.code == REFUSED
    assert "has moved since" in ended.said
    assert world.serves == before
    assert not claims(world)


class StateMoves(NoFaults):
    """Somebody else writes the endpoint's state once this run has planned it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del kind
        if what == "terraform apply":
            self._world.serving.serial += 1
        return do()


def test_a_stale_plan_says_what_was_done_before_terraform_refused_it() -> None:
    world = a_world()
    before = world.serves
    ended = run_command(world, APPLY, StateMoves(world))
    assert ended.code == REFUSED, ended.said
    assert "Nothing was applied." in ended.said
    assert world.serves == before

    world = Story(name="failed", deployed="", command=APPLY).start()
    world.behave("A", Behaviour.DOES_NOT_START)
    assert run_command(world, Command(mode=Mode.DEPLOYMENT, name="A"), NoFaults()).code
    world.clock.jump(PAST_THE_LEASE_S)
    reviewed.review(workspace_of(world, APPLY, OnlyReads(), run_id="planner"), world, "D")
    ended = run_command(world, APPLY, StateMoves(world))
    assert ended.code == REFUSED, ended.said
    assert world.cloud.endpoint(ENDPOINT) is None
    assert f"done before it: DeleteEndpoint of {ENDPOINT}, Failed and" in ended.said
    assert "Nothing was applied" not in ended.said


class Meets(NoFaults):
    """At one boundary another process applies the same plan; before it, this one may sleep."""

    def __init__(self, world: World, at: int, *, asleep_s: float) -> None:
        self.codes: list[int | None] = []
        self._world, self._at, self._asleep_s, self._passed = world, at, asleep_s, 0

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del what, kind
        self._passed += 1
        if self._passed == self._at + 1:
            self._world.clock.jump(self._asleep_s)
            self._world.facts.overtaken = self._asleep_s > 0
            self._world.facts.meddled = True
            self.codes.append(run_command(self._world, APPLY, NoFaults()).code)
        return do()


@pytest.mark.parametrize("asleep_s", [0.0, PAST_THE_LEASE_S], ids=["awake", "asleep"])
def test_of_two_that_apply_the_same_plan_at_most_one_does_whenever_they_meet(
    asleep_s: float,
) -> None:
    start = a_world()
    _, passed = typed(start.copy(), APPLY)
    for number in range(len(passed)):
        world = watched(start)
        meets = Meets(world, number, asleep_s=asleep_s)
        meets.codes.append(run_command(world, APPLY, meets).code)
        told = f"boundary {number} ({passed[number].what}): {meets.codes}"
        assert len(claims(world)) == 1, told
        assert meets.codes.count(DONE) <= 1 or world.serving.applied.count(reviewed.FILE) == 1, told
        world.clock.jump(PAST_THE_LEASE_S)
        wrong = problem(world)
        assert not wrong, f"{told}: {wrong}"


def problem(world: World) -> str:
    """Say what is not as it must be once the same command was typed to its end."""
    if len(claims(world)) > 1:
        return f"{len(claims(world))} claims"
    for _ in range(_MOST_TYPED):  # an endpoint that cannot be asked is asked again
        world.clock.jump(PAST_THE_LEASE_S)
        end = typed(world, APPLY)[0].code, serves(world)
        if end in ENDS:
            break
    else:
        return f"exit {end[0]}, and {end[1]} serves"
    world.clock.jump(PAST_THE_LEASE_S)
    settled = run_command(world, Command(mode=Mode.SETTLE), NoFaults())
    wrong = list(invariants.disagreements(world))
    return "; ".join(wrong) if wrong or settled.code != DONE else ""


def _require_sound(faults: int, *, names: Collection[str] = ACCIDENTS) -> None:
    start, count = a_world(), 0
    for world, told in every_schedule(start, APPLY, faults, watched, names=names):
        count += 1
        wrong = problem(world)
        assert not wrong, f"{told}: {wrong}"
    sys.stdout.write(f"{faults} accidents: {count} different ends, each as it must be\n")
    assert count


def test_an_apply_that_an_accident_hits_anywhere_applies_the_plan_at_most_once() -> None:
    _require_sound(1)


def test_an_apply_that_is_killed_twice_anywhere_applies_the_plan_at_most_once() -> None:
    _require_sound(2, names=("killed",))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("faults", [2, 3])
def test_an_apply_that_accidents_hit_anywhere_applies_the_plan_at_most_once(faults: int) -> None:
    _require_sound(faults)

"""A release that goes to another environment: its bytes are what was judged, cut off anywhere."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline.core import naming
from pipeline.core.errors import LeaseHeld, PlanRefused
from pipeline.core.records import Release
from pipeline.steps import dry_run
from tests.fakes.boundary import NoFaults
from tests.fakes.store import Bucket
from tests.simulation.again import PAST_THE_LEASE_S, every_schedule, typed
from tests.simulation.commands import (
    Command,
    Mode,
    found_to_promote,
    promoted_candidate,
    run_command,
    workspace_of,
)
from tests.simulation.starts import Story
from tests.simulation.swapped import remembering
from tests.simulation.test_dry_run import OnlyReads, lines_of
from tests.simulation.world import ENDPOINT, FOREIGN_CONFIG, World, empty_world, sha256_of

PROMOTE = Command(mode=Mode.PROMOTE)
_A_DAY_S = 86_400.0
TARGET = "mlops-qa-000000000000-us-east-1"


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with remembering():
        yield
    logging.disable(logging.NOTSET)


def a_world(*, deployed: str = "AB") -> World:
    """An environment in which nothing was deployed, beside one that serves."""
    world = empty_world()
    world.clock.jump(_A_DAY_S)  # no release of here has an id of there
    world.bucket = Bucket(name=TARGET)
    world.source = Story(name="source", deployed=deployed, command=PROMOTE).start()
    return world


def release_of(world: World) -> Release:
    key = naming.release_object(ENDPOINT, world.head().live_release or "")
    return Release.from_json(world.bucket.objects[key].body)


def problem(world: World) -> str:
    """Say what serves and is not what was judged in the other environment."""
    assert world.source is not None
    wanted = release_of(world.source)
    if world.head().live_release is None or world.release_that_serves is None:
        return "nothing serves"
    found = release_of(world)
    bytes_of = world.bucket.objects[found.artifact_uri.removeprefix(f"s3://{TARGET}/")].body
    if hashlib.sha256(bytes_of).hexdigest() != wanted.artifact_sha256:
        return "the bytes are not those that were judged"
    if world.cloud.artifact_of(world.serves or "") != found.artifact_uri:
        return "it serves another artifact"
    if found.evaluation != wanted.evaluation:
        return "the evaluation is another one"
    if found.promoted_from != f"dev/{wanted.release_id}":
        return f"it says that it comes from {found.promoted_from}"
    return ""


def as_it_is(world: World) -> object:
    """What of the other environment could be touched."""
    source = world.source
    assert source is not None
    cloud = source.cloud
    return (
        dict(source.bucket.objects),
        dict(cloud.models),
        dict(cloud.configs),
        dict(cloud.alarms),
        source.serves,
        dict(source.serving.objects),
    )


def test_what_was_judged_serves_and_the_other_environment_is_only_read() -> None:
    world = a_world()
    before = as_it_is(world)
    ended, _ = typed(world, PROMOTE)
    assert (ended.code, problem(world)) == (0, "")
    assert as_it_is(world) == before


def foretold(world: World) -> tuple[str, ...]:
    """Run the dry run of a promotion, and show that it only reads, here and there."""
    workspace = workspace_of(world, PROMOTE, OnlyReads())
    found = found_to_promote(world, OnlyReads())
    dry_run.promotion(workspace, promoted_candidate(found))
    return lines_of(workspace)


def test_a_promotion_is_foretold_with_its_plan_and_then_done() -> None:
    world = a_world()
    assert world.source is not None
    origin = world.source.head().live_release
    told = foretold(world)
    assert not world.bucket.objects
    assert told[0].startswith(f"Would promote dev/{origin}: ")
    assert "serving: new endpoint" in told
    assert told[-2:] == ("The review would let it pass.", dry_run.NOTHING_CHANGED)
    assert typed(world, PROMOTE)[0].code == 0
    world.clock.jump(PAST_THE_LEASE_S)
    assert foretold(world)[0].startswith("Nothing to do: ")


def test_promoted_again_it_moves_nothing() -> None:
    world = a_world()
    typed(world, PROMOTE)
    world.clock.jump(PAST_THE_LEASE_S)
    served = world.serves
    assert typed(world, PROMOTE)[0].code == 0
    assert world.serves == served
    assert len(world.head().retained) == 1


def test_the_next_release_of_the_other_environment_follows() -> None:
    world = a_world()
    typed(world, PROMOTE)
    world.clock.jump(PAST_THE_LEASE_S)
    world.source = Story(name="next", deployed="ABC", command=PROMOTE).start()
    ended, _ = typed(world, PROMOTE)
    assert (ended.code, problem(world)) == (0, "")
    assert len(world.head().retained) == 2


def test_an_artifact_that_is_not_what_was_judged_is_not_promoted() -> None:
    world = a_world()
    assert world.source is not None
    world.source.bucket.write(naming.artifact_object(sha256_of("B")), b"something else")
    ended, _ = typed(world, PROMOTE)
    assert ended.code == PlanRefused.exit_code
    assert "not what was judged" in ended.said
    assert not world.bucket.objects


def test_other_bytes_at_the_address_here_are_not_deployed() -> None:
    world = a_world()
    world.bucket.write(naming.artifact_object(sha256_of("B")), b"something else")
    before = dict(world.bucket.objects)
    ended, _ = typed(world, PROMOTE)
    assert ended.code == PlanRefused.exit_code
    assert "is not what lies in" in ended.said
    assert world.serves is None
    assert world.bucket.objects == before


def test_what_serves_by_a_hand_is_not_promoted() -> None:
    world = a_world()
    assert world.source is not None
    world.source.cloud.update_endpoint(ENDPOINT, FOREIGN_CONFIG, None)
    ended, _ = typed(world, PROMOTE)
    assert ended.code == LeaseHeld.exit_code  # it moves
    world.source.clock.jump(PAST_THE_LEASE_S)
    ended, _ = typed(world, PROMOTE)
    assert ended.code == PlanRefused.exit_code
    assert FOREIGN_CONFIG in ended.said


def test_what_was_gone_back_to_is_promoted_and_not_what_was_left() -> None:
    world = a_world()
    assert world.source is not None
    run_command(world.source, Command(mode=Mode.ROLLBACK), NoFaults())
    assert typed(world, PROMOTE)[0].code == 0
    assert release_of(world).artifact_sha256 == sha256_of("A")


def test_an_environment_in_which_nothing_is_live_has_nothing_to_promote() -> None:
    world = a_world()
    world.source = empty_world()
    ended, _ = typed(world, PROMOTE)
    assert ended.code == PlanRefused.exit_code
    assert "Nothing is live" in ended.said


def _require_sound(faults: int) -> None:
    start = a_world(deployed="A")
    before, count = as_it_is(start), 0
    for world, told in every_schedule(start, PROMOTE, faults, lambda each: replace(each.copy())):
        count += 1
        assert not problem(world), f"{told}: {problem(world)}"
        assert as_it_is(world) == before, f"{told}: the other environment was touched"
    assert count


def test_a_promotion_that_an_accident_hits_anywhere_is_finished_by_the_same_command() -> None:
    _require_sound(1)


@pytest.mark.soak
def test_a_promotion_that_two_accidents_hit_anywhere_is_finished_by_the_same_command() -> None:
    _require_sound(2)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_promotion_that_three_accidents_hit_anywhere_is_finished_by_the_same_command() -> None:
    _require_sound(3)

"""The end of an endpoint, whole and cut off anywhere: nothing of it is left, nothing else goes."""

import logging
from collections.abc import Iterator

import pytest

from pipeline.core import naming
from pipeline.core.errors import PlanRefused
from pipeline.steps.retire import BEGUN, DONE
from tests.fakes.boundary import NoFaults
from tests.fakes.terraform import Known
from tests.simulation.again import PAST_THE_LEASE_S, every_schedule, typed
from tests.simulation.commands import Command, Mode, run_command
from tests.simulation.starts import Story
from tests.simulation.swapped import remembering
from tests.simulation.test_prune import ledger_of
from tests.simulation.world import (
    ENDPOINT,
    FOREIGN_ALARM,
    FOREIGN_CONFIG,
    FOREIGN_MODEL,
    World,
    empty_world,
)

CLEANUP = Command(mode=Mode.CLEANUP)
_FOREIGN = (FOREIGN_ALARM, FOREIGN_CONFIG, FOREIGN_MODEL)


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with remembering():
        yield
    logging.disable(logging.NOTSET)


def a_world(deployed: str = "ABC") -> World:
    world = Story(name="cleanup", deployed=deployed, command=CLEANUP).start()
    world.cloud.on_deleted = _spares_others
    return world


def _spares_others(kind: str, name: str) -> None:
    assert name not in _FOREIGN, f"{kind} {name} is somebody else's"


def copy_of(world: World) -> World:
    copied = world.copy()
    copied.cloud.on_deleted = _spares_others
    return copied


def problem(world: World) -> str:
    """Say what of the endpoint is left, or what of others is gone."""
    cloud = world.cloud
    there = {*cloud.models, *cloud.configs, *cloud.alarms}
    left = {*there, *cloud.endpoints} - set(_FOREIGN)
    if left:
        return f"left: {sorted(left)}"
    if there != set(_FOREIGN):
        return f"gone: {set(_FOREIGN) - there}"
    if world.serving.objects or world.surroundings.objects or world.serving.lock:
        return "a state holds something, or is locked"
    head = world.head()
    return f"the ledger: {head}" if head.live or head.retained or head.move else ""


def test_nothing_of_the_endpoint_is_left_and_nothing_of_others_goes() -> None:
    world = a_world()
    ended, _ = typed(world, CLEANUP)
    assert (ended.code, problem(world)) == (0, "")
    told = [event.what for event in ledger_of(world).events()]
    assert told[-2:] == [BEGUN, DONE]


def test_a_second_cleanup_has_nothing_to_do_and_tells_nothing() -> None:
    world = a_world()
    typed(world, CLEANUP)
    told = len(ledger_of(world).events())
    assert typed(world, CLEANUP)[0].code == 0
    assert len(ledger_of(world).events()) == told


def test_a_release_after_a_cleanup_is_the_first_one_again() -> None:
    world = a_world()
    typed(world, CLEANUP)
    world.clock.jump(PAST_THE_LEASE_S)
    ended = run_command(world, Command(mode=Mode.DEPLOYMENT, name="D"), NoFaults())
    assert ended.code == 0
    assert world.head().live_release == world.release_that_serves
    assert len(world.head().retained) == 1


def test_what_is_barred_stays_barred() -> None:
    world = a_world()
    run_command(world, Command(mode=Mode.ROLLBACK), NoFaults())
    barred = world.head().quarantined
    assert barred
    typed(world, CLEANUP)
    assert world.head().quarantined == barred


def test_what_does_not_carry_the_tags_stops_the_whole_cleanup() -> None:
    world = a_world()
    theirs = {"name": FOREIGN_MODEL, "tags_all.mlops:environment": "production"}
    stray = Known(resource_type="aws_sagemaker_model", object_id=FOREIGN_MODEL, attributes=theirs)
    world.serving.objects = {**world.serving.objects, "aws_sagemaker_model.stray": stray}
    serves = world.serves
    ended, _ = typed(world, CLEANUP)
    assert ended.code == PlanRefused.exit_code
    assert "mlops:environment=production" in ended.said
    assert world.serves == serves


def test_an_endpoint_that_no_state_knows_goes_where_it_serves_a_release_of_ours() -> None:
    world = a_world()
    world.serving.objects = {}
    ended, _ = typed(world, CLEANUP)
    assert (ended.code, problem(world)) == (0, "")


def test_an_endpoint_that_serves_somebody_elses_config_stays() -> None:
    world = a_world()
    world.serving.objects = {}
    world.cloud.update_endpoint(ENDPOINT, FOREIGN_CONFIG, None)
    ended, _ = typed(world, CLEANUP)
    assert ended.code == PlanRefused.exit_code
    assert world.serves == FOREIGN_CONFIG


def test_an_endpoint_that_never_was_leaves_a_ledger_of_nothing() -> None:
    world = empty_world()
    world.cloud.on_deleted = _spares_others
    assert typed(world, CLEANUP)[0].code == 0
    assert naming.ledger_object(ENDPOINT) in world.bucket.objects


def _require_sound(faults: int) -> None:
    count = 0
    for world, told in every_schedule(a_world("A"), CLEANUP, faults, copy_of):
        count += 1
        assert not problem(world), f"{told}: {problem(world)}"
    assert count


def test_a_cleanup_that_an_accident_hits_anywhere_is_finished_by_the_same_command() -> None:
    _require_sound(1)


@pytest.mark.soak
def test_a_cleanup_that_two_accidents_hit_anywhere_is_finished_by_the_same_command() -> None:
    _require_sound(2)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_cleanup_that_three_accidents_hit_anywhere_is_finished_by_the_same_command() -> None:
    _require_sound(3)

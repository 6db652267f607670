"""The artifact of what is live is not what was judged: nothing lets SageMaker load it anew."""

from collections.abc import Callable

import pytest

from pipeline.core.errors import NotServing, RolledBack
from tests.fakes.boundary import NoFaults
from tests.fakes.cloud import UNHEALTHY, Ending, Outcome
from tests.simulation.commands import Command, Ended, Mode, run_command
from tests.simulation.starts import Story
from tests.simulation.world import ENDPOINT, FOREIGN_CONFIG, World, artifact_uri

DEPLOYMENT = Command(mode=Mode.DEPLOYMENT, name="D")
ROLLBACK = Command(mode=Mode.ROLLBACK)
SETTLE = Command(mode=Mode.SETTLE)


@pytest.fixture
def world() -> World:
    """A, B and C were deployed; C serves, and other bytes lie where its artifact was."""
    return Story(name="swapped", deployed="ABC", command=SETTLE, swapped="C").start()


def run(world: World, command: Command) -> Ended:
    return run_command(world, command, NoFaults())


def serves(world: World, name: str) -> bool:
    config = world.serves
    return config is not None and world.cloud.artifact_of(config) == artifact_uri(name)


@pytest.mark.parametrize("reason", [UNHEALTHY, "Insufficient capacity."])
def test_a_deployment_that_fails_goes_back_to_the_next_one_down(world: World, reason: str) -> None:
    world.cloud.forced = Outcome(ending=Ending.FAILS, reason=reason)
    failed = run(world, DEPLOYMENT)
    assert failed.code == RolledBack.exit_code, failed.said
    assert serves(world, "B")


def deleted(world: World) -> None:
    world.cloud.delete_endpoint(ENDPOINT)


def moved_away(world: World) -> None:
    world.cloud.update_endpoint(ENDPOINT, FOREIGN_CONFIG, None)
    world.clock.jump(3600.0)


@pytest.mark.parametrize(
    ("by_hand", "then", "name"),
    [
        pytest.param(deleted, DEPLOYMENT, "D", id="endpoint deleted"),
        pytest.param(moved_away, DEPLOYMENT, "D", id="moved to a foreign config"),
        pytest.param(moved_away, ROLLBACK, "B", id="moved to a foreign config, rolled back"),
    ],
)
def test_settling_does_not_put_it_to_work_again(
    world: World, by_hand: Callable[[World], None], then: Command, name: str
) -> None:
    by_hand(world)
    before = world.serves
    refused = run(world, SETTLE)
    assert refused.code == NotServing.exit_code
    assert "it is not what was judged. The endpoint was not changed." in refused.said
    assert world.serves == before

    ended = run(world, then)
    assert ended.code == 0, ended.said
    assert serves(world, name)


def test_settling_finishes_what_touches_no_endpoint(world: World) -> None:
    assert run(world, SETTLE).code == 0
    assert serves(world, "C")

"""What a deployment believes: what SageMaker serves, and what the ledger bars; nobody's word else.

The quick tests of rules that `tests/mutants` removes; `test_mutants.py` looks for more of them.
"""

import pytest

from pipeline.core.errors import NotServing, PlanRefused, RolledBack
from tests.fakes.boundary import NoFaults
from tests.fakes.cloud import UNHEALTHY, Behaviour, Ending, Outcome
from tests.simulation.commands import Command, Ended, Mode, run_command
from tests.simulation.starts import Story
from tests.simulation.world import World

DEPLOYMENT = Command(mode=Mode.DEPLOYMENT, name="C")


def a_world(*behaviours: tuple[str, Behaviour]) -> World:
    story = Story(name="believed", deployed="AB", command=DEPLOYMENT, behaviours=behaviours)
    return story.start()


def deployed(world: World) -> Ended:
    return run_command(world, DEPLOYMENT, NoFaults())


@pytest.mark.parametrize("is_seen", [False, True], ids=["success", "failure"])
def test_what_sagemaker_took_back_is_not_live_whatever_terraform_says(is_seen: bool) -> None:
    world = a_world()
    before, live = world.serves, world.head().live
    world.cloud.forced = Outcome(ending=Ending.GOES_BACK, reason=UNHEALTHY, is_seen=is_seen)
    ended = deployed(world)
    assert ended.code in (RolledBack.exit_code, NotServing.exit_code), ended.said
    assert (world.serves, world.head().live) == (before, live)


def test_what_is_barred_is_not_deployed_again() -> None:
    world = a_world(("C", Behaviour.FAILS))
    assert deployed(world).code == RolledBack.exit_code
    before, live = world.serves, world.head().live
    world.clock.jump(1800.0)
    ended = deployed(world)
    assert ended.code == PlanRefused.exit_code, ended.said
    assert "was quarantined" in ended.said
    assert (world.serves, world.head().live) == (before, live)

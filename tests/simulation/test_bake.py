"""A release that fails its tests while the old fleet is still warm: SageMaker takes it back."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from pipeline.core.errors import CloudUnusable, RolledBack
from pipeline.session import Terminated
from pipeline.steps.deploy import deploy
from tests.fakes.boundary import AllEnds, Kind, NoFaults
from tests.fakes.cloud import Behaviour
from tests.simulation.commands import Command, Ended, Mode, run_command, workspace_of
from tests.simulation.starts import Story
from tests.simulation.world import World, candidate, empty_world
from tests.support.message_builders import a_report

T = TypeVar("T")

DEPLOYMENT = Command(mode=Mode.DEPLOYMENT, name="C")


class Noting(NoFaults):
    """Notes what passes; `on_veto` happens instead of a veto, with what would have been done."""

    def __init__(self, on_veto: Callable[[Callable[[], object]], None] | None = None) -> None:
        self.passed: list[str] = []
        self._on_veto = on_veto

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del kind
        self.passed.append(what)
        if what.startswith("veto") and self._on_veto is not None:
            self._on_veto(do)
        return do()

    def count(self, beginning: str) -> int:
        return sum(each.startswith(beginning) for each in self.passed)


def a_world(behaviour: Behaviour, *, bakes: bool = True) -> World:
    story = Story(
        name="bakes",
        deployed="AB",
        command=DEPLOYMENT,
        behaviours=(("C", behaviour),),
        bakes=bakes,
    )
    return story.start()


def deployed(world: World, boundary: Noting) -> Ended:
    return run_command(world, DEPLOYMENT, boundary)


@pytest.mark.parametrize("behaviour", [Behaviour.FAILS, Behaviour.WRONG])
def test_sagemaker_itself_shifts_back_from_what_fails_during_the_bake(
    behaviour: Behaviour,
) -> None:
    world, boundary = a_world(behaviour), Noting()
    before = world.serves
    ended = deployed(world, boundary)
    assert ended.code == RolledBack.exit_code, ended.said
    assert "failed its tests during the bake" in ended.said
    assert "never stopped serving" in ended.said
    assert world.serves == before
    assert (boundary.count("UpdateEndpoint"), boundary.count("veto")) == (1, 1)
    (barred,) = world.head().quarantined
    assert "failed its tests during the bake" in barred.reason


def test_a_good_release_is_tested_and_not_objected_to() -> None:
    world, boundary = a_world(Behaviour.GOOD), Noting()
    ended = deployed(world, boundary)
    assert ended.code == 0, ended.said
    assert boundary.count("veto") == 0
    without = Noting()
    assert deployed(a_world(Behaviour.GOOD, bakes=False), without).code == 0
    assert boundary.count("ask") > without.count("ask")


def test_a_veto_that_does_not_arrive_leaves_the_way_back_to_the_runner() -> None:
    def refused(_: Callable[[], object]) -> None:
        message = "Could not publish the metric."
        raise CloudUnusable(message, remedy="Look at the rights.")

    world = a_world(Behaviour.WRONG)
    before, boundary = world.serves, Noting(refused)
    ended = deployed(world, boundary)
    assert ended.code == RolledBack.exit_code, ended.said
    assert world.serves == before
    assert boundary.count("UpdateEndpoint") == 2
    assert len(world.head().quarantined) == 1


def test_a_veto_whose_answer_is_lost_takes_the_move_back_all_the_same() -> None:
    def lost(do: Callable[[], object]) -> None:
        do()
        message = "The connection was closed."
        raise CloudUnusable(message, remedy="Run the command again.")

    world = a_world(Behaviour.WRONG)
    before, boundary = world.serves, Noting(lost)
    assert deployed(world, boundary).code == RolledBack.exit_code
    assert (world.serves, boundary.count("UpdateEndpoint")) == (before, 1)


@pytest.mark.parametrize("said", [False, True], ids=["before its veto", "after its veto"])
def test_the_same_command_ends_what_a_killed_runner_was_testing(said: bool) -> None:
    def killed(do: Callable[[], object]) -> None:
        if said:
            do()
        raise AllEnds

    world = a_world(Behaviour.WRONG)
    before = world.serves
    assert deployed(world, Noting(killed)).code is None
    ended = deployed(world, Noting())
    assert ended.code == RolledBack.exit_code, ended.said
    assert world.serves == before
    assert len(world.head().quarantined) == 1


def test_what_could_not_be_measured_is_no_veto() -> None:
    world = a_world(Behaviour.GOOD)
    world.cloud.unanswered = (503,) * 6
    boundary = Noting()
    assert deployed(world, boundary).code == 0
    assert boundary.count("veto") == 0


class Stopped(NoFaults):
    """The run is told to end at the first boundary whose name begins so."""

    def __init__(self, at: str) -> None:
        self._at = at

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del kind
        if what.startswith(self._at):
            raise Terminated
        return do()


@pytest.mark.parametrize(
    ("at", "bakes", "is_noted"),
    [
        ("nothing", False, True),  # it comes to its end
        ("nothing", True, False),
        ("terraform plan", False, False),
        ("terraform apply", False, False),
        ("UpdateEndpoint", False, False),
    ],
)
def test_that_it_did_not_bake_is_noted_where_tests_came_after_the_traffic(
    at: str, bakes: bool, is_noted: bool
) -> None:
    world = a_world(Behaviour.GOOD, bakes=bakes)
    workspace = workspace_of(world, DEPLOYMENT, Stopped(at))
    before = world.serves
    with suppress(Terminated):
        deploy(workspace, candidate(world, "C"))
    assert (world.serves == before) == (at != "nothing")
    notes = workspace.context.recorder.complete(a_report("deployment")).notes
    assert ["No bake" in each for each in notes] == [True] * is_noted


def test_the_first_deployment_has_no_traffic_that_could_move_before_its_tests() -> None:
    world = empty_world()
    workspace = workspace_of(world, DEPLOYMENT, NoFaults())
    deploy(workspace, candidate(world, "A"))
    assert not workspace.context.recorder.complete(a_report("deployment")).notes

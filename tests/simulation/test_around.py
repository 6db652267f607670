"""When what surrounds an endpoint is changed, and what the ledger knows if that fails."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from pipeline.configuration.sections import AutoscalingSettings, MonitoringSettings
from pipeline.configuration.settings import Settings
from pipeline.core import ledger
from pipeline.core.errors import CloudUnusable, RolledBack
from pipeline.core.surroundings import NOTHING, Surroundings
from pipeline.steps import around
from pipeline.steps.leased import take_over
from tests.fakes.boundary import CallFailed, Kind, NoFaults
from tests.fakes.cloud import Behaviour
from tests.simulation.commands import Command, Ended, Mode, run_command, workspace_of
from tests.simulation.world import SETTINGS, World, empty_world
from tests.unit.core_builders import a_move

T = TypeVar("T")

SCALES = SETTINGS.model_copy(update={"autoscaling": AutoscalingSettings(enabled=True)})
WATCHED = SCALES.model_copy(update={"monitoring": MonitoringSettings(enabled=True)})
SETTLE = Command(mode=Mode.SETTLE)


class Watched(NoFaults):
    """Notes in which order endpoint and surroundings change; the n-th change around may fail."""

    def __init__(self, *, fails_at: int = 0) -> None:
        self.order: list[str] = []
        self._fails_at = fails_at

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        name = what.split(" ")[0]
        if kind in (Kind.CALL, Kind.MOVE) and name in ("change", "UpdateEndpoint"):
            self.order.append(name)
            if name == "change" and self.order.count(name) == self._fails_at:
                message = "api error ThrottlingException: Rate exceeded"
                raise CallFailed(message)
        return do()


def on(instance_type: str, settings: Settings = SCALES) -> Settings:
    return settings.model_copy(update={"instance_type": instance_type})


def deployed(
    settings: Settings, *, name: str = "A", world: World | None = None, boundary: Any = None
) -> tuple[World, Ended]:
    world = world or empty_world(settings)
    world.settings = settings
    command = Command(mode=Mode.DEPLOYMENT, name=name)
    return world, run_command(world, command, boundary or NoFaults())


def applied(world: World) -> dict[str, Any] | None:
    """The variables with which terraform/surroundings was applied last."""
    found = world.surroundings.objects.get("surroundings")
    return json.loads(found.object_id) if found else None


def scaling_is_on(world: World) -> bool:
    variables = applied(world)
    return variables is not None and variables["autoscaling"] is not None


def test_where_nothing_is_asked_for_no_terraform_runs() -> None:
    world, ended = deployed(SETTINGS)
    assert (ended.code, applied(world), world.surroundings.serial) == (0, None, 0)
    assert (world.head().surroundings, world.head().surroundings_due) == (NOTHING, False)


def test_what_is_asked_for_is_applied_and_recorded() -> None:
    world, ended = deployed(WATCHED)
    head, variables = world.head(), applied(world)
    assert (ended.code, head.surroundings_due) == (0, False)
    assert variables is not None
    assert variables["autoscaling"] == head.surroundings.autoscaling
    assert variables["alarms"] == head.surroundings.alarms
    assert head.surroundings.dashboard is not None
    assert head.last_event is not None
    assert head.last_event.what == "surroundings changed"


def test_what_is_there_already_is_not_applied_again() -> None:
    world, _ = deployed(SCALES)
    serial = world.surroundings.serial
    _, ended = deployed(SCALES, world=world)
    assert (ended.code, world.surroundings.serial) == (0, serial)


def test_what_could_not_be_applied_stays_due_until_a_later_run() -> None:
    world, ended = deployed(SCALES, boundary=Watched(fails_at=1))
    assert ended.code == CloudUnusable.exit_code
    assert f"{world.release_that_serves} serves, but scaling, alarms and dashboard" in ended.said
    assert (applied(world), world.head().surroundings_due) == (None, True)
    assert ledger.is_healthy(world.head())
    assert run_command(world, SETTLE, NoFaults()).code == 0
    assert (scaling_is_on(world), world.head().surroundings_due) == (True, False)


def test_a_rollback_ends_well_also_where_scaling_cannot_be_turned_on_again() -> None:
    world, _ = deployed(on("ml.m5.large"))
    deployed(on("ml.m5.4xlarge"), world=world, name="B")
    watched = Watched(fails_at=2)
    ended = run_command(world, Command(mode=Mode.ROLLBACK), watched)
    assert (ended.code, watched.order) == (0, ["change", "UpdateEndpoint", "change"])
    assert (scaling_is_on(world), world.head().surroundings_due) == (False, True)
    assert run_command(world, SETTLE, NoFaults()).code == 0
    assert (scaling_is_on(world), world.head().surroundings_due) == (True, False)


def test_what_is_not_asked_for_any_more_is_taken_away() -> None:
    world, _ = deployed(WATCHED)
    _, ended = deployed(SETTINGS, world=world)
    variables = applied(world)
    assert variables is not None
    assert (ended.code, variables["autoscaling"], variables["alarms"]) == (0, None, None)
    assert (world.head().surroundings, world.head().surroundings_due) == (
        Surroundings(topic_arns=world.head().surroundings.topic_arns),
        False,
    )


def test_burstable_instances_get_everything_but_scaling() -> None:
    world, ended = deployed(on("ml.t2.medium", WATCHED))
    variables = applied(world)
    assert variables is not None
    assert (ended.code, variables["autoscaling"]) == (0, None)
    assert (variables["alarms"], variables["vcpus"]) == (world.head().surroundings.alarms, 2)
    assert world.head().surroundings.autoscaling is not None  # for when it can be had


@pytest.mark.parametrize(
    ("instance_type", "order"),
    [
        ("ml.m5.large", ["UpdateEndpoint", "change"]),
        ("ml.m5.4xlarge", ["change", "UpdateEndpoint", "change"]),
    ],
)
def test_scaling_is_off_while_an_endpoint_moves_to_another_instance_type(
    instance_type: str, order: list[str]
) -> None:
    world, _ = deployed(on("ml.m5.large"))
    watched = Watched()
    _, ended = deployed(on(instance_type), world=world, name="B", boundary=watched)
    assert (ended.code, watched.order) == (0, order)
    assert scaling_is_on(world)


def test_scaling_is_on_again_after_a_move_that_failed_in_between() -> None:
    world, _ = deployed(on("ml.m5.large"))
    world.behave("B", Behaviour.DOES_NOT_START)
    watched = Watched()
    _, ended = deployed(on("ml.m5.4xlarge"), world=world, name="B", boundary=watched)
    assert ended.code == RolledBack.exit_code
    assert watched.order == ["change", "UpdateEndpoint", "change"]
    variables = applied(world)
    assert variables is not None
    assert (variables["instance_type"], scaling_is_on(world)) == ("ml.m5.large", True)
    assert not world.head().surroundings_due


def test_while_a_move_is_under_way_nothing_is_changed_around_it() -> None:
    world, _ = deployed(SCALES)
    serial = world.surroundings.serial
    workspace = workspace_of(world, SETTLE, NoFaults(), run_id="mover")
    book = take_over(workspace)
    due = replace(book.head, surroundings_due=True)
    book.write(ledger.begin(due, a_move(due.live or "", origin=due.live)))
    around.converge(workspace, book)
    assert (world.surroundings.serial, book.head.surroundings_due) == (serial, True)

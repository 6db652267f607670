"""A plan that is refused says what was done to the endpoint before: the way may be made for it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar

import pytest

from pipeline.core import intents
from pipeline.core.errors import PlanRefused
from pipeline.core.outcomes import EndpointStatus
from pipeline.steps.settle import settle
from tests.fakes.boundary import Kind, NoFaults
from tests.fakes.serving_root import POINTER, Wanted
from tests.simulation.commands import Command, Mode, run_command, workspace_of
from tests.simulation.starts import Story
from tests.simulation.world import ENDPOINT, World

T = TypeVar("T")

SETTLE = Command(mode=Mode.SETTLE)
NOTHING = "Nothing was applied."
DELETION = f"DeleteEndpoint of {ENDPOINT}, Failed and serving nothing."
LATER_S = 1800.0


def with_a_role(wanted: Mapping[str, Wanted]) -> Mapping[str, Wanted]:
    """Let a plan make what no guard lets pass."""
    role = Wanted(
        address="aws_iam_role.other",
        resource_type="aws_iam_role",
        object_id="other",
        attributes={"name": "other"},
    )
    return {**wanted, role.address: role}


class OtherCode(NoFaults):
    """Once something has passed this boundary Terraform's code is another one."""

    def __init__(self, world: World, *, after: str) -> None:
        self._world, self._after = world, after

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del kind
        done = do()
        if what == self._after:
            self._world.serving.edit = with_a_role
        return done


def failed(*, forgotten: Collection[str] = ()) -> World:
    """A live endpoint that SageMaker calls Failed; Terraform's state has forgotten addresses."""
    world = Story(name="failed", deployed="AB", command=SETTLE).start()
    found = world.cloud.endpoints[ENDPOINT]
    world.cloud.endpoints[ENDPOINT] = replace(found, status=EndpointStatus.FAILED)
    objects = world.serving.objects
    world.serving.objects = {key: objects[key] for key in objects if key not in forgotten}
    return world


def test_an_endpoint_that_got_its_settings_back_was_updated_whatever_becomes_of_the_plan() -> None:
    world = Story(name="by hand", deployed="AB", command=SETTLE).start()
    live = world.serves or ""
    world.cloud.update_endpoint(ENDPOINT, live, None)
    world.clock.jump(LATER_S)
    known = world.serving.objects[intents.ENDPOINT]
    attributes = {path: known.attributes[path] for path in ("name", POINTER)}
    world.serving.objects = {
        **world.serving.objects,
        intents.ENDPOINT: replace(known, attributes=attributes),
    }
    ended = run_command(world, SETTLE, OtherCode(world, after=f"restore settings {live}"))
    assert ended.code == PlanRefused.exit_code, ended.said
    done = f"UpdateEndpoint of {ENDPOINT} to what it serves, {live}, with settings."
    assert f"done before it: {done} To put right" in ended.said
    assert NOTHING not in ended.said


def test_an_endpoint_that_was_deleted_for_a_plan_was_deleted_whatever_becomes_of_it() -> None:
    configs = [each for each in failed().serving.objects if intents.CONFIG in each]
    world = failed(forgotten=(intents.ENDPOINT, *configs))  # another plan imports what is there
    ended = run_command(world, SETTLE, OtherCode(world, after=f"delete endpoint {ENDPOINT}"))
    assert ended.code == PlanRefused.exit_code, ended.said
    assert world.cloud.endpoint(ENDPOINT) is None
    assert f"done before it: {DELETION} To put right" in ended.said
    assert NOTHING not in ended.said


@pytest.mark.parametrize("deletes", [True, False])
def test_who_stops_settle_halfway_is_told_what_was_done(deletes: bool) -> None:
    world = failed(forgotten=(intents.ENDPOINT,) if deletes else ())
    workspace = workspace_of(world, SETTLE, NoFaults(), run_id="run-halfway")
    asked: list[str] = []

    def confirm(question: str) -> bool:
        asked.append(question)
        return question.startswith("DeleteEndpoint")

    context = replace(workspace.context, confirm=confirm)
    with pytest.raises(PlanRefused) as refused:
        settle(replace(workspace, context=context))
    assert asked[-1].endswith("Do it?")
    assert (world.cloud.endpoint(ENDPOINT) is None) is deletes
    said = f"done before it: {DELETION}" if deletes else NOTHING
    assert f"{said} To do it: --mode settle --yes" in refused.value.remedy

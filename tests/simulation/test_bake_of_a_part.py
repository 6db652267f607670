"""The tests while a canary has a part of the traffic, and nobody knows which fleet answers."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.core import naming
from pipeline.core.head import DeploymentConfig, Move, MoveKind, Strategy
from pipeline.core.outcomes import Bake, EndpointObservation
from pipeline.gateways.runtime import Answer
from pipeline.steps.bake import BakeTests, bake_tests
from tests.fakes.boundary import NoFaults
from tests.fakes.cloud import Behaviour
from tests.fakes.hosting import FakeCalls, FakeHosting
from tests.simulation.commands import Command, Mode, workspace_of
from tests.simulation.starts import Story
from tests.simulation.world import ENDPOINT, KNOWN, World, artifact_uri

LOOKS = 40


class ShowsAPart(FakeHosting):
    def _observed(self, endpoint: str) -> EndpointObservation:
        seen = super()._observed(endpoint)
        return replace(seen, bake=Bake.PART) if seen.bake is Bake.WHOLE else seen


class AsksBoth(FakeCalls):
    """Every second request gets to the old fleet, as long as there are two."""

    asked = 0

    def _answer(self, body: bytes) -> Answer:
        self.asked += 1
        behaviours = self._cloud.behaviours
        if self.asked % 2:
            return super()._answer(body)
        self._cloud.behaviours = {}
        try:
            return super()._answer(body)
        finally:
            self._cloud.behaviours = behaviours


def looked(behaviour: Behaviour, *, before: Behaviour = Behaviour.GOOD) -> tuple[World, BakeTests]:
    """Let a canary bake on its way back to A, whose container does this, and test it meanwhile."""
    command = Command(mode=Mode.DEPLOYMENT, name="C")
    world = Story(name="canary", deployed="AB", command=command).start()
    boundary, cloud = NoFaults(), world.cloud
    workspace = replace(
        workspace_of(world, command, boundary),
        hosting=ShowsAPart(cloud, boundary),
        calls=AsksBoth(cloud, boundary, ENDPOINT, known=KNOWN),
    )
    target = world.head().lived[0].release_id + "-n1"
    shift = DeploymentConfig(
        strategy=Strategy.CANARY,
        step_percentage=50,
        wait_interval_s=300,
        termination_wait_s=300,
        maximum_execution_timeout_s=3600,
        alarm_names=naming.rollback_alarm_names(ENDPOINT, target),
    )
    move = Move(
        kind=MoveKind.DEPLOYMENT,
        origin=world.head().live,
        target=target,
        deployment_config=shift,
        run_id="run",
    )
    release = workspace.ledger.release(world.head().lived[0].release_id)
    seen = workspace.hosting.observe(ENDPOINT)
    tests = bake_tests(workspace, release, move, seen, instance_count=2)
    assert tests is not None
    world.behave("B", before)
    tests.ask_before()
    world.behave("A", behaviour)
    cloud.update_endpoint(ENDPOINT, naming.endpoint_config_name(ENDPOINT, target), shift)
    tests.meanwhile(after(LOOKS, lambda: cloud.endpoints[ENDPOINT].bakes))
    return world, tests


def after(looks: int, bakes: Callable[[], bool]) -> Callable[[float], bool]:
    left = iter(range(looks))
    return lambda _: next(left, None) is None or not bakes()


@pytest.mark.parametrize("behaviour", [Behaviour.FAILS, Behaviour.WRONG])
def test_a_bad_canary_is_objected_to(behaviour: Behaviour) -> None:
    world, tests = looked(behaviour)
    assert tests.failed is not None
    assert "new instances" in tests.failed.failures
    found = world.cloud.endpoint(ENDPOINT)
    assert found is not None
    assert world.cloud.artifact_of(found.config) == artifact_uri("B")


def test_a_good_canary_is_not_objected_to() -> None:
    world, tests = looked(Behaviour.GOOD)
    assert tests.failed is None
    assert world.cloud.endpoints[ENDPOINT].bakes


@pytest.mark.parametrize("before", [Behaviour.FAILS, Behaviour.WRONG])
def test_what_the_old_fleet_does_wrong_is_not_held_against_the_new_one(before: Behaviour) -> None:
    _, tests = looked(Behaviour.GOOD, before=before)
    assert tests.failed is None

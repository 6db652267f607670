"""The tests while a canary has a part of the traffic, and nobody knows which fleet answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

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


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the tests found; how many rows they asked before the move, and while it baked."""

    world: World
    tests: BakeTests
    asked_before: int
    asked: int


def looked(
    behaviour: Behaviour,
    *,
    before: Behaviour = Behaviour.GOOD,
    held_out: bytes | None = None,
    looks: int = LOOKS,
) -> Looked:
    """Let a canary bake on its way back to A, whose container does this, and test it meanwhile."""
    command = Command(mode=Mode.DEPLOYMENT, name="C")
    world = Story(name="canary", deployed="AB", command=command).start()
    boundary, cloud = NoFaults(), world.cloud
    calls = AsksBoth(cloud, boundary, ENDPOINT, known=KNOWN)
    workspace = replace(
        workspace_of(world, command, boundary), hosting=ShowsAPart(cloud, boundary), calls=calls
    )
    if held_out is not None:
        world.bucket.write("data/d/test/test.csv", held_out)
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
    asked_before = calls.asked
    world.behave("A", behaviour)
    cloud.update_endpoint(ENDPOINT, naming.endpoint_config_name(ENDPOINT, target), shift)
    tests.meanwhile(after(looks - 1, lambda: cloud.endpoints[ENDPOINT].bakes))
    asked = calls.asked - asked_before
    return Looked(world=world, tests=tests, asked_before=asked_before, asked=asked)


def after(looks: int, bakes: Callable[[], bool]) -> Callable[[float], bool]:
    left = iter(range(looks))
    return lambda _: next(left, None) is None or not bakes()


@pytest.mark.parametrize("behaviour", [Behaviour.FAILS, Behaviour.WRONG])
def test_a_bad_canary_is_objected_to(behaviour: Behaviour) -> None:
    canary = looked(behaviour)
    assert canary.tests.failed is not None
    assert "new instances" in canary.tests.failed.failures
    found = canary.world.cloud.endpoint(ENDPOINT)
    assert found is not None
    assert canary.world.cloud.artifact_of(found.config) == artifact_uri("B")


@pytest.mark.parametrize("behaviour", [Behaviour.FAILS, Behaviour.WRONG])
def test_of_many_rows_a_look_asks_some_of_all_kinds_and_objects_at_once(
    behaviour: Behaviour,
) -> None:
    rows = "".join(f"{cell},{label}\n" * 1_000 for cell, label in KNOWN.items())
    canary = looked(behaviour, held_out=f"x,species\n{rows}".encode(), looks=1)
    assert canary.asked_before == canary.asked == 200
    assert canary.tests.failed is not None


def test_a_good_canary_is_not_objected_to() -> None:
    canary = looked(Behaviour.GOOD)
    assert canary.tests.failed is None
    assert canary.world.cloud.endpoints[ENDPOINT].bakes


@pytest.mark.parametrize("before", [Behaviour.FAILS, Behaviour.WRONG])
def test_what_the_old_fleet_does_wrong_is_not_held_against_the_new_one(before: Behaviour) -> None:
    assert looked(Behaviour.GOOD, before=before).tests.failed is None

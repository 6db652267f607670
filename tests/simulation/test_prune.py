"""A pruning, whole and cut off: what goes, what stays, and who finishes it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from pipeline.core import intents, naming
from pipeline.core.errors import CloudUnusable, PlanRefused, UsageError
from pipeline.gateways.ledger import Ledger
from pipeline.steps import prune
from tests.fakes.boundary import AllEnds, CallFailed, Kind, NoFaults
from tests.fakes.store import FakeStore
from tests.fakes.terraform import Known
from tests.simulation.commands import Command, Ended, Mode, run_command, workspace_of
from tests.simulation.starts import Story
from tests.simulation.world import ENDPOINT, FOREIGN_CONFIG, World, empty_world

T = TypeVar("T")

PRUNE = Command(mode=Mode.PRUNE)
STRAY = "r-20250101-120000-ffffff"
ALWAYS = {intents.ENDPOINT, intents.QUIET_ALARM}


class GoesWrong(NoFaults):
    """Something goes wrong at the first boundary `at` that comes after one named `after`."""

    def __init__(self, error: BaseException, *, at: str, after: str = "") -> None:
        self._error = error
        self._at = at
        self._after = after
        self._is_near = not after

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del kind
        if self._is_near and what.startswith(self._at):
            raise self._error
        self._is_near = self._is_near or what.startswith(self._after)
        return do()


@pytest.fixture
def world() -> World:
    """An endpoint with six good releases, of which the last is live."""
    return Story(name="six deployments", deployed="ABCDEF", command=PRUNE).start()


def pruned(world: World) -> Ended:
    return run_command(world, PRUNE, NoFaults())


def killed(world: World, *, at: str, after: str = "") -> None:
    ended = run_command(world, PRUNE, GoesWrong(AllEnds(), at=at, after=after))
    assert ended.code is None


def of(releases: tuple[str, ...]) -> set[str]:
    """What Terraform keeps for these releases."""
    return {*ALWAYS, *intents.addresses_of_all(releases, [f"{name}-n1" for name in releases])}


def ledger_of(world: World) -> Ledger:
    return Ledger(FakeStore(world.bucket, NoFaults()), ENDPOINT)


def told(world: World) -> list[str]:
    return [event.what for event in ledger_of(world).events() if event.what != "deployed"]


def require_pruned(world: World, before: tuple[str, ...]) -> None:
    """The live one and the three before it are there, and nothing else but the records."""
    removed, kept = before[:2], before[2:]
    assert world.head().release_ids == kept
    assert set(world.serving.objects) == of(kept)
    assert world.release_that_serves == kept[-1]
    assert all(naming.model_name(ENDPOINT, each) not in world.cloud.models for each in removed)
    assert all(ledger_of(world).release(each).release_id == each for each in removed)


def test_a_pruning_keeps_what_serves_and_the_last_three_that_passed(world: World) -> None:
    before = world.head().release_ids
    lines = prune.prune(workspace_of(world, PRUNE, NoFaults()))
    assert lines == (
        *(f"Removed: {each}" for each in before[:2]),
        *(f"Kept: {each}" for each in before[2:]),
    )
    require_pruned(world, before)
    assert told(world) == ["pruned"]
    stored = world.bucket.objects[naming.applied_tfvars_object(ENDPOINT)]
    assert tuple(json.loads(stored.body)["releases"]) == before[2:]


def test_a_second_pruning_has_nothing_to_do(world: World) -> None:
    assert pruned(world).code == 0
    unable = GoesWrong(AssertionError("nothing is applied"), at="terraform apply")
    lines = prune.prune(workspace_of(world, PRUNE, unable))
    assert lines == (f"Nothing to do: {ENDPOINT} has no release to remove.",)
    assert told(world) == ["pruned"]


CUT_OFF = [
    pytest.param("terraform apply", "", id="before its apply"),
    pytest.param("DeleteEndpointConfig", "", id="in its apply"),
    pytest.param("replace ledger/", "DeleteModel", id="before it could tell"),
]


@pytest.mark.parametrize(("at", "after"), CUT_OFF)
def test_a_pruning_that_was_cut_off_is_completed_by_the_next(
    world: World, at: str, after: str
) -> None:
    before = world.head().release_ids
    killed(world, at=at, after=after)
    assert world.head().release_ids == before
    assert pruned(world).code == 0
    require_pruned(world, before)
    assert told(world) == ["pruned"]


@pytest.mark.parametrize(("at", "after"), CUT_OFF)
def test_after_a_pruning_that_was_cut_off_a_deployment_only_makes_again(
    world: World, at: str, after: str
) -> None:
    before = world.head().release_ids
    killed(world, at=at, after=after)
    deleted: list[str] = []
    world.cloud.on_deleted = lambda kind, name: deleted.append(f"{kind} {name}")
    ended = run_command(world, Command(mode=Mode.DEPLOYMENT, name="G"), NoFaults())
    assert (ended.code, deleted) == (0, [])
    assert world.head().release_ids[:-1] == before
    assert set(world.serving.objects) == of(world.head().release_ids)


def test_a_pruning_whose_apply_failed_leaves_the_ledger_as_it_was(world: World) -> None:
    before = world.head().release_ids
    throttled = GoesWrong(CallFailed("throttled"), at="DeleteModel")
    ended = run_command(world, PRUNE, throttled)
    assert (ended.code, "throttled" in ended.said) == (CloudUnusable.exit_code, True)
    assert world.head().release_ids == before
    assert pruned(world).code == 0
    require_pruned(world, before)


def test_nothing_is_pruned_from_an_endpoint_that_serves_something_else(world: World) -> None:
    before = world.head()
    world.cloud.update_endpoint(ENDPOINT, FOREIGN_CONFIG, None)
    ended = pruned(world)
    assert ended.code == PlanRefused.exit_code
    assert f"serves {FOREIGN_CONFIG}, not {ENDPOINT}-{before.live}" in ended.said
    assert set(world.serving.objects) == of(before.release_ids)


def test_a_plan_that_would_do_more_than_prune_is_refused(world: World) -> None:
    before = world.head().release_ids
    name, attributes = naming.model_name(ENDPOINT, STRAY), {"name": "left behind"}
    world.cloud.models[name] = attributes
    stray = Known(resource_type=intents.MODEL, object_id=name, attributes=attributes)
    objects = {**world.serving.objects, intents.model_address(STRAY): stray}
    world.serving = replace(world.serving, objects=objects)
    ended = pruned(world)
    assert ended.code == PlanRefused.exit_code
    assert "this pruning does not name it" in ended.said
    assert set(world.serving.objects) == {*of(before), intents.model_address(STRAY)}
    assert world.head().release_ids == before


def test_an_endpoint_that_never_was_is_not_pruned() -> None:
    world = empty_world()
    ended = pruned(world)
    assert ended.code == UsageError.exit_code
    assert "Nothing was ever deployed" in ended.said
    assert naming.ledger_object(ENDPOINT) not in world.bucket.objects

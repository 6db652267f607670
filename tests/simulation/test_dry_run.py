"""A dry run tells what its command then does, ends with the same code, and only reads."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from pipeline.context import Workspace
from pipeline.core import intents, naming
from pipeline.core.errors import (
    CorruptRecord,
    LeaseHeld,
    NotServing,
    PipelineError,
    PlanRefused,
    UsageError,
)
from pipeline.core.outcomes import RunReport, RunStatus
from pipeline.gateways.aws import Cloud
from pipeline.steps import dry_run, planned
from tests.fakes.boundary import AllEnds, Kind, NoFaults
from tests.fakes.terraform import Known
from tests.simulation.commands import Command, Mode, run_command, workspace_of
from tests.simulation.starts import Story
from tests.simulation.swapped import remembering
from tests.simulation.test_prune import GoesWrong
from tests.simulation.world import (
    ENDPOINT,
    FOREIGN_CONFIG,
    SETTINGS,
    World,
    candidate,
    empty_world,
    sha256_of,
)

T = TypeVar("T")

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DEPLOYMENT = Command(mode=Mode.DEPLOYMENT, name="D")
ROLLBACK = Command(mode=Mode.ROLLBACK)
PRUNE = Command(mode=Mode.PRUNE)
COMMANDS = [DEPLOYMENT, ROLLBACK, PRUNE]
STRAY = "r-20250101-120000-ffffff"


class OnlyReads(NoFaults):
    """Whatever would change something fails the test where it stands."""

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        assert kind is Kind.READ, f"{kind.value}: {what}"
        return do()


@dataclass(frozen=True, kw_only=True)
class Foretold:
    code: int
    said: str
    lines: tuple[str, ...]


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with remembering():
        yield
    logging.disable(logging.NOTSET)


def a_world(deployed: str = "ABC") -> World:
    return Story(name="dry run", deployed=deployed, command=DEPLOYMENT).start()


def everything(world: World) -> object:
    """What a command could change: ledger, history, lease, states with their locks, the cloud."""
    cloud = world.cloud
    states = [replace(each) for each in (world.serving, world.surroundings)]
    things = (cloud.models, cloud.configs, cloud.alarms)
    return (dict(world.bucket.objects), states, [dict(each) for each in things], world.serves)


def foretold(world: World, command: Command) -> Foretold:
    """Run the dry run of a command, and show that it changed nothing and took no lease."""
    named = candidate(world, command.name) if command.mode is Mode.DEPLOYMENT else None
    workspace = workspace_of(world, command, OnlyReads())
    before, code, said = everything(world), 0, ""
    try:
        if named is not None:
            dry_run.deployment(workspace, named)
        elif command.mode is Mode.ROLLBACK:
            dry_run.rollback(workspace, to=command.to)
        else:
            dry_run.prune(workspace)
    except PipelineError as error:
        code, said = error.exit_code, f"{error.message} {error.remedy}"
    assert everything(world) == before
    assert not workspace.context.held
    return Foretold(code=code, said=said, lines=lines_of(workspace))


def lines_of(workspace: Workspace) -> tuple[str, ...]:
    """Return what a run has shown."""
    empty = RunReport(
        run_id="one", mode="any", status=RunStatus.SUCCESS, git_sha="", started_at=NOW
    )
    report = workspace.context.recorder.complete(empty)
    return (*report.listing, *report.notes)


class Quotas:
    """Service Quotas of an account that may have one instance of each type."""

    def get_paginator(self, _: str) -> "Quotas":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        name = f"{SETTINGS.instance_type} for endpoint usage"
        return [{"Quotas": [{"QuotaName": name, "Value": 1.0}]}]


class SmallAccount(Cloud):
    """AWS itself, which has quotas; all else is asked through the fakes."""

    def client(self, service: str) -> Any:
        assert service == "service-quotas"
        return Quotas()


def test_a_plan_and_a_dry_run_say_that_the_quota_is_too_low_for_a_second_fleet() -> None:
    world = a_world()
    workspace = workspace_of(world, DEPLOYMENT, OnlyReads())
    cloud = SmallAccount(region="us-east-1", endpoint_url=None, inherited={})
    workspace = replace(workspace, context=replace(workspace.context, cloud=cloud))
    named = candidate(world, "D")
    found = planned.with_release(workspace, planned.agreed_of(workspace), named)
    assert [each for each in found.refusals if "needs 2 instances at once" in each]
    with pytest.raises(PlanRefused, match="needs 2 instances at once"):
        dry_run.deployment(workspace, named)


def done(world: World, command: Command) -> int | None:
    return run_command(world, command, NoFaults()).code


def test_a_deployment_is_foretold_and_then_done() -> None:
    world = a_world()
    live = world.head().live_release
    told = foretold(world, DEPLOYMENT)
    assert told.code == 0, told.said
    assert f"sha256 {sha256_of('D')[:12]}, in place of {live}" in told.lines[0]
    [new] = [each for each in told.lines if each.startswith("serving: new model ")]
    [moves] = [each for each in told.lines if each.startswith("serving: moves endpoint to ")]
    release = new.removeprefix("serving: new model ")
    assert moves.startswith(f"serving: moves endpoint to {ENDPOINT}-{release}-n")
    assert told.lines[-2:] == ("The review would let it pass.", dry_run.NOTHING_CHANGED)
    assert done(world, DEPLOYMENT) == 0
    assert (world.head().live_release or "").endswith(release.rpartition("-")[2])


def test_a_first_deployment_is_foretold() -> None:
    told = foretold(empty_world(), DEPLOYMENT)
    assert told.code == 0, told.said
    assert told.lines[0].endswith("in place of nothing")
    assert "serving: new endpoint" in told.lines


def test_a_deployment_of_what_is_live_has_nothing_to_do() -> None:
    told = foretold(a_world(), replace(DEPLOYMENT, name="C"))
    assert told.code == 0
    assert told.lines[0].startswith("Nothing to do: ")


@pytest.mark.parametrize("to_oldest", [False, True], ids=["previous", "named"])
def test_a_rollback_is_foretold_and_then_done(to_oldest: bool) -> None:
    world = a_world()
    oldest, previous, live = world.head().release_ids
    target = oldest if to_oldest else previous
    command = replace(ROLLBACK, to=oldest) if to_oldest else ROLLBACK
    told = foretold(world, command)
    assert told.code == 0, told.said
    wanted = f"Would go back: from {live}, which would be quarantined, to {target}"
    assert told.lines[0] == wanted
    assert f"serving: moves endpoint to {ENDPOINT}-{target}-n1" in told.lines
    assert done(world, command) == 0
    assert world.head().live_release == target


def test_a_rollback_passes_over_what_is_not_what_was_judged() -> None:
    world = Story(name="swapped", deployed="ABC", command=ROLLBACK, swapped="B").start()
    oldest, passed_over, _ = world.head().release_ids
    told = foretold(world, ROLLBACK)
    assert told.code == 0, told.said
    assert told.lines[0].endswith(f"to {oldest}")
    assert any(each.startswith(f"{passed_over} is passed over: ") for each in told.lines)


def test_a_pruning_is_foretold_and_then_done() -> None:
    world = a_world("ABCDEF")
    releases = world.head().release_ids
    told = foretold(world, PRUNE)
    assert told.code == 0, told.said
    assert told.lines[:6] == (
        *(f"Would remove: {each}" for each in releases[:2]),
        *(f"Would keep: {each}" for each in releases[2:]),
    )
    assert f"serving: removes model {releases[0]}" in told.lines
    assert done(world, PRUNE) == 0
    assert world.head().release_ids == releases[2:]


def test_a_pruning_says_what_it_would_ask() -> None:
    world = a_world("AB")
    live = world.head().live_release
    assert done(world, ROLLBACK) == 0
    told = foretold(world, PRUNE)
    assert told.code == 0, told.said
    [question] = [each for each in told.lines if each.startswith("Would ask first: ")]
    assert f"are quarantined: {live}." in question


def test_with_nothing_to_remove_a_pruning_has_nothing_to_do() -> None:
    told = foretold(a_world("A"), PRUNE)
    assert (told.code, told.lines[0][:14]) == (0, "Nothing to do:")


def _barred(world: World) -> None:
    assert done(world, replace(DEPLOYMENT, name="D")) == 0
    assert done(world, ROLLBACK) == 0


def _without_a_way_back(world: World) -> None:
    for _ in world.head().release_ids[1:]:
        assert done(world, ROLLBACK) == 0


def _another_config(world: World) -> None:
    world.cloud.update_endpoint(ENDPOINT, FOREIGN_CONFIG, None)
    world.clock.jump(3600.0)


def _stray(world: World) -> None:
    name, attributes = naming.model_name(ENDPOINT, STRAY), {"name": "left behind"}
    world.cloud.models[name] = attributes
    stray = Known(resource_type=intents.MODEL, object_id=name, attributes=attributes)
    objects = {**world.serving.objects, intents.model_address(STRAY): stray}
    world.serving = replace(world.serving, objects=objects)


def _no_endpoint(world: World) -> None:
    world.cloud.delete_endpoint(ENDPOINT)
    world.clock.jump(3600.0)


def _lost_ledger(world: World) -> None:
    del world.bucket.objects[naming.ledger_object(ENDPOINT)]


REFUSED = [
    pytest.param(DEPLOYMENT, _barred, PlanRefused, "quarantined", id="barred content"),
    pytest.param(ROLLBACK, _without_a_way_back, NotServing, "no earlier", id="no way back"),
    pytest.param(
        replace(ROLLBACK, to=STRAY), lambda _: None, UsageError, "not a retained", id="unknown"
    ),
    pytest.param(PRUNE, _another_config, PlanRefused, FOREIGN_CONFIG, id="moved by hand"),
    pytest.param(PRUNE, _stray, PlanRefused, "does not name it", id="a plan of more"),
    pytest.param(ROLLBACK, _no_endpoint, NotServing, "no endpoint", id="no endpoint"),
    *(
        pytest.param(each, _lost_ledger, CorruptRecord, "ledger", id=f"lost ledger, {each}")
        for each in COMMANDS
    ),
]


@pytest.mark.parametrize(("command", "happened", "error", "says"), REFUSED)
def test_what_the_command_refuses_its_dry_run_refuses_with_the_same_code(
    command: Command, happened: Callable[[World], None], error: type[PipelineError], says: str
) -> None:
    world = a_world("ABCDEF")
    happened(world)
    told = foretold(world, command)
    assert told.code == error.exit_code
    assert says in told.said
    assert done(world, command) == error.exit_code


@pytest.mark.parametrize("command", [ROLLBACK, PRUNE], ids=str)
def test_where_nothing_was_ever_deployed_nothing_is_foretold(command: Command) -> None:
    world = empty_world()
    told = foretold(world, command)
    assert told.code == UsageError.exit_code
    assert "Nothing was ever deployed" in told.said
    assert done(world, command) == UsageError.exit_code


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_while_another_run_holds_the_endpoint_nothing_is_foretold(command: Command) -> None:
    world = a_world("ABCDEF")
    another = replace(DEPLOYMENT, name="G")
    killed = run_command(world, another, GoesWrong(AllEnds(), at="create releases/"))
    assert killed.code is None
    told = foretold(world, command)
    assert told.code == LeaseHeld.exit_code
    assert killed.run_id in told.said


def test_over_a_move_that_was_cut_off_nothing_is_foretold() -> None:
    world = a_world()
    killed = run_command(world, DEPLOYMENT, GoesWrong(AllEnds(), at="terraform apply"))
    assert killed.code is None
    world.clock.jump(3600.0)
    told = foretold(world, ROLLBACK)
    assert told.code == LeaseHeld.exit_code
    assert "left unfinished" in told.said

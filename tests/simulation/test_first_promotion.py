"""A promotion foretold where its foundation is not made yet: judged like the promotion itself."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from pipeline import changing
from pipeline.configuration.settings import Settings
from pipeline.core import naming
from pipeline.core.errors import GateNotPassed, PipelineError, UsageError
from pipeline.core.modes import Mode
from pipeline.core.records import Approval, Release, Verdict
from pipeline.core.serving_gate import judge_candidate
from pipeline.request import Options
from pipeline.steps import dry_run, promote
from tests.fakes.hosting import FakeHosting
from tests.fakes.store import FakeStore
from tests.simulation.commands import workspace_of
from tests.simulation.swapped import swapped
from tests.simulation.test_dry_run import OnlyReads, lines_of
from tests.simulation.test_promote import PROMOTE, a_world, release_of
from tests.simulation.world import ENDPOINT, SETTINGS, START, World
from tests.unit.core_builders import a_serving_check

# Whatever is promoted has an accuracy of 0.97.
HOLDS = SETTINGS.model_copy(update={"accuracy_threshold": 0.99, "minimum_accuracy": 0.9})
STRICTER = HOLDS.model_copy(update={"accuracy_threshold": 0.98})
REJECTS = SETTINGS.model_copy(update={"accuracy_threshold": 0.99, "minimum_accuracy": 0.98})
ANOTHER = SETTINGS.model_copy(update={"model_name_prefix": "digits-classifier"})


@dataclass(frozen=True, kw_only=True)
class Foretold:
    code: int
    said: str
    lines: tuple[str, ...]


def there(world: World) -> Release:
    """The release that is promoted."""
    assert world.source is not None
    return release_of(world.source)


def write_there(world: World, release: Release) -> None:
    assert world.source is not None
    key = naming.release_object(ENDPOINT, release.release_id)
    world.source.bucket.write(key, release.to_json().encode())


def approved_there(world: World) -> None:
    """Let the release be one that was held and approved in the other environment."""
    release = there(world)
    decision = judge_candidate(release.evaluation, HOLDS.gate_policy.without_champion)
    assert decision.verdict is Verdict.HOLD
    approval = Approval(
        training_job=release.training_job,
        artifact_sha256=release.artifact_sha256,
        who="somebody there",
        when=START,
        reason="looked at it",
    )
    write_there(world, replace(release, decision=decision, approval=approval))


@pytest.fixture
def world() -> Iterator[World]:
    """An environment without a foundation, beside one that serves; all is only read."""
    found = a_world()
    assert found.source is not None
    source = promote.Source(
        environment="dev",
        endpoint=ENDPOINT,
        store=FakeStore(found.source.bucket, OnlyReads()),
        hosting=FakeHosting(found.source.cloud, OnlyReads()),
    )
    release = there(found)
    evaluation = replace(release.evaluation, serving=a_serving_check())
    write_there(found, replace(release, evaluation=evaluation))
    with ExitStack() as stack:
        stack.enter_context(swapped(promote, "source_of", lambda *_: source))
        stack.enter_context(swapped(dry_run, "known_workspace", lambda _: None))
        yield found


def foretold(world: World, settings: Settings) -> Foretold:
    workspace = workspace_of(replace(world, settings=settings), PROMOTE, OnlyReads())
    code, said = 0, ""
    options = Options(mode=Mode.PROMOTE, from_environment="dev")
    try:
        changing._foretell_promotion(workspace.context, options)
    except PipelineError as error:
        code, said = error.exit_code, f"{error.message} {error.remedy}"
    return Foretold(code=code, said=said, lines=lines_of(workspace))


def test_what_passes_here_too_is_foretold(world: World) -> None:
    told = foretold(world, SETTINGS)
    assert told.code == 0, told.said
    origin = there(world).release_id
    assert any(each.startswith(f"Would promote dev/{origin}: ") for each in told.lines)
    assert told.lines[-1] == dry_run.NOTHING_CHANGED


def test_what_is_held_here_and_that_nobody_approved_does_not_pass(world: World) -> None:
    told = foretold(world, HOLDS)
    assert told.code == GateNotPassed.exit_code == 3
    assert "The gate says hold: " in told.said
    assert not any("Would" in each for each in told.lines)


def test_an_approval_that_came_along_lets_pass_what_that_person_saw(world: World) -> None:
    approved_there(world)
    told = foretold(world, HOLDS)
    assert told.code == 0, told.said
    assert told.lines[-1] == dry_run.NOTHING_CHANGED


@pytest.mark.parametrize(("settings", "says"), [(STRICTER, "hold"), (REJECTS, "reject")])
def test_an_approval_that_came_along_lets_nothing_else_pass(
    world: World, settings: Settings, says: str
) -> None:
    approved_there(world)
    told = foretold(world, settings)
    assert told.code == GateNotPassed.exit_code == 3
    assert f"The gate says {says}: " in told.said
    assert not any("Would" in each for each in told.lines)


def test_another_model_than_the_configured_one_is_refused(world: World) -> None:
    told = foretold(world, ANOTHER)
    assert told.code == UsageError.exit_code == 2
    assert (
        "is of the model iris-classifier, but model_name_prefix is digits-classifier" in told.said
    )
    assert not any("Would" in each for each in told.lines)

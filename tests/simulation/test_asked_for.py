"""What a retraining comes to that somebody asked for: a better model, or what is live stays."""

from dataclasses import replace

import pytest

from pipeline.configuration.sections import ChampionSettings
from pipeline.core import ledger
from pipeline.core.champion import Rule
from pipeline.core.errors import GateNotPassed
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.records import Comparison, Decision, Verdict
from pipeline.core.requests import Request
from pipeline.steps.candidacy import judged, require_passed_or_kept
from tests.fakes.boundary import NoFaults
from tests.simulation.commands import Command, Mode, run_command, workspace_of
from tests.simulation.world import ENDPOINT, SETTINGS, World, candidate, empty_world, sha256_of
from tests.unit.core_builders import a_serving_check

COMPARES = SETTINGS.model_copy(update={"champion": ChampionSettings()})


def world_with(*deployed: str) -> World:
    world = empty_world(COMPARES)
    for name in deployed:
        assert run_command(world, Command(mode=Mode.DEPLOYMENT, name=name), NoFaults()).code == 0
    return world


def a_comparison(head: LedgerHead, *, lost: int, won: int) -> Comparison:
    """A hundred rows that the release A was asked, too."""
    return Comparison(
        release_id=head.live_release or "",
        artifact_sha256=sha256_of("A"),
        rows=100,
        both_right=90 - won,
        only_champion_right=lost,
        only_challenger_right=won,
        both_wrong=10 - lost,
    )


def answered(
    world: World, *, lost: int = 0, won: int = 0, accuracy: float = 0.97, asked: bool = True
) -> tuple[Decision, HistoryEvent | None]:
    """Judge the model B; return what the gate said, and the last line of the history."""
    request = Request(request_id="one", cause=f"{ENDPOINT}/drift: Drifted", time=world.clock.now())
    command = Command(mode=Mode.REQUESTED, request=request if asked else None)
    workspace, found = workspace_of(world, command, NoFaults()), candidate(world, "B")
    head = workspace.ledger.read().head
    evaluation = replace(
        found.evaluation,
        metrics={"accuracy": accuracy},
        serving=a_serving_check(),
        comparison=a_comparison(head, lost=lost, won=won) if head.live_release else None,
    )
    decision = judged(workspace, evaluation)
    if decision.verdict is Verdict.DEPLOY:
        require_passed_or_kept(workspace, found.run, decision, None)
    else:
        with pytest.raises(GateNotPassed):
            require_passed_or_kept(workspace, found.run, decision, None)
    return decision, workspace.ledger.read().head.last_event


@pytest.mark.parametrize(
    ("case", "verdict", "says"),
    [
        ({"won": 9}, Verdict.DEPLOY, None),
        ({"won": 3}, Verdict.KEEP, "is not surely better"),
        ({}, Verdict.KEEP, "Asked for by a request, it does not replace what is live."),
        ({"lost": 8}, Verdict.KEEP, "is worse"),
        ({"won": 9, "accuracy": 0.93}, Verdict.HOLD, "is below accuracy_threshold"),
        ({"won": 9, "accuracy": 0.5}, Verdict.REJECT, "is below minimum_accuracy"),
    ],
)
def test_only_a_better_model_deploys_and_else_the_history_says_what_stays_and_why(
    case: dict[str, float], verdict: Verdict, says: str | None
) -> None:
    world = world_with("A")
    decision, line = answered(world, **case)  # type: ignore[arg-type]
    assert decision.verdict is verdict
    assert line is not None
    if says is None:
        assert line.what == "deployed"
        return
    assert (line.what, line.details["release"]) == ("kept", world.head().live_release)
    assert (line.details["request"], line.details["job"]) == ("one", "iris-b")
    assert says in line.details["reason"]
    assert world.release_that_serves == world.head().live_release
    assert ledger.quarantine_of(world.head(), sha256_of("B")) is None


def test_without_a_request_the_usual_rule_decides_and_what_is_held_leaves_no_line() -> None:
    world = world_with("A")
    assert answered(world, asked=False)[0].verdict is Verdict.DEPLOY
    decision, line = answered(world, asked=False, accuracy=0.93)
    assert decision.verdict is Verdict.HOLD
    assert line is not None
    assert line.what == "deployed"


def test_where_nothing_is_live_a_retraining_is_judged_alone() -> None:
    assert answered(world_with())[0].verdict is Verdict.DEPLOY
    decision, line = answered(world_with(), accuracy=0.5)
    assert (decision.verdict, line) == (Verdict.REJECT, None)


def test_the_rule_of_retrainings_may_be_another_one() -> None:
    for rule, verdict in ((Rule.NOT_WORSE, Verdict.DEPLOY), (Rule.OFF, Verdict.DEPLOY)):
        world = world_with("A")
        own = COMPARES.retraining.model_copy(update={"champion_rule": rule})
        world.settings = COMPARES.model_copy(update={"retraining": own})
        assert answered(world)[0].verdict is verdict

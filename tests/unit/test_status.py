"""What a status report says of the ledger against SageMaker, and of the things around it."""

from dataclasses import replace

import pytest

from pipeline.core.head import LedgerHead, MoveKind
from pipeline.core.outcomes import EndpointObservation, EndpointStatus, Standing
from pipeline.core.summary import ledger_lines, standing_lines
from pipeline.core.surroundings import NOTHING, Surroundings, without_scaling
from pipeline.steps.status import ledger_view
from tests.unit.core_builders import a_head_retaining, a_move, a_shift, an_empty_head, an_endpoint


def against_ledger(head: LedgerHead, seen: EndpointObservation) -> list[str]:
    return list(ledger_lines(ledger_view(head, seen)))


BOTH = Surroundings(alarms={}, autoscaling={"max_capacity": 4})
AROUND = "Around the endpoint:"


@pytest.mark.parametrize(
    ("asked", "due", "lines"),
    [
        (NOTHING, False, []),
        (BOTH, False, [f"{AROUND} autoscaling, alarms"]),
        (without_scaling(BOTH), False, [f"{AROUND} alarms"]),
        (BOTH, True, [f"{AROUND} autoscaling, alarms (not applied yet)"]),
        (NOTHING, True, [f"{AROUND} nothing (not applied yet)"]),
    ],
)
def test_what_surrounds_the_endpoint_is_said_with_what_is_due(
    asked: Surroundings, due: bool, lines: list[str]
) -> None:
    head = replace(an_empty_head(), surroundings=asked, surroundings_due=due)
    seen = an_endpoint()
    said = standing_lines(Standing(endpoint=seen, ledger=ledger_view(head, seen)))
    assert [each for each in said if each.startswith(AROUND)] == lines


@pytest.mark.parametrize(
    ("status", "config", "otherwise"),
    [
        (EndpointStatus.IN_SERVICE, "r-1-n1", False),
        (EndpointStatus.UPDATING, "r-1-n1", False),  # instances come or go
        (EndpointStatus.SYSTEM_UPDATING, "r-1-n1", False),
        (EndpointStatus.FAILED, "r-1-n1", True),
        (EndpointStatus.IN_SERVICE, "r-2-n1", True),
        (EndpointStatus.UPDATING, "r-2-n1", True),
    ],
)
def test_an_endpoint_that_scales_is_no_contradiction(
    status: EndpointStatus, config: str, otherwise: bool
) -> None:
    head = replace(a_head_retaining("r-1", "r-2"), live="r-1-n1")
    name = f"{head.endpoint}-{config}"
    seen = EndpointObservation(name=head.endpoint, status=status, config_name=name)
    assert any("says otherwise" in line for line in against_ledger(head, seen)) is otherwise


@pytest.mark.parametrize("kind", MoveKind)
@pytest.mark.parametrize(
    ("has_arrived", "state"), [(False, "was begun"), (True, "serves and is not proved yet")]
)
def test_an_unfinished_move_is_said_first(kind: MoveKind, has_arrived: bool, state: str) -> None:
    move = a_move("r-2-n1", kind=kind, has_arrived=has_arrived)
    head = replace(a_head_retaining("r-1", "r-2"), live="r-2-n1", move=move)
    assert against_ledger(head, an_endpoint("r-2-n1")) == [
        f"Ledger: {kind.value} to r-2-n1: {state}",
        "Ledger: r-2-n1 is live",
    ]


def test_an_endpoint_that_the_ledger_knows_nothing_of_is_a_contradiction() -> None:
    lines = against_ledger(a_head_retaining("r-1"), an_endpoint("r-1-n1"))
    assert lines[0] == "Ledger: nothing is live"
    assert lines[1].startswith("  SageMaker says otherwise: the ledger is lost")


def test_a_first_deployment_whose_run_died_is_no_lost_ledger() -> None:
    head = replace(a_head_retaining("r-1"), move=a_move("r-1-n1", kind=MoveKind.DEPLOYMENT))
    assert against_ledger(head, an_endpoint("r-1-n1")) == [
        "Ledger: deployment to r-1-n1: was begun",
        "Ledger: nothing is live",
    ]


def test_an_endpoint_that_is_to_be_made_is_no_contradiction() -> None:
    assert against_ledger(an_empty_head(), an_endpoint()) == ["Ledger: nothing is live"]


HEAD = replace(a_head_retaining("r-1", "r-2"), live="r-1-n1")
SERVES = an_endpoint("r-1-n1", deployment_config=a_shift())


def test_where_ledger_and_sagemaker_agree_there_is_nothing_to_settle() -> None:
    assert not ledger_view(HEAD, SERVES).to_settle
    assert not ledger_view(an_empty_head(), an_endpoint()).to_settle


@pytest.mark.parametrize(
    ("head", "seen"),
    [
        (replace(HEAD, move=a_move("r-2-n1")), SERVES),
        (replace(HEAD, move=a_move("r-1-n1", has_arrived=True)), SERVES),
        (replace(HEAD, surroundings_due=True), SERVES),
        (HEAD, an_endpoint("r-2-n1", deployment_config=a_shift())),
        (HEAD, an_endpoint("r-1-n1")),  # updated by hand, without a DeploymentConfig
        (HEAD, an_endpoint()),
    ],
)
def test_what_was_left_or_done_by_hand_is_to_be_settled(
    head: LedgerHead, seen: EndpointObservation
) -> None:
    assert ledger_view(head, seen).to_settle

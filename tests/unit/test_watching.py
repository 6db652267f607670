"""What who watches an endpoint is shown, line by line, and with which code it ends."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.core.head import Lived, MoveKind, Quarantined
from pipeline.core.lease import Owner
from pipeline.core.outcomes import (
    EndpointObservation,
    EndpointStatus,
    Rollout,
    ServingVariant,
    Standing,
)
from pipeline.core.watching import (
    Course,
    Node,
    changes,
    document,
    ending,
    facts,
    is_settled,
    plain_lines,
    span,
    tree,
)
from pipeline.steps.status import ledger_view
from tests.unit.core_builders import NOON, a_head_retaining, a_move, a_shift, an_endpoint

LIVED = Lived(release_id="r-1", healthy=True, since=NOON, by=MoveKind.DEPLOYMENT)
HEAD = replace(a_head_retaining("r-1", "r-2"), live="r-1-n1", lived=(LIVED,))
OWNER = Owner(run_id="run-7", who="ada", host="h", pid=1, process_started_s=0.0)
VARIANT = ServingVariant(name="primary", instances=2, wanted=2, share=1.0)
BAKING = Rollout(
    stage="Baking",
    started_at=NOON - timedelta(seconds=125),
    share=0.5,
    instances=2,
    bake_ends_at=NOON + timedelta(seconds=52),
)


def at_rest(**changes: object) -> Standing:
    seen = replace(an_endpoint("r-1-n1", deployment_config=a_shift()), variants=(VARIANT,))
    standing = Standing(
        endpoint=seen, alarms=("a", "b"), ringing_alarms=(), ledger=ledger_view(HEAD, seen)
    )
    return replace(standing, **changes)  # type: ignore[arg-type]


def moving() -> Standing:
    head = replace(HEAD, move=a_move("r-2-n1", kind=MoveKind.DEPLOYMENT))
    resting = at_rest().endpoint
    seen = replace(
        resting,
        status=EndpointStatus.UPDATING,
        pending_config=f"{resting.name}-r-2-n1",
        rollout=BAKING,
    )
    return at_rest(endpoint=seen, ledger=ledger_view(head, seen), at_work=OWNER)


def test_a_move_shows_traffic_bake_and_who_is_at_work() -> None:
    assert list(plain_lines(tree(moving(), now=NOON, where="staging, AWS"))) == [
        "iris-model-staging  staging, AWS  12:00:00 UTC",
        "  endpoint: Updating, serves iris-model-staging-r-1-n1",
        "    variant primary: 2 of 2 instances, 100% of the traffic",
        "    under way to iris-model-staging-r-2-n1: Baking, 50% of the traffic on the new fleet, "
        "2 instances, for 2 min 5 s, bake ends in 52 s",
        "  alarms: 0 of 2 ring",
        "  ledger: r-1-n1 is live",
        "    move: deployment to r-2-n1: begun",
        "  at work: run run-7 of ada",
    ]


def test_nothing_changes_by_the_mere_passing_of_time() -> None:
    later = replace(BAKING, started_at=BAKING.started_at)
    again = replace(moving(), endpoint=replace(moving().endpoint, rollout=later))
    assert changes(facts(moving()), facts(again)) == ()


def test_each_change_is_a_line_and_what_is_over_too() -> None:
    assert changes(facts(moving()), facts(at_rest(ringing_alarms=("b",)))) == (
        "endpoint: InService, serves iris-model-staging-r-1-n1",
        "alarm b: ALARM",
        "under way: over",
        "move: over",
        "at work: over",
    )


def urgent(node: Node) -> list[str]:
    found = [node.text] if node.is_urgent else []
    return found + [text for child in node.children for text in urgent(child)]


@pytest.mark.parametrize(
    ("standing", "marked"),
    [
        (at_rest(), []),
        (moving(), []),
        (at_rest(ringing_alarms=("b",)), ["alarms: 1 of 2 ring", "b"]),
        (
            at_rest(endpoint=replace(an_endpoint("r-1-n1"), status=EndpointStatus.FAILED)),
            ["endpoint: Failed, serves iris-model-staging-r-1-n1"],
        ),
    ],
)
def test_what_somebody_should_look_at_is_marked(standing: Standing, marked: list[str]) -> None:
    assert urgent(tree(standing, now=NOON, where="")) == marked


@pytest.mark.parametrize(
    ("standing", "settled"),
    [
        (at_rest(), True),
        (at_rest(at_work=OWNER), False),  # a run that trains, or has not begun to move it yet
        (moving(), False),
        (replace(moving(), at_work=None), False),  # SageMaker goes on without the run
        (at_rest(endpoint=an_endpoint()), True),
    ],
)
def test_settled_is_where_nobody_and_nothing_is_at_work(standing: Standing, settled: bool) -> None:
    assert is_settled(standing) is settled


def of(status: EndpointStatus) -> EndpointObservation:
    return replace(an_endpoint("r-1-n1", deployment_config=a_shift()), status=status)


STAYED = Course(origin="iris-model-staging-r-1-n1", wanted="iris-model-staging-r-2-n1")


@pytest.mark.parametrize(
    ("standing", "course", "code"),
    [
        (at_rest(), Course(), 0),
        (at_rest(), STAYED, 5),
        (at_rest(), Course(origin="x", wanted="iris-model-staging-r-1-n1"), 0),
        (at_rest(ringing_alarms=("b",)), Course(), 4),
        (at_rest(endpoint=of(EndpointStatus.FAILED)), Course(), 6),
        (at_rest(endpoint=of(EndpointStatus.UPDATE_ROLLBACK_FAILED)), STAYED, 6),
        (at_rest(endpoint=an_endpoint()), Course(), 6),
        (
            at_rest(
                ledger=ledger_view(
                    replace(HEAD, surroundings_due=True), of(EndpointStatus.IN_SERVICE)
                )
            ),
            Course(),
            6,
        ),
        (at_rest(ledger=None, ledger_error="it is gone"), Course(), 6),
    ],
)
def test_the_end_has_a_code(standing: Standing, course: Course, code: int) -> None:
    error = ending(standing, course)
    assert (error.exit_code if error else 0) == code


def test_the_course_keeps_where_it_began_and_where_it_went() -> None:
    course = Course()
    for standing in (at_rest(), moving(), at_rest()):
        course = course.after(standing.endpoint)
    assert course == STAYED


def test_a_document_is_one_line_with_the_status_of_results() -> None:
    text = document(moving(), NOON)
    assert "\n" not in text
    found = json.loads(text)
    assert (found["time"], found["settled"]) == ("2026-01-02T12:00:00Z", False)
    assert found["status"]["endpoint"]["rollout"]["share"] == 0.5
    assert found["status"]["at_work"]["run_id"] == "run-7"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (0, "0 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (7320, "2 h 2 min")],
)
def test_a_span_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert span(NOON + timedelta(seconds=seconds), NOON) == said


def test_quarantine_and_stretches_come_from_the_ledger() -> None:
    barred = Quarantined(content_digest="d", release_id="r-2", reason="5xx", when=NOON)
    head = replace(HEAD, quarantined=(barred,))
    view = ledger_view(head, at_rest().endpoint)
    assert view.lived == (LIVED,)
    shown = list(plain_lines(tree(at_rest(ledger=view), now=NOON, where="")))
    assert shown[-2:] == ["  quarantined: 1", "    r-2"]

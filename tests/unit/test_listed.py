"""What a listing says of an endpoint: SageMaker's word beside the ledger's, cost, what is odd."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.head import Lived, MoveKind
from pipeline.core.listed import Booked, Hosted, is_over, lines, listed
from pipeline.core.outcomes import EndpointObservation, EndpointStatus, ListedEndpoint
from tests.unit.core_builders import NOON, a_head_retaining, a_move, an_empty_head, an_endpoint

LIVE = replace(
    a_head_retaining("r-1", "r-2"),
    live="r-1-n1",
    lived=(Lived(release_id="r-1", healthy=True, since=NOON, by=MoveKind.DEPLOYMENT),),
)
NAME = LIVE.endpoint
SERVING = an_endpoint("r-1-n1", current_count=2)


def hosted(seen: EndpointObservation = SERVING) -> Hosted:
    return Hosted(seen=seen, environment="staging", model="iris", instance_type="ml.m5.large")


def row(found: Hosted | None, booked: Booked, *, price_usd: float | None = 0.1) -> ListedEndpoint:
    return listed(NAME, found, booked, alarms=(), price_usd=price_usd)


def booked(head: object = LIVE, **changes: str) -> Booked:
    return replace(Booked(place="bucket", environment="staging", head=head), **changes)  # type: ignore[arg-type]


def test_an_endpoint_that_agrees_with_its_ledger_has_nothing_odd_about_it() -> None:
    found = row(hosted(), booked())
    assert (found.live_release, found.live_since, found.instances) == ("r-1", NOON, 2)
    assert found.cost_per_hour_usd == 0.2
    assert not found.disagreements
    assert not found.is_forgotten


@pytest.mark.parametrize(
    ("found", "book", "said", "forgotten"),
    [
        (hosted(), booked(None), "no ledger: bucket", True),
        (hosted(), booked(None, problem="unreadable"), "unreadable", False),
        (None, booked(), "the ledger says r-1-n1 is live, SageMaker has no such endpoint", True),
        (
            hosted(replace(SERVING, config_name=f"{NAME}-r-2-n1")),
            booked(),
            f"the ledger says r-1-n1 is live, SageMaker serves {NAME}-r-2-n1",
            False,
        ),
        (
            hosted(replace(SERVING, status=EndpointStatus.FAILED, config_name=None)),
            booked(),
            "the ledger says r-1-n1 is live, SageMaker says Failed, serving nothing",
            False,
        ),
        (
            hosted(),
            booked(an_empty_head()),
            f"the ledger says nothing is live, SageMaker serves {NAME}-r-1-n1",
            False,
        ),
        (
            hosted(),
            booked(replace(LIVE, move=a_move("r-2-n1", kind=MoveKind.ROLLBACK))),
            "rollback to r-2-n1 is not finished",
            False,
        ),
        (
            hosted(),
            booked(replace(LIVE, state_due=True)),
            "Terraform has something left to do",
            False,
        ),
    ],
)
def test_what_differs_is_said_and_what_only_one_side_knows_is_forgotten(
    found: Hosted | None, book: Booked, said: str, forgotten: bool
) -> None:
    seen = row(found, book)
    assert seen.disagreements == (said,)
    assert seen.is_forgotten is forgotten


def test_an_endpoint_that_scales_is_no_disagreement() -> None:
    assert not row(hosted(replace(SERVING, status=EndpointStatus.UPDATING)), booked()).disagreements


def test_a_ledger_of_what_is_over_is_only_a_record() -> None:
    over = booked(an_empty_head())
    assert is_over(None, over)
    assert not is_over(hosted(), over)
    assert not is_over(None, booked())


def test_what_fails_costs_nothing_and_what_has_no_price_is_not_called_free() -> None:
    failed = hosted(replace(SERVING, status=EndpointStatus.FAILED))
    assert row(failed, booked()).cost_per_hour_usd == 0.0
    assert row(hosted(), booked(), price_usd=None).cost_per_hour_usd is None


def test_the_lines_for_people_end_with_what_all_of_it_costs() -> None:
    dear = replace(row(hosted(), booked(), price_usd=None), endpoint="dear", alarms=("too slow",))
    told = tuple(lines((row(hosted(), booked()), dear), now=NOON + timedelta(hours=30)))
    assert told == (
        f"{NAME} (staging, iris): InService, r-1, for 1 d, 2 x ml.m5.large, USD 0.200 per hour",
        "dear (staging, iris): InService, r-1, for 1 d, 2 x ml.m5.large, price unknown",
        "  alarm: too slow",
        "Endpoints: 2, USD 0.200 per hour, and 1 without a known price",
    )


def test_a_project_without_endpoints_is_said_so() -> None:
    assert tuple(lines((), now=NOON)) == ("No endpoint of this project is here.",)


@given(count=st.integers(0, 999), price=st.floats(0, 100))
def test_the_cost_grows_with_the_instances(count: int, price: float) -> None:
    some = row(hosted(replace(SERVING, current_count=count)), booked(), price_usd=price)
    more = row(hosted(replace(SERVING, current_count=count + 1)), booked(), price_usd=price)
    assert (some.cost_per_hour_usd or 0.0) <= (more.cost_per_hour_usd or 0.0)

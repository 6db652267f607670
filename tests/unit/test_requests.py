"""When an alarm's rollback is done: for what was deployed, in time, and once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import ledger, naming, requests
from pipeline.core.head import LedgerHead, Move, MoveKind
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.requests import Claim, Request
from tests.unit.core_builders import NOON, a_move, a_release, an_empty_head, finished

R1, R2, R3 = (f"r-2026010{day}-120000-aaaaaa" for day in (1, 2, 3))
WINDOW_S = 3600
seconds = st.integers(-90_000, 90_000)
kinds = st.sampled_from(MoveKind)


def a_request(*, after_s: float = 60, request_id: str = "one", cause: str = "x") -> Request:
    return Request(request_id=request_id, cause=cause, time=NOON + timedelta(seconds=after_s))


def live_on(
    head: LedgerHead,
    release: str,
    *,
    by: MoveKind = MoveKind.DEPLOYMENT,
    when: datetime = NOON,
    content: str = "",
) -> LedgerHead:
    """Move to a release, by default to one of its own content, and find it healthy."""
    added = a_release(release, artifact_sha256=content or release * 2)
    key, head = ledger.config_for(
        ledger.add_release(head, added), release, live_count=1, minimum=1, maximum=1
    )
    head = ledger.begin(head, a_move(key, kind=by, origin=head.live))
    return finished(ledger.arrive(head, when=when))


def deployed() -> LedgerHead:
    """R1, then R2 at noon."""
    return live_on(live_on(an_empty_head(), R1, when=NOON - timedelta(days=1)), R2)


def serving(head: LedgerHead, config: str | None = None) -> EndpointObservation:
    """The endpoint as it serves what is live, or another config."""
    live = naming.endpoint_config_name(head.endpoint, head.live) if head.live else None
    return EndpointObservation(
        name=head.endpoint, status=EndpointStatus.IN_SERVICE, config_name=config or live
    )


def why_not(
    head: LedgerHead, request: Request | None = None, seen: EndpointObservation | None = None
) -> str:
    seen = seen or serving(head)
    return requests.why_not_rolled_back(head, request or a_request(), seen, window_s=WINDOW_S) or ""


def a_rollback(**changes: Any) -> Move:
    """From R2 to R1, and R2 is not to come back."""
    return a_move(
        f"{R1}-n1", kind=MoveKind.ROLLBACK, origin=f"{R2}-n1", bars=True, reason="alarm", **changes
    )


def rolled_back(head: LedgerHead, request: Request, to: str) -> LedgerHead:
    left = head.live_release or ""
    head = live_on(requests.begin_requested_rollback(head, request), to, by=MoveKind.ROLLBACK)
    return ledger.quarantine(head, left, reason="alarm", when=NOON)


def test_what_was_deployed_a_minute_ago_is_rolled_back() -> None:
    assert why_not(deployed()) == ""


def test_what_somebody_put_there_by_hand_is_left_to_somebody() -> None:
    by_hand = serving(deployed(), "a-config-of-mine")
    assert why_not(deployed(), seen=by_hand) == (
        "The endpoint serves a-config-of-mine, which is no release of its ledger: somebody put it "
        "there by hand, and leaving it is for a person to decide (--mode rollback)."
    )


def test_what_does_not_settle_any_more_is_left_also_by_request() -> None:
    stuck = EndpointObservation(
        name="iris-model-staging", status=EndpointStatus.UPDATE_ROLLBACK_FAILED, config_name="any"
    )
    assert why_not(deployed(), seen=stuck) == ""


def test_nothing_live_is_not_rolled_back() -> None:
    assert why_not(an_empty_head()) == "Nothing is live on iris-model-staging."


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (MoveKind.ROLLBACK, "by a rollback"),
        (MoveKind.ADOPTION, "by an adoption"),
        (MoveKind.RETURN, "by the way back of a deployment that failed"),
    ],
)
def test_what_did_not_come_by_a_deployment_stays(by: MoveKind, said: str) -> None:
    assert said in why_not(live_on(an_empty_head(), R1, by=by))


@given(after_s=seconds, moved_after_s=st.floats(0, 0.999))
def test_only_a_time_within_the_window_after_the_move_counts(
    after_s: int, moved_after_s: float
) -> None:
    head = live_on(an_empty_head(), R1, when=NOON + timedelta(seconds=moved_after_s))
    assert (why_not(head, a_request(after_s=after_s)) == "") is (0 <= after_s <= WINDOW_S)


@given(after_s=seconds, hours=st.integers(-12, 12))
def test_the_zone_in_which_a_time_is_written_plays_no_part(after_s: int, hours: int) -> None:
    request = a_request(after_s=after_s)
    elsewhere = replace(request, time=request.time.astimezone(timezone(timedelta(hours=hours))))
    assert why_not(deployed(), elsewhere) == why_not(deployed(), request)


def test_the_sentences_say_why_it_is_too_early_or_too_late() -> None:
    assert "since 2026-01-02 12:00:00 UTC, after" in why_not(deployed(), a_request(after_s=-1))
    assert "more than the 3600 s" in why_not(deployed(), a_request(after_s=3601))


def test_the_release_that_came_back_is_not_rolled_back_by_the_next_alarm() -> None:
    head = rolled_back(deployed(), a_request(), R1)
    assert "by a rollback" in why_not(head, a_request(request_id="two"))


def test_a_forced_redeployment_is_not_rolled_back_by_request_again() -> None:
    again = live_on(rolled_back(deployed(), a_request(), R1), R2)
    said = why_not(again, a_request(request_id="two"))
    assert f"of what release {R2} holds was begun by request one" in said


def test_the_same_content_under_another_release_is_not_rolled_back_again() -> None:
    head = ledger.prune(rolled_back(deployed(), a_request(), R1))[1]
    assert R2 not in head.release_ids
    again = live_on(head, R3, content=R2 * 2)
    assert "request one" in why_not(again, a_request(request_id="two"))


def test_other_content_is_rolled_back_after_an_earlier_rollback() -> None:
    later = live_on(rolled_back(deployed(), a_request(), R1), R3)
    assert why_not(later, a_request(request_id="two")) == ""


def test_a_request_that_was_cut_off_before_its_move_goes_on() -> None:
    begun = requests.begin_requested_rollback(deployed(), a_request())
    assert why_not(begun, a_request()) == ""
    assert "request one" in why_not(begun, a_request(request_id="two"))


@pytest.mark.parametrize("has_arrived", [False, True])
def test_the_rollback_that_a_request_began_is_known_as_its_own(has_arrived: bool) -> None:
    moving = ledger.begin(deployed(), a_rollback(request_id="one"))
    head = ledger.arrive(moving, when=NOON) if has_arrived else moving
    assert requests.is_begun_by(head, a_request())
    assert not requests.is_begun_by(head, a_request(request_id="two"))


def test_a_rollback_that_a_person_began_belongs_to_no_request() -> None:
    assert not requests.is_begun_by(ledger.begin(deployed(), a_rollback()), a_request())


def test_a_request_that_left_nothing_undone_has_nothing_to_finish() -> None:
    for head in (deployed(), rolled_back(deployed(), a_request(), R1)):
        assert not requests.is_begun_by(head, a_request())


@given(first=kinds, second=kinds, after_s=seconds, ids=st.lists(st.sampled_from("ab"), max_size=4))
def test_after_a_rollback_by_request_nothing_of_that_content_is_ever_rolled_back_so(
    first: MoveKind, second: MoveKind, after_s: int, ids: list[str]
) -> None:
    head = rolled_back(deployed(), a_request(), R1)
    for release, by in ((R2, first), (R1, second), (R2, first)):
        head = live_on(head, release, by=by)
    assert all(why_not(head, a_request(after_s=after_s, request_id=each)) for each in ids)


@pytest.mark.parametrize(
    ("cause", "ours"),
    [
        ("iris-model-staging/rollback", True),
        ("other-staging/rollback", False),
        ("iris-model-staging/asked: drift in other/petals", True),
        ("other-staging/asked: because", False),
        ("other-staging/rollback ", False),
        ("team b/iris-model-staging/rollback", False),
        ("weekly", True),
        ("a reason with a / in it", True),
    ],
)
def test_a_cause_that_names_another_endpoint_is_not_ours(cause: str, ours: bool) -> None:
    assert a_request(cause=cause).is_for("iris-model-staging") is ours


@given(reason=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=500))
def test_what_mode_retrain_says_is_for_its_endpoint_and_arrives_whole(reason: str) -> None:
    cause = requests.cause_of_asking("iris-model-staging", reason)
    assert not set('"\\$') & set(cause)
    assert len(cause) <= requests.LONGEST_CAUSE
    assert a_request(cause=cause).is_for("iris-model-staging")
    assert not a_request(cause=cause).is_for("iris-model-production")


def test_a_claim_comes_back_as_it_was_stored() -> None:
    claim = Claim(
        request_id="one",
        cause="iris-model-staging/rollback",
        time=NOON,
        pipeline_id="77",
        run_id="20260102-120000-abcd",
        who="ci",
        claimed_at=datetime.now(UTC),
    )
    assert Claim.from_json(claim.to_json()) == claim

"""The outbox: what is posted, claimed, sent, counted, and when a trouble is over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import messages, outbox
from pipeline.core.messages import EventKind
from pipeline.core.outbox import Answer, Outbox, Verdict
from pipeline.core.outcomes import NoticeState
from tests.support.message_builders import NOON, an_event

WAYS = dict.fromkeys(EventKind, ("slack", "sns"))
TAKEN, FAILED = Answer(verdict=Verdict.TAKEN), Answer(verdict=Verdict.FAILED, said="HTTP 503")
REFUSED = Answer(verdict=Verdict.REFUSED, said="invalid_blocks")


def with_posted(*kinds: EventKind, box: Outbox | None = None) -> Outbox:
    events = [an_event(kind, subject=f"s{number}") for number, kind in enumerate(kinds)]
    return outbox.post(box or Outbox(), events, WAYS)


def kinds(box: Outbox) -> list[EventKind]:
    return [letter.event.kind for letter in box.letters]


def told(box: Outbox) -> Outbox:
    for letter in box.letters:
        box = outbox.claim(box, letter.event.id, ("slack", "sns"), run_id="r", now=NOON)
        answers = {"slack": TAKEN, "sns": TAKEN}
        box = outbox.conclude(box, letter.event.id, answers=answers, run_id="r")
    return box


def test_the_same_event_again_changes_nothing_also_once_it_was_told() -> None:
    box = with_posted(EventKind.DEPLOYED)
    assert with_posted(EventKind.DEPLOYED, box=box) == box
    assert told(box).letters == ()
    assert with_posted(EventKind.DEPLOYED, box=told(box)) == told(box)


def test_what_is_claimed_is_left_alone_until_its_run_must_have_died() -> None:
    box = with_posted(EventKind.DEPLOYED)
    (letter,) = box.letters
    box = outbox.claim(box, letter.event.id, ["slack"], run_id="r", now=NOON)
    soon, late = NOON + timedelta(seconds=59), NOON + timedelta(seconds=61)
    assert [
        set(each.deliveries) for each in outbox.sendable(box, soon, names=WAYS[EventKind.TEST])
    ] == [{"sns"}]
    (again,) = outbox.sendable(box, late, names=["slack"])
    assert again.deliveries["slack"].was_claimed
    box = outbox.claim(box, letter.event.id, ["slack"], run_id="s", now=late)
    late_answer = outbox.conclude(box, letter.event.id, answers={"slack": TAKEN}, run_id="r")
    assert late_answer == box
    assert box.letters[0].deliveries["slack"].repeats


@pytest.mark.parametrize(
    ("answer", "state"),
    [(TAKEN, NoticeState.SENT), (FAILED, NoticeState.PENDING), (REFUSED, NoticeState.FAILED)],
)
def test_an_answer_says_whether_it_is_sent_again(answer: Answer, state: NoticeState) -> None:
    box = with_posted(EventKind.NOT_SERVING)
    event_id = box.letters[0].event.id
    box = outbox.claim(box, event_id, ["slack"], run_id="r", now=NOON)
    box = outbox.conclude(box, event_id, answers={"slack": replace(answer, tries=3)}, run_id="r")
    delivery = box.letters[0].deliveries["slack"]
    assert (delivery.state, delivery.tries, delivery.claimed_by) == (state, 3, None)


def test_what_nobody_is_to_hear_is_known_and_not_kept() -> None:
    box = outbox.post(Outbox(), [an_event()], {})
    assert (box.letters, box.told) == ((), (an_event().id,))


def test_what_is_critical_never_gets_old() -> None:
    box = with_posted(EventKind.NOT_SERVING, EventKind.HELD)
    old, left = outbox.without_old(box, NOON + timedelta(hours=25))
    assert [each.event.kind for each in old] == [EventKind.HELD]
    assert EventKind.NOT_SERVING in kinds(left)


def test_a_storm_is_one_message_with_a_count() -> None:
    storm = with_posted(*[EventKind.JOB_FAILED] * 5)
    assert kinds(storm) == [EventKind.JOB_FAILED]
    assert storm.letters[0].event.count == 5


def test_what_was_just_told_is_counted_until_ten_minutes_have_passed() -> None:
    box = told(with_posted(EventKind.QUARANTINED))
    for minute in (1, 5, 9):
        moment = NOON + timedelta(minutes=minute)
        event = an_event(EventKind.QUARANTINED, subject=f"again {minute}", when=moment)
        box = outbox.post(box, [event], WAYS)
    assert box.letters == ()
    late = an_event(EventKind.QUARANTINED, subject="late", when=NOON + timedelta(minutes=11))
    box = outbox.post(box, [late], WAYS)
    assert [each.event.count for each in box.letters] == [4]


def test_two_deployments_are_two_messages() -> None:
    assert len(with_posted(EventKind.DEPLOYED, EventKind.DEPLOYED).letters) == 2


def test_a_recovery_is_told_once() -> None:
    box = told(with_posted(EventKind.TESTS_FAILED, EventKind.JOB_FAILED))
    box = outbox.post(box, [an_event(EventKind.DEPLOYED, subject="a")], WAYS)
    assert kinds(box) == [EventKind.DEPLOYED, EventKind.RECOVERED]
    assert box.letters[1].event.why == "tests failed, job failed"
    box = outbox.post(told(box), [an_event(EventKind.DEPLOYED, subject="b")], WAYS)
    assert kinds(box) == [EventKind.DEPLOYED]


def test_a_rollback_that_a_person_asked_for_is_no_trouble() -> None:
    box = outbox.post(Outbox(), [an_event(EventKind.ROLLED_BACK, how="person")], WAYS)
    assert box.troubles == ()
    box = outbox.post(Outbox(), [an_event(EventKind.ROLLED_BACK, how="itself")], WAYS)
    assert box.troubles == (EventKind.ROLLED_BACK,)


@given(st.lists(st.tuples(st.sampled_from(EventKind), st.integers(0, 30)), max_size=120))
def test_a_box_stays_small_comes_back_from_json_and_forgets_nothing_critical(
    posted: list[tuple[EventKind, int]],
) -> None:
    events = [
        an_event(kind, subject=f"{number}", when=NOON + timedelta(minutes=minute))
        for number, (kind, minute) in enumerate(posted)
    ]
    box = outbox.post(Outbox(), events, WAYS)
    critical = [event for event in events if event.severity is messages.Severity.CRITICAL]
    assert Outbox.from_json(box.to_json()) == box
    assert len(box.letters) <= 50 + len(critical)
    assert [each.event for each in box.letters if each.event in critical] == critical


def test_routes_of_the_configuration_win_and_a_test_reaches_every_channel() -> None:
    routes = messages.routes({"held": ("email",), "info": ()}, on_success=True, on_failure=True)
    assert routes[EventKind.HELD] == ("email",)
    assert routes[EventKind.DEPLOYED] == ()
    assert routes[EventKind.NOT_SERVING] == messages.CHANNELS
    quiet = messages.routes({}, on_success=False, on_failure=False)
    assert {kind for kind, names in quiet.items() if names} == {EventKind.TEST}


def test_that_a_run_has_started_is_told_only_where_somebody_asked_for_exactly_that() -> None:
    routes = messages.routes({"info": ("slack",)}, on_success=True, on_failure=True)
    assert routes[EventKind.STARTED] == ()
    routes = messages.routes({"started": ("slack",)}, on_success=True, on_failure=True)
    assert routes[EventKind.STARTED] == ("slack",)

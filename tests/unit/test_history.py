"""A changed, lost or added event breaks the chain, and the chain says where."""

from dataclasses import replace

import pytest

from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.history import first_broken_link, tell, whole
from tests.unit.core_builders import NOON, an_empty_head


def a_history(length: int) -> tuple[list[HistoryEvent], LedgerHead]:
    head, events = an_empty_head(), list[HistoryEvent]()
    for number in range(length):
        head = tell(head, "deployed", who="me", when=NOON, details={"release": f"r{number}"})
        assert head.last_event is not None
        events.append(head.last_event)
    return events, head


@pytest.mark.parametrize("length", [0, 1, 4])
def test_an_untouched_history_is_sound(length: int) -> None:
    events, head = a_history(length)
    assert [event.number for event in events] == list(range(1, length + 1))
    assert first_broken_link(events, head) is None


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_changed_event_breaks_the_link_after_it(number: int) -> None:
    events, head = a_history(3)
    events[number - 1] = replace(events[number - 1], who="someone else")
    assert first_broken_link(events, head) == min(number + 1, 3)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_lost_event_is_named(number: int) -> None:
    events, head = a_history(3)
    del events[number - 1]
    assert first_broken_link(events, head) == number


def test_an_event_the_head_does_not_know_is_found() -> None:
    events, head = a_history(2)
    extra = tell(head, "added", who="me", when=NOON, details={}).last_event
    assert extra is not None
    assert first_broken_link([*events, extra], head) is not None


@pytest.mark.parametrize("copies", [0, 1, 3])
def test_the_newest_event_is_read_from_the_head_where_its_copy_was_not_made(copies: int) -> None:
    events, head = a_history(copies)
    told = tell(head, "rolled back", who="me", when=NOON, details={})
    assert whole(events, told) == (*events, told.last_event)
    assert first_broken_link(whole(events, told), told) is None


def test_an_event_whose_copy_was_made_is_told_once() -> None:
    events, head = a_history(3)
    assert whole(events, head) == tuple(events)
    assert whole([], an_empty_head()) == ()


def test_a_lost_copy_before_the_newest_event_is_still_named() -> None:
    events, head = a_history(3)
    assert first_broken_link(whole(events[:1], head), head) == 2

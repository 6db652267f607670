"""The history: numbered events, each carrying the sha256 of the one before.

The newest one stands in the ledger's head, so that what happened and the line that tells it are one
write; its own object is a copy that the next writer makes where a run died before it could.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline.core.head import HistoryEvent, LedgerHead


def tell(
    head: LedgerHead, what: str, *, who: str, when: datetime, details: Mapping[str, str]
) -> LedgerHead:
    """Return the head with the next line of the history as its newest."""
    last = head.last_event
    event = HistoryEvent(
        number=last.number + 1 if last else 1,
        what=what,
        who=who,
        when=when,
        details=details,
        previous_sha256=last.sha256 if last else "",
    )
    return replace(head, last_event=event)


def whole(events: Sequence[HistoryEvent], head: LedgerHead) -> tuple[HistoryEvent, ...]:
    """Return the events with the newest one, where its copy was not made yet."""
    last = head.last_event
    if last is None or (events and events[-1].number >= last.number):
        return tuple(events)
    return (*events, last)


def first_broken_link(events: Sequence[HistoryEvent], head: LedgerHead) -> int | None:
    """Number of the first event that is missing, changed or unknown to the head; None if sound."""
    expected, previous = 1, ""
    for event in events:
        if event.number != expected or event.previous_sha256 != previous:
            return expected
        expected, previous = expected + 1, event.sha256
    last = head.last_event
    if expected != (last.number + 1 if last else 1):
        return expected
    return None if previous == (last.sha256 if last else "") else expected - 1

"""The history: numbered events, each carrying the sha256 of the one before."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pipeline.core.errors import CorruptRecord
from pipeline.core.head import HistoryEvent, LedgerHead


def record_event(
    head: LedgerHead, what: str, *, who: str, when: datetime, details: Mapping[str, str]
) -> tuple[HistoryEvent, LedgerHead]:
    """Make the next event and the head that knows it."""
    event = HistoryEvent(
        number=head.next_history_number,
        what=what,
        who=who,
        when=when,
        details=details,
        previous_sha256=head.last_history_sha256,
    )
    known = replace(head, next_history_number=event.number + 1, last_history_sha256=event.sha256)
    return event, known


def adopt(head: LedgerHead, event: HistoryEvent) -> LedgerHead:
    """Make the head know an event that was written just before its run died."""
    if event.previous_sha256 != head.last_history_sha256:
        what = f"Line {event.number} of the history of {head.endpoint} follows another line."
        raise CorruptRecord(what, remedy="Compare the history with its bucket's object versions.")
    return replace(head, next_history_number=event.number + 1, last_history_sha256=event.sha256)


def first_broken_link(events: Iterable[HistoryEvent], head: LedgerHead) -> int | None:
    """Number of the first event that is missing, changed or unknown to the head; None if sound."""
    expected, previous = 1, ""
    for event in events:
        if event.number != expected or event.previous_sha256 != previous:
            return expected
        expected, previous = expected + 1, event.sha256
    if expected != head.next_history_number:
        return expected
    return None if previous == head.last_history_sha256 else expected - 1

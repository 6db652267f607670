"""Which requests are to be judged by their labels, and when: each of them once.

The oldest come first. They are judged when labels are no longer waited for, or sooner where most
have come: early labels are those of fast outcomes, and say little of the others.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from itertools import accumulate, takewhile

from pipeline.core.head import LedgerHead
from pipeline.core.monitoring import Window
from pipeline.core.records import Release
from pipeline.core.window_counts import QualityCounts

# With so many of its rows labelled, a cohort need not wait for the rest
MATURE_COVERAGE = 0.8
# Two in a window: so labels that come sooner than before are judged sooner, too
_MOST_AT_ONCE = 2


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """When a release answered: from `since` on, before `until`; None while it does."""

    since: datetime
    until: datetime | None


def served(head: LedgerHead, release: Release) -> tuple[Stretch, ...]:
    """Return when a release answered; it may have done so since it was made."""
    ends = [*(each.since for each in head.lived[1:]), None]
    pairs = zip(head.lived, ends, strict=False)
    found = [
        Stretch(since=each.since, until=until)
        for each, until in pairs
        if each.release_id == release.release_id
    ]
    if not found:
        return (Stretch(since=release.created_at, until=None),)
    first = replace(found[0], since=min(found[0].since, release.created_at))
    return (first, *found[1:])


def pending(
    window: Window, *, delay: timedelta, stretches: Sequence[Stretch], judged: Sequence[Window]
) -> tuple[Window, ...]:
    """Return the cohorts to be counted with a window: the oldest that were not judged yet.

    Cohorts are as long as the window and follow each other from the one so much earlier on to the
    window itself. Those that a release did not answer are none of its own.
    """
    length = window.end - window.start
    before = _Judged(judged)
    found: list[Window] = []
    cohort = window.before(delay)
    while cohort.end <= window.end and len(found) < _MOST_AT_ONCE:
        free = before.until(cohort) or _answered_from(cohort, stretches)
        if free == cohort.start:
            found.append(cohort)
        elif found or free is None:
            break
        steps = max((free - cohort.start) // length, 1)
        cohort = cohort.after(steps * length)
    return tuple(found)


class _Judged:
    """What was judged before, which may be many cohorts."""

    def __init__(self, cohorts: Sequence[Window]) -> None:
        known = sorted(cohorts, key=lambda each: each.start)
        self._starts = [each.start for each in known]
        self._ends = list(accumulate((each.end for each in known), max))

    def until(self, cohort: Window) -> datetime | None:
        """Return until when all was judged, None where this cohort was not, or not all of it."""
        place = bisect_right(self._starts, cohort.start) - 1
        is_judged = place >= 0 and self._ends[place] >= cohort.end
        return self._ends[place] if is_judged else None


def _answered_from(cohort: Window, stretches: Sequence[Stretch]) -> datetime | None:
    """Return the start of a cohort that was answered, else when the next answers began."""
    since = [each.since for each in stretches if each.until is None or each.until > cohort.start]
    first = min(since, default=None)
    return cohort.start if first is not None and first < cohort.end else first


def count_mature(
    cohorts: Sequence[Window], counts: Sequence[QualityCounts], *, now: datetime, delay: timedelta
) -> int:
    """Return how many of the cohorts, oldest first, are judged now: those before the first that
    has to wait.
    """
    pairs = zip(cohorts, counts, strict=True)
    return len(list(takewhile(lambda pair: _is_mature(*pair, now=now, delay=delay), pairs)))


def _is_mature(cohort: Window, counts: QualityCounts, *, now: datetime, delay: timedelta) -> bool:
    return cohort.end + delay <= now or counts.labelled >= MATURE_COVERAGE * counts.rows


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What is judged of counted cohorts: `mature` of them as one, else the oldest is shown.

    `cohort` and `counts` are None where nothing was counted.
    """

    cohort: Window | None
    counts: QualityCounts | None
    mature: int


def choose(
    cohorts: Sequence[Window], counts: Sequence[QualityCounts], *, now: datetime, delay: timedelta
) -> Chosen:
    """Decide what is judged now. `counts` are empty where no request was captured."""
    if not counts:
        return Chosen(cohort=None, counts=None, mature=0)
    mature = count_mature(cohorts, counts, now=now, delay=delay)
    cohort = Window(start=cohorts[0].start, end=cohorts[max(mature, 1) - 1].end)
    return Chosen(cohort=cohort, counts=counts_of(cohort, cohorts[0], counts), mature=mature)


def counts_of(
    cohort: Window, window: Window, counts: Sequence[QualityCounts]
) -> QualityCounts | None:
    """Return what was counted of a cohort: of the first ones, each as long as the window."""
    length = window.end - window.start
    return reduce(QualityCounts.joined, counts[: (cohort.end - cohort.start) // length])

"""Which requests are judged by their labels, and when: each once, the oldest first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import ledger
from pipeline.core.cohorts import Stretch, choose, pending, served
from pipeline.core.monitoring import Window, window_named
from pipeline.core.window_counts import QualityCounts
from tests.unit.core_builders import a_move, a_release, finished

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FOR_EVER = (Stretch(since=MARCH - 900 * DAY, until=None),)


def day(number: float, *, length: float = 1) -> Window:
    """Return a day of March, counted from 0, or as many as that."""
    return Window(start=MARCH + number * DAY, end=MARCH + (number + length) * DAY)


def counts(rows: int, labelled: int) -> QualityCounts:
    return QualityCounts(
        rows=rows,
        labelled=labelled,
        mismatched=0,
        unreadable=0,
        known=labelled,
        labels=labelled,
        unreadable_labels=0,
        pairs=(("1", "1", labelled),),
        sums={},
    )


# days of delay, when it answered, what was judged: which days are counted with day 10
PENDING = {
    "labels at once": (0, FOR_EVER, [], [10]),
    "the oldest two": (3, FOR_EVER, [], [7, 8]),
    "what was judged is over": (3, FOR_EVER, [day(7)], [8, 9]),
    "two that were judged together": (3, FOR_EVER, [day(7, length=2)], [9, 10]),
    "all were": (1, FOR_EVER, [day(9, length=2)], []),
    "only such as follow each other": (3, FOR_EVER, [day(8)], [7]),
    "half of one is not one": (3, FOR_EVER, [day(7, length=0.5)], [7, 8]),
    "since it answers": (3, (Stretch(since=MARCH + 9.5 * DAY, until=None),), [], [9, 10]),
    "until it answered": (3, (Stretch(since=MARCH, until=MARCH + 7.5 * DAY),), [], [7]),
    "until one began": (3, (Stretch(since=MARCH, until=MARCH + 8 * DAY),), [], [7]),
    "it answered long ago": (3, (Stretch(since=MARCH, until=MARCH + 2 * DAY),), [], []),
    "it answers later": (3, (Stretch(since=MARCH + 11 * DAY, until=None),), [], []),
    "twice, with another between": (
        3,
        (
            Stretch(since=MARCH, until=MARCH + 7.5 * DAY),
            Stretch(since=MARCH + 9.2 * DAY, until=None),
        ),
        [day(7)],
        [9, 10],
    ),
}


@pytest.mark.parametrize("case", PENDING)
def test_the_oldest_that_were_not_judged_are_counted(case: str) -> None:
    delay, stretches, judged, expected = PENDING[case]
    found = pending(day(10), delay=delay * DAY, stretches=stretches, judged=judged)
    assert found == tuple(map(day, expected))


# rows and labels of the days 7 and 8, looked at on day 11 with a delay of so many days
CHOSEN = {
    "the delay is over for the older": (3, [(10, 1), (10, 1)], 1),
    "for both": (2, [(10, 1), (10, 0)], 2),
    "most labels of the older came": (5, [(10, 8), (10, 7)], 1),
    "of both": (5, [(10, 8), (10, 10)], 2),
    "the older waits, and so does the other": (5, [(10, 7), (10, 10)], 0),
    "no row waits for nothing": (5, [(0, 0), (10, 8)], 2),
    "but the one after it does": (5, [(0, 0), (10, 7)], 1),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_a_cohort_waits_for_most_of_its_labels_or_until_the_delay_is_over(case: str) -> None:
    delay, found, mature = CHOSEN[case]
    cohorts = [day(7), day(8)]
    chosen = choose(
        cohorts, [counts(*each) for each in found], now=MARCH + 11 * DAY, delay=delay * DAY
    )
    shown = max(mature, 1)
    assert chosen.mature == mature
    assert chosen.cohort == day(7, length=shown)
    assert chosen.counts is not None
    assert chosen.counts.rows == sum(rows for rows, _ in found[:shown])
    assert chosen.counts.known == found[0][1]


def test_where_nothing_was_counted_nothing_is_judged() -> None:
    chosen = choose([day(7)], [], now=MARCH + 90 * DAY, delay=DAY)
    assert (chosen.cohort, chosen.counts, chosen.mature) == (None, None, 0)


@given(
    delay=st.integers(0, 9),
    coverage=st.lists(st.sampled_from([0.0, 0.5, 0.8, 1.0]), min_size=30, max_size=30),
    late=st.integers(0, 3),
)
def test_day_by_day_each_cohort_is_judged_once_and_none_too_late(
    delay: int, coverage: list[float], late: int
) -> None:
    """Days have so many of their labels from `late` days on; each is judged when it must be."""
    judged: list[Window] = []
    for today in range(30):
        now = MARCH + (today + 1) * DAY
        cohorts = pending(day(today), delay=delay * DAY, stretches=FOR_EVER, judged=judged)
        found = [
            counts(100, round(100 * coverage[number]) if number + late <= today else 0)
            for number in ((each.start - MARCH) // DAY for each in cohorts)
        ]
        chosen = choose(cohorts, found, now=now, delay=delay * DAY)
        if chosen.mature and chosen.cohort is not None:
            judged.append(chosen.cohort)
        over = [each.end for each in judged if each.start <= day(today - delay).start < each.end]
        assert over, today
    spans = sorted((each.start, each.end) for each in judged)
    assert all(one[1] == other[0] for one, other in pairwise(spans))


def test_a_year_of_windows_of_a_second_is_no_long_search() -> None:
    second = Window(start=MARCH, end=MARCH + timedelta(seconds=1))
    stretches = (Stretch(since=MARCH - DAY, until=None),)
    known = [day(-number) for number in range(1, 400)]
    found = pending(second, delay=365 * DAY, stretches=stretches, judged=known)
    assert found == (second,)


def test_a_release_answers_from_when_it_was_made_until_another_one_does() -> None:
    first = a_release("r-20260102-120000-aaaaaa", created_at=MARCH)
    second = a_release("r-20260103-120000-bbbbbb", created_at=MARCH + 5 * DAY)
    head = ledger.empty_head("iris-model-staging")
    for release, days in ((first, 1), (second, 6), (first, 8)):
        head = ledger.add_release(head, release)
        key, head = ledger.config_for(head, release.release_id, live_count=1, minimum=1, maximum=1)
        moment = MARCH + days * DAY
        head = finished(ledger.arrive(ledger.begin(head, a_move(key)), when=moment))
    assert served(head, first) == (
        Stretch(since=MARCH, until=MARCH + 6 * DAY),
        Stretch(since=MARCH + 8 * DAY, until=None),
    )
    assert served(head, second) == (Stretch(since=MARCH + 5 * DAY, until=MARCH + 8 * DAY),)
    unknown = replace(first, release_id="r-20260109-120000-cccccc")
    assert served(head, unknown) == (Stretch(since=MARCH, until=None),)


def test_a_cohort_is_known_by_its_name() -> None:
    assert window_named(day(3).name) == day(3)
    assert window_named("verdict") is None

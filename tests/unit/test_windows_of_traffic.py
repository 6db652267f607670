"""Windows of captured traffic: when one may be judged, and where its lines lie."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.configuration.sections import DriftSettings
from pipeline.core.cohorts import Stretch, pending
from pipeline.core.errors import UsageError
from pipeline.core.monitoring import LATENESS, LONGEST, Window, last_complete, parse_window

MIDNIGHT = datetime(2026, 2, 1, tzinfo=UTC)
DAY = "2026-01-31T00:00Z/2026-02-01T00:00Z"
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (-MINUTE, "is not over yet: it is 20260131T235900Z"),
        (timedelta(0), "up to 10 minutes late: it is 20260201T000000Z"),
        (LATENESS - MINUTE, "up to 10 minutes late: it is 20260201T000900Z"),
    ],
)
def test_a_window_is_judged_no_sooner_than_its_late_lines_come(
    after: timedelta, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse_window(DAY, now=MIDNIGHT + after)
    assert "from 20260201T001000Z on" in caught.value.remedy


@pytest.mark.parametrize("after", [LATENESS, LATENESS + MINUTE])
def test_a_named_window_is_judged_when_it_would_be_by_itself(after: timedelta) -> None:
    now = MIDNIGHT + after
    assert parse_window(DAY, now=now) == last_complete(now, hours=24)


def test_where_no_line_is_late_a_window_is_judged_at_its_end() -> None:
    assert parse_window(DAY, now=MIDNIGHT, lateness=timedelta(0)).end == MIDNIGHT
    with pytest.raises(UsageError):
        parse_window(DAY, now=MIDNIGHT - MINUTE, lateness=timedelta(0))


# start and end, in minutes after midnight: the hours whose folders may have lines of it
HOURS = {
    "a whole hour": (0, 60, ["00", "01"]),
    "a part of an hour": (10, 20, ["00", "01"]),
    "over a full hour": (50, 70, ["00", "01", "02"]),
    "three hours": (60, 240, ["01", "02", "03", "04"]),
}


@pytest.mark.parametrize("case", HOURS)
def test_lines_are_looked_for_in_the_hour_after_too(case: str) -> None:
    start, end, hours = HOURS[case]
    window = Window(start=MIDNIGHT + start * MINUTE, end=MIDNIGHT + end * MINUTE)
    assert window.hours() == tuple(f"2026/02/01/{hour}" for hour in hours)


NO_WINDOW = {
    "nothing": ("", "is no window"),
    "one moment": ("2026-01-01T00:00Z", "is no window"),
    "three": ("2026-01-01T00:00Z/2026-01-02T00:00Z/2026-01-03T00:00Z", "is no window"),
    "words": ("yesterday/today", "is no window"),
    "a moment of no time zone": ("2026-01-01T00:00/2026-01-02T00:00Z", "is no window"),
    "both of none": ("2026-01-01/2026-01-02", "is no window"),
    "no such day": ("2026-02-30T00:00Z/2026-03-01T00:00Z", "is no window"),
    "before all time": ("0001-01-01T00:00+14:00/0001-01-02T00:00Z", "is no window"),
    "after all time": ("9999-12-30T00:00Z/9999-12-31T23:59-14:00", "is no window"),
    "zeros": ("0000-01-01T00:00Z/2026-01-01T00:00Z", "is no window"),
    "the year 1": ("0001-01-01T00:00Z/0001-01-02T00:00Z", "begins before 2017"),
    "the year 2016": ("2016-12-31T23:00Z/2017-01-01T00:00Z", "begins before 2017"),
    "centuries": ("0001-01-01T00:00Z/9999-12-31T23:59Z", "begins before 2017"),
    "years": ("2017-01-01T00:00Z/2026-01-01T00:00Z", "longer than 744 hours"),
    "a second more than may be": ("2025-12-01T00:00Z/2026-01-01T00:00:01Z", "longer than 744"),
    "the year 9999": ("9999-12-31T22:00Z/9999-12-31T23:59:59Z", "is not over yet"),
    "the future": ("2026-03-01T00:00Z/2026-03-02T00:00Z", "is not over yet"),
    "the end first": ("2026-01-02T00:00Z/2026-01-01T00:00Z", "does not end after it begins"),
    "no length": ("2026-01-01T00:00Z/2026-01-01T00:00Z", "does not end after it begins"),
    "none in another zone": (
        "2026-01-01T01:00+01:00/2026-01-01T00:00Z",
        "does not end after it begins",
    ),
    "half a second": ("2026-01-01T00:00:00.5Z/2026-01-02T00:00Z", "has parts of seconds"),
    "a part of a second": ("2026-01-01T00:00:00.1Z/2026-01-01T00:00:00.9Z", "parts of seconds"),
}


@pytest.mark.parametrize("case", NO_WINDOW)
def test_what_is_no_window_of_traffic_is_refused_at_once(case: str) -> None:
    text, words = NO_WINDOW[case]
    with pytest.raises(UsageError, match=words) as caught:
        parse_window(text, now=MIDNIGHT + LATENESS)
    to_do = "name an earlier one" if "not over" in words else "2026-01-31T00:00Z/2026-02-01T00:00Z"
    assert to_do in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00Z/2026-02-01T00:00Z",
        "2017-01-01T00:00Z/2017-01-01T00:00:01Z",
        "2026-01-31T23:59:59Z/2026-02-01T00:00Z",
        "2026-01-31T14:00+14:00/2026-01-31T12:00-12:00",
        "20260131T000000Z/20260201T000000Z",
    ],
    ids=["a month", "a second long ago", "a second", "zones", "without hyphens"],
)
def test_a_window_at_the_edge_is_taken(text: str) -> None:
    window = parse_window(text, now=MIDNIGHT + LATENESS)
    assert window.start.tzinfo is UTC
    assert 2 <= len(window.hours()) <= 746


moments = st.datetimes(timezones=st.timezones()).map(datetime.isoformat)


@given(st.one_of(st.text(), st.tuples(moments, moments).map("/".join)))
def test_whatever_is_typed_is_a_window_that_can_be_looked_at_or_refused(text: str) -> None:
    try:
        window = parse_window(text, now=datetime(9999, 12, 31, 23, tzinfo=UTC))
    except UsageError:
        return
    stretches = (Stretch(since=MIDNIGHT, until=None),)
    for delay in (timedelta(0), timedelta(hours=8760)):
        cohorts = pending(window, delay=delay, stretches=stretches, judged=[])
        assert all(each.hours() for each in (window, *cohorts))


def test_a_named_window_may_be_as_long_as_a_configured_one() -> None:
    hours = LONGEST // timedelta(hours=1)
    assert DriftSettings(window_hours=hours).window_hours == hours
    with pytest.raises(ValidationError):
        DriftSettings(window_hours=hours + 1)

"""Windows of captured traffic: when one may be judged, and where its lines lie."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.core.errors import UsageError
from pipeline.core.monitoring import LATENESS, Window, last_complete, parse_window

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

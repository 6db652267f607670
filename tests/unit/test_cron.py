"""When a schedule was last due, against expressions worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.core.cron import is_due

DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# expression, a moment after which it is due, the last moment at which it is not yet
CASES = {
    "every Monday at three": ("cron(0 3 ? * MON *)", "2026-02-02 03:00"),
    "Mondays by number": ("cron(0 3 ? * 2 *)", "2026-02-02 03:00"),
    "the first of the month": ("cron(0 0 1 * ? *)", "2026-02-01 00:00"),
    "a word for it": ("monthly", "2026-02-01 00:00"),
    "the last day of the month": ("cron(30 12 L * ? *)", "2026-01-31 12:30"),
    "the last weekday of January, a Friday": ("cron(0 9 LW * ? *)", "2026-01-30 09:00"),
    "the weekday nearest to Saturday the 31st": ("cron(0 9 31W * ? *)", "2026-01-30 09:00"),
    "the weekday nearest to Sunday the first stays in its month": (
        "cron(0 9 1W 2 ? *)",
        "2026-02-02 09:00",
    ),
    "the second Tuesday": ("cron(0 9 ? 2 3#2 *)", "2026-02-10 09:00"),
    "the last Wednesday": ("cron(0 9 ? 1 4L *)", "2026-01-28 09:00"),
    "Saturdays by L": ("cron(0 9 ? * L *)", "2026-01-31 09:00"),
    "from Friday to Monday": ("cron(0 9 ? * FRI-MON *)", "2026-01-30 09:00"),
    "February by name": ("cron(0 9 3 FEB ? *)", "2026-02-03 09:00"),
}


@pytest.mark.parametrize(("expression", "moment"), CASES.values(), ids=CASES)
def test_it_is_due_from_its_moment_on_and_once(expression: str, moment: str) -> None:
    due = at(moment)
    begun = due - timedelta(hours=1)
    assert not is_due(expression, since=begun, now=due - timedelta(seconds=1))
    assert is_due(expression, since=begun, now=due)
    assert not is_due(expression, since=due, now=due + timedelta(hours=1))


def test_steps_and_lists_of_minutes_and_hours() -> None:
    def due(minute: int) -> bool:
        now = at("2026-01-05 10:00") + timedelta(minutes=minute)
        return is_due("cron(5/20,50 8-10 * * ? *)", since=now - timedelta(minutes=1), now=now)

    assert [minute for minute in range(60) if due(minute)] == [5, 25, 45, 50]


def test_a_rate_counts_from_the_beginning() -> None:
    since = at("2026-01-31 12:00")
    assert not is_due("rate(7 days)", since=since, now=since + 7 * DAY - timedelta(seconds=1))
    assert is_due("rate(1 hour)", since=since, now=since + timedelta(hours=1))
    assert is_due("weekly", since=since, now=since + 7 * DAY)


def test_a_leap_day_is_found_years_later_and_one_year_is_one_year() -> None:
    assert is_due("cron(0 0 29 2 ? *)", since=at("2024-03-01"), now=at("2028-03-01"))
    assert not is_due("cron(0 0 29 2 ? *)", since=at("2024-03-01"), now=at("2028-02-28"))
    assert not is_due("cron(0 0 1 1 ? 2030)", since=at("2026-01-01"), now=at("2029-12-31"))

"""When a schedule was last due: cron(...) and rate(...) as EventBridge writes them, in UTC.

Source: EventBridge Scheduler user guide, "Schedule types". Expressions are checked before they come
here (configuration/kinds.py); Terraform's modules check their own.
"""

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

WORDS = {"weekly": "rate(7 days)", "monthly": "cron(0 0 1 * ? *)"}

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
# Beyond it no cron expression is looked back: 29 February comes every four years, or after eight
_FARTHEST_DAYS = 8 * 366


def is_due(expression: str, *, since: datetime, now: datetime) -> bool:
    """Tell whether a schedule was due after `since`, until `now`. A word stands for an expression.

    A rate counts from `since`: there is no other beginning.
    """
    text = WORDS.get(expression, expression)
    kind, _, rest = text.rstrip(")").partition("(")
    if kind == "rate":
        count, unit = rest.split()
        return now - since >= timedelta(seconds=int(count) * _UNITS[unit.rstrip("s")])
    last = _last(rest.split(), since=since.astimezone(UTC), now=now.astimezone(UTC))
    return last is not None


def _last(fields: list[str], *, since: datetime, now: datetime) -> datetime | None:
    """Return the last moment that fits after `since`, until `now`; None where there is none."""
    minutes, hours = (_numbers(fields[0], 0, 59), _numbers(fields[1], 0, 23))
    fits = _day_test(fields[2:])
    days = min((now.date() - since.date()).days, _FARTHEST_DAYS)
    times = sorted((time(hour, minute) for hour in hours for minute in minutes), reverse=True)
    for back in range(days + 1):
        day = now.date() - timedelta(days=back)
        if not fits(day):
            continue
        for at in times:
            moment = datetime.combine(day, at, tzinfo=UTC)
            if moment <= now:
                return moment if moment > since else None
    return None


def _day_test(fields: list[str]) -> Callable[[date], bool]:
    day_of_month, month, day_of_week, year = fields
    months = _numbers(month, 1, 12, names=_MONTHS)
    years = _numbers(year, 1970, 2199)

    def fits(day: date) -> bool:
        if day.month not in months or day.year not in years:
            return False
        if day_of_month != "?":
            return any(_is_day(item, day) for item in day_of_month.split(","))
        return any(_is_weekday(item, day) for item in day_of_week.split(","))

    return fits


def _is_day(item: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if item == "L":
        return day.day == last
    if item == "LW":
        return day == _nearest_weekday(day.replace(day=last))
    if item.endswith("W"):
        wanted = int(item[:-1])
        return wanted <= last and day == _nearest_weekday(day.replace(day=wanted))
    return day.day in _numbers(item, 1, 31)


def _nearest_weekday(day: date) -> date:
    """Return the day, or the Friday or Monday nearest to it within its month."""
    shift = {5: -1, 6: 1}.get(day.weekday(), 0)
    near = day + timedelta(days=shift)
    return near if near.month == day.month else day - timedelta(days=2 * shift)


def _is_weekday(item: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1  # Sunday is 1
    last = calendar.monthrange(day.year, day.month)[1]
    if item == "L":
        return number == 7
    if item.endswith("L"):
        return number == int(item[:-1]) and day.day + 7 > last
    if "#" in item:
        wanted, nth = map(int, item.split("#"))
        return number == wanted and (day.day - 1) // 7 + 1 == nth
    return number in _numbers(item, 1, 7, names=_WEEKDAYS)


def _numbers(field: str, lowest: int, highest: int, names: list[str] | None = None) -> set[int]:
    found: set[int] = set()
    for item in field.split(","):
        stretch, _, step = item.partition("/")
        if stretch == "*":
            low, high = lowest, highest
        else:
            ends = [_number(end, names) for end in stretch.split("-")]
            low = ends[0]
            high = ends[-1] if len(ends) > 1 or not step else highest
        if low > high:  # FRI-MON goes round
            found |= {*range(low, highest + 1, int(step or 1)), *range(lowest, high + 1)}
        else:
            found |= set(range(low, high + 1, int(step or 1)))
    return found


def _number(text: str, names: list[str] | None) -> int:
    match = re.fullmatch(r"[0-9]+", text)
    return int(text) if match or names is None else names.index(text) + 1

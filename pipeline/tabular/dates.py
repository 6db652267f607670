"""Reads dates in their usual forms, and makes numbers of them that a model can learn from.

Travels into the containers with `cells`: a request carries the date as text. A form that does not
tell the day from the month (03/04/2020) is read in the order that was decided for its whole column.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

Order = Literal["day_first", "month_first"]
ORDERS: tuple[Order, ...] = ("day_first", "month_first")
# What becomes of a date: weekday 0 is Monday, `days` are those since 1970-01-01 with their fraction
PARTS = ("year", "month", "weekday", "day_of_year", "days")

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_TIME = (
    r"(?:(?:T|,? +)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r" ?(?P<half>[AaPp][Mm])? ?(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_NUMERIC_FORMS = (
    r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
    r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second_>\d{1,2})(?P=mark)(?P<year>\d{4})",
)
_NAMED_FORMS = (
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[ -](?P<name>[A-Za-z]{3,9})\.?,?[ -](?P<year>\d{4})",
    r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
)
_FORMS = tuple(re.compile(form + _TIME, re.ASCII) for form in (*_NUMERIC_FORMS, *_NAMED_FORMS))
_COMPACT = re.compile(r"(?P<year>[12]\d{3})(?P<month>\d{2})(?P<day>\d{2})", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}(?: .*)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_date(text: str, *, order: Order | None) -> datetime:
    """Return a date and its time of day, in UTC where an offset is given; otherwise ValueError.

    Dots put the day first unless `order` says otherwise, and 20201231 is a date only here, where a
    column is known to hold dates.
    """
    found = _matched(text) or _COMPACT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    parts = found.groupdict()
    if "first" in parts:
        parts |= _told_apart(parts, order=order)
    month = _month(parts["name"]) if "name" in parts else int(parts["month"])
    day = datetime(int(parts["year"]), month, int(parts["day"]), tzinfo=UTC)
    return day + _time_of_day(parts)


def _matched(text: str) -> re.Match[str] | None:
    return next((found for form in _FORMS if (found := form.fullmatch(text))), None)


def _told_apart(parts: dict[str, str], *, order: Order | None) -> dict[str, str]:
    if order is None and parts["mark"] == ".":
        order = "day_first"
    if order is None:
        message = "the day cannot be told from the month"
        raise ValueError(message)
    day, month = ("first", "second_") if order == "day_first" else ("second_", "first")
    return {"day": parts[day], "month": parts[month]}


def _month(name: str) -> int:
    """Return the number of an English month, given whole or by its first letters."""
    wanted = "sep" if name.lower() == "sept" else name.lower()
    for number, month in enumerate(_MONTHS, start=1):
        if wanted in (month, month[:3]):
            return number
    raise ValueError(name)


def _time_of_day(parts: dict[str, str]) -> timedelta:
    """Return the time since midnight, in UTC where an offset is given."""
    if not parts.get("hour"):
        return timedelta()
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    if parts["half"]:
        hour = hour % 12 + (12 if parts["half"].lower() == "pm" else 0)
    if max(hour - 23, minute - 59, second - 59) > 0:
        message = "there is no such time of day"
        raise ValueError(message)
    return timedelta(hours=hour, minutes=minute, seconds=second) - _offset(parts["offset"])


def _offset(text: str | None) -> timedelta:
    if text in (None, "", "Z", "UTC"):
        return timedelta()
    size = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return -size if text[0] == "-" else size


def orders_of(text: str) -> frozenset[Order]:
    """Return the orders in which a text is a date of a form that is known without being told."""
    if _matched(text) is None:
        return frozenset()
    return frozenset(order for order in ORDERS if is_date(text, order=order))


def is_date(text: str, *, order: Order | None) -> bool:
    try:
        read_date(text, order=order)
    except (ValueError, OverflowError):
        return False
    return True


def needs_order(text: str) -> bool:
    """Tell whether a date is read only when the order of day and month is known."""
    found = _matched(text)
    return found is not None and "first" in found.groupdict() and found["mark"] != "."


def looks_like_one(text: str) -> bool:
    """Tell whether a person takes a text for a date, if perhaps one that nobody can read."""
    return _matched(text) is not None or _SHORT_YEAR.fullmatch(text) is not None


def parts_of(date: datetime) -> tuple[float, ...]:
    """Return the numbers named by `PARTS`."""
    days = (date - _EPOCH) / timedelta(days=1)
    return (date.year, date.month, date.weekday(), date.timetuple().tm_yday, days)


def part_names(column: str) -> tuple[str, ...]:
    """Return the names of the columns that are made of a column of dates."""
    return tuple(f"{column}.{part}" for part in PARTS)

"""Whether a schedule could fire: at(...), rate(...) and cron(...) expressions, time zones. Pure.

Rules: "PutScheduledAction" page of the API reference of Application Auto Scaling and "Schedule
recurring scaling actions using cron expressions" in its user guide; "Setting a schedule pattern for
scheduled rules" in the EventBridge user guide; "CreateSchedule" page of the API reference of
EventBridge Scheduler.
"""

import datetime as dt
import functools
import re
import zoneinfo
from dataclasses import dataclass

_RATE = re.compile(r"rate\((?P<value>[1-9]\d*) (?P<unit>minute|hour|day)(?P<plural>s?)\)")
_AT = re.compile(r"at\((?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON = re.compile(r"cron\((?P<fields>.*)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True, kw_only=True)
class _Field:
    """`names` count from `least`; `special` matches what only this field knows."""

    least: int
    most: int
    names: tuple[str, ...] = ()
    special: str = r"(?!)"

    def takes(self, text: str) -> bool:
        return all(self._takes_item(item) for item in text.split(","))

    def _takes_item(self, item: str) -> bool:
        if re.fullmatch(self.special, item):
            return self._in_range(item)
        span, slash, step = item.partition("/")
        if slash and not (step.isascii() and step.isdigit() and 0 < int(step) <= self.most):
            return False
        if span == "*":
            return True
        numbers = [self._number(end) for end in span.split("-")]
        return len(numbers) <= 2 and None not in numbers

    def _in_range(self, item: str) -> bool:
        """A number before L, W or # is one of the field's own."""
        number = re.match(r"\d+", item)
        return number is None or self._number(number[0]) is not None

    def _number(self, text: str) -> int | None:
        if text.upper() in self.names:
            return self.names.index(text.upper()) + self.least
        known = text.isascii() and text.isdigit() and self.least <= int(text) <= self.most
        return int(text) if known else None


_FIELDS = (
    _Field(least=0, most=59),
    _Field(least=0, most=23),
    _Field(least=1, most=31, special=r"\?|L|LW|L-\d{1,2}|\d{1,2}W"),
    _Field(least=1, most=12, names=_MONTHS),
    _Field(least=1, most=7, names=_DAYS, special=r"\?|L|\dL|\d#[1-5]"),
    _Field(least=1970, most=2199),
)


def is_rate(expression: str) -> bool:
    """A number and a unit, which has its plural for every number but 1 and may have it there."""
    match = _RATE.fullmatch(expression)
    return match is not None and (match["plural"] == "s" or match["value"] == "1")


def is_strict_rate(expression: str) -> bool:
    """The same with the grammar of EventBridge rules, which know no "1 hours"."""
    match = _RATE.fullmatch(expression)
    return match is not None and (match["plural"] == "") == (match["value"] == "1")


def is_at(expression: str) -> bool:
    match = _AT.fullmatch(expression)
    if match is None:
        return False
    try:
        dt.datetime.fromisoformat(match["time"])
    except ValueError:
        return False
    return True


def is_cron(expression: str) -> bool:
    match = _CRON.fullmatch(expression)
    fields = match["fields"].split() if match else []
    if len(fields) != len(_FIELDS):
        return False
    # One of the two says which days; the other must leave it open.
    exactly_one_open = (fields[2] == "?") != (fields[4] == "?")
    return exactly_one_open and all(
        field.takes(text) for field, text in zip(_FIELDS, fields, strict=True)
    )


def is_timezone(name: str) -> bool:
    return name in _timezones()


@functools.cache
def _timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())

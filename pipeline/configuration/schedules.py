"""Schedules and time zones as EventBridge and Application Auto Scaling take them.

AWS itself would refuse one only when Terraform applies. The patterns are also those of
terraform/modules/autoscaling. Source: EventBridge user guide, "Schedule types"; Application Auto
Scaling user guide, "Scheduled scaling".
"""

import re
from zoneinfo import available_timezones

_VALUES = {
    "day": "(0?[1-9]|[12][0-9]|3[01])",
    "hour": "([01]?[0-9]|2[0-3])",
    "minute": "[0-5]?[0-9]",
    "month": "(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)",
    "weekday": "([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)",
    "year": "(19[7-9][0-9]|2[01][0-9]{2})",
}
_RANGES = {name: rf"(\*|{one}(-{one})?)(/[1-9][0-9]*)?" for name, one in _VALUES.items()}
_ITEMS = _RANGES | {
    "day": f"({_RANGES['day']}|LW?|{_VALUES['day']}W)",
    "weekday": f"({_RANGES['weekday']}|L|[1-7]L|[1-7]#[1-5])",
}
_FIELDS = {name: f"{item}(,{item})*" for name, item in _ITEMS.items()}
# Day of the month or day of the week: the other one is a question mark.
_DAYS = r"({day} {month} \?|\? {month} {weekday})".format(**_FIELDS)
_CRON = r"cron\({minute} {hour} {days} {year}\)".format(days=_DAYS, **_FIELDS)
_RATE = r"rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)"
_AT = (
    r"at\([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\)"
)
_REPEATED, _SCALED = re.compile(f"{_CRON}|{_RATE}"), re.compile(f"{_CRON}|{_RATE}|{_AT}")
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*){1,2}")


def is_repeated(schedule: str) -> bool:
    """Tell whether EventBridge takes it as the schedule of a rule."""
    return _REPEATED.fullmatch(schedule) is not None


def is_scaling_schedule(schedule: str) -> bool:
    """Tell whether Application Auto Scaling takes it: also a single moment, `at(...)`."""
    return _SCALED.fullmatch(schedule) is not None


def is_time_zone(name: str) -> bool:
    """Tell whether a name looks like the IANA database's; exactly so where this machine has one."""
    known = available_timezones()
    return _ZONE.fullmatch(name) is not None and (not known or name in known)

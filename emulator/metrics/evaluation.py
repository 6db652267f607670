"""What a metric alarm's data points say: M of N, and the four ways to treat missing ones. Pure.

Rules: "Configuring how CloudWatch alarms treat missing data" in the CloudWatch user guide. An
alarm looks a little further back than its evaluation periods, and uses real data points from there
before it treats any as missing.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

# The guide's examples look at 5 data points for 3 evaluation periods.
_FURTHER_BACK = 2

_COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
COMPARISONS = tuple(_COMPARISONS)


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """`treat_missing` is missing, ignore, breaching or notBreaching; M is `datapoints_to_alarm`."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing: str

    def breaches(self, value: float) -> bool:
        compare, _ = _COMPARISONS[self.comparison]
        return compare(value, self.threshold)

    @property
    def wording(self) -> str:
        return _COMPARISONS[self.comparison][1]

    @property
    def evaluation_range(self) -> int:
        return self.evaluation_periods + _FURTHER_BACK


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`used` are indices, newest first, of the data points that decided; None keeps the state."""

    state: State | None
    used: tuple[int, ...]
    missing: int


def judge(datapoints: Sequence[float | None], criterion: Criterion) -> Verdict:
    """`datapoints` cover the evaluation range, newest first; None is a missing one."""
    real = [number for number, value in enumerate(datapoints) if value is not None]
    used = tuple(real[: criterion.evaluation_periods])
    missing = criterion.evaluation_periods - len(used)
    breaching = sum(_breaches(datapoints[number], criterion) for number in used)
    return Verdict(
        state=_state(used, breaching=breaching, missing=missing, criterion=criterion),
        used=used,
        missing=missing,
    )


def _state(
    used: tuple[int, ...], *, breaching: int, missing: int, criterion: Criterion
) -> State | None:
    needed = criterion.datapoints_to_alarm
    if missing and criterion.treat_missing == "breaching":
        breaching += missing
    if breaching >= needed:
        return "ALARM"
    if not missing or criterion.treat_missing in ("breaching", "notBreaching"):
        return "OK"
    if not used:
        return "INSUFFICIENT_DATA" if criterion.treat_missing == "missing" else None
    if breaching < len(used):
        return "OK"
    # Only breaching points, but too few: old enough, they alarm; else the next ones decide.
    oldest_age = max(number + 1 for number in used)
    return "ALARM" if criterion.treat_missing == "missing" and oldest_age >= needed else None


def _breaches(value: float | None, criterion: Criterion) -> bool:
    return value is not None and criterion.breaches(value)

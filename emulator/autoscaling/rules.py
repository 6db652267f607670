"""How many instances there should be: target tracking, steps, bounds and cooldowns. Pure.

Rules: "How target tracking scaling works", "How step scaling works" and "Define cooldown periods"
in the Application Auto Scaling user guide. Seconds are those of the clock, already time-scaled.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Step = Mapping[str, Any]

# Keeps 3 instances at exactly the target from becoming 4 by a rounding error.
_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class Bounds:
    minimum: int
    maximum: int

    def clamp(self, count: int) -> int:
        return max(self.minimum, min(count, self.maximum))


@dataclass(frozen=True, kw_only=True)
class Past:
    """The last scale-out with the count before it, and the last scale-in, of one target."""

    out_at: float | None = None
    out_base: int = 0
    in_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Breach:
    """`rising`: the alarm rings above its threshold. `values`: its data points, newest first."""

    rising: bool
    threshold: float
    values: tuple[float, ...]


def tracked_count(current: int, metric: float, *, target: float, rising: bool) -> int:
    """Return the count that brings the metric to its target; a rising metric finds at least one."""
    base = max(current, 1) if rising else current
    wanted = max(0, math.ceil(round(base * metric / target, _DIGITS)))
    return max(current, wanted) if rising else min(current, wanted)


def aggregated(values: Sequence[float], aggregation: str) -> float:
    match aggregation:
        case "Minimum":
            return min(values)
        case "Maximum":
            return max(values)
    return sum(values) / len(values)


def step_for(steps: Sequence[Step], breach: float, *, rising: bool) -> Step | None:
    """Return the step whose interval holds the breach (metric minus threshold).

    Intervals begin at the bound next to the threshold and end before the other one.
    """
    for step in steps:
        low = step.get("MetricIntervalLowerBound", -math.inf)
        high = step.get("MetricIntervalUpperBound", math.inf)
        if (low <= breach < high) if rising else (low < breach <= high):
            return step
    return None


def stepped_count(current: int, adjustment: int, *, kind: str, at_least: int = 0) -> int:
    """Apply one ScalingAdjustment; `at_least` is MinAdjustmentMagnitude."""
    if kind == "ExactCapacity":
        return adjustment
    change = adjustment if kind == "ChangeInCapacity" else _share(current, adjustment)
    if kind == "PercentChangeInCapacity" and change:
        change = int(math.copysign(max(abs(change), at_least), change))
    return max(0, current + change)


def _share(current: int, percent: int) -> int:
    """Round towards zero, but never to zero."""
    exact = current * percent / 100
    if 0 < abs(exact) < 1:
        return int(math.copysign(1, exact))
    return math.trunc(exact)


def base_count(current: int, past: Past, *, cooldown_s: float, now: float) -> int:
    """Return what a scale-out counts from: while the last one cools down, the count before it."""
    cooling = past.out_at is not None and now - past.out_at < cooldown_s
    return min(current, past.out_base) if cooling else current


def may_scale_in(past: Past, *, cooldown_s: float, now: float) -> bool:
    return past.in_at is None or now - past.in_at >= cooldown_s


def bounded(current: int, wanted: int, bounds: Bounds) -> int:
    """Clamp, but never let who wants more get less, nor who wants less get more."""
    clamped = bounds.clamp(wanted)
    if wanted > current:
        return max(current, clamped)
    return min(current, clamped) if wanted < current else current

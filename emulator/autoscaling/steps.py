"""What a StepScalingPolicyConfiguration may say. Pure.

Rules: "StepScalingPolicyConfiguration" and "StepAdjustment" pages of the API reference, and "Step
adjustments" in the user guide.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from emulator.api.errors import ValidationError

_MOST_STEPS = 20

Interval = tuple[float, float]


def check_steps(configuration: Mapping[str, Any]) -> None:
    for member in ("AdjustmentType", "StepAdjustments"):
        if not configuration.get(member):
            text = f"{member} is required for a step scaling policy"
            raise ValidationError(text)
    if configuration.get("Cooldown", 0) < 0:
        text = "Cooldown must not be negative"
        raise ValidationError(text)
    _check_magnitude(configuration)
    _check_adjustments(configuration)
    _check_intervals([_interval(step) for step in configuration["StepAdjustments"]])


def _check_magnitude(configuration: Mapping[str, Any]) -> None:
    least = configuration.get("MinAdjustmentMagnitude")
    if least is None:
        return
    if configuration["AdjustmentType"] != "PercentChangeInCapacity" or least < 1:
        text = (
            "MinAdjustmentMagnitude must be positive, and is only allowed with the adjustment "
            "type PercentChangeInCapacity"
        )
        raise ValidationError(text)


def _check_adjustments(configuration: Mapping[str, Any]) -> None:
    steps = configuration["StepAdjustments"]
    if len(steps) > _MOST_STEPS:
        text = f"A step scaling policy must not have more than {_MOST_STEPS} step adjustments"
        raise ValidationError(text)
    negative = any(step["ScalingAdjustment"] < 0 for step in steps)
    if configuration["AdjustmentType"] == "ExactCapacity" and negative:
        text = "ScalingAdjustment must not be negative for the adjustment type ExactCapacity"
        raise ValidationError(text)


def _interval(step: Mapping[str, Any]) -> Interval:
    low = step.get("MetricIntervalLowerBound", -math.inf)
    high = step.get("MetricIntervalUpperBound", math.inf)
    if (low, high) == (-math.inf, math.inf):
        text = "At least one of MetricIntervalLowerBound and MetricIntervalUpperBound is required"
        raise ValidationError(text)
    if low >= high:
        text = "MetricIntervalUpperBound must be greater than MetricIntervalLowerBound"
        raise ValidationError(text)
    return low, high


def _check_intervals(intervals: Sequence[Interval]) -> None:
    """No gaps, no overlaps, and open where they end on either side of the threshold."""
    ordered = sorted(intervals)
    for (_, end), (begin, _) in pairwise(ordered):
        if end != begin:
            what = "overlap" if end > begin else "have a gap between them"
            text = f"StepAdjustment intervals must not {what}"
            raise ValidationError(text)
    if ordered[0][0] < 0 and ordered[0][0] != -math.inf:
        text = (
            "There must be a step adjustment with an unspecified lower bound when one step "
            "adjustment has a negative lower bound"
        )
        raise ValidationError(text)
    if ordered[-1][1] > 0 and ordered[-1][1] != math.inf:
        text = (
            "There must be a step adjustment with an unspecified upper bound when one step "
            "adjustment has a positive upper bound"
        )
        raise ValidationError(text)

"""The gate: metrics against limits, nothing else. Two limits make three verdicts.

A metric that is missing, not a number, not finite or outside 0..1 is `reject`: doubt never
deploys. The decision is the worst of all gates, with one reason for each.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from pipeline.core.records import Decision, Verdict

ACCURACY = "accuracy"

_WORSE = {Verdict.DEPLOY: 0, Verdict.HOLD: 1, Verdict.REJECT: 2}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From `threshold` on deploy, from `minimum` on hold, below reject. All 0..1.

    Without a threshold of its own, the minimum is also the threshold and nothing is held.
    The names are those the user knows the limits by.
    """

    minimum: float
    threshold: float | None = None
    minimum_name: str = "its minimum"
    threshold_name: str = "its threshold"

    def __post_init__(self) -> None:
        if not 0 <= self.minimum <= self.deploy_from <= 1:
            message = f"limits must satisfy 0 <= minimum <= threshold <= 1, not {self!r}"
            raise ValueError(message)

    @property
    def deploy_from(self) -> float:
        return self.minimum if self.threshold is None else self.threshold


def accuracy_limits(accuracy_threshold: float, minimum_accuracy: float) -> Limits:
    return Limits(
        minimum=minimum_accuracy,
        threshold=accuracy_threshold,
        minimum_name="minimum_accuracy",
        threshold_name="accuracy_threshold",
    )


def judge(
    metrics: Mapping[str, object], thresholds: Limits, *, gates: Mapping[str, Limits]
) -> Decision:
    """Judge `accuracy` by the thresholds and every other gate by its own limits."""
    verdicts = [_judge_one(ACCURACY, metrics.get(ACCURACY), limits=thresholds)]
    verdicts += [_judge_one(name, metrics.get(name), limits=gates[name]) for name in sorted(gates)]
    worst = max((verdict for verdict, _ in verdicts), key=_WORSE.__getitem__)
    return Decision(verdict=worst, reasons=tuple(reason for _, reason in verdicts))


def _judge_one(name: str, value: object, *, limits: Limits) -> tuple[Verdict, str]:
    if value is None:
        return Verdict.REJECT, f"{name} is missing; it must be a number from 0 to 1."
    if not _is_share(value):
        return Verdict.REJECT, f"{name} is {value!r}; it must be a number from 0 to 1."
    shown = f"{name} {_shown(value, beside=(limits.minimum, limits.deploy_from))}"
    if value < limits.minimum:
        return Verdict.REJECT, f"{shown} is below {limits.minimum_name} {limits.minimum!r}."
    if limits.threshold is None:
        return Verdict.DEPLOY, f"{shown} reaches {limits.minimum_name} {limits.minimum!r}."
    threshold = f"{limits.threshold_name} {limits.threshold!r}"
    if value < limits.threshold:
        minimum = f"{limits.minimum_name} {limits.minimum!r}"
        return Verdict.HOLD, f"{shown} is below {threshold} but reaches {minimum}."
    return Verdict.DEPLOY, f"{shown} reaches {threshold}."


def _shown(value: float, *, beside: Collection[float]) -> str:
    """Return four digits, or all where four would look like a limit that the value is not."""
    rounded = f"{value:.4g}"
    # float() keeps numpy's own repr out of the sentence.
    looks_alike = any(float(rounded) == limit != value for limit in beside)
    return repr(float(value)) if looks_alike else rounded


def _is_share(value: object) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and 0 <= value <= 1

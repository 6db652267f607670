"""How sure a share is: score intervals of Wilson and, for a difference of two, of Newcombe.

A share of few rows says little: 29 of 30 right and 285 of 300 are hardly apart. Newcombe,
"Two-sided confidence intervals for the single proportion" (method 3) and "Interval estimation for
the difference between independent proportions" (method 10), Statistics in Medicine 17 (1998).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """Both ends belong to it."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            message = f"an interval's low end is at most its high end, not {self!r}"
            raise ValueError(message)


def wilson(successes: float, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Return where the true share lies, in 0..1; all of 0..1 without a single trial.

    `successes` may be broken: a share of so many rows, given as share times rows.
    """
    if not 0 <= successes <= trials:
        message = f"successes are from 0 to the {trials} trials, not {successes!r}"
        raise ValueError(message)
    if trials == 0:
        return Interval(0.0, 1.0)
    z = _quantile(confidence)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    # Rounding must not put an end on the wrong side of the share, nor outside 0..1
    low = 0.0 if successes == 0 else min(max(middle - half, 0.0), share)
    high = 1.0 if successes == trials else max(min(middle + half, 1.0), share)
    return Interval(low, high)


def newcombe(
    successes: float,
    trials: int,
    other_successes: float,
    other_trials: int,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return where the first true share minus the other lies, in -1..1, for independent rows."""
    if trials == 0 or other_trials == 0:
        return Interval(-1.0, 1.0)
    first, other = successes / trials, other_successes / other_trials
    of_first = wilson(successes, trials, confidence)
    of_other = wilson(other_successes, other_trials, confidence)
    difference = first - other
    below = math.hypot(first - of_first.low, of_other.high - other)
    above = math.hypot(of_first.high - first, other - of_other.low)
    return Interval(max(difference - below, -1.0), min(difference + above, 1.0))


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        message = f"a confidence is between 0 and 1, not {confidence!r}"
        raise ValueError(message)
    return NormalDist().inv_cdf((1 + confidence) / 2)

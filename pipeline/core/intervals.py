"""How sure a share is: score intervals of Wilson, and for differences of Newcombe and Tango.

A share of few rows says little: 29 of 30 right and 285 of 300 are hardly apart. Newcombe,
"Two-sided confidence intervals for the single proportion" (method 3) and "Interval estimation for
the difference between independent proportions" (method 10); Tango, "Equivalence test and confidence
interval for the difference in proportions for the paired-sample design", all Statistics in Medicine
17 (1998). McNemar's test is the exact one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95
_FINE = 1e-12


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


def newcombe(successes: float, trials: int, other_successes: float, other_trials: int) -> Interval:
    """Return where the first true share minus the other lies, in -1..1, for independent rows."""
    if trials == 0 or other_trials == 0:
        return Interval(-1.0, 1.0)
    first, other = successes / trials, other_successes / other_trials
    of_first = wilson(successes, trials)
    of_other = wilson(other_successes, other_trials)
    difference = first - other
    below = math.hypot(first - of_first.low, of_other.high - other)
    above = math.hypot(of_first.high - first, other - of_other.low)
    return Interval(max(difference - below, -1.0), min(difference + above, 1.0))


def tango(more: int, fewer: int, rows: int) -> Interval:
    """Return where the true difference of two shares of the same rows lies, in -1..1.

    `more` rows are successes of the first only, `fewer` of the other only.
    """
    _require_pairs(more, fewer, rows)
    if rows == 0:
        return Interval(-1.0, 1.0)
    z, difference = _quantile(CONFIDENCE), (more - fewer) / rows
    high = _crossing(lambda at: _paired_score(more, fewer, rows, at) < -z, difference)
    low = -_crossing(lambda at: _paired_score(fewer, more, rows, at) < -z, -difference)
    return Interval(min(low, difference), max(high, difference))


def _paired_score(more: int, fewer: int, rows: int, at: float) -> float:
    """Return by how many standard errors the difference seen is above a true one of `at`."""
    b = (2 * rows - more + fewer) * at - more - fewer
    root = math.sqrt(max(b * b + 8 * rows * fewer * at * (1 - at), 0.0))
    only_other = (root - b) / (4 * rows)  # the likeliest share of `fewer` if `at` is true
    distance = more - fewer - rows * at
    variance = rows * (2 * only_other + at * (1 - at))
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _crossing(is_beyond: Callable[[float], bool], start: float) -> float:
    """Return where, between a start that is not beyond and 1, which may be, it begins."""
    end = 1.0
    if not is_beyond(end):
        return end
    while end - start > _FINE:
        middle = (start + end) / 2
        start, end = (start, middle) if is_beyond(middle) else (middle, end)
    return end


def mcnemar(more: int, fewer: int) -> float:
    """Return the chance of `more` or above of these pairs where both ways are equally likely."""
    _require_pairs(more, fewer, more + fewer)
    if more == 0:
        return 1.0
    if 2 * more <= more + fewer:
        return 1.0 - mcnemar(fewer + 1, more - 1)
    pairs = more + fewer
    logarithm = math.lgamma(pairs + 1) - math.lgamma(more + 1) - math.lgamma(fewer + 1)
    term = math.exp(logarithm - pairs * math.log(2))
    total = 0.0
    for above in range(more, pairs + 1):
        total += term
        term *= (pairs - above) / (above + 1)
        if term < total * _FINE:
            break
    return min(total, 1.0)


def _require_pairs(more: int, fewer: int, rows: int) -> None:
    if min(more, fewer) < 0 or more + fewer > rows:
        message = f"{more} and {fewer} are no parts of {rows} rows"
        raise ValueError(message)


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        message = f"a confidence is between 0 and 1, not {confidence!r}"
        raise ValueError(message)
    return NormalDist().inv_cdf((1 + confidence) / 2)

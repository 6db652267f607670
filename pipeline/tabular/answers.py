"""What answers are worth, counted alike before traffic and in it.

Percentiles are nearest-rank: the smallest sample that at least that share of all samples does not
exceed. It is always a latency that somebody really waited, and p99 of few samples is their maximum.
"""

import math
from collections.abc import Iterable, Sequence


def percentile(samples: Sequence[float], percent: float) -> float:
    """Nearest-rank percentile (0 < percent <= 100); NaN of no samples at all."""
    if not 0 < percent <= 100:
        message = f"a percentile is above 0 and at most 100, not {percent!r}"
        raise ValueError(message)
    if not samples:
        return math.nan
    rank = math.ceil(len(samples) * percent / 100)
    return sorted(samples)[rank - 1]


def share_of_matches(predicted: Sequence[str], labels: Sequence[str]) -> float:
    """Return the share (0..1) of right answers; a missing answer is wrong, none at all is 0."""
    if len(predicted) != len(labels) or not labels:
        return 0.0
    return sum(p == label for p, label in zip(predicted, labels, strict=True)) / len(labels)


def number_of(answer: str) -> float:
    """Return a prediction as a finite number; NaN for anything else."""
    try:
        number = float(answer)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def sum_of_squares(errors: Iterable[float]) -> float:
    """Return the sum, infinity where it is beyond the largest float; NaN with one among them."""
    try:
        return math.fsum(error * error for error in errors)
    except OverflowError:
        return math.inf


def root_mean_square_error(predicted: Sequence[float], actual: Sequence[float]) -> float:
    """Return the error in the unit of the numbers; NaN with an answer missing, or none at all."""
    if len(predicted) != len(actual) or not actual:
        return math.nan
    errors = (p - right for p, right in zip(predicted, actual, strict=True))
    return math.sqrt(sum_of_squares(errors) / len(actual))

"""The statistics that CloudWatch knows, as functions of samples. Pure.

Names follow "CloudWatch statistics definitions" in the CloudWatch user guide. A percentile is the
smallest value that at least that share of the samples does not exceed; like AWS, there is none
over negative values or over statistic sets that hide their values.
"""

import re
from collections.abc import Callable
from itertools import pairwise

from emulator.metrics.errors import validation_error
from emulator.metrics.samples import Samples

Statistic = Callable[[Samples], float | None]
Distribution = list[tuple[float, float]]

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_NUMBER = r"\d+(?:\.\d+)?"
_PERCENTILE = re.compile(rf"(p|tm|wm|tc|ts)({_NUMBER})")
_RANGE = re.compile(rf"(TM|WM|TC|TS|PR)\(({_NUMBER}%?)?:({_NUMBER}%?)?\)")


def statistic(name: str) -> Statistic:
    """Return the function of this name; raise ValidationError for a name that AWS has not."""
    if name in SIMPLE:
        return lambda samples: _simple(samples, name)
    if name == "IQM":
        return statistic("TM(25%:75%)")
    short = _PERCENTILE.fullmatch(name)
    if short and float(short[2]) <= 100:
        share = float(short[2]) / 100
        if short[1] == "p":
            return lambda samples: _of(samples, lambda found: percentile(found, share))
        return _ranged(short[1].upper(), low="0%", high=f"{short[2]}%")
    ranged = _RANGE.fullmatch(name)
    if ranged and (ranged[2] or ranged[3]) and _same_kind(ranged[2], ranged[3]):
        return _ranged(ranged[1], low=ranged[2], high=ranged[3])
    text = f"The value {name} for parameter Stat is not a valid statistic."
    raise validation_error(text)


def is_percentile(name: str) -> bool:
    return _PERCENTILE.fullmatch(name) is not None and name.startswith("p")


def percentile(found: Distribution, share: float) -> float:
    """Return the smallest value that at least `share` (0..1) of the samples does not exceed."""
    wanted = share * sum(count for _, count in found)
    passed = 0.0
    for value, count in found:
        passed += count
        # Counts such as 0.1 add up inexactly.
        if passed >= wanted - 1e-9:
            return value
    return found[-1][0]


def _simple(samples: Samples, name: str) -> float | None:
    summary = samples.summary()
    if summary is None or summary.count == 0:
        return None
    return {
        "SampleCount": summary.count,
        "Average": summary.total / summary.count,
        "Sum": summary.total,
        "Minimum": summary.minimum,
        "Maximum": summary.maximum,
    }[name]


def _of(samples: Samples, measure: Callable[[Distribution], float | None]) -> float | None:
    found = samples.distribution()
    if not found or found[0][0] < 0:
        return None
    return measure(found)


def _same_kind(low: str | None, high: str | None) -> bool:
    return not (low and high) or low.endswith("%") == high.endswith("%")


def _ranged(kind: str, *, low: str | None, high: str | None) -> Statistic:
    if "%" not in f"{low}{high}":
        least = float(low) if low else float("-inf")
        most = float(high) if high else float("inf")
        return lambda samples: _of(samples, lambda found: _by_value(kind, found, (least, most)))
    if kind == "PR":
        text = "PR takes values, not percentages."
        raise validation_error(text)
    shares = (
        float(low.rstrip("%")) / 100 if low else 0.0,
        float(high.rstrip("%")) / 100 if high else 1.0,
    )
    return lambda samples: _of(samples, lambda found: _by_share(kind, found, shares))


def _by_value(kind: str, found: Distribution, bounds: tuple[float, float]) -> float | None:
    least, most = bounds
    kept = [(value, count) for value, count in found if least < value <= most]
    if kind == "PR":
        return 100 * _count(kept) / _count(found)
    if kind == "WM":
        clipped = [(min(max(value, least), most), count) for value, count in found]
        return _total(clipped) / _count(clipped)
    return _measured(kind, kept)


def _by_share(kind: str, found: Distribution, shares: tuple[float, float]) -> float | None:
    if kind == "WM":
        least, most = percentile(found, shares[0]), percentile(found, shares[1])
        clipped = [(min(max(value, least), most), count) for value, count in found]
        return _total(clipped) / _count(clipped)
    return _measured(kind, _slice(found, shares))


def _slice(found: Distribution, shares: tuple[float, float]) -> Distribution:
    """Keep what lies between two shares of the samples; a value at the edge counts in part."""
    first, last = (share * _count(found) for share in shares)
    ends = [0.0]
    for _, count in found:
        ends.append(ends[-1] + count)
    kept = [
        (value, min(stop, last) - max(start, first))
        for (value, _), (start, stop) in zip(found, pairwise(ends), strict=True)
    ]
    return [(value, count) for value, count in kept if count > 0]


def _measured(kind: str, kept: Distribution) -> float | None:
    if kind == "TC":
        return _count(kept)
    if kind == "TS":
        return _total(kept)
    return _total(kept) / _count(kept) if kept else None


def _count(found: Distribution) -> float:
    return sum(count for _, count in found)


def _total(found: Distribution) -> float:
    return sum(value * count for value, count in found)

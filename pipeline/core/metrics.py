"""Measured numbers made of samples and of answers.

Percentiles are nearest-rank: the smallest sample that at least that share of all samples does not
exceed. It is always a latency that somebody really waited, and p99 of few samples is their maximum.
"""

import math
from collections.abc import Sequence

from pipeline.core.outcomes import LatencyReport


def percentile(samples: Sequence[float], percent: float) -> float:
    """Nearest-rank percentile (0 < percent <= 100); NaN of no samples at all."""
    if not 0 < percent <= 100:
        message = f"a percentile is above 0 and at most 100, not {percent!r}"
        raise ValueError(message)
    if not samples:
        return math.nan
    rank = math.ceil(len(samples) * percent / 100)
    return sorted(samples)[rank - 1]


def latency_report(
    latencies_ms: Sequence[float], *, request_count: int, duration_s: float
) -> LatencyReport:
    """Sum up a run of requests; `latencies_ms` are those of the successful ones.

    Throughput counts successful requests per second. Without any, latencies are NaN.
    """
    succeeded = len(latencies_ms)
    return LatencyReport(
        request_count=request_count,
        success_rate=succeeded / request_count if request_count else 0.0,
        throughput_rps=succeeded / duration_s if duration_s > 0 else 0.0,
        avg_ms=math.fsum(latencies_ms) / succeeded if succeeded else math.nan,
        p50_ms=percentile(latencies_ms, 50),
        p95_ms=percentile(latencies_ms, 95),
        p99_ms=percentile(latencies_ms, 99),
    )


def share_of_matches(predicted: Sequence[str], labels: Sequence[str]) -> float:
    """Return the share (0..1) of right answers; a missing answer is wrong, none at all is 0."""
    if len(predicted) != len(labels) or not labels:
        return 0.0
    return sum(p == label for p, label in zip(predicted, labels, strict=True)) / len(labels)

"""The reports of SageMaker Model Monitor: Studio and the SDK read baselines and windows by them.

Forms: developer guide, "Statistics", "Constraints" and "Constraint violations" of byoc monitoring
containers. A bin is exact, so there is no sketch; what is said beside the guide's fields is ours.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.core.drift import Check, DriftLimits, DriftVerdict
from pipeline.core.window_counts import (
    Baseline,
    ColumnBaseline,
    ColumnCounts,
    WindowCounts,
    value_of,
)

STATISTICS, CONSTRAINTS = "statistics.json", "constraints.json"
VIOLATIONS = "constraint_violations.json"


def statistics(baseline: Baseline, window: WindowCounts | None = None) -> dict[str, Any]:
    """Describe the rows of a window, without one those of the baseline itself."""
    rows = window.rows if window else baseline.rows
    return {
        "version": 0.0,
        "dataset": {"item_count": rows},
        "features": [_feature(column, counts) for column, counts in _counted(baseline, window)],
    }


def _counted(
    baseline: Baseline, window: WindowCounts | None
) -> Iterator[tuple[ColumnBaseline, ColumnCounts]]:
    for column in baseline.inputs:
        yield column, window.inputs[column.name] if window else column.counts
    for column in baseline.answers:
        yield column, window.answers[column.name] if window else column.counts


def inferred_type(column: ColumnBaseline) -> str:
    """Return the guide's word for what a column holds."""
    if column.kind in ("texts", "dates"):
        return "String"
    if not column.counts.present:
        return "Unknown"
    whole = value_of(column.counts.sum).denominator == 1 and all(
        float(each).is_integer() for each in (*column.values, *column.edges)
    )
    return "Integral" if whole else "Fractional"


def _feature(column: ColumnBaseline, counts: ColumnCounts) -> dict[str, Any]:
    given = counts.present + counts.unreadable
    common = {"num_present": given, "num_missing": counts.missing + counts.absent}
    described = _text_statistics if column.kind in ("texts", "dates") else _number_statistics
    return {
        "name": column.name,
        "inferred_type": inferred_type(column),
        **described(column, counts, common),
    }


def _text_statistics(
    column: ColumnBaseline, counts: ColumnCounts, common: Mapping[str, int]
) -> dict[str, Any]:
    buckets = [
        {"value": name, "count": count}
        for name, count in zip(column.bin_names, counts.bins, strict=True)
    ]
    return {
        "string_statistics": {
            "common": common,
            "distinct_count": float(column.distinct),
            "distribution": {"categorical": {"buckets": buckets}},
        }
    }


def _number_statistics(
    column: ColumnBaseline, counts: ColumnCounts, common: Mapping[str, int]
) -> dict[str, Any]:
    rows = counts.present
    moments: dict[str, float] = {}
    if rows:
        mean = value_of(counts.sum) / rows
        variance = max(value_of(counts.squares) / rows - mean * mean, value_of((0, 0)))
        moments = {
            "mean": float(mean),
            "sum": float(value_of(counts.sum)),
            "std_dev": math.sqrt(variance),
            "min": counts.minimum or 0.0,
            "max": counts.maximum or 0.0,
        }
    return {
        "numerical_statistics": {
            "common": common,
            **moments,
            "distribution": {"kll": {"buckets": _buckets(column, counts)}},
        }
    }


def _buckets(column: ColumnBaseline, counts: ColumnCounts) -> list[dict[str, float]]:
    """Return bins with both ends; the outer ones end where the rows do."""
    if column.kind == "numbers":
        pairs = zip(column.values, counts.bins, strict=False)
        return [{"lower_bound": v, "upper_bound": v, "count": float(n)} for v, n in pairs]  # type: ignore[dict-item]
    lows = [each.minimum for each in (column, counts) if each.minimum is not None]
    highs = [each.maximum for each in (column, counts) if each.maximum is not None]
    ends = [min(lows, default=0.0), *column.edges, max(highs, default=0.0)]
    return [
        {"lower_bound": low, "upper_bound": high, "count": float(count)}
        for low, high, count in zip(ends, ends[1:], counts.bins, strict=False)
    ]


def constraints(baseline: Baseline, limits: DriftLimits) -> dict[str, Any]:
    """Say what later traffic is expected to be."""
    return {
        "version": 0.0,
        "features": [_constraint(column) for column in (*baseline.inputs, *baseline.answers)],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 0.99,
            "domain_content_threshold": 0.99,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": limits.psi_threshold,
                "comparison_method": "Simple",
                "comparison_measure": "PopulationStabilityIndex",
                "minimum_row_count": limits.minimum_row_count,
                "categorical_comparison_threshold": limits.psi_threshold,
                "categorical_drift_method": "LInfinity",
            },
        },
    }


def _constraint(column: ColumnBaseline) -> dict[str, Any]:
    rows = column.counts.rows
    missing = column.counts.missing + column.counts.absent
    kind = inferred_type(column)
    found: dict[str, Any] = {
        "name": column.name,
        "inferred_type": kind,
        "completeness": 1 - missing / rows if rows else 0.0,
    }
    if kind in ("Integral", "Fractional"):
        found["num_constraints"] = {"is_non_negative": (column.counts.minimum or 0.0) >= 0}
    elif column.kind == "texts" and column.known is not None:
        found["string_constraints"] = {"domains": list(column.known)}
    return found


def violations(verdict: DriftVerdict, limits: DriftLimits) -> dict[str, Any]:
    """Name all that a window breaks; the words of a distance are those that tools look for."""
    found: Sequence[tuple[str, Check, str]] = [
        (each.feature_name, each.check, each.description) for each in verdict.violations
    ]
    drifted = [
        (
            column.name,
            Check.DRIFT,
            f"Baseline drift distance: {column.psi or 0.0:.6g} exceeds threshold: "
            f"{max(limits.psi_threshold, column.floor or 0.0):.6g}",
        )
        for column in verdict.columns
        if column.drifted
    ]
    return {
        "violations": [
            {"feature_name": name, "constraint_check_type": check.value, "description": text}
            for name, check, text in (*found, *drifted)
        ]
    }

"""Judges answers by the labels that came later, against the release's own held-out rows.

A share of few rows is compared by its interval, never as a number: 72 right answers of 75 may be
89 or 99 percent. Without labels there is an estimate; it is shown, and decides nothing.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from pipeline.core.intervals import Interval, newcombe, wilson
from pipeline.core.window_counts import Baseline, QualityCounts, WindowCounts, value_of

_ERROR_MARGIN = 0.1
_Z = 1.959963984540054
_LEAST_ERRORS = 30
# API reference, MetricDatum: a value lies between -2**360 and 2**360
_LARGEST = 2**360


@dataclass(frozen=True, kw_only=True)
class QualityLimits:
    """`margin` is how far (0..1) a release may fall below its evaluation.

    Of a regression it is the share by which its mean error may grow.
    """

    margin: float = 0.01
    error_margin: float = _ERROR_MARGIN
    minimum_accuracy: float | None = None


@dataclass(frozen=True, kw_only=True)
class QualityFigures:
    """What is published, as far as it is known: see `by_name`."""

    model_quality: float | None
    label_coverage: float | None
    estimated_quality: float | None

    def by_name(self) -> dict[str, float]:
        named = {
            "ModelQuality": self.model_quality,
            "LabelCoverage": self.label_coverage,
            "EstimatedQuality": self.estimated_quality,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class QualityVerdict:
    """`is_final`: it is judged, and no second time. Else labels are waited for: only how many have
    come is known, and it has neither reasons nor quality.

    `difference` is the window's share of right answers minus the evaluation's; of a regression, by
    which share the mean error has grown. `errors` are a regression's, by the name of the metric.
    """

    rows: int
    labelled: int
    is_final: bool
    degraded: bool
    interval: Interval | None
    difference: Interval | None
    baseline_quality: float | None
    errors: dict[str, float]
    reasons: tuple[str, ...]
    figures: QualityFigures


def judge_quality(
    baseline: Baseline,
    window: WindowCounts,
    counts: QualityCounts | None,
    limits: QualityLimits,
    *,
    is_final: bool,
) -> QualityVerdict:
    """Judge a cohort that was counted with a window; `is_final` when it is its turn."""
    estimated = estimated_quality(baseline, window)
    if counts is None or not counts.labelled or not is_final:
        return _unjudged(counts, estimated, is_final=is_final)
    judged = _errors_judged if baseline.task == "regression" else _answers_judged
    found = judged(baseline, counts, limits)
    return QualityVerdict(
        rows=counts.rows,
        labelled=counts.labelled,
        is_final=True,
        degraded=bool(found.reasons),
        interval=found.interval,
        difference=found.difference,
        baseline_quality=found.before,
        errors=found.errors,
        reasons=found.reasons,
        figures=QualityFigures(
            model_quality=found.quality,
            label_coverage=counts.labelled / counts.rows,
            estimated_quality=estimated,
        ),
    )


def _unjudged(
    counts: QualityCounts | None, estimated: float | None, *, is_final: bool
) -> QualityVerdict:
    rows, labelled = (counts.rows, counts.labelled) if counts else (0, 0)
    figures = QualityFigures(
        model_quality=None,
        label_coverage=labelled / rows if rows else None,
        estimated_quality=estimated,
    )
    return QualityVerdict(
        rows=rows,
        labelled=labelled,
        is_final=is_final,
        degraded=False,
        interval=None,
        difference=None,
        baseline_quality=None,
        errors={},
        reasons=(),
        figures=figures,
    )


@dataclass(frozen=True, kw_only=True)
class _Judged:
    quality: float | None
    before: float | None
    interval: Interval | None
    difference: Interval | None
    errors: dict[str, float]
    reasons: tuple[str, ...]


def _answers_judged(baseline: Baseline, counts: QualityCounts, limits: QualityLimits) -> _Judged:
    right, rows, known = counts.correct, counts.labelled, baseline.quality
    interval = wilson(right, rows)
    difference = newcombe(right, rows, known.correct, known.rows) if known.rows else None
    reasons = []
    if difference is not None and difference.high < -limits.margin:
        text = (
            f"{right / rows:.1%} of {rows} labelled answers are right; it was at least "
            f"{-difference.high:.1%} more in the evaluation, {known.correct} of {known.rows} rows"
        )
        reasons.append(text)
    if limits.minimum_accuracy is not None and interval.high < limits.minimum_accuracy:
        text = (
            f"{right / rows:.1%} of {rows} labelled answers are right, at most "
            f"{interval.high:.1%} of all; drift.minimum_accuracy is {limits.minimum_accuracy:.1%}"
        )
        reasons.append(text)
    return _Judged(
        quality=right / rows,
        before=known.correct / known.rows if known.rows else None,
        interval=interval,
        difference=difference,
        errors={},
        reasons=tuple(reasons),
    )


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Mean size of a regression's errors with its variance, root mean square, R squared."""

    rows: int
    mae: float
    variance: float
    rmse: float
    r2: float | None

    def by_name(self) -> dict[str, float]:
        named = {"mae": self.mae, "rmse": self.rmse, "r2": self.r2}
        return {name: value for name, value in named.items() if value is not None}


def errors_of(sums: dict[str, tuple[int, int]], rows: int) -> Errors:
    """Return the metrics of so many rows from their exact sums."""
    exact = {name: value_of(each) / rows for name, each in sums.items()}
    spread = exact["actual_squared"] - exact["actual"] ** 2
    return Errors(
        rows=rows,
        mae=float(exact["absolute"]),
        variance=max(0.0, float(exact["squared"] - exact["absolute"] ** 2)),
        rmse=math.sqrt(exact["squared"]),
        r2=1 - float(min(exact["squared"] / spread, Fraction(_LARGEST))) if spread > 0 else None,
    )


def _errors_judged(baseline: Baseline, counts: QualityCounts, limits: QualityLimits) -> _Judged:
    now = errors_of(dict(counts.sums), counts.labelled)
    known = baseline.quality
    before = errors_of(dict(known.sums), known.rows) if known.rows else None
    growth = _growth(before, now) if before else None
    reasons = []
    if before and growth and growth.low > limits.error_margin:
        text = (
            f"the mean error of {now.rows} labelled answers is {now.mae:.4g}, in the evaluation "
            f"{before.mae:.4g}: at least {growth.low:.0%} more"
        )
        reasons.append(text)
    return _Judged(
        quality=now.r2,
        before=before.r2 if before else None,
        interval=None,
        difference=growth,
        errors=now.by_name(),
        reasons=tuple(reasons),
    )


def _growth(before: Errors, now: Errors) -> Interval | None:
    """Return by which share the mean error has grown, None where that cannot be told.

    Means of errors are about normal from some thirty rows on (Welch's interval, large samples).
    """
    if min(before.rows, now.rows) < _LEAST_ERRORS or before.mae == 0:
        return None
    half = _Z * math.sqrt(before.variance / before.rows + now.variance / now.rows)
    gap = now.mae - before.mae
    low, high = (_within_limits(each / before.mae) for each in (gap - half, gap + half))
    return Interval(low, high)


def _within_limits(value: float) -> float:
    return max(-float(_LARGEST), min(float(_LARGEST), value))


def estimated_quality(baseline: Baseline, window: WindowCounts) -> float | None:
    """Return the share of right answers that their own certainty lets expect.

    Certainties are calibrated on held-out rows; of a change of what is true they know nothing
    (CBPE: Bialek et al., "Estimating Model Performance Under Covariate Shift", 2024).
    """
    answers = sum(window.on_steps)
    if not answers:
        return None
    pairs = zip(window.on_steps, baseline.quality.certainty, strict=True)
    return math.fsum(count * share for count, share in pairs) / answers

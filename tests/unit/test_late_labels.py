"""Quality by labels that came later: degraded only where the rows say so."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from model.monitoring import baseline as laid
from model.monitoring.baseline import Answers
from pipeline.core.drift import DriftLimits, Finding, judge_drift
from pipeline.core.quality import QualityLimits, QualityVerdict, judge_quality
from pipeline.core.window_counts import WindowCounts
from pipeline.tabular.cells import Spelling
from tests.unit.monitoring_builders import a_baseline, a_label, captured, count_lines, known

RNG = np.random.default_rng(9)


def answers(right: int, rows: int) -> Answers:
    actual = np.arange(rows) % 2
    predicted = np.where(np.arange(rows) < right, actual, 1 - actual)
    return Answers(predicted=predicted, actual=actual)


def judge(
    evaluated: tuple[int, int],
    lived: tuple[int, int],
    *,
    unlabelled: int = 0,
    is_final: bool = True,
    limits: QualityLimits | None = None,
) -> QualityVerdict:
    X = pd.DataFrame({"x": RNG.normal(size=100)})
    baseline = a_baseline(X, answers=answers(*evaluated))
    right, rows = lived
    body = "\n".join(["0.5"] * rows)
    lines = [captured(body, f'{{"predictions": {[1] * rows}}}', callers="all")]
    if unlabelled:
        more = "\n".join(["0.5"] * unlabelled)
        lines.append(captured(more, f'{{"predictions": {[1] * unlabelled}}}', callers="rest"))
    labels = [a_label("all", *([1] * right + [0] * (rows - right)))] if rows else []
    window = count_lines(baseline, lines, labels=labels)
    return judged(baseline, window, limits=limits, is_final=is_final)


def judged(
    baseline: laid.Baseline,
    window: WindowCounts,
    *,
    limits: QualityLimits | None = None,
    is_final: bool = True,
) -> QualityVerdict:
    [counts] = window.quality or (None,)
    return judge_quality(
        known(baseline), window, counts, limits or QualityLimits(), is_final=is_final
    )


@pytest.mark.parametrize(
    ("evaluated", "lived", "degraded"),
    [
        ((72, 75), (72, 75), False),
        ((72, 75), (68, 75), False),
        ((72, 75), (40, 75), True),
        ((9_500, 10_000), (900, 1_000), True),
        ((9_500, 10_000), (945, 1_000), False),
        ((9_500, 10_000), (990, 1_000), False),
    ],
)
def test_degraded_is_what_lies_surely_below_the_evaluation(
    evaluated: tuple[int, int], lived: tuple[int, int], degraded: bool
) -> None:
    verdict = judge(evaluated, lived)
    assert verdict.degraded is degraded
    assert bool(verdict.reasons) is degraded
    assert verdict.figures.model_quality == pytest.approx(lived[0] / lived[1])


def test_a_minimum_counts_where_the_release_was_never_better() -> None:
    limits = QualityLimits(minimum_accuracy=0.9)
    assert judge((80, 100), (160, 200), limits=limits).degraded
    assert not judge((80, 100), (160, 200)).degraded


def test_early_labels_tell_how_many_they_are_and_nothing_else() -> None:
    early = judge((950, 1_000), (50, 100), unlabelled=60, is_final=False)
    assert (early.degraded, early.reasons, early.interval) == (False, (), None)
    assert early.figures.by_name() == {"LabelCoverage": pytest.approx(100 / 160)}
    final = judge((950, 1_000), (50, 100), unlabelled=60)
    assert final.degraded
    assert final.figures.model_quality == 0.5


def test_without_labels_there_is_no_quality_and_no_coverage() -> None:
    verdict = judge((950, 1_000), (0, 0), unlabelled=50)
    assert verdict.figures.by_name() == {"LabelCoverage": 0.0}
    assert not verdict.degraded


def regression(spread: float) -> QualityVerdict:
    rng = np.random.default_rng(1)
    actual = rng.normal(size=400)
    held_out = Answers(predicted=actual + rng.normal(0, 0.1, 400), actual=actual)
    baseline = a_baseline(pd.DataFrame({"x": actual}), task="regression", answers=held_out)
    predicted = (actual + rng.normal(0, spread, 400)).tolist()
    body = "\n".join(map(repr, actual.tolist()))
    line = captured(body, f'{{"predictions": {predicted}}}', callers="all")
    window = count_lines(baseline, [line], labels=[a_label("all", *actual.tolist())])
    return judged(baseline, window)


@pytest.mark.parametrize(("spread", "degraded"), [(0.1, False), (0.3, True), (0.05, False)])
def test_a_regression_is_judged_by_its_mean_error(spread: float, degraded: bool) -> None:
    verdict = regression(spread)
    assert verdict.degraded is degraded
    assert verdict.errors["rmse"] == pytest.approx(spread, rel=0.15)
    assert verdict.figures.model_quality == pytest.approx(1 - spread**2, abs=0.03)


LARGEST = 1.7e308


@pytest.mark.parametrize(
    ("predicted", "actual"),
    [
        (0.0, LARGEST),
        (-LARGEST, LARGEST),
        (1e300, -1e300),
        (1e200, 0.0),
        (1e160, 1e-300),
    ],
)
def test_numbers_whose_squares_are_none_are_bad_answers_and_not_the_end(
    predicted: float, actual: float
) -> None:
    values = np.arange(40.0)
    held_out = Answers(predicted=values + 1e-300, actual=values)
    baseline = a_baseline(pd.DataFrame({"x": values}), task="regression", answers=held_out)
    said, true = [*values.tolist(), predicted], [*values.tolist(), actual]
    line = captured("1\n" * len(said), f'{{"predictions": {said}}}', callers="all")
    window = count_lines(baseline, [line], labels=[a_label("all", *true)])
    verdict = judged(baseline, window)
    figures = [*verdict.errors.values(), verdict.figures.model_quality or 0]
    assert verdict.labelled == 41
    assert all(map(math.isfinite, figures))
    assert verdict.errors["rmse"] > 1e100
    assert abs(verdict.figures.model_quality or 0) <= 2.0**360


def test_a_perfect_regression_whose_next_errors_are_huge_has_grown_by_a_number() -> None:
    values = np.arange(40.0)
    held_out = Answers(predicted=np.full(40, 5e-324), actual=np.zeros(40))
    baseline = a_baseline(pd.DataFrame({"x": values}), task="regression", answers=held_out)
    said = [1e300] * 40
    line = captured("1\n" * 40, f'{{"predictions": {said}}}', callers="all")
    window = count_lines(baseline, [line], labels=[a_label("all", *values)])
    verdict = judged(baseline, window)
    assert verdict.difference is not None
    assert verdict.difference.low <= verdict.difference.high == 2.0**360
    assert verdict.degraded


@pytest.mark.parametrize(("decimal", "labelled"), [(".", 1), (",", 2)])
def test_labels_are_read_as_the_source_spells_them_or_with_a_point(
    decimal: str, labelled: int
) -> None:
    values = np.arange(40.0)
    X, held_out = pd.DataFrame({"x": values}), Answers(predicted=values, actual=values)
    baseline = a_baseline(X, task="regression", answers=held_out)
    request = replace(baseline.request, spelling=Spelling(decimal=decimal))
    line = captured("1\n2", '{"predictions": [2.5, 2.5]}', callers="all")
    labels = [a_label("all", "2.5", "2,5")]
    [quality] = count_lines(replace(baseline, request=request), [line], labels=labels).quality
    assert (quality.labelled, quality.unreadable) == (labelled, 2 - labelled)
    assert quality.sums["absolute"] == (0, 0)


def test_estimated_quality_is_calibrated_on_held_out_rows() -> None:
    rng = np.random.default_rng(2)
    certainty = rng.uniform(0.5, 1, 5_000)
    right = rng.uniform(size=5_000) < certainty - 0.1  # surer than it has reason to be
    held_out = Answers(predicted=right.astype(int), actual=np.ones(5_000, int), certainty=certainty)
    baseline = a_baseline(pd.DataFrame({"x": certainty}), answers=held_out)
    answer = '{"predictions": [1, 1], "probabilities": [[0.3, 0.7], [0.1, 0.9]]}'
    window = count_lines(baseline, [captured("1\n2", answer)])
    verdict = judged(baseline, window)
    assert verdict.figures.estimated_quality == pytest.approx(0.7, abs=0.03)


def test_a_change_of_what_is_true_rings_by_quality_alone() -> None:
    """SEA: x1 + x2 > 8 becomes > 9.5; the old rule is then right in 1 - 0.13125 of the cases."""
    rng = np.random.default_rng(6)
    before, now = (pd.DataFrame(rng.uniform(0, 10, (5_000, 2)), columns=["x1", "x2"]) for _ in "ab")
    said = (before.sum(axis=1) > 8).astype(int).to_numpy()
    baseline = a_baseline(before, answers=Answers(predicted=said, actual=said))
    body = "\n".join(f"{x1!r},{x2!r}" for x1, x2 in now.to_numpy().tolist())
    predicted, true = ((now.sum(axis=1) > limit).astype(int).tolist() for limit in (8, 9.5))
    line = captured(body, f'{{"predictions": {predicted}}}', callers="all")
    window = count_lines(baseline, [line], labels=[a_label("all", *true)])
    drift = judge_drift(known(baseline), window, DriftLimits())
    quality = judged(baseline, window)
    assert drift.finding is Finding.OK
    assert quality.degraded
    assert quality.figures.model_quality == pytest.approx(1 - 0.13125, abs=0.015)

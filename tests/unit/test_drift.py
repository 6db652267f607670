"""Drift and data quality: known answers, and what rings."""

import math
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.drift import (
    Check,
    DriftLimits,
    Finding,
    chi_square_quantile,
    judge_drift,
    noise_floor,
    psi,
)
from tests.unit.monitoring_builders import (
    a_baseline,
    count_frame,
    judged,
    known,
    normal,
)

NORMAL = NormalDist()
YURDAKUL = ((253, 302, 204, 134, 72, 26, 8), (177, 262, 285, 158, 88, 25, 6))
DEEQU = (
    (428, 425, 414, 427, 440, 447, 380, 386, 444, 386),
    (426, 437, 429, 391, 469, 433, 360, 443, 371, 418),
)


def test_a_published_index_is_found_again() -> None:
    baseline, window = YURDAKUL
    assert psi(baseline, window) == pytest.approx(0.0677, abs=5e-4)
    rows = 1 / sum(baseline) + 1 / sum(window)
    assert chi_square_quantile(0.95, 6) * rows == pytest.approx(0.0252, abs=3e-4)


def test_halves_keep_an_empty_bin_from_dividing_by_zero() -> None:
    assert psi((0, 10), (10, 0)) == pytest.approx(2 * (10 / 11) * math.log(21))


@pytest.mark.parametrize(("bins", "expected"), [(10, 0.2377), (20, 0.2447)])
def test_half_a_standard_deviation_is_what_theory_says(bins: int, expected: float) -> None:
    edges = [-math.inf, *(NORMAL.inv_cdf(n / bins) for n in range(1, bins)), math.inf]
    shares = [
        [NormalDist(mean).cdf(high) - NormalDist(mean).cdf(low) for low, high in pairwise(edges)]
        for mean in (0.0, 0.5)
    ]
    counts = [[round(1e9 * share) for share in each] for each in shares]
    assert psi(*counts) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("degrees", "at_999", "at_9999"),
    [(1, 10.8276, 15.1367), (2, 13.8155, 18.4207), (4, 18.4668, 23.5127), (9, 27.8772, 33.7199)],
)
def test_the_quantile_is_the_tables_or_a_little_above(
    degrees: int, at_999: float, at_9999: float
) -> None:
    for probability, true in ((0.999, at_999), (0.9999, at_9999)):
        assert 0.995 < chi_square_quantile(probability, degrees) / true < 1.09


def test_without_drift_the_index_is_as_large_as_its_noise() -> None:
    rng = np.random.default_rng(5)
    baseline = rng.multinomial(10_000, [0.1] * 10, size=2_000)
    window = rng.multinomial(500, [0.1] * 10, size=2_000)
    pairs = zip(baseline.tolist(), window.tolist(), strict=True)
    found = np.array([psi(one, other) for one, other in pairs])
    assert np.quantile(found, 0.95) == pytest.approx(0.0355, abs=0.002)
    floor = noise_floor(baseline[0].tolist(), window[0].tolist(), columns=1)
    assert np.mean(found > floor) <= 0.002


def test_the_largest_gap_is_that_of_the_distribution_functions() -> None:
    rows = np.random.default_rng(1).normal(size=50_000)
    baseline = a_baseline(pd.DataFrame({"x0": rows}))
    (column,) = judged(baseline, pd.DataFrame({"x0": rows + 0.5})).columns
    assert column.distance == pytest.approx(0.1974, abs=0.005)


def test_deequs_index_is_found_again() -> None:
    plain = sum(
        (one - other) * math.log(one / other) / sum(DEEQU[0])
        for one, other in zip(*DEEQU, strict=True)
    )
    assert plain == pytest.approx(0.007406694184, abs=1e-12)
    assert psi(*DEEQU) == pytest.approx(plain, abs=2e-5)


def test_an_outlier_hides_no_shift() -> None:
    baseline = a_baseline(normal(10_000))
    shifted = normal(1_000, seed=1, mean=1.0)
    shifted.iloc[0, 0] = 1e6
    verdict = judged(baseline, shifted)
    assert verdict.finding is Finding.DRIFTED
    assert verdict.figures.data_drift == pytest.approx(0.91, abs=0.12)


@pytest.mark.parametrize("rows", [0, 1, 199])
def test_a_small_window_is_a_result_without_figures(rows: int) -> None:
    verdict = judged(a_baseline(normal(1_000)), normal(rows, mean=5.0))
    assert verdict.finding is Finding.NOT_ENOUGH_ROWS
    assert verdict.figures.by_name() == {"MonitoredRows": rows}


def test_limits_are_the_users() -> None:
    baseline, window = a_baseline(normal(5_000)), normal(2_000, seed=1, mean=0.4)
    assert judged(baseline, window).finding is Finding.OK
    strict = judged(baseline, window, DriftLimits(psi_threshold=0.1, minimum_row_count=50))
    assert strict.drifted == ("x0",)


RNG = np.random.default_rng(11)
KINDS = RNG.choice(["a", "b", "c"], size=2_000)
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(50, 10, size=2_000),
        "kind": KINDS.astype(object),
        "same": np.full(2_000, 7.0),
    }
)


def changed(**columns: Any) -> pd.DataFrame:
    return TABLE.iloc[:1_000].assign(**columns)


@pytest.mark.parametrize(
    ("window", "feature", "check"),
    [
        (changed(size=[None] * 400 + [50.0] * 600), "size", Check.COMPLETENESS),
        (changed(size=[None] * 1_000), "size", Check.COMPLETENESS),
        (changed(size=TABLE["size"][:1_000] * 1_000), "size", Check.DATA_TYPE),
        (changed(size=TABLE["size"][:1_000] / 1_000), "size", Check.DATA_TYPE),
        (changed(size=["much"] * 50 + [50.0] * 950), "size", Check.DATA_TYPE),
        (changed(kind=["d"] * 300 + ["a"] * 700), "kind", Check.CATEGORICAL_VALUES),
        (changed(same=[8.0] * 20 + [7.0] * 980), "same", Check.CATEGORICAL_VALUES),
        (TABLE.iloc[:1_000, :2], "", Check.MISSING_COLUMN),
        (TABLE.iloc[:1_000].assign(more=1.0), "", Check.EXTRA_COLUMN),
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, pd.DataFrame) else "",
)
def test_a_fault_upstream_is_named_as_what_it_is(
    window: pd.DataFrame, feature: str, check: Check
) -> None:
    verdict = judged(a_baseline(TABLE), window)
    assert verdict.finding is Finding.DATA_QUALITY
    assert (feature, check) in {(each.feature_name, each.check) for each in verdict.violations}
    assert feature not in verdict.drifted


def sizes(small: int, large: int) -> np.ndarray:
    """Return so many sizes of about one and of about a thousand, in one order."""
    chance = np.random.default_rng(3)
    both = [chance.normal(mean, mean / 10, rows) for mean, rows in ((1, small), (1_000, large))]
    return np.concatenate(both)


WIDE = np.random.default_rng(4).lognormal(0, 3, 2_000)
# sizes of the baseline and of the window: whether all of them are in another unit
UNITS: dict[str, tuple[np.ndarray, np.ndarray, bool]] = {
    "51 of 100 are small, then 49": (sizes(1020, 980), sizes(490, 510), False),
    "49 of 100 are small, then 51": (sizes(980, 1020), sizes(510, 490), False),
    "three of four are small, then one": (sizes(1500, 500), sizes(240, 760), False),
    "four of five are small, then one": (sizes(1600, 400), sizes(200, 800), False),
    "half of the callers send thousandths": (
        np.full(1_000, 50.0),
        np.repeat([50.0, 50_000.0], [450, 550]),
        False,
    ),
    "the same": (WIDE, WIDE[:1_000], False),
    "feet for metres": (WIDE, WIDE[:1_000] * 3.28, False),
    "percent for shares": (sizes(2_000, 0), sizes(1_000, 0) * 100, True),
    "shares for percent, of few rows": (sizes(0, 2_000), sizes(0, 200) / 100, True),
    "thousands of what differs widely": (WIDE, WIDE[:1_000] * 1_000, True),
    "thousands of what differs widely, of few rows": (WIDE, WIDE[-200:] * 1_000, True),
    "thousands of two sizes": (sizes(1_000, 1_000), sizes(500, 500) * 1_000, True),
    "thousands of what is zero or less too": (
        np.concatenate([-sizes(1_000, 0), np.zeros(1_000)]),
        np.concatenate([-sizes(500, 0), np.zeros(500)]) * 1_000,
        True,
    ),
}


@pytest.mark.parametrize("case", UNITS)
def test_another_unit_moves_all_sizes_alike(case: str) -> None:
    before, now, changed_unit = UNITS[case]
    verdict = judged(a_baseline(pd.DataFrame({"size": before})), pd.DataFrame({"size": now}))
    told = [each.description for each in verdict.violations if each.check is Check.DATA_TYPE]
    assert bool(told) is changed_unit
    assert all("unit has changed" in each for each in told)


@pytest.mark.parametrize("rows", [1, 10])
def test_few_strange_cells_are_no_fault(rows: int) -> None:
    cells = ["much"] * rows + TABLE["size"][: 1_000 - rows].tolist()
    window = changed(size=cells, same=[8.0] * rows + [7.0] * (1_000 - rows))
    assert judged(a_baseline(TABLE), window).finding is Finding.OK


@given(st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 9999)), min_size=2, max_size=12))
def test_the_index_is_never_negative_and_has_no_direction(pairs: list[tuple[int, int]]) -> None:
    one, other = zip(*pairs, strict=True)
    assert psi(one, other) >= 0
    assert psi(one, other) == pytest.approx(psi(other, one))
    assert psi(one, one) == 0


def test_a_window_is_judged_by_its_own_baseline_only() -> None:
    baseline = a_baseline(normal(1_000))
    window = count_frame(baseline, normal(300, seed=2))
    verdict = judge_drift(known(baseline), window, DriftLimits())
    assert [column.name for column in verdict.columns] == ["x0"]
    assert verdict.columns[0].rows == 300
    assert sum(each.share for each in verdict.columns[0].bins) == pytest.approx(1)

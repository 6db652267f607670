"""A model is judged alike by rows that come at once and in parts, and in memory of one part."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from model import plots, spool
from model.judging import Judging
from model.manifest import Manifest
from model.slices import Asked
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import LabelKind
from tests.support.in_parts import stretches

SLICES = [Asked(column="a"), Asked(column="b", bins=(0.0,)), Asked(column="colour")]


def some_rows(rows: int, *, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(seed)
    X = pd.DataFrame(draw.normal(size=(rows, 2)).round(4), columns=["a", "b"])
    return X, X["a"].to_numpy() + draw.normal(size=rows)


def a_manifest(kind: LabelKind) -> Manifest:
    return Manifest(
        target="y",
        label_kind=kind,
        labels=() if kind == "number" else ("no", "yes"),
        columns=(),
        source_columns=(),
        inputs=(),
        spelling=Spelling(),
        training_pipeline="",
        rows=0,
        seed=0,
        data_sha256="",
    )


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PART_ROWS", 64)
    monkeypatch.setattr(spool, "_STEP_ROWS", 8)


def judged(model: Any, X: pd.DataFrame, y: np.ndarray, cuts: list[slice]) -> dict[str, Any]:
    manifest = a_manifest("number" if isinstance(model, LinearRegression) else "text")
    found = Judging(model, manifest, unpacked=Path("/none"), asked=SLICES, keeps_rows=True)
    for cut in cuts:
        found.add(X[cut], y[cut], frame=X[cut].assign(colour=colours(X[cut])))
    assert np.array_equal(found.rows[0], X)
    assert np.array_equal(found.rows[1], y)
    seen = found.measurement()
    parts = {f"{each['column']} {each['value']}": each["rows"] for each in found.slices()}
    measured = {
        f"{each['column']} {each['value']} {name}": value
        for each in found.slices()
        for name, value in each["metrics"].items()
    }
    return {
        "measured": {**seen.measured, **found.likely(), **measured},
        "baseline": seen.baseline,
        "parts": parts,
        "matrix": seen.confusion_matrix,
        "answers": list(found.answers()),
        "drawn": {**found.plots(), "importance": None},
    }


def colours(X: pd.DataFrame) -> list[str | float]:
    return [np.nan if value < 0 else f"c{int(value * 100) % 30}" for value in X["a"]]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_a_model_is_judged_alike_by_rows_at_once_and_in_parts(kind: str, seed: int) -> None:
    X, number = some_rows(300, seed=seed)
    y = number if kind == "numbers" else np.where(number > 0, "yes", "no").astype(object)
    model = (LinearRegression() if kind == "numbers" else LogisticRegression()).fit(X, y)
    at_once = judged(model, X, y, [slice(0, len(X))])
    in_parts = judged(model, X, y, stretches(len(X), seed=seed + 1))
    for name in ("measured", "baseline"):
        assert in_parts[name] == pytest.approx(at_once[name], rel=0, abs=1e-9)
    for name in ("parts", "matrix", "drawn"):
        assert in_parts[name] == at_once[name]
    if kind == "numbers":
        assert in_parts["answers"] == pytest.approx(at_once["answers"], rel=0, abs=1e-9)
    else:
        assert in_parts["answers"] == at_once["answers"]


def test_of_many_rows_a_fixed_sample_is_drawn_in_their_order() -> None:
    X, y = some_rows(5_000, seed=0)
    made = []
    for cuts in (stretches(5_000, seed=3), stretches(5_000, seed=8), [slice(0, 5_000)]):
        sample = plots.Sample(seed=7, most_rows=1_200)
        for cut in cuts:
            sample.add(X[cut], y[cut], y[cut])
        made.append(sample.judged(None, labels=(), seed=7))
    first, *others = made
    assert len(first.y) == 1_200
    assert first.X.index.is_monotonic_increasing
    assert all(np.array_equal(first.y, each.y) for each in others)


def test_memory_holds_no_number_for_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PART_ROWS", 2_000)
    monkeypatch.setattr(spool, "_STEP_ROWS", 64)
    monkeypatch.setattr(plots, "_MOST_CELLS", 4_000)
    X, number = some_rows(2_000, seed=0)
    y = np.where(number > 0, "yes", "no").astype(object)
    model = LogisticRegression().fit(X, y)

    def peak_of(parts: int) -> int:
        tracemalloc.start()
        manifest = a_manifest("text")
        found = Judging(model, manifest, unpacked=Path("/none"), asked=SLICES, keeps_rows=False)
        for seed in range(parts):
            part, number = some_rows(2_000, seed=seed)
            truth = np.where(number > 0, "yes", "no").astype(object)
            found.add(part, truth, frame=part.assign(colour="red"))
        assert found.likely()
        assert found.measurement()
        assert found.slices()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_of(2)  # imports and caches
    few, many = peak_of(10), peak_of(40)
    # One number for each row would be 8 bytes
    assert (many - few) / (30 * 2_000) < 4

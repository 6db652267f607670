"""What competes on which table, how much that may cost, who wins, and what is said about it."""

import math
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from threadpoolctl import threadpool_info

from pipeline.candidates import (
    LEAST_SAMPLE_ROWS,
    SAMPLE_ROWS,
    SAMPLE_WORK,
    Candidate,
    Shape,
    at_work,
    makers,
    sample,
)
from pipeline.training import MOST_ENCODED_COLUMNS, TrainingPipeline, encoded_columns
from tests.support.tables import a_frame

EVERY_FAMILY = ["logistic_regression", "svc", "k_neighbors", "random_forest", "gradient_boosting"]
FOLDS = 5


class Counting(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Says the first class, and keeps the shape of every fit and its threads, of all clones."""

    fits: ClassVar[list[tuple[int, int]]] = []
    threads: ClassVar[set[int]] = set()

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Counting":
        self.classes_ = np.unique(y)
        self.fits.append(X.shape)
        self.threads.update(each["num_threads"] for each in threadpool_info())
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.full(len(X), self.classes_[0])


class CountingPipeline(TrainingPipeline):
    """The default training with as many candidates as ever, which count instead of learning."""

    def candidates(self, shape: Shape) -> list[Candidate]:
        return [Candidate(name=each.name, model=Counting()) for each in super().candidates(shape)]


def a_table(rows: int, columns: int, classes: int = 2) -> pd.DataFrame:
    """Return noise of this shape, the labels in turn."""
    cells = np.random.default_rng(0).normal(size=(rows, columns))
    frame = pd.DataFrame(cells, columns=[f"c{number}" for number in range(columns)])
    return frame.assign(label=np.arange(rows) % classes)


def families(shape: Shape, **hyperparameters: Any) -> list[str]:
    pipeline = TrainingPipeline(target="label", hyperparameters=hyperparameters)
    names = [candidate.name.split(" ")[0] for candidate in pipeline.candidates(shape)]
    return list(dict.fromkeys(names))


@pytest.mark.parametrize(
    ("shape", "left_out"),
    [
        (Shape(rows=40, columns=4, classes=3), {"gradient_boosting"}),
        (Shape(rows=199, columns=4, classes=2), {"gradient_boosting"}),
        (Shape(rows=200, columns=4, classes=2), set()),
        (Shape(rows=5_000, columns=30, classes=20), set()),
        (Shape(rows=5_000, columns=30, classes=21), {"gradient_boosting"}),
        (Shape(rows=5_001, columns=30, classes=2), {"svc", "k_neighbors"}),
        (Shape(rows=1_000_000, columns=2_000, classes=2), {"svc", "k_neighbors"}),
    ],
)
def test_what_a_table_is_too_small_or_too_large_for_does_not_compete(
    shape: Shape, left_out: set[str]
) -> None:
    assert families(shape) == [name for name in EVERY_FAMILY if name not in left_out]


@pytest.mark.parametrize(
    ("rows", "asked", "expected"),
    [
        (40, ["gradient_boosting"], ["gradient_boosting"]),
        (40, "random_forest, svc", ["svc", "random_forest"]),
        (5_001, ["svc", "random_forest"], ["random_forest"]),
    ],
)
def test_the_users_candidates_compete_simplest_first(
    rows: int, asked: Any, expected: list[str]
) -> None:
    assert families(Shape(rows=rows, columns=4, classes=2), candidates=asked) == expected


def test_candidates_that_are_all_too_slow_for_the_table_are_refused() -> None:
    with pytest.raises(ValueError, match=r"names only svc.*5001 rows.*name random_forest"):
        families(Shape(rows=5_001, columns=4, classes=2), candidates=["svc"])


def test_other_settings_of_a_model_are_tried_on_small_tables_only() -> None:
    pipeline = TrainingPipeline(target="label")
    small, large = (
        [each.name for each in pipeline.candidates(Shape(rows=rows, columns=30, classes=2))]
        for rows in (66, 200)
    )
    assert "logistic_regression C=0.1" in small
    assert large == EVERY_FAMILY


SHAPES = [
    (50, 3, 2),
    (300, 10, 4),
    (1_000, 500, 2),
    (400, 2_000, 2),
    (6_000, 100, 30),
    pytest.param(25_000, 200, 5, marks=pytest.mark.soak),
    (50_000, 30, 2),
    pytest.param(200_000, 3, 2, marks=pytest.mark.soak),
]


@pytest.mark.parametrize(("rows", "columns", "classes"), SHAPES)
def test_the_choice_is_bounded_work_and_the_last_fit_has_all_rows(
    rows: int, columns: int, classes: int
) -> None:
    Counting.fits.clear()
    trained = CountingPipeline(target="label").train(a_table(rows, columns, classes))
    *compared, last = Counting.fits
    assert last == (rows, columns)
    candidates = {score.name for score in trained.choice.candidates} if trained.choice else set()
    assert len(compared) == FOLDS * len(candidates) <= FOLDS * 10
    work_of_a_fit = max(SAMPLE_WORK, LEAST_SAMPLE_ROWS * columns * classes)
    for fitted_rows, fitted_columns in compared:
        assert fitted_rows <= SAMPLE_ROWS
        assert fitted_rows * fitted_columns * classes <= work_of_a_fit


def test_columns_of_text_do_not_make_a_table_wide_without_end() -> None:
    texts = {f"t{number}": [f"v{row}" for row in range(60)] for number in range(100)}
    frame = pd.DataFrame(texts)
    pipeline = TrainingPipeline(target="label")
    width = pipeline.preprocessing(frame).fit_transform(frame).shape[1]
    assert width <= encoded_columns(frame) <= MOST_ENCODED_COLUMNS


@pytest.mark.parametrize(
    ("columns", "classes", "seen"),
    [(2_000, 2, 2_000), (2_001, 2, 2_000), (400, 10, 400), (401, 10, 400), (9_999, 20, 200)],
)
def test_boosting_is_given_the_best_columns_of_a_wide_table(
    columns: int, classes: int, seen: int
) -> None:
    pipeline = TrainingPipeline(
        target="label", hyperparameters={"candidates": ["gradient_boosting"]}
    )
    (candidate,) = pipeline.candidates(Shape(rows=500, columns=columns, classes=classes))
    is_selected = hasattr(candidate.model, "steps")
    assert (candidate.model["select"].k if is_selected else columns) == seen


def test_boosting_on_the_best_columns_says_nothing_of_constant_ones() -> None:
    frame = a_table(40, 240).assign(constant=1.0)
    (candidate,) = makers(Shape(rows=40, columns=241, classes=20), seed=0)["gradient_boosting"]()
    with at_work(40 * 241):
        fitted = candidate.model.fit(frame.drop(columns="label"), frame["label"])
    assert fitted["boost"].n_features_in_ == 200


def test_a_small_table_is_trained_on_one_thread() -> None:
    Counting.threads.clear()
    CountingPipeline(target="label").train(a_frame())
    assert Counting.threads == {1}


@given(
    st.lists(st.integers(1, 400), min_size=2, max_size=6), st.integers(1, 300), st.integers(0, 9)
)
def test_a_sample_keeps_the_share_of_every_class(sizes: list[int], rows: int, seed: int) -> None:
    y = np.repeat(np.arange(len(sizes)), sizes)
    chosen = sample(y, rows=rows, least=5, seed=seed)
    assert np.array_equal(chosen, sample(y, rows=rows, least=5, seed=seed))
    assert np.array_equal(chosen, np.unique(chosen))
    if len(y) <= rows:
        assert len(chosen) == len(y)
        return
    for label, size in enumerate(sizes):
        kept = int((y[chosen] == label).sum())
        assert kept == min(size, max(5, size * rows // len(y)))


@pytest.mark.parametrize("asked", [EVERY_FAMILY, EVERY_FAMILY[::-1]])
def test_of_equals_the_simplest_wins(asked: list[str]) -> None:
    frame = a_frame(rows=200)
    frame["x"] = np.where(frame["label"] == "a", -9.0, 9.0)
    frame["y"] = frame["x"]
    trained = TrainingPipeline(
        target="label", hyperparameters={"candidates": asked}, cv_folds=2
    ).train(frame)
    assert trained.choice
    assert {score.accuracy for score in trained.choice.candidates} == {1.0}
    assert trained.choice.model == "logistic_regression C=0.1"


class OneIsHopeless(TrainingPipeline):
    def candidates(self, shape: Shape) -> list[Candidate]:
        hopeless = Candidate(name="hopeless", model=DummyClassifier())
        return [hopeless, *super().candidates(shape)]


def test_a_candidate_that_is_clearly_behind_ends_its_race() -> None:
    pipeline = OneIsHopeless(target="label", hyperparameters={"candidates": "logistic_regression"})
    choice = pipeline.train(a_frame(rows=200)).choice
    assert choice
    folds = {score.name: score.folds for score in choice.candidates}
    assert folds.pop("hopeless") == 1
    assert set(folds.values()) == {FOLDS}


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_same_seed_gives_the_same_winner_and_answers(seed: int) -> None:
    frame = a_table(60, 3).assign(text=["x", "y", "z"] * 20)
    names = {"candidates": ["svc", "random_forest"]}
    pipeline = TrainingPipeline(target="label", hyperparameters=names, seed=seed, cv_folds=2)
    first, second = pipeline.train(frame), pipeline.train(frame)
    assert first.choice == second.choice
    assert np.array_equal(first.model.predict(frame), second.model.predict(frame))


@pytest.mark.parametrize("candidate", EVERY_FAMILY)
def test_a_sample_of_the_same_seed_chooses_the_same(
    candidate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.candidates.SAMPLE_ROWS", 100)
    frame = a_frame(("a", "b", "c"), rows=150)
    pipeline = TrainingPipeline(
        target="label", hyperparameters={"candidates": candidate}, cv_folds=2
    )
    first, second = pipeline.train(frame), pipeline.train(frame)
    assert first.choice
    assert first.choice.rows < len(frame)
    assert first.choice == second.choice
    assert np.array_equal(first.model.predict(frame), second.model.predict(frame))


@pytest.mark.parametrize("seed", range(5))
def test_the_best_of_many_does_not_look_better_than_it_is(seed: int) -> None:
    """Labels that nothing can know: the winner's own score is luck, the reported one is not."""
    frame = a_table(60, 5)
    frame["label"] = np.random.default_rng(seed).permutation(frame["label"])
    names = ["logistic_regression", "svc", "k_neighbors"]
    pipeline = TrainingPipeline(target="label", hyperparameters={"candidates": names}, seed=seed)
    trained = pipeline.train(frame)
    assert trained.choice
    won = next(score for score in trained.choice.candidates if score.name == trained.choice.model)
    best = max(score.accuracy or 0.0 for score in trained.choice.candidates)
    assert won.accuracy is not None
    assert trained.cv_mean <= won.accuracy
    assert math.isclose(won.accuracy, best)


class Copies(TrainingPipeline):
    """Every row five times, as one does with rare classes."""

    def train_local_model(self, X_train: pd.DataFrame, y_train: np.ndarray) -> Any:
        return super().train_local_model(
            pd.concat([X_train] * 5, ignore_index=True), np.tile(y_train, 5)
        )


def test_a_choice_on_other_rows_says_nothing_about_these() -> None:
    frame = a_table(60, 5)
    frame["label"] = np.random.default_rng(0).permutation(frame["label"])
    pipeline = Copies(target="label", hyperparameters={"candidates": "random_forest"}, cv_folds=2)
    trained = pipeline.train(frame)
    assert trained.choice is None
    assert trained.cv_mean < 0.7

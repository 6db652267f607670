"""Scores are scikit-learn's own, on any rows; what rows cannot tell is left out, no crash."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from model import scores
from model.measurement import Classes, Likely, Numbers
from tests.support.in_parts import fed, stretches

SEEDS = range(50)
EXACT: Any = {"rel": 0, "abs": 1e-9}


def a_draw(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def some_probabilities(draw: np.random.Generator, rows: int, classes: int) -> np.ndarray:
    table = draw.dirichlet(np.full(classes, 0.5), size=rows)
    table[draw.random(rows) < 0.1] = np.eye(classes)[0]  # sure of itself, right or not
    return np.asarray(table)


def some_weights(draw: np.random.Generator, rows: int) -> np.ndarray | None:
    weights = draw.random(rows) * (draw.random(rows) > 0.2) + 1e-3
    return np.asarray(weights) if draw.random() < 0.7 else None


@pytest.mark.parametrize("seed", SEEDS)
def test_errors_of_numbers_are_scikit_learns(seed: int) -> None:
    draw = a_draw(seed)
    rows = int(draw.integers(2, 400))
    actual = draw.normal(draw.normal() * 100, 10.0 ** draw.integers(-3, 4), rows)
    predicted = actual + draw.normal(0, 1, rows)
    weights = some_weights(draw, rows)
    errors = fed(scores.Errors(), predicted, actual, weights=weights, seed=seed)
    found = errors.scores()
    assert found == pytest.approx(
        {
            "rmse": sk.mean_squared_error(actual, predicted, sample_weight=weights) ** 0.5,
            "mae": sk.mean_absolute_error(actual, predicted, sample_weight=weights),
            "r2": sk.r2_score(actual, predicted, sample_weight=weights),
        },
        **EXACT,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_of_two_classes_are_scikit_learns(seed: int) -> None:
    draw = a_draw(seed)
    rows = int(draw.integers(2, 400))
    table, weights = some_probabilities(draw, rows, 2), some_weights(draw, rows)
    actual = np.array(["no", "yes"], dtype=object)[draw.integers(0, 2, rows)]
    if seed % 10 == 0:
        actual[:] = "yes"  # the other class is missing here
    y = actual == "yes"
    told = fed(scores.Probabilities(["no", "yes"]), table, actual, weights=weights, seed=seed)
    found = told.scores()
    ranked = fed(scores.Ranking(), table[:, 1], y, weights=weights, seed=seed).scores()
    assert found["log_loss"] == pytest.approx(
        sk.log_loss(actual, table, labels=["no", "yes"], sample_weight=weights), **EXACT
    )
    expected = sk.brier_score_loss(y, table[:, 1], sample_weight=weights)
    assert found["brier_score"] == pytest.approx(expected, **EXACT)
    both: dict[str, Any] = {
        "roc_auc": lambda: sk.roc_auc_score(y, table[:, 1], sample_weight=weights),
        "pr_auc": lambda: sk.average_precision_score(y, table[:, 1], sample_weight=weights),
    }
    areas = {name: float(both[name]()) for name in both if 0 < y.sum() < rows}
    assert ranked == pytest.approx(areas, **EXACT)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_of_many_classes_are_scikit_learns(seed: int) -> None:
    draw = a_draw(seed)
    rows, classes = int(draw.integers(2, 400)), int(draw.integers(3, 9))
    table, weights = some_probabilities(draw, rows, classes), some_weights(draw, rows)
    labels = [f"c{number}" for number in range(classes)]
    present = draw.choice(labels, size=int(draw.integers(1, classes)), replace=False)
    actual = draw.choice(present, size=rows).astype(object)  # some classes are missing
    told = fed(scores.Probabilities(labels), table, actual, weights=weights, seed=seed)
    found = told.scores()
    assert found["log_loss"] == pytest.approx(
        sk.log_loss(actual, table, labels=labels, sample_weight=weights), **EXACT
    )
    assert "brier_score" not in found


@pytest.mark.parametrize("seed", SEEDS)
def test_report_and_matrix_are_scikit_learns(seed: int) -> None:
    draw = a_draw(seed)
    labels = [f"c{number}" for number in range(int(draw.integers(2, 9)))]
    rows = int(draw.integers(1, 400))
    present = draw.choice(labels, size=int(draw.integers(1, len(labels))), replace=False)
    actual = draw.choice(present, size=rows).astype(object)
    predicted = draw.choice(labels, size=rows).astype(object)
    found = fed(Classes(labels), predicted, actual, seed=seed).measurement()
    assert found.measured["accuracy"] == pytest.approx(sk.accuracy_score(actual, predicted))
    assert found.confusion_matrix == (
        sk.confusion_matrix(actual, predicted, labels=labels).tolist()
    )
    f1 = sk.f1_score(actual, predicted, labels=labels, average="weighted", zero_division=0)
    assert found.classification_report["weighted avg"]["f1-score"] == pytest.approx(f1, **EXACT)
    counts = np.unique(actual, return_counts=True)[1]
    assert found.baseline == {"accuracy": counts.max() / rows}


def test_a_label_that_training_never_saw_has_no_probability() -> None:
    table = np.array([[0.6, 0.4], [0.5, 0.5]])
    found = fed(scores.Probabilities(["a", "b"]), table, np.array(["a", "new"], object)).scores()
    assert found["log_loss"] > 10
    assert "brier_score" not in found


@pytest.mark.parametrize(
    ("table", "actual", "error"),
    [
        ([[0.9, 0.1]] * 10, [0] * 9 + [1], 0.0),
        ([[0.9, 0.1]] * 10, [0] * 10, 0.1),
        ([[0.9, 0.1]] * 10, [1] * 10, 0.9),
        ([[0.9, 0.1]] * 5 + [[0.3, 0.7]] * 5, [0] * 5 + [1] * 5, 0.2),
        ([[1.0, 0.0]] * 4, [0] * 4, 0.0),
    ],
)
def test_the_calibration_error_is_by_how_much_a_model_is_too_sure(
    table: list[list[float]], actual: list[int], error: float
) -> None:
    found = fed(scores.Probabilities([0, 1]), np.array(table), np.array(actual)).scores()
    assert found["expected_calibration_error"] == pytest.approx(error, abs=1e-12)


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_a_calibration_error_is_a_share(rows: int, seed: int) -> None:
    draw = a_draw(seed)
    table = some_probabilities(draw, rows, 3)
    found = fed(scores.Probabilities([0, 1, 2]), table, draw.integers(0, 3, rows)).scores()
    assert 0 <= found["expected_calibration_error"] <= 1


def test_rows_of_one_number_have_no_r2() -> None:
    errors = fed(scores.Errors(), np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    assert errors.scores() == {"rmse": 1, "mae": 1}


def test_the_mean_as_every_answer_is_the_baseline_of_numbers() -> None:
    found = fed(Numbers(), np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0])).measurement()
    assert (found.kind, found.labels, found.confusion_matrix) == ("regression", (), [])
    assert found.baseline == pytest.approx({"rmse": (2 / 3) ** 0.5, "mae": 2 / 3, "r2": 0.0})


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_no_finite_number_is_no_prediction(number: float) -> None:
    with pytest.raises(ValueError, match="no finite number for 1 rows"):
        fed(Numbers(), np.array([number, 1.0]), np.array([0.0, 1.0])).measurement()


X = np.array([[0.0], [1.0], [2.0], [3.0]] * 5)
TWO = np.array(["a", "a", "b", "b"] * 5, dtype=object)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (
            LogisticRegression().fit(X, TWO),
            {"log_loss", "expected_calibration_error", "brier_score", "roc_auc", "pr_auc"},
        ),
        (SVC().fit(X, TWO), {"roc_auc", "pr_auc"}),
        (object(), set()),
    ],
)
def test_a_model_tells_what_it_can(model: Any, names: set[str]) -> None:
    likely = Likely(model, labels=["a", "b"])
    for part in stretches(len(X)):
        given_probabilities = getattr(model, "predict_proba", lambda _: None)(X[part])
        likely.add(X[part], TWO[part], given_probabilities)
    assert likely.told().keys() == names

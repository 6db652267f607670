"""Curves are scikit-learn's own, by probabilities or by a decision function."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from model import plots
from model.plots import Judged
from tests.support.judged import frame, named

NO_SHARES = (
    "The model has no predict_proba: it claims no probability that could come true. "
    "Its curves go by its decision_function."
)
_LOADS = {"iris": load_iris, "breast cancer": load_breast_cancer, "digits": load_digits}


def judged(model: Any, table: str) -> Judged:
    """Train on every third row; judge on the others."""
    loaded = _LOADS[table]()
    X, y = frame(loaded)
    y = named(y, loaded.target_names)
    is_learnt = np.arange(len(y)) % 3 == 0
    model.fit(X[is_learnt], y[is_learnt])
    rest = X[~is_learnt]
    return Judged(
        model=model,
        X=rest,
        y=y[~is_learnt],
        predicted=np.asarray(model.predict(rest)),
        labels=tuple(model.classes_),
        seed=0,
    )


def without_importance(made: Judged) -> plots.Document:
    """Return the document; the importance takes its time and is no matter here."""
    clock = iter(range(0, 10**9, 1000))
    document = plots.describe(made, clock=lambda: float(next(clock)))
    json.dumps(document, allow_nan=False)
    return document


def areas(made: Judged, document: plots.Document, name: str) -> tuple[list[float], list[float]]:
    """Return each class's area: that of the document, and scikit-learn's."""
    scored = roc_auc_score if name == "roc" else average_precision_score
    asked = "predict_proba" if hasattr(made.model, "predict_proba") else "decision_function"
    table = np.asarray(getattr(made.model, asked)(made.X))
    places = {str(label): place for place, label in enumerate(made.labels)}
    ours, theirs = [], []
    for curve in document[name]:
        label = curve["label"]
        column = table if table.ndim == 1 else table[:, places[label]]
        ours.append(curve["area"])
        theirs.append(float(scored(made.y == label, column)))
    return ours, theirs


@pytest.mark.parametrize("table", sorted(_LOADS))
@pytest.mark.parametrize(
    "model",
    [SVC(), LinearSVC(), RidgeClassifier(), LogisticRegression(max_iter=50)],
    ids=lambda model: type(model).__name__,
)
def test_areas_are_scikit_learns_for_each_class(model: Any, table: str) -> None:
    made = judged(make_pipeline(StandardScaler(), model), table)
    document = without_importance(made)
    classes = len(made.labels)
    for name in ("roc", "precision_recall"):
        ours, theirs = areas(made, document, name)
        assert len(ours) == (1 if classes == 2 else classes)
        assert ours == pytest.approx(theirs, abs=1e-12)
        assert ours == sorted(ours)


def test_a_model_without_probabilities_has_curves_and_no_calibration() -> None:
    document = without_importance(judged(make_pipeline(StandardScaler(), SVC()), "iris"))
    assert document["roc"]
    assert document["precision_recall"]
    assert "calibration" not in document
    assert document["notes"] == {"calibration": NO_SHARES}


@pytest.mark.parametrize("table", ["breast cancer", "iris"])
def test_a_model_of_probabilities_has_all(table: str) -> None:
    made = judged(make_pipeline(StandardScaler(), LogisticRegression()), table)
    document = without_importance(made)
    assert document["notes"] == {}
    assert sum(each["rows"] for each in document["calibration"]) == len(made.y)
    assert document["calibration_of"] == (made.labels[1] if len(made.labels) == 2 else None)


class Odd(SVC):  # type: ignore[misc]
    """Its decision function has the shape of another number of classes."""

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        return np.zeros((len(X), 2))


class LabelsAlone(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """It names the first class, and says nothing of how sure it is."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> "LabelsAlone":
        del X
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.repeat(self.classes_[:1], len(X))


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (LabelsAlone(), "The model has neither predict_proba nor decision_function."),
        (
            make_pipeline(StandardScaler(), SVC(decision_function_shape="ovo")),
            "Its decision_function has a value for each pair of classes, not for each class.",
        ),
        (Odd(), "decision_function returned the shape (100, 2) for 3 classes."),
    ],
    ids=["labels alone", "a value for each pair", "another shape"],
)
def test_what_cannot_be_drawn_is_named_and_nothing_is_made_up(model: Any, why: str) -> None:
    document = without_importance(judged(model, "iris"))
    assert "roc" not in document
    assert document["notes"] == {"curves": why, "calibration": why}

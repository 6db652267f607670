"""One look at the rows for label and probabilities, and the same answers as with two."""

import json
import warnings
from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
from sklearn.utils import all_estimators

from model.inference import Served, names_the_likeliest, transform_fn
from model.manifest import Manifest
from model.payload import JSON, frame_for, read_payload
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column


class Cautious(RandomForestClassifier):  # type: ignore[misc]
    """A forest of somebody's own."""

    def predict(self, X: Any) -> Any:
        return np.where(self.predict_proba(X)[:, 0] > 0.1, self.classes_[0], self.classes_[-1])


class Sharpened(DecisionTreeClassifier):  # type: ignore[misc]
    """A tree whose probabilities are not what its labels come from."""

    def predict_proba(self, X: Any) -> Any:
        return np.flip(super().predict_proba(X), axis=1)


class Nothing(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Names a class that its probabilities do not."""

    def fit(self, X: Any, y: Any) -> "Nothing":
        del X
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.classes_[-1])

    def predict_proba(self, X: Any) -> Any:
        return np.tile(np.eye(len(self.classes_))[0], (len(X), 1))


class Counting(DecisionTreeClassifier):  # type: ignore[misc]
    asked = 0

    def predict_proba(self, X: Any) -> Any:
        Counting.asked += 1
        return super().predict_proba(X)


FOREST = RandomForestClassifier(n_estimators=4, max_depth=2, random_state=0)
SEARCH: Callable[..., Any] = GridSearchCV
LIKELIEST = {
    "bagging": BaggingClassifier(n_estimators=3, random_state=0),
    "calibrated": CalibratedClassifierCV(SVC(), ensemble=False),
    "extra_tree": ExtraTreeClassifier(max_depth=2, random_state=0),
    "extra_trees": ExtraTreesClassifier(n_estimators=4, max_depth=2, random_state=0),
    "forest": FOREST,
    "neighbours": KNeighborsClassifier(n_neighbors=4),
    "neighbours_brute": KNeighborsClassifier(n_neighbors=4, algorithm="brute"),
    "pipeline": make_pipeline(StandardScaler(), FOREST),
    "propagation": LabelPropagation(),
    "search": SEARCH(make_pipeline(StandardScaler(), FOREST), {}, cv=2),
    "spreading": LabelSpreading(),
    "tree": DecisionTreeClassifier(max_depth=2, random_state=0),
    "voting": VotingClassifier([("a", FOREST), ("b", GaussianNB())], voting="soft"),
}
ASKED = {
    "cautious": Cautious(n_estimators=4, random_state=0),
    "custom": Nothing(),
    "linear": make_pipeline(StandardScaler(), LogisticRegression()),
    "pipeline_of_svc": make_pipeline(StandardScaler(), SVC(probability=True, random_state=0)),
    "sharpened": Sharpened(max_depth=2, random_state=0),
    "stacking": StackingClassifier([("a", GaussianNB())], FOREST),
    "svc": SVC(probability=True, random_state=0),
    "weighted_neighbours": KNeighborsClassifier(weights="distance"),
}
# A threshold needs two classes.
THRESHOLD = FixedThresholdClassifier(FOREST, threshold=0.9, response_method="predict_proba")
COLUMNS = tuple(Column(name=name, kind="numeric") for name in ("length", "width"))
# These need other data than rows of numbers, or another estimator.
NOT_ALONE = {
    "ClassifierChain",
    "FixedThresholdClassifier",
    "MultiOutputClassifier",
    "OneVsOneClassifier",
    "OneVsRestClassifier",
    "OutputCodeClassifier",
    "SelfTrainingClassifier",
    "StackingClassifier",
    "TunedThresholdClassifierCV",
    "VotingClassifier",
}
SHIPPED = {name: cls for name, cls in all_estimators("classifier") if name not in NOT_ALONE}


def rounded_iris(classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows so coarse that many probabilities are equal, and texts as labels."""
    rows, kinds = load_iris(return_X_y=True)
    few = kinds < classes
    names = np.array(["setosa", "versicolor", "virginica"])
    return np.round(rows[few, :2]), names[kinds[few]]


def fitted(model: Any, *, classes: int = 3) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old ways, and too few iterations
        return clone(model).fit(*rounded_iris(classes))


def answer(model: Any, rows: np.ndarray) -> dict[str, Any]:
    manifest = Manifest(
        target="species",
        label_kind="text",
        labels=("setosa", "versicolor", "virginica"),
        columns=COLUMNS,
        source_columns=COLUMNS,
        inputs=tuple(each.name for each in COLUMNS),
        spelling=Spelling(),
        training_pipeline="none",
        rows=1,
        seed=0,
        data_sha256="0" * 64,
    )
    served = Served(model=model, manifest=manifest)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the column names that a table brings
        answered = transform_fn(served, json.dumps(rows.tolist()), JSON, JSON)
    assert isinstance(answered, tuple), answered
    document: dict[str, Any] = json.loads(answered[0])
    return document


def assert_answers_as_both_functions_do(model: Any, rows: np.ndarray) -> None:
    found = answer(model, rows)
    payload = read_payload(json.dumps(rows.tolist()), JSON)
    frame = frame_for(payload, columns=COLUMNS, spelling=Spelling())  # another one rounds otherwise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the column names that a table brings
        assert found["predictions"] == model.predict(frame).tolist()
        if hasattr(model, "predict_proba"):
            assert found["labels"] == model.classes_.tolist()
            assert found["probabilities"] == model.predict_proba(frame).tolist()


@pytest.mark.parametrize("name", LIKELIEST)
def test_these_name_the_likeliest(name: str) -> None:
    model = fitted(LIKELIEST[name])
    assert names_the_likeliest(model)
    assert_answers_as_both_functions_do(model, rounded_iris(3)[0])


@pytest.mark.parametrize("name", ASKED)
def test_these_are_asked_for_their_label(name: str) -> None:
    model = fitted(ASKED[name])
    assert not names_the_likeliest(model)
    assert_answers_as_both_functions_do(model, rounded_iris(3)[0])


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", SHIPPED)
def test_every_classifier_of_scikit_learn_answers_as_its_two_functions_do(
    name: str, classes: int
) -> None:
    known = signature(SHIPPED[name]).parameters
    seeded = {"random_state": 0} if "random_state" in known else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = SHIPPED[name](**seeded)
    assert_answers_as_both_functions_do(fitted(model, classes=classes), rounded_iris(classes)[0])


def test_a_threshold_is_kept() -> None:
    model = fitted(THRESHOLD, classes=2)
    assert not names_the_likeliest(model)
    rows, _ = rounded_iris(2)
    assert_answers_as_both_functions_do(model, rows)
    found = answer(model, rows)
    likeliest = [found["labels"][int(np.argmax(each))] for each in found["probabilities"]]
    assert found["predictions"] != likeliest


def test_several_outputs_are_left_to_the_model() -> None:
    rows, labels = rounded_iris(3)
    model = clone(FOREST).fit(rows, np.column_stack([labels, labels]))
    assert not names_the_likeliest(model)


def test_what_somebody_put_in_place_of_predict_is_called() -> None:
    model = fitted(FOREST)
    model.predict = lambda rows: np.full(len(rows), "mine")
    assert not names_the_likeliest(model)
    rows, _ = rounded_iris(3)
    assert set(answer(model, rows)["predictions"]) == {"mine"}


def test_a_request_is_computed_once() -> None:
    model = fitted(BaggingClassifier(Counting(max_depth=2), n_estimators=1, n_jobs=None))
    Counting.asked = 0
    answer(model, rounded_iris(3)[0])
    assert Counting.asked == 1


GRID = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), min_size=6, max_size=24
)


@pytest.mark.parametrize("name", ["forest", "neighbours", "neighbours_brute", "tree"])
@given(grid=GRID)
def test_equal_shares_go_to_the_same_label(name: str, grid: list[tuple[int, int, int]]) -> None:
    table = np.array(grid, dtype=float)
    rows, labels = table[:, :2], table[:, 2].astype(int)
    model = clone(LIKELIEST[name]).fit(rows, labels)
    assert names_the_likeliest(model)
    assert_answers_as_both_functions_do(model, rows)

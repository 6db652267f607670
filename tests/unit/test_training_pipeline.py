"""The class a user subclasses: defaults, determinism, cross-validation, refusals."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.training import Trained, TrainingPipeline
from tests.support.tables import a_frame

FAST = {"candidates": "logistic_regression"}


def trained(frame: pd.DataFrame, **settings: Any) -> Trained:
    return TrainingPipeline(target="label", hyperparameters=FAST, **settings).train(frame)


class Majority:
    """A model scikit-learn knows nothing about."""

    def fit(self, y: np.ndarray) -> "Majority":
        labels, counts = np.unique(y, return_counts=True)
        self.answer = labels[counts.argmax()]
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.full(len(X), self.answer, dtype=object)


class MajorityPipeline(TrainingPipeline):
    def train_local_model(self, X_train: pd.DataFrame, y_train: np.ndarray) -> Majority:
        assert len(X_train) == len(y_train)
        return Majority().fit(y_train)


def test_separable_classes_are_learned() -> None:
    assert trained(a_frame()).cv_mean > 0.95


def test_same_seed_and_rows_give_the_same_model() -> None:
    pipeline = TrainingPipeline(target="label", hyperparameters={"candidates": ["random_forest"]})
    frame = a_frame(("a", "b", "c"))
    X, y = pipeline.prepared(frame)
    first, second = (pipeline.train_local_model(X, y) for _ in range(2))
    assert np.array_equal(first.predict_proba(X), second.predict_proba(X))


@pytest.mark.parametrize("labels", [("no", "yes"), (0, 1), (True, False)])
def test_labels_come_back_as_they_went_in(labels: tuple[object, ...]) -> None:
    frame = a_frame(labels)
    model = trained(frame).model
    assert set(model.predict(frame[["x", "y"]]).tolist()) == set(labels)


def test_missing_numbers_and_unknown_categories_are_no_obstacle() -> None:
    frame = a_frame()
    frame["colour"] = pd.Series(["red", np.nan] * 20, dtype=object)
    frame.loc[3, "x"] = np.nan
    model = trained(frame).model
    request = pd.DataFrame({"x": [np.nan], "y": [0.0], "colour": pd.Series(["never seen"])})
    assert model.predict(request)[0] in {"a", "b"}


def test_a_column_without_any_value_is_no_obstacle() -> None:
    frame = a_frame().assign(empty=pd.Series([np.nan] * 40, dtype=object), gap=np.nan)
    assert trained(frame).cv_mean > 0.9


def test_a_model_unknown_to_scikit_learn_is_refitted_by_its_own_pipeline() -> None:
    result = MajorityPipeline(target="label").train(a_frame(("a", "b", "b", "b")))
    assert result.fold_scores == (0.75,) * 5


def test_folds_shrink_to_the_smallest_class() -> None:
    frame = pd.concat([a_frame(rows=40), a_frame(("c",), rows=3)], ignore_index=True)
    assert len(trained(frame).fold_scores) == 3


def test_a_class_with_one_row_is_refused_by_name() -> None:
    frame = pd.concat([a_frame(), a_frame(("lonely",), rows=1)], ignore_index=True)
    with pytest.raises(ValueError, match="'lonely' has 1 of 41 rows"):
        trained(frame)


def test_unknown_hyperparameters_of_the_default_training_are_refused() -> None:
    pipeline = TrainingPipeline(target="label", hyperparameters={"n_estimators": 5})
    with pytest.raises(ValueError, match="does not know the hyperparameters n_estimators"):
        pipeline.train(a_frame())


def test_unknown_candidate_is_refused_with_the_choice() -> None:
    pipeline = TrainingPipeline(target="label", hyperparameters={"candidates": "xgboost"})
    with pytest.raises(ValueError, match=r"\['xgboost'\]; choose from logistic_regression"):
        pipeline.train(a_frame())


def test_a_model_that_cannot_predict_is_refused() -> None:
    class Forgetful(TrainingPipeline):
        def train_local_model(self, X_train: pd.DataFrame, y_train: np.ndarray) -> Any:
            del X_train, y_train

    with pytest.raises(TypeError, match=r"returned NoneType, which has no predict\(\)"):
        Forgetful(target="label").train(a_frame())


@pytest.mark.parametrize(
    ("X", "y", "error"),
    [
        (np.zeros((3, 2)), np.zeros(3), "must return a DataFrame"),
        (pd.DataFrame({"x": [1, 2, 3]}), np.zeros(2), r"3 rows but labels of shape \(2,\)"),
    ],
)
def test_prepared_data_that_does_not_fit_is_refused(X: Any, y: Any, error: str) -> None:
    class Odd(TrainingPipeline):
        def prepare_data(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
            del frame
            return X, y

    with pytest.raises((TypeError, ValueError), match=error):
        Odd(target="label").train(a_frame())


def test_evaluation_is_the_share_of_right_answers() -> None:
    pipeline = MajorityPipeline(target="label")
    X, y = pipeline.prepared(a_frame(("a", "b", "b", "b")))
    assert pipeline.evaluate_model(Majority().fit(y), X, y) == {"accuracy": 0.75}


@pytest.mark.parametrize(
    "candidate", ["logistic_regression", "svc", "k_neighbors", "random_forest", "gradient_boosting"]
)
def test_a_default_model_keeps_arrays_and_no_tables(candidate: str) -> None:
    pipeline = TrainingPipeline(target="label", hyperparameters={"candidates": candidate})
    frame = a_frame().assign(colour=pd.Series(["red", "blue"] * 20, dtype=object))
    assert b"pandas" not in pickle.dumps(pipeline.train(frame).model)

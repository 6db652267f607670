"""The default training of a number: other models, the same race, R2 in the place of shares."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from model.train import choice_of, report
from pipeline.candidates import Shape
from pipeline.regressors import suitable
from pipeline.training import Trained, TrainingPipeline
from tests.unit.test_model_judging import a_manifest


def a_frame(rows: int = 120, *, noise: float = 0.5, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    numbers = draw.normal(size=(rows, 3))
    kind = draw.choice(["plain", "fine"], rows)
    y = 1e4 + 300 * numbers[:, 0] - 200 * numbers[:, 1] + 150 * (kind == "fine")
    frame = pd.DataFrame(numbers, columns=["a", "b", "c"]).assign(kind=kind)
    return frame.assign(price=y + noise * 100 * draw.normal(size=rows))


def trained(frame: pd.DataFrame, cls: type = TrainingPipeline, **settings: Any) -> Trained:
    pipeline = cls(target="price", **settings)
    pipeline.regression = True
    result: Trained = pipeline.train(frame)
    return result


def test_a_number_is_learned_and_predicted() -> None:
    result = trained(a_frame())
    assert result.metric == "r2"
    assert result.cv_mean > 0.8
    fresh = a_frame(seed=1)
    predicted = result.model.predict(fresh.drop(columns="price"))
    assert r2_score(fresh["price"], predicted) > 0.8


def test_the_choice_tells_r2_of_each_family_best_first() -> None:
    choice = trained(a_frame()).choice
    assert choice
    assert choice.candidates[0].name == choice.model
    assert all(score.accuracy is None for score in choice.candidates)
    in_all = [score.r2 or 0.0 for score in choice.candidates if score.folds == 5]
    assert in_all == sorted(in_all, reverse=True)
    families = {score.name.partition(" ")[0] for score in choice.candidates}
    assert families == {"ridge", "svr", "k_neighbors", "random_forest"}


def test_the_same_rows_and_seed_give_the_same_model() -> None:
    first, again = trained(a_frame(), seed=4), trained(a_frame(), seed=4)
    X = a_frame(seed=2).drop(columns="price")
    assert (first.model.predict(X) == again.model.predict(X)).all()
    assert first.fold_scores == again.fold_scores


@pytest.mark.parametrize("seed", range(3))
def test_numbers_that_nothing_can_know_are_not_told_to_be_known(seed: int) -> None:
    frame = a_frame(80)
    frame["price"] = np.random.default_rng(seed).permutation(frame["price"])
    assert trained(frame).cv_mean < 0.1


@pytest.mark.parametrize(
    ("rows", "families"),
    [
        (100, ("ridge", "svr", "k_neighbors", "random_forest")),
        (1_000, ("ridge", "svr", "k_neighbors", "random_forest", "gradient_boosting")),
        (50_000, ("ridge", "random_forest", "gradient_boosting")),
    ],
)
def test_what_competes_follows_from_the_rows(rows: int, families: tuple[str, ...]) -> None:
    assert suitable(Shape(rows=rows, columns=5, classes=1)) == families


class Always(TrainingPipeline):
    """A model that is no estimator of scikit-learn's."""

    def train_local_model(self, X_train: pd.DataFrame, y_train: np.ndarray) -> Any:
        del X_train

        class Mean:
            def predict(self, X: pd.DataFrame) -> np.ndarray:
                return np.full(len(X), y_train.mean())

        return Mean()


def test_a_model_of_the_users_own_is_cross_validated_by_r2() -> None:
    result = trained(a_frame(), Always)
    assert result.choice is None
    assert len(result.fold_scores) == 5
    assert -0.5 < result.cv_mean <= 0


class Worded(TrainingPipeline):
    def prepare_data(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
        X, y = super().prepare_data(frame)
        return X, np.where(y > 1e4, "dear", "cheap")


def test_words_in_the_place_of_numbers_are_refused() -> None:
    with pytest.raises(TypeError, match="The target is a number, but prepare_data returned"):
        trained(a_frame(), Worded)


@pytest.mark.parametrize(("rows", "folds"), [(4, 2), (7, 3), (40, 5)])
def test_few_rows_make_few_folds(rows: int, folds: int) -> None:
    names = {"candidates": "ridge"}
    assert len(trained(a_frame(rows), hyperparameters=names).fold_scores) == folds


def test_three_rows_are_too_few() -> None:
    with pytest.raises(ValueError, match="needs four rows; there are 3"):
        trained(a_frame(3))


def test_a_decision_threshold_is_for_two_classes() -> None:
    with pytest.raises(ValueError, match="decision_threshold is for two classes"):
        trained(a_frame(), hyperparameters={"decision_threshold": 0.3})


def test_the_scores_of_the_candidates_are_those_before_the_threshold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = a_frame(200, noise=8).assign(dear=lambda each: np.where(each["price"] > 1e4, "y", "n"))
    frame = frame.drop(columns="price")
    given = {"candidates": "logistic_regression,random_forest"}
    plain, low = (
        TrainingPipeline(target="dear", hyperparameters={**given, **more}).train(frame)
        for more in ({}, {"decision_threshold": 0.05})
    )
    assert plain.choice
    assert low.choice == plain.choice
    assert low.cv_mean < plain.cv_mean
    for each, is_said in ((plain, False), (low, True)):
        report(each, replace(a_manifest("text"), choice=choice_of(each)), tmp_path)
        assert ("before the threshold" in capsys.readouterr().out) == is_said


def test_a_lower_threshold_finds_more_of_the_positive_class() -> None:
    frame = a_frame(200, noise=8).assign(dear=lambda each: np.where(each["price"] > 1e4, "y", "n"))
    frame = frame.drop(columns="price")
    X = frame.drop(columns="dear")
    found, scores = {}, {}
    for threshold in (0.1, 0.5, 0.9):
        given = {"decision_threshold": threshold, "positive_class": "y"}
        done = TrainingPipeline(target="dear", hyperparameters=given).train(frame)
        model, scores[threshold] = done.model, done.cv_mean
        found[threshold] = int((model.predict(X) == "y").sum())
        chosen = model.predict_proba(X)[:, list(model.classes_).index("y")] >= threshold
        assert ((model.predict(X) == "y") == chosen).all()
    assert found[0.1] > found[0.5] > found[0.9]
    assert scores[0.5] > max(scores[0.1], scores[0.9])

"""The classes a user subclasses: to train a model of their own, and to choose what it learns.

This file, candidates.py and regressors.py travel into SageMaker's containers, where nothing else of
the runner exists. They import numpy, pandas, scikit-learn and the standard library only, and they
know nothing about any data set.
Override `prepare_data`, `train_local_model` or `evaluate_model`; each may call `super()`.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import FixedThresholdClassifier, KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pipeline import candidates, regressors
from pipeline.candidates import Candidate, Choice, Shape, affordable, at_work, race, sample

logger = logging.getLogger(__name__)

_HYPERPARAMETERS = frozenset({"candidates", "decision_threshold", "positive_class"})
# A column of free text must not become thousands of indicator columns
MOST_CATEGORIES = 50
# ... nor may many columns of text together
MOST_ENCODED_COLUMNS = 1_000


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A fitted model, the columns it was given, and what cross-validation says about it.

    `fold_scores` are shares of right answers, or R2 where `metric` says so. `choice` is how the
    default training came to its model, None for a model of another make.
    """

    model: Any
    X: pd.DataFrame
    y: np.ndarray
    fold_scores: tuple[float, ...]
    choice: Choice | None = None
    metric: str = "accuracy"

    @property
    def cv_mean(self) -> float:
        return float(np.mean(self.fold_scores))

    @property
    def cv_std(self) -> float:
        return float(np.std(self.fold_scores))


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """A choice with the model that came of it and the very objects it was made on."""

    model: Any
    X: pd.DataFrame
    y: np.ndarray
    choice: Choice


def is_numeric(column: pd.Series) -> bool:
    """Whether the model treats this column as a number; everything else is a category."""
    return bool(pd.api.types.is_numeric_dtype(column))


def most_categories(columns: int) -> int:
    """Return how many indicator columns each of so many columns of text may become."""
    return max(2, min(MOST_CATEGORIES, MOST_ENCODED_COLUMNS // max(1, columns)))


def encoded_columns(X: pd.DataFrame) -> int:
    """Return how many columns the models see at most, after the default preprocessing."""
    texts = [name for name in X.columns if not is_numeric(X[name])]
    most = most_categories(len(texts))
    return (
        len(X.columns) - len(texts) + sum(min(int(X[name].nunique()) + 1, most) for name in texts)
    )


class MergeRule:
    """How answered rows become rows to learn from, once their labels have come.

    A subclass is named by `retraining.merge_class` and runs in the job that counts a window.
    """

    def copies(self, rows: pd.DataFrame) -> Sequence[int]:
        """Return how often each row is learnt: 0 leaves it out, 2 gives it twice the weight.

        `rows` has the columns of a request and the target, all cells as text, a blank one for what
        is missing. It is a part of a cohort, of any size: decide row by row.
        """
        return [1] * len(rows)


class TrainingPipeline:
    """Trains a classifier, or a model of a number, on the rows of one table.

    `hyperparameters` are the user's own, as decoded from JSON. The same `seed` and the same rows
    give the same model. `regression` is set from outside where the target is a number: `y` holds
    floats then, and `predict` has to return some.
    """

    regression = False

    def __init__(
        self,
        *,
        target: str,
        hyperparameters: Mapping[str, Any] | None = None,
        seed: int = 0,
        cv_folds: int = 5,
    ) -> None:
        self.target = target
        self.hyperparameters = dict(hyperparameters or {})
        self.seed = seed
        self.cv_folds = cv_folds
        self._chosen: _Chosen | None = None

    def prepare_data(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
        """Split the table into features and labels, row by row.

        Runs in training and in evaluation, never at inference: what a request needs to become an
        input belongs into the fitted model.
        """
        return frame.drop(columns=[self.target]), frame[self.target].to_numpy()

    def train_local_model(self, X_train: pd.DataFrame, y_train: np.ndarray) -> Any:
        """Return a fitted model with `predict`; here the best candidate, fitted on all rows."""
        choice, winner = self._choose(X_train, y_train)
        model: Any = Pipeline([("preprocess", self.preprocessing(X_train)), ("model", winner)])
        model = self._with_threshold(model, y_train)
        with at_work(X_train.shape[0] * encoded_columns(X_train)):
            model.fit(X_train, y_train)
        self._chosen = _Chosen(model=model, X=X_train, y=y_train, choice=choice)
        return model

    def _choose(self, X: pd.DataFrame, y: np.ndarray) -> tuple[Choice, Any]:
        """Let the candidates compete on a sample; return the choice and the unfitted winner."""
        self.folds(y, seed=self.seed)  # refuses a class too small to be in two folds
        preprocessing = self.preprocessing(X)
        classes = np.zeros(len(y)) if self.regression else y
        shape = Shape(rows=len(X), columns=encoded_columns(X), classes=len(np.unique(classes)))
        kept = sample(classes, rows=shape.sample_rows, least=self.cv_folds, seed=self.seed)
        if len(kept) < len(X):
            logger.info("candidates compete on %d of %d rows", len(kept), len(X))
        competing = self.candidates(shape)
        folds = self.folds(y[kept], seed=self.seed)
        with at_work(len(kept) * shape.columns):
            choice = race(
                competing,
                X.iloc[kept],
                y[kept],
                folds=folds,
                preprocessing=preprocessing,
                regression=self.regression,
            )
        return choice, next(each.model for each in competing if each.name == choice.model)

    def _with_threshold(self, model: Any, y: np.ndarray) -> Any:
        """Let a model of two classes answer by a threshold, where the hyperparameters name one."""
        threshold = self.hyperparameters.get("decision_threshold")
        if threshold is None:
            return model
        classes = np.unique(y)
        positive = self.hyperparameters.get("positive_class", classes[-1])
        if self.regression or len(classes) != 2 or positive not in classes.tolist():
            message = (
                f"decision_threshold is for two classes, one of them the positive_class; there are "
                f"{classes[:5].tolist()}, and positive_class is {positive!r}."
            )
            raise ValueError(message)
        if not 0 < float(threshold) < 1:
            message = f"decision_threshold is {threshold!r}; it must be between 0 and 1."
            raise ValueError(message)
        return FixedThresholdClassifier(
            model,
            threshold=float(threshold),
            pos_label=positive,
            response_method="predict_proba",
        )

    def evaluate_model(
        self, model: Any, X_test: pd.DataFrame, y_test: np.ndarray
    ) -> Mapping[str, float]:
        """Return metrics by name; runs in the processing job, on rows training never saw."""
        predicted = np.asarray(model.predict(X_test))
        if self.regression:
            return {"rmse": float(np.sqrt(np.mean(np.square(predicted - y_test))))}
        return {"accuracy": float(np.mean(predicted == y_test))}

    def preprocessing(self, X: pd.DataFrame) -> ColumnTransformer:
        """Return an unfitted step that makes numbers of any table with these columns."""
        numbers = [name for name in X.columns if is_numeric(X[name])]
        categories = [name for name in X.columns if name not in numbers]
        scale = Pipeline(
            [
                ("impute", SimpleImputer(strategy="median", keep_empty_features=True)),
                ("scale", StandardScaler()),
            ]
        )
        encode = Pipeline(
            [
                (
                    "impute",
                    SimpleImputer(
                        strategy="constant", fill_value="missing", keep_empty_features=True
                    ),
                ),
                (
                    "encode",
                    OneHotEncoder(
                        handle_unknown="ignore",
                        max_categories=most_categories(len(categories)),
                        sparse_output=False,
                    ),
                ),
            ]
        )
        return ColumnTransformer([("numbers", scale, numbers), ("categories", encode, categories)])

    def candidates(self, shape: Shape) -> list[Candidate]:
        """Return the models to choose from, simplest first: the first of equals is chosen.

        The hyperparameter `candidates` (a list, or names with commas) narrows the choice.
        """
        families = regressors if self.regression else candidates
        known = families.makers(shape, seed=self.seed)
        names = self._asked_for(tuple(known))
        names = affordable(names, shape) if names else families.suitable(shape)
        if "decision_threshold" in self.hyperparameters:
            names = [name for name in names if name != "svc"]  # it knows no probabilities
        return [each for name, made in known.items() if name in names for each in made()]

    def _asked_for(self, known: Sequence[str]) -> Sequence[str] | None:
        """Return the families that the user named, None if the choice is free."""
        unknown = sorted(set(self.hyperparameters) - _HYPERPARAMETERS)
        if unknown:
            message = (
                f"The default training does not know the hyperparameters {', '.join(unknown)}. "
                f"It takes {', '.join(sorted(_HYPERPARAMETERS))}; others need a TrainingPipeline "
                "of your own."
            )
            raise ValueError(message)
        if "candidates" not in self.hyperparameters:
            return None
        asked = self.hyperparameters["candidates"]
        names = (
            [name.strip() for name in asked.split(",")] if isinstance(asked, str) else list(asked)
        )
        strangers = [name for name in names if name not in known]
        if strangers or not names:
            message = f"candidates has {strangers or 'no name'}; choose from {', '.join(known)}."
            raise ValueError(message)
        return names

    def folds(self, y: np.ndarray, *, seed: int) -> StratifiedKFold | KFold:
        """Return `cv_folds` stratified folds, or as many as the smallest class has rows.

        Of numbers, plain folds of two rows or more.
        """
        if self.regression:
            return self._plain_folds(y, seed=seed)
        labels, counts = np.unique(y, return_counts=True)
        smallest = int(counts.min())
        if smallest < 2 or len(labels) < 2:
            label = labels[counts.argmin()]
            message = (
                f"Training needs two classes with two rows each; class {label!r} has {smallest} "
                f"of {len(y)} rows. Add rows, or hold out fewer (`training.test_fraction`)."
            )
            raise ValueError(message)
        if smallest < self.cv_folds:
            logger.info("cv_folds reduced from %d to %d: smallest class", self.cv_folds, smallest)
        return StratifiedKFold(min(self.cv_folds, smallest), shuffle=True, random_state=seed)

    def _plain_folds(self, y: np.ndarray, *, seed: int) -> KFold:
        if len(y) < 4:
            message = f"Training needs four rows; there are {len(y)}. Add rows, or hold out fewer."
            raise ValueError(message)
        return KFold(min(self.cv_folds, len(y) // 2), shuffle=True, random_state=seed)

    def train(self, frame: pd.DataFrame) -> Trained:
        """Fit the model on all rows and say how well such a model answers rows it has not seen.

        The default training's `fold_scores` come with its choice, on the rows of its sample. A
        model of another make, or with a threshold, is cross-validated on all rows.
        """
        X, y = self.prepared(frame)
        model = self.train_local_model(X, y)
        if not hasattr(model, "predict"):
            message = f"train_local_model returned {type(model).__name__}, which has no predict()."
            raise TypeError(message)
        choice = self._choice_of(model, X, y)
        as_chosen = choice is not None and not isinstance(model, FixedThresholdClassifier)
        return Trained(
            model=model,
            X=X,
            y=y,
            fold_scores=choice.fold_scores
            if choice and as_chosen
            else self._cross_validated(model, X, y),
            choice=choice,
            metric="r2" if self.regression else "accuracy",
        )

    def _choice_of(self, model: Any, X: pd.DataFrame, y: np.ndarray) -> Choice | None:
        """Return how this very model was chosen on these very rows.

        A subclass may hand other rows to `super()`, such as copies of rare ones, or wrap what
        it gets: what the choice says about folds is then not true of the model.
        """
        made = self._chosen
        same = made and made.model is model and made.X is X and made.y is y
        return made.choice if made and same else None

    def _cross_validated(self, model: Any, X: pd.DataFrame, y: np.ndarray) -> tuple[float, ...]:
        return tuple(
            self._fold_score(model, X, y, train=train, test=test)
            for train, test in self.folds(y, seed=self.seed + 1).split(X, y)
        )

    def prepared(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
        """Return what `prepare_data` makes of the table, refused unless rows and names fit."""
        X, y = self.prepare_data(frame)
        if not isinstance(X, pd.DataFrame) or not len(X.columns):
            message = "prepare_data must return a DataFrame with named columns as its first value."
            raise TypeError(message)
        y = np.asarray(y)
        if y.shape != (len(X),):
            message = f"prepare_data returned {len(X)} rows but labels of shape {y.shape}."
            raise ValueError(message)
        if self.regression and not np.issubdtype(y.dtype, np.number):
            message = f"The target is a number, but prepare_data returned labels of {y.dtype}."
            raise TypeError(message)
        return X, y

    def _fold_score(
        self, model: Any, X: pd.DataFrame, y: np.ndarray, *, train: np.ndarray, test: np.ndarray
    ) -> float:
        fitted = self._refit(model, X.iloc[train], y[train])
        predicted = np.asarray(fitted.predict(X.iloc[test]))
        if self.regression:
            losses = candidates.squared(predicted, y[test])
            return candidates.score_of([losses], [candidates.spread(y[test])])
        return float(np.mean(predicted == y[test]))

    def _refit(self, model: Any, X: pd.DataFrame, y: np.ndarray) -> Any:
        try:
            unfitted = clone(model)
        except (TypeError, RuntimeError):  # no scikit-learn estimator: only its own code can refit
            return self.train_local_model(X, y)
        unfitted.fit(X, y)
        return unfitted

"""The class a user subclasses to train a model of their own.

This file travels into SageMaker's containers, where nothing else of the runner exists. It imports
numpy, pandas, scikit-learn and the standard library only, and it knows nothing about any data set.
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
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

logger = logging.getLogger(__name__)

# Kernel and neighbour models compare every pair of rows: beyond this they take minutes, not seconds
PAIRWISE_ROWS = 5_000
# A column of free text must not become thousands of indicator columns
MOST_CATEGORIES = 50


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A fitted model, the columns it was given, and what cross-validation says about it."""

    model: Any
    X: pd.DataFrame
    y: np.ndarray
    fold_accuracies: tuple[float, ...]

    @property
    def cv_mean_accuracy(self) -> float:
        return float(np.mean(self.fold_accuracies))

    @property
    def cv_std_accuracy(self) -> float:
        return float(np.std(self.fold_accuracies))


def is_numeric(column: pd.Series) -> bool:
    """Whether the model treats this column as a number; everything else is a category."""
    return bool(pd.api.types.is_numeric_dtype(column))


class TrainingPipeline:
    """Trains a classifier on the rows of one table.

    `hyperparameters` are the user's own, as decoded from JSON. The same `seed` and the same rows
    give the same model.
    """

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

    def prepare_data(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
        """Split the table into features and labels, row by row.

        Runs in training and in evaluation, never at inference: what a request needs to become an
        input belongs into the fitted model.
        """
        return frame.drop(columns=[self.target]), frame[self.target].to_numpy()

    def train_local_model(self, X_train: pd.DataFrame, y_train: np.ndarray) -> Any:
        """Return a fitted model with `predict`; here the best candidate by cross-validation."""
        search = GridSearchCV(
            Pipeline([("preprocess", self.preprocessing(X_train)), ("model", None)]),
            self.candidates(rows=len(X_train)),
            scoring="accuracy",
            cv=self.folds(y_train, seed=self.seed),
            error_score="raise",
        )
        search.fit(X_train, y_train)
        return search.best_estimator_

    def evaluate_model(
        self, model: Any, X_test: pd.DataFrame, y_test: np.ndarray
    ) -> Mapping[str, float]:
        """Return metrics by name; runs in the processing job, on rows training never saw."""
        return {"accuracy": float(np.mean(np.asarray(model.predict(X_test)) == y_test))}

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
                        handle_unknown="ignore", max_categories=MOST_CATEGORIES, sparse_output=False
                    ),
                ),
            ]
        )
        return ColumnTransformer([("numbers", scale, numbers), ("categories", encode, categories)])

    def candidates(self, *, rows: int) -> list[dict[str, list[Any]]]:
        """Return the models to choose from, simplest first: the first of equals is chosen.

        The hyperparameter `candidates` (a list, or names with commas) narrows the choice.
        """
        known = {
            "logistic_regression": {
                "model": [LogisticRegression(max_iter=2_000, random_state=self.seed)],
                "model__C": [0.1, 1.0, 10.0, 100.0],
            },
            "svc": {"model": [SVC(random_state=self.seed)], "model__C": [1.0, 10.0]},
            "k_neighbors": {"model": [KNeighborsClassifier()], "model__n_neighbors": [5, 11]},
            "random_forest": {
                "model": [RandomForestClassifier(n_estimators=100, random_state=self.seed)]
            },
        }
        if rows > PAIRWISE_ROWS:
            logger.info("candidates without svc and k_neighbors: rows=%d", rows)
            del known["svc"], known["k_neighbors"]
        return [known[name] for name in self._candidate_names(tuple(known))]

    def _candidate_names(self, known: Sequence[str]) -> Sequence[str]:
        unknown = sorted(set(self.hyperparameters) - {"candidates"})
        if unknown:
            message = (
                f"The default training does not know the hyperparameters {', '.join(unknown)}. "
                "It takes `candidates` only; others need a TrainingPipeline of your own."
            )
            raise ValueError(message)
        asked = self.hyperparameters.get("candidates", known)
        names = (
            [name.strip() for name in asked.split(",")] if isinstance(asked, str) else list(asked)
        )
        strangers = [name for name in names if name not in known]
        if strangers or not names:
            message = f"candidates has {strangers or 'no name'}; choose from {', '.join(known)}."
            raise ValueError(message)
        return names

    def folds(self, y: np.ndarray, *, seed: int) -> StratifiedKFold:
        """Return `cv_folds` stratified folds, or as many as the smallest class has rows."""
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

    def train(self, frame: pd.DataFrame) -> Trained:
        """Fit the model on all rows and cross-validate it on the same rows.

        `fold_accuracies` come from other folds than those that chose the model: on the same ones
        the best of several candidates looks better than it is.
        """
        X, y = self.prepared(frame)
        model = self.train_local_model(X, y)
        if not hasattr(model, "predict"):
            message = f"train_local_model returned {type(model).__name__}, which has no predict()."
            raise TypeError(message)
        accuracies = [
            self._fold_accuracy(model, X, y, train=train, test=test)
            for train, test in self.folds(y, seed=self.seed + 1).split(X, y)
        ]
        return Trained(model=model, X=X, y=y, fold_accuracies=tuple(accuracies))

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
        return X, y

    def _fold_accuracy(
        self, model: Any, X: pd.DataFrame, y: np.ndarray, *, train: np.ndarray, test: np.ndarray
    ) -> float:
        fitted = self._refit(model, X.iloc[train], y[train])
        return float(np.mean(np.asarray(fitted.predict(X.iloc[test])) == y[test]))

    def _refit(self, model: Any, X: pd.DataFrame, y: np.ndarray) -> Any:
        try:
            unfitted = clone(model)
        except (TypeError, RuntimeError):  # no scikit-learn estimator: only its own code can refit
            return self.train_local_model(X, y)
        unfitted.fit(X, y)
        return unfitted

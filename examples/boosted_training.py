"""A training pipeline with gradient boosting by xgboost, a package that the image lacks."""

import numpy as np
import pandas as pd
from xgboost import XGBClassifier  # type: ignore[import-not-found]

from pipeline.training import TrainingPipeline


class Boosted:
    """Lets xgboost, which knows classes by numbers only, name them. For numeric columns."""

    def __init__(self, *, trees: int, seed: int) -> None:
        self.model = XGBClassifier(n_estimators=trees, max_depth=4, random_state=seed, n_jobs=1)

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> None:
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self.model.fit(X.to_numpy(dtype=float), numbers)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        named: np.ndarray = self.classes_.take(np.argmax(self.predict_proba(X), axis=1))
        return named

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        probabilities: np.ndarray = self.model.predict_proba(X.to_numpy(dtype=float))
        return probabilities


class BoostedTrainingPipeline(TrainingPipeline):
    """The hyperparameter `trees` is how many trees each class gets."""

    def train_local_model(self, X_train: pd.DataFrame, y_train: np.ndarray) -> Boosted:
        model = Boosted(trees=int(self.hyperparameters.get("trees", 60)), seed=self.seed)
        model.fit(X_train, y_train)
        return model

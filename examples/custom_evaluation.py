"""Metrics of one's own, measured in the processing job; a gate may use any of them."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, precision_score, recall_score


def custom_evaluation(model: Any, X_test: pd.DataFrame, y_test: np.ndarray) -> dict[str, float]:
    """Add custom evaluation metrics."""
    predictions = model.predict(X_test)
    return {
        "f1_score": f1_score(y_test, predictions, average="weighted"),
        "precision": precision_score(y_test, predictions, average="weighted"),
        "recall": recall_score(y_test, predictions, average="weighted"),
    }

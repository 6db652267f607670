"""How good predictions are, by kind of model: numbers as scikit-learn defines them.

`weights` are one per row, None for all alike. What cannot be told of these rows is left out: ROC of
one class, probabilities of a model that has none.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn import metrics

Scores = dict[str, float]
# Bins of equal width of the probability that a model gives its own answer
CALIBRATION_BINS = 10


def of_numbers(
    predicted: np.ndarray, actual: np.ndarray, *, weights: np.ndarray | None = None
) -> Scores:
    """Return rmse and mae, in the unit of the target, and r2 (at most 1) where rows differ."""
    scores = {
        "rmse": float(metrics.root_mean_squared_error(actual, predicted, sample_weight=weights)),
        "mae": float(metrics.mean_absolute_error(actual, predicted, sample_weight=weights)),
    }
    if len(np.unique(actual)) > 1:
        scores["r2"] = float(metrics.r2_score(actual, predicted, sample_weight=weights))
    return scores


def of_probabilities(
    probabilities: np.ndarray,
    actual: np.ndarray,
    *,
    labels: Sequence[object],
    weights: np.ndarray | None = None,
) -> Scores:
    """Return what probabilities (rows x `labels`) say beyond the answers made of them.

    Of two labels the second one is the positive class. A label that the model does not know has the
    probability 0 in every row.
    """
    known = list(labels)
    strangers = [label for label in dict.fromkeys(actual.tolist()) if label not in known]
    position = {label: index for index, label in enumerate([*known, *strangers])}
    y = np.array([position[label] for label in actual.tolist()])
    padding = np.zeros((len(y), len(strangers)))
    table = np.hstack([probabilities, padding])
    scores = {
        "log_loss": float(
            metrics.log_loss(y, table, labels=list(range(len(position))), sample_weight=weights)
        ),
        "expected_calibration_error": calibration_error(table, y, weights=weights),
    }
    if len(position) == 2 and not strangers:
        scores["brier_score"] = float(
            metrics.brier_score_loss(y == 1, probabilities[:, 1], sample_weight=weights)
        )
    return scores


def of_ranking(
    score: np.ndarray, is_positive: np.ndarray, *, weights: np.ndarray | None = None
) -> Scores:
    """Return the areas under ROC and precision-recall curve; nothing where one class is missing."""
    if is_positive.all() or not is_positive.any():
        return {}
    return {
        "roc_auc": float(metrics.roc_auc_score(is_positive, score, sample_weight=weights)),
        "pr_auc": float(metrics.average_precision_score(is_positive, score, sample_weight=weights)),
    }


def calibration_error(
    probabilities: np.ndarray, actual: np.ndarray, *, weights: np.ndarray | None = None
) -> float:
    """Return by how much the probability of the likeliest class misses the share of right answers.

    The mean over bins, by rows (expected calibration error; Guo et al., "On Calibration of Modern
    Neural Networks", 2017). `actual` are columns of `probabilities`.
    """
    weight = np.ones(len(actual)) if weights is None else weights
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == actual
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=weight * (confidence - right), minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / weight.sum())


def baseline_of_numbers(actual: np.ndarray) -> Scores:
    """Return what the mean of these rows reaches as every answer."""
    return of_numbers(np.full(len(actual), actual.mean()), actual)


def baseline_of_labels(counts: Mapping[object, int]) -> Scores:
    """Return what always naming the most common label reaches."""
    return {"accuracy": max(counts.values()) / sum(counts.values())}

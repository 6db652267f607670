"""How good predictions are, by kind of model: numbers as scikit-learn defines them.

Rows are added in parts of any size. `weights` are one per row, None for all alike. What cannot be
told of these rows is left out: ROC of one class, probabilities of a model that has none.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from model.spool import Ranked

Scores = dict[str, float]
# Bins of equal width of the probability that a model gives its own answer
CALIBRATION_BINS = 10
_TINY = float(np.finfo(np.float64).eps)


class Errors:
    """Of predicted numbers: rmse and mae, in the unit of the target, and r2 where rows differ."""

    def __init__(self) -> None:
        self._origin: float | None = None
        self._mean = 0.0
        self._weight = self._spread = self._squares = self._sizes = 0.0
        self._least, self._most = math.inf, -math.inf

    def add(
        self, predicted: np.ndarray, actual: np.ndarray, *, weights: np.ndarray | None = None
    ) -> None:
        weight = np.ones(len(actual)) if weights is None else weights
        added = float(weight.sum())
        if not added:
            return
        errors = predicted - actual
        self._squares += float(weight @ np.square(errors))
        self._sizes += float(weight @ np.abs(errors))
        # The parts' own means and spreads, put together (Chan, Golub and LeVeque, 1979); counted
        # from a number of theirs, for numbers that hardly differ
        self._origin = float(actual[0]) if self._origin is None else self._origin
        moved = actual - self._origin
        mean = float(np.average(moved, weights=weight))
        step, self._weight = mean - self._mean, self._weight + added
        between = step * step * (self._weight - added) * added / self._weight
        self._spread += float(weight @ np.square(moved - mean)) + between
        self._mean += step * added / self._weight
        self._least = min(self._least, float(actual.min()))
        self._most = max(self._most, float(actual.max()))

    @property
    def mean(self) -> float:
        """The mean of what is true."""
        return (self._origin or 0.0) + self._mean

    def scores(self) -> Scores:
        found = {
            "rmse": math.sqrt(self._squares / self._weight),
            "mae": self._sizes / self._weight,
        }
        if self._least < self._most:
            missed = self._squares / self._spread if self._spread else float(self._squares > 0)
            found["r2"] = 1.0 - missed
        return found


class Shares:
    """Of answers that are right or wrong: accuracy, the share of the right ones."""

    def __init__(self) -> None:
        self._rows = self._right = 0

    def add(self, is_right: np.ndarray) -> None:
        self._rows += len(is_right)
        self._right += int(np.count_nonzero(is_right))

    def scores(self) -> Scores:
        return {"accuracy": self._right / self._rows}


class Probabilities:
    """What probabilities (rows x `labels`) say beyond the answers made of them.

    Of two labels the second one is the positive class. A label that the model does not know has the
    probability 0 in every row.
    """

    def __init__(self, labels: Sequence[object]) -> None:
        self._places = {label: place for place, label in enumerate(labels)}
        self._weight = self._lost = self._squares = 0.0
        self._gaps = np.zeros(CALIBRATION_BINS)
        self._has_strangers = False

    def add(
        self, probabilities: np.ndarray, actual: np.ndarray, *, weights: np.ndarray | None = None
    ) -> None:
        weight = np.ones(len(actual)) if weights is None else weights
        codes, different = pd.factorize(actual, use_na_sentinel=False)
        stranger = len(self._places)
        places = [self._places.get(label, stranger) for label in different.tolist()]
        y = np.array(places, dtype=np.int64)[codes]
        self._has_strangers |= stranger in places
        table = np.hstack([probabilities, np.zeros((len(y), 1))])
        of_truth = np.clip(table[np.arange(len(y)), y], _TINY, 1 - _TINY)
        self._lost -= float(weight @ np.log(of_truth))
        self._squares += float(weight @ np.square((y == 1) - table[:, 1]))
        self._gaps += calibration_gaps(probabilities, y, weight)
        self._weight += float(weight.sum())

    def scores(self) -> Scores:
        found = {
            "log_loss": self._lost / self._weight,
            "expected_calibration_error": float(np.abs(self._gaps).sum()) / self._weight,
        }
        if len(self._places) == 2 and not self._has_strangers:
            found["brier_score"] = self._squares / self._weight
        return found


def calibration_gaps(
    probabilities: np.ndarray, actual: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return by how much probabilities of the likeliest class miss the right answers, by bin.

    Their sizes, by rows, are the expected calibration error (Guo et al., "On Calibration of Modern
    Neural Networks", 2017). `actual` are columns of `probabilities`.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == actual
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return np.bincount(bins, weights=weight * (confidence - right), minlength=CALIBRATION_BINS)


class Ranking:
    """The areas under ROC and precision-recall curve; nothing where one class is missing."""

    def __init__(self) -> None:
        self._ranked = Ranked()

    def add(
        self, score: np.ndarray, is_positive: np.ndarray, *, weights: np.ndarray | None = None
    ) -> None:
        self._ranked.add(score, marked=is_positive, weights=weights)

    def scores(self) -> Scores:
        positives = negatives = 0.0
        for block in self._ranked.blocks():
            positives += float(block.marked.sum())
            negatives += float((block.weights - block.marked).sum())
        if not positives or not negatives:
            return {}
        everything = positives + negatives
        pairs = precision = below = positive_below = 0.0
        for block in self._ranked.blocks():
            # Of each value: the rows that have less, and the positive ones that have as much
            less = below + np.cumsum(block.weights) - block.weights
            positive_less = positive_below + np.cumsum(block.marked) - block.marked
            others = block.weights - block.marked
            pairs += float(block.marked @ (less - positive_less + others / 2))
            found, reached = positives - positive_less, everything - less
            precision += float(block.marked @ (found / reached))
            below += float(block.weights.sum())
            positive_below += float(block.marked.sum())
        return {"roc_auc": pairs / positives / negatives, "pr_auc": precision / positives}


def baseline_of_labels(counts: Mapping[int, int]) -> Scores:
    """Return what always naming the most common label reaches."""
    return {"accuracy": max(counts.values()) / sum(counts.values())}

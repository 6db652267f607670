"""What a person looks at beside the metrics: curves, calibration, importance, for the report.

Made in the evaluation job, where the model and the rows are, and written beside evaluation.json as
plots.json. No gate reads it: what cannot be made is left out, and `notes` say why.
Of many rows a fixed sample is taken, of many points of a curve as many as a page can show.
"""

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import auc, precision_recall_curve, r2_score, roc_curve

from model.table import Label

SCHEMA_VERSION = 1
FILE_NAME = "plots.json"

_MOST_ROWS = 100_000
_MOST_CELLS = 10_000_000
_MOST_POINTS = 100
_MOST_CURVES = 6  # that can be told apart by dash and marker
_MOST_AREAS = 100
_BINS = 10
_SCORES = ("predict_proba", "decision_function")

_IMPORTANCE_ROWS = 1_000
_MOST_FEATURES = 30
_REPEATS = 5
_BUDGET_S = 10.0

_MOST_DOTS = 300
_RESIDUAL_BINS = 20

Document = dict[str, Any]
Score = Callable[[pd.DataFrame, np.ndarray], float]


class NotDrawnError(Exception):
    """A model lacks what a drawing needs; the message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A model with the rows that it is judged by; `labels` are empty for a regression."""

    model: Any
    X: pd.DataFrame
    y: np.ndarray
    predicted: np.ndarray
    labels: tuple[Label, ...]
    seed: int

    def sample(self, most: int) -> "Judged":
        """Return a fixed choice of at most this many rows, in their order."""
        if len(self.y) <= most:
            return self
        chosen = np.random.default_rng(self.seed).choice(len(self.y), most, replace=False)
        chosen.sort()
        return replace(
            self, X=self.X.iloc[chosen], y=self.y[chosen], predicted=self.predicted[chosen]
        )


class Sample:
    """A fixed choice of rows that come in parts, as many as are drawn, in their order."""

    def __init__(self, *, seed: int, most_rows: int = _MOST_ROWS) -> None:
        self._draw = np.random.default_rng(seed)
        self._most = most_rows
        self._lots = np.empty(0)
        self._kept: tuple[pd.DataFrame, np.ndarray, np.ndarray] | None = None

    def add(self, X: pd.DataFrame, y: np.ndarray, predicted: np.ndarray) -> None:
        """Keep the rows with the smallest lots."""
        lots = np.append(self._lots, self._draw.random(len(y)))
        if self._kept is not None:
            X = pd.concat([self._kept[0], X])
            y, predicted = (
                np.concatenate(pair) for pair in ((self._kept[1], y), (self._kept[2], predicted))
            )
        most = min(self._most, max(_MOST_CELLS // X.shape[1], _IMPORTANCE_ROWS))
        if len(lots) > most:
            chosen = np.sort(np.argpartition(lots, most)[:most])
            X, y, predicted, lots = X.iloc[chosen], y[chosen], predicted[chosen], lots[chosen]
        self._lots, self._kept = lots, (X, y, predicted)

    def judged(self, model: Any, *, labels: tuple[Label, ...], seed: int) -> Judged:
        assert self._kept is not None
        X, y, predicted = self._kept
        return Judged(model=model, X=X, y=y, predicted=predicted, labels=labels, seed=seed)


def describe(judged: Judged, *, clock: Callable[[], float] = monotonic) -> Document:
    """Return the document plots.json, without the artifact's digest and the latencies."""
    parts: dict[str, Callable[[], Document]] = {
        "importance": lambda: {"importance": importance(judged, clock=clock)}
    }
    if judged.labels:
        scores = functools.cache(lambda: scores_of(judged))
        parts["curves"] = lambda: _both_curves(scores(), judged.y)
        parts["calibration"] = lambda: _calibrated(scores(), judged)
    else:
        parts["regression"] = lambda: {"regression": regression(judged.predicted, judged.y)}
    document: Document = {"schema_version": SCHEMA_VERSION, "rows": len(judged.y)}
    notes: dict[str, str] = {}
    for name, make in parts.items():
        try:
            part = make()
            json.dumps(part, allow_nan=False)
            document |= part
        except Exception as error:  # the model is the user's own: whatever it raises ends no job
            kind = "" if isinstance(error, NotDrawnError) else f"{type(error).__name__}: "
            notes[name] = f"{kind}{error}"[:500]
    return document | {"notes": notes}


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What a model says of each row (line) and class (column), the higher the more likely.

    Of two classes there is one column, of the second. `are_shares`: they are probabilities.
    """

    classes: tuple[Label, ...]
    table: np.ndarray
    are_shares: bool


def scores_of(judged: Judged) -> Scores:
    """Return the model's probabilities, else the values of its decision function."""
    model, classes = judged.model, tuple(judged.model.classes_)
    asked = next((name for name in _SCORES if hasattr(model, name)), None)
    if asked is None:
        message = "The model has neither predict_proba nor decision_function."
        raise NotDrawnError(message)
    are_shares, is_binary = asked == "predict_proba", len(classes) == 2
    table = np.asarray(getattr(model, asked)(judged.X), dtype=float)
    # Of three classes there are three pairs, too: the shape alone does not tell.
    is_of_pairs = getattr(_last(model), "decision_function_shape", "ovr") == "ovo"
    if not are_shares and not is_binary and is_of_pairs:
        message = "Its decision_function has a value for each pair of classes, not for each class."
        raise NotDrawnError(message)
    wanted = (len(judged.y), len(classes)) if are_shares or not is_binary else (len(judged.y),)
    if table.shape != wanted:
        message = f"{asked} returned the shape {table.shape} for {len(classes)} classes."
        raise NotDrawnError(message)
    if is_binary:
        table = table[:, 1:] if are_shares else table[:, np.newaxis]
    return Scores(classes=classes, table=table, are_shares=are_shares)


def _last(model: Any) -> Any:
    """Return the estimator that a pipeline ends with."""
    while steps := getattr(model, "steps", ()):
        model = steps[-1][1]
    return model


def _both_curves(scores: Scores, actual: np.ndarray) -> Document:
    drawn = scores.classes[-scores.table.shape[1] :]
    columns = dict(zip(drawn, scores.table.T, strict=True))
    return {
        "roc": _worst(_curves(columns, actual, roc)),
        "precision_recall": _worst(_curves(columns, actual, precision_recall)),
    }


def _calibrated(scores: Scores, judged: Judged) -> Document:
    if not scores.are_shares:
        message = (
            "The model has no predict_proba: it claims no probability that could come true. "
            "Its curves go by its decision_function."
        )
        raise NotDrawnError(message)
    if len(scores.classes) == 2:
        of, claimed = scores.classes[1], scores.table[:, 0]
        right = judged.y == of
    else:
        of, claimed, right = None, scores.table.max(axis=1), judged.predicted == judged.y
    return {
        "calibration": calibration(claimed, right),
        "calibration_of": None if of is None else str(of),
    }


def _curves(
    columns: dict[Label, np.ndarray],
    actual: np.ndarray,
    draw: Callable[[np.ndarray, np.ndarray], Document],
) -> Iterator[Document]:
    """A class that has no row, or all of them, has no curve."""
    for label, share in columns.items():
        is_it = actual == label
        if is_it.any() and not is_it.all():
            yield {"label": str(label), "rows": int(is_it.sum()), **draw(is_it, share)}


def _worst(curves: Iterator[Document]) -> list[Document]:
    """Return the areas of all, the smallest first, and the points of those that can be shown."""
    ordered = sorted(curves, key=lambda curve: curve["area"])[:_MOST_AREAS]
    return [
        curve if place < _MOST_CURVES else curve | {"points": []}
        for place, curve in enumerate(ordered)
    ]


def roc(is_it: np.ndarray, share: np.ndarray) -> Document:
    false_positive, true_positive, _ = roc_curve(is_it, share)
    return {
        "area": float(auc(false_positive, true_positive)),
        "points": _points(false_positive, true_positive),
    }


def precision_recall(is_it: np.ndarray, share: np.ndarray) -> Document:
    """Return the curve by rising recall; its area is scikit-learn's average precision."""
    precision, recall, _ = precision_recall_curve(is_it, share)
    return {
        "area": float(-np.sum(np.diff(recall) * precision[:-1])),
        "points": _points(recall[::-1], precision[::-1]),
    }


def _points(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    """Return at most 100 points evenly along the curve, its ends among them."""
    if len(x) > _MOST_POINTS:
        along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
        wanted = np.linspace(0.0, along[-1], _MOST_POINTS)
        kept = np.unique(np.searchsorted(along, wanted).clip(0, len(x) - 1))
        x, y = x[kept], y[kept]
    return [[_short(a), _short(b)] for a, b in zip(x, y, strict=True)]


def calibration(claimed: np.ndarray, right: np.ndarray) -> list[Document]:
    """Return ten bins of claimed probability, each with the share that came true."""
    places = np.minimum((claimed * _BINS).astype(int), _BINS - 1)
    return [
        {
            "claimed": _short(claimed[places == place].mean()),
            "seen": int(right[places == place].sum()),
            "rows": int((places == place).sum()),
        }
        for place in range(_BINS)
        if (places == place).any()
    ]


def importance(judged: Judged, *, clock: Callable[[], float] = monotonic) -> Document:
    """Return by how much the score falls when one feature is shuffled, with its deviation.

    All features are shuffled once, the 30 that matter most again, until the time is over: the
    first rounds are those of every feature, so that none is missing for the sake of another.
    """
    sample = judged.sample(_IMPORTANCE_ROWS)
    score = _score_of(sample)
    until = clock() + _BUDGET_S
    whole = score(sample.X, sample.y)
    names = list(range(sample.X.shape[1]))
    drops: dict[int, list[float]] = {}
    for repeat in range(_REPEATS):
        for place in names:
            if clock() > until and (repeat or drops):
                break
            shuffled = _shuffled(sample.X, place, seed=[sample.seed, place, repeat])
            drops.setdefault(place, []).append(whole - score(shuffled, sample.y))
        if repeat == 0:
            names = sorted(drops, key=lambda place: -drops[place][0])[:_MOST_FEATURES]
    shown = sorted(names, key=lambda place: -float(np.mean(drops[place])))
    return {
        "score": "accuracy" if judged.labels else "r2",
        "rows": len(sample.y),
        "left_out": sample.X.shape[1] - len(shown),
        "features": [_feature(sample.X.columns[place], drops[place]) for place in shown],
    }


def _feature(name: object, drops: Sequence[float]) -> Document:
    return {
        "name": str(name),
        "mean": _short(float(np.mean(drops))),
        "deviation": _short(float(np.std(drops))),
        "repeats": len(drops),
    }


def _score_of(judged: Judged) -> Score:
    predict = judged.model.predict
    if judged.labels:
        return lambda X, y: float(np.mean(np.asarray(predict(X)) == y))
    return lambda X, y: float(r2_score(y, np.asarray(predict(X), dtype=float)))


def _shuffled(X: pd.DataFrame, place: int, *, seed: list[int]) -> pd.DataFrame:
    """Return the table with one column in another order, of the same type as before."""
    order = np.random.default_rng(seed).permutation(len(X))
    shuffled = X.copy()
    shuffled.isetitem(place, X.iloc[order, place].array)
    return shuffled


def regression(predicted: np.ndarray, actual: np.ndarray) -> Document:
    """Return dots of predicted against actual values, and how the residuals are spread."""
    predicted, actual = predicted.astype(float), actual.astype(float)
    step = max(1, -(-len(actual) // _MOST_DOTS))
    by_value = np.argsort(actual, kind="stable")[::step]
    counts, edges = np.histogram(predicted - actual, bins=_RESIDUAL_BINS)
    return {
        "dots": [[_short(actual[row]), _short(predicted[row])] for row in by_value],
        "residual_counts": counts.tolist(),
        "residual_edges": [_short(edge) for edge in edges],
    }


def _short(number: float) -> float:
    return float(f"{number:.5g}")

"""Numbers out of predictions: scores, report, confusion matrix; checks a user's metrics."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.metrics import classification_report

from model import scores
from model.spool import Spool
from model.table import Label

Kind = Literal["binary", "multiclass", "regression"]

# What gates know beside metrics; pipeline/core/measures.py
RESERVED = frozenset(
    {
        *("artifact_mb", "held_out_rows", "serving_latency_p50_ms", "serving_latency_p95_ms"),
        *("serving_skew", "serving_start_s"),
    }
)
Metrics = dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """`confusion_matrix[i][j]`: rows of class `labels[i]` that were predicted as `labels[j]`.

    Of a number there are none of these. `baseline` is what a constant answer reaches.
    """

    kind: Kind
    rows: int
    measured: scores.Scores
    baseline: scores.Scores
    labels: tuple[Label, ...] = ()
    classification_report: dict[str, Any] = field(default_factory=dict)
    confusion_matrix: list[list[int]] = field(default_factory=list)


class Classes:
    """Predicted labels against the true ones, exactly as the model returned them.

    Labels that training never saw follow the known ones: first those that rows have.
    """

    def __init__(self, labels: Sequence[Label]) -> None:
        self._known = tuple(labels)
        self._places = {label: place for place, label in enumerate(dict.fromkeys(labels))}
        self._actual: Counter[int] = Counter()
        self._pairs: Counter[tuple[int, int]] = Counter()
        self._answers = Spool(np.int32)

    def add(self, predicted: np.ndarray, actual: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return what scores.Shares is given: which rows are predicted right."""
        require_one_each(predicted, actual)
        true, answered = self._coded(actual), self._coded(predicted)
        self._actual.update(true.tolist())
        pairs, counts = np.unique(np.stack([true, answered]), axis=1, return_counts=True)
        for pair, count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
            self._pairs[pair[0], pair[1]] += count
        self._answers.append(answered)
        return (np.asarray(true == answered),)

    def _coded(self, labels: np.ndarray) -> np.ndarray:
        codes, different = pd.factorize(labels, use_na_sentinel=False)
        places = self._places
        found = [places.setdefault(label, len(places)) for label in different.tolist()]
        return np.array(found, dtype=np.int64)[codes]

    def answers(self) -> Iterator[Label]:
        """Yield what was predicted, row by row."""
        labels = list(self._places)
        for part in self._answers.parts():
            yield from (labels[place] for place in part.tolist())

    def measurement(self) -> Measurement:
        labels = list(self._places)
        seen = dict.fromkeys([*range(len(self._known)), *self._actual, *range(len(labels))])
        rank = {place: number for number, place in enumerate(seen)}
        # Numbers instead of labels: scikit-learn refuses a mixture of text and numbers
        y_true, y_pred = ([rank[pair[side]] for pair in self._pairs] for side in (0, 1))
        everything, counts = list(range(len(seen))), list(self._pairs.values())
        names = [str(labels[place]) for place in seen]
        report = classification_report(
            y_true,
            y_pred,
            labels=everything,
            target_names=names,
            output_dict=True,
            zero_division=0,
            sample_weight=counts,
        )
        matrix = np.zeros((len(seen), len(seen)), dtype=np.int64)
        matrix[y_true, y_pred] = counts
        return Measurement(
            kind="binary" if len(self._known) == 2 else "multiclass",
            rows=self._pairs.total(),
            measured={"accuracy": int(np.trace(matrix)) / self._pairs.total()},
            baseline=scores.baseline_of_labels(self._actual),
            labels=tuple(labels[place] for place in seen),
            classification_report=report,
            confusion_matrix=matrix.tolist(),
        )


class Numbers:
    """Predicted numbers against the true ones."""

    def __init__(self) -> None:
        self._errors = scores.Errors()
        self._answers, self._actual = Spool(np.float64), Spool(np.float64)
        self._not_finite = 0

    def add(self, predicted: np.ndarray, actual: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return what scores.Errors is given: both as floats."""
        require_one_each(predicted, actual)
        pair = predicted.astype(float), actual.astype(float)
        self._not_finite += int((~np.isfinite(pair[0])).sum())
        self._errors.add(*pair)
        self._answers.append(pair[0])
        self._actual.append(pair[1])
        return pair

    def answers(self) -> Iterator[float]:
        """Yield what was predicted, row by row."""
        for part in self._answers.parts():
            yield from part.tolist()

    def measurement(self) -> Measurement:
        """Raise ValueError where an answer is no number."""
        if self._not_finite:
            message = f"The model predicts no finite number for {self._not_finite} rows."
            raise ValueError(message)
        constant = scores.Errors()
        for part in self._actual.parts():
            constant.add(np.full(len(part), self._errors.mean), part)
        return Measurement(
            kind="regression",
            rows=len(self._actual),
            measured=self._errors.scores(),
            baseline=constant.scores(),
        )


def require_one_each(predicted: np.ndarray, actual: np.ndarray) -> None:
    if predicted.shape != actual.shape:
        message = (
            f"The model returned predictions of shape {predicted.shape} for {len(actual)} rows."
        )
        raise ValueError(message)


class Likely:
    """What a classifier's probabilities, or its ranking, say; nothing where it has neither.

    What they cannot be taken for, because they are of another shape say, is nothing, too.
    """

    def __init__(self, model: Any, *, labels: Sequence[Label]) -> None:
        self._model = model
        self._classes = np.asarray(getattr(model, "classes_", labels)).tolist()
        self._probabilities = scores.Probabilities(self._classes)
        self._ranking = scores.Ranking()
        self._has_probabilities = hasattr(model, "predict_proba")
        self._is_usable = self._has_probabilities or hasattr(model, "decision_function")

    def add(self, X: Any, actual: np.ndarray, probabilities: np.ndarray | None) -> None:
        """Add rows with the model's `predict_proba` of them, None where it has none."""
        shape: tuple[int, ...] = (len(actual), len(self._classes))
        told = probabilities
        if self._is_usable and told is None:
            shape = (len(actual),)
            told = np.asarray(self._model.decision_function(X), dtype=float)
        if told is None or told.shape != shape or not np.isfinite(told).all():
            self._is_usable = False
        if not self._is_usable or told is None:
            return
        if self._has_probabilities:
            self._probabilities.add(told, actual)
        if len(self._classes) == 2:
            rank = told[:, 1] if self._has_probabilities else told
            self._ranking.add(rank, actual == self._classes[1])

    def told(self) -> scores.Scores:
        if not self._is_usable:
            return {}
        told = self._probabilities.scores() if self._has_probabilities else {}
        return told | (self._ranking.scores() if len(self._classes) == 2 else {})


def checked_metrics(metrics: object, *, source: str) -> Metrics:
    """Return a user's metrics as plain floats, None for one that is not finite."""
    if not isinstance(metrics, Mapping):
        message = f"{source} returned {type(metrics).__name__}; it must return metrics by name."
        raise TypeError(message)
    return {
        _checked_name(name, source=source): _checked_value(value, name=name, source=source)
        for name, value in metrics.items()
    }


def _checked_name(name: object, *, source: str) -> str:
    if not isinstance(name, str) or not name.strip():
        message = f"{source} returned a metric named {name!r}; a name must be text."
        raise TypeError(message)
    if name in RESERVED:
        message = f"{source} returned {name!r}, which the evaluation finds itself; rename yours."
        raise ValueError(message)
    return name


def _checked_value(value: object, *, name: object, source: str) -> float | None:
    plain = (
        value.item() if isinstance(value, np.generic | np.ndarray) and value.size == 1 else value
    )
    if isinstance(plain, bool) or not isinstance(plain, Real):
        message = f"{source}: metric {name!r} is {type(value).__name__}, not a number."
        raise TypeError(message)
    number = float(plain)
    return number if math.isfinite(number) else None


def merge_metrics(first: Metrics, second: Metrics) -> Metrics:
    """Return both; the same name twice is refused unless it means the same value."""
    for name in first.keys() & second.keys():
        ours, theirs = first[name], second[name]
        if ours is None or theirs is None or not math.isclose(ours, theirs, abs_tol=1e-9):
            message = f"Metric {name!r} is measured as {ours} and given as {theirs}; rename one."
            raise ValueError(message)
    return {**first, **second}

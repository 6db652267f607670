"""Numbers out of predictions: scores, report, confusion matrix; checks a user's metrics."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix

from model import scores
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


def measure(predicted: np.ndarray, actual: np.ndarray, *, labels: Sequence[Label]) -> Measurement:
    """Compare one prediction per row with the true label, exactly as the model returned it.

    Labels that training never saw follow the known ones.
    """
    _require_one_each(predicted, actual)
    seen = dict.fromkeys([*labels, *actual.tolist(), *predicted.tolist()])
    position = {label: index for index, label in enumerate(seen)}
    # Positions instead of labels: scikit-learn refuses a mixture of text and numbers
    y_true = [position[label] for label in actual.tolist()]
    y_pred = [position[label] for label in predicted.tolist()]
    everything, names = list(range(len(seen))), [str(label) for label in seen]
    report = classification_report(
        y_true, y_pred, labels=everything, target_names=names, output_dict=True, zero_division=0
    )
    return Measurement(
        kind="binary" if len(labels) == 2 else "multiclass",
        rows=len(y_true),
        measured={"accuracy": float(np.mean(predicted == actual))},
        baseline=scores.baseline_of_labels(Counter(y_true)),
        labels=tuple(seen),
        classification_report=report,
        confusion_matrix=confusion_matrix(y_true, y_pred, labels=everything).tolist(),
    )


def measure_numbers(predicted: np.ndarray, actual: np.ndarray) -> Measurement:
    """Compare one predicted number per row with the true one."""
    _require_one_each(predicted, actual)
    found = predicted.astype(float)
    if not np.isfinite(found).all():
        rows = int((~np.isfinite(found)).sum())
        message = f"The model predicts no finite number for {rows} rows."
        raise ValueError(message)
    return Measurement(
        kind="regression",
        rows=len(actual),
        measured=scores.of_numbers(found, actual),
        baseline=scores.baseline_of_numbers(actual),
    )


def _require_one_each(predicted: np.ndarray, actual: np.ndarray) -> None:
    if predicted.shape != actual.shape:
        message = (
            f"The model returned predictions of shape {predicted.shape} for {len(actual)} rows."
        )
        raise ValueError(message)


def score_probabilities(
    model: Any, X: Any, actual: np.ndarray, *, labels: Sequence[Label]
) -> scores.Scores:
    """Return what a classifier's probabilities, or its ranking, say; nothing where it has neither.

    What they cannot be taken for, because they are of another shape say, is nothing, too.
    """
    known = np.asarray(getattr(model, "classes_", labels)).tolist()
    rank, found = None, {}
    if hasattr(model, "predict_proba"):
        table = np.asarray(model.predict_proba(X), dtype=float)
        if table.shape != (len(actual), len(known)) or not np.isfinite(table).all():
            return {}
        found = scores.of_probabilities(table, actual, labels=known)
        rank = table[:, -1]
    elif hasattr(model, "decision_function"):
        rank = np.asarray(model.decision_function(X), dtype=float)
    if len(known) == 2 and rank is not None and rank.shape == actual.shape:
        found |= scores.of_ranking(rank, actual == known[1])
    return found


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

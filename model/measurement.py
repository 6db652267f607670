"""Numbers out of predictions: accuracy, report, confusion matrix; checks a user's metrics."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix

from model.table import Label

Metrics = dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """`confusion_matrix[i][j]`: rows of class `labels[i]` that were predicted as `labels[j]`."""

    rows: int
    accuracy: float
    labels: tuple[Label, ...]
    classification_report: dict[str, Any]
    confusion_matrix: list[list[int]]


def measure(predicted: np.ndarray, actual: np.ndarray, *, labels: Sequence[Label]) -> Measurement:
    """Compare one prediction per row with the true label, exactly as the model returned it.

    Labels that training never saw follow the known ones.
    """
    if predicted.shape != actual.shape:
        message = (
            f"The model returned predictions of shape {predicted.shape} for {len(actual)} rows."
        )
        raise ValueError(message)
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
        rows=len(y_true),
        accuracy=float(np.mean(predicted == actual)),
        labels=tuple(seen),
        classification_report=report,
        confusion_matrix=confusion_matrix(y_true, y_pred, labels=everything).tolist(),
    )


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

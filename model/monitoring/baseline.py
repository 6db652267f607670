"""What later traffic of a model is compared with: bins, and how the rows it is known by fall in.

Training lays the bins and counts its rows. The evaluation job adds the held-out rows, and to them
alone what the model answers: on rows that a model has learnt it is surer than it will ever be.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from model.monitoring import exact
from model.monitoring.cells import Numbers, Texts
from model.monitoring.columns import Bins, ColumnCounts, read_bins
from model.spool import Ranked
from pipeline.tabular import dates
from pipeline.tabular.cells import Spelling, label_of, text_of
from pipeline.tabular.schema import Column, read_spelling, spelling_document

FILE_NAME = "baseline.json"
FORMAT = 1
LABEL, CERTAINTY, VALUE = "predicted_label", "top_probability", "predicted_value"

_MOST_BINS = 10
_ROWS_A_BIN = 20
_MOST_DISTINCT = 20
_MOST_VALUES = 50
# A bin that few rows of the baseline fell into says nothing about its share
_LEAST_ROWS = 5
# A column with more different texts keeps no list of them
_MOST_KNOWN = 10_000
_LARGEST_ROOT = 2.0**511

Task = Literal["classification", "regression"]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Bins with the rows of the baseline in them.

    Of the `rows` that they were laid for: how many values were `distinct`, and met only `once`.
    """

    counts: ColumnCounts
    rows: int
    distinct: int
    once: int

    @property
    def bins(self) -> Bins:
        return self.counts.bins

    def to_json(self) -> dict[str, Any]:
        return self.bins.to_json() | {
            "rows": self.rows,
            "distinct": self.distinct,
            "once": self.once,
            "counts": self.counts.to_json(),
        }


@dataclass(kw_only=True)
class Quality:
    """How right the model was on held-out rows.

    `steps` are the ends of stretches of the top probability, `certainty` the share of right answers
    on each: one more than ends. Of a regression, exact sums over `rows` errors and true values.
    """

    rows: int = 0
    correct: int = 0
    steps: tuple[float, ...] = ()
    certainty: tuple[float, ...] = ()
    sums: Mapping[str, exact.Sum] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Request:
    """How to read what is asked of the model."""

    columns: tuple[Column, ...]
    spelling: Spelling
    left_out: tuple[str, ...] = ()
    target: str


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """`inputs` in the order of the request; `answers` are empty until the model has answered."""

    task: Task
    rows: int
    request: Request
    inputs: tuple[Measured, ...]
    answers: tuple[Measured, ...] = ()
    quality: Quality = field(default_factory=Quality)

    def to_json(self) -> str:
        document = {
            "format": FORMAT,
            "task": self.task,
            "rows": self.rows,
            "request": {
                "columns": [asdict(column) for column in self.request.columns],
                "spelling": spelling_document(self.request.spelling),
                "left_out": list(self.request.left_out),
                "target": self.request.target,
            },
            "inputs": [each.to_json() for each in self.inputs],
            "answers": [each.to_json() for each in self.answers],
            "quality": asdict(self.quality),
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def bin_count(rows: int) -> int:
    return max(2, min(_MOST_BINS, rows // _ROWS_A_BIN))


def number_bins(name: str, ranked: Ranked, spread: "_Spread") -> Bins:
    """Lay bins for a column of numbers: a bin for each of few values, else between quantiles.

    Few values of few rows may well be measured ones, of which tomorrow brings others.
    """
    few = spread.distinct <= _MOST_DISTINCT and spread.rows >= _ROWS_A_BIN * spread.distinct
    if few or spread.distinct <= 1:
        found = dict(zip(spread.first_values, spread.first_counts, strict=True))
        bins = Bins(name=name, kind="numbers", values=_commonest(found), known=frozenset(found))
    else:
        edges = _edges(ranked, minimum=spread.minimum)
        bins = Bins(name=name, kind="bins", edges=edges)
    if not spread.distinct:
        return bins
    return replace(bins, minimum=spread.minimum, maximum=spread.maximum)


def _edges(ranked: Ranked, *, minimum: float) -> tuple[float, ...]:
    """Return quantiles; a value that is several of them has a bin of its own."""
    bins = bin_count(len(ranked))
    shares = np.arange(1, bins) / bins
    # As numpy's method `inverted_cdf`
    ranks = np.ceil(len(ranked) * shares - 1).clip(0)
    quantiles, times = np.unique(ranked.at(ranks), return_counts=True)
    edges = np.union1d(quantiles, ranked.above(quantiles[times > 1]))
    return tuple(edges[edges > minimum].tolist())


def text_bins(name: str, counts: Mapping[str, int]) -> Bins:
    known = frozenset(counts) if len(counts) <= _MOST_KNOWN else None
    return Bins(name=name, kind="texts", values=_commonest(counts), known=known)


def _commonest(counts: Mapping[Any, int]) -> tuple[Any, ...]:
    """Return the values that are frequent enough to have a bin; of a constant column, its value."""
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    kept = [value for value in ranked[:_MOST_VALUES] if counts[value] >= _LEAST_ROWS]
    return tuple(kept or ranked[:1])


@dataclass(kw_only=True)
class _Spread:
    """What one look at all numbers in their order tells; the first values are those of few."""

    rows: int
    distinct: int = 0
    once: int = 0
    minimum: float = np.nan
    maximum: float = np.nan
    first_values: list[float] = field(default_factory=list)
    first_counts: list[int] = field(default_factory=list)


def _spread_of(ranked: Ranked) -> _Spread:
    spread = _Spread(rows=len(ranked))
    for block in ranked.blocks():
        room = _MOST_DISTINCT - spread.distinct
        if room > 0:
            spread.first_values += block.values[:room].tolist()
            spread.first_counts += block.weights[:room].astype(int).tolist()
        spread.minimum = float(block.values[0]) if not spread.distinct else spread.minimum
        spread.maximum = float(block.values[-1])
        spread.distinct += len(block.values)
        spread.once += int(np.count_nonzero(block.weights == 1))
    return spread


def measured_numbers(name: str, ranked: Ranked, *, missing: int = 0) -> Measured:
    spread = _spread_of(ranked)
    counts = ColumnCounts(bins=number_bins(name, ranked, spread), missing=missing)
    for block in ranked.blocks():
        values = np.repeat(block.values, block.weights.astype(int))
        counts.add_numbers(Numbers(values=values, missing=0))
    return Measured(counts=counts, rows=spread.rows, distinct=spread.distinct, once=spread.once)


def measured_texts(name: str, counts: Counter[str], *, missing: int = 0) -> Measured:
    return _measured(text_bins(name, counts), Texts(counts=counts, missing=missing))


def _measured(bins: Bins, found: Numbers | Texts) -> Measured:
    counts = ColumnCounts(bins=bins)
    if isinstance(found, Texts):
        counts.add_texts(found)
        occurrences = list(found.counts.values())
    else:
        counts.add_numbers(found)
        occurrences = np.unique(found.values, return_counts=True)[1].tolist()
    return Measured(
        counts=counts,
        rows=sum(occurrences),
        distinct=len(occurrences),
        once=occurrences.count(1),
    )


def of_training(X: pd.DataFrame, *, request: Request, task: Task = "classification") -> Baseline:
    """Return bins for all columns of a request, with the rows that the model learns from."""
    inputs = []
    for column in request.columns:
        found = column_of(X, column)
        if column.kind == "date":
            inputs.append(_measured(Bins(name=column.name, kind="dates"), found))
        elif isinstance(found, Texts):
            inputs.append(measured_texts(column.name, found.counts, missing=found.missing))
        else:
            ranked = Ranked.of(found.values)
            inputs.append(measured_numbers(column.name, ranked, missing=found.missing))
    return Baseline(task=task, rows=len(X), request=request, inputs=tuple(inputs))


def column_of(X: pd.DataFrame, column: Column) -> Numbers | Texts:
    """Return what a request would have to say for these inputs of the model."""
    if column.kind == "date":
        part = next(name for name in dates.part_names(column.name) if name in X)
        given = int(X[part].notna().sum())
        return Numbers(values=np.zeros(given), missing=len(X) - given)
    series = X[column.name]
    missing, present = int(series.isna().sum()), series.dropna()
    if column.kind == "numeric":
        values = present.to_numpy(dtype=np.float64)
        finite = np.isfinite(values)
        return Numbers(values=values[finite], missing=missing + int((~finite).sum()))
    counts: Counter[str] = Counter()
    for value, count in present.value_counts().items():
        counts[_text(value)] += int(count)
    return Texts(counts=counts, missing=missing)


def _text(value: Any) -> str:
    try:
        return text_of(value)
    except ValueError:
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the model said to held-out rows, and what was true. One entry per row each."""

    predicted: np.ndarray
    actual: np.ndarray
    certainty: np.ndarray | None = None


class HeldOut:
    """Adds rows the model has not learnt, and its answers to them, a part at a time."""

    def __init__(self, baseline: Baseline) -> None:
        """Changes the counts of `baseline`."""
        self._baseline = baseline
        self._rows = 0
        self._quality = Quality()
        self._labels: Counter[str] = Counter()
        self._numbers = Ranked()
        self._certainty: Ranked | None = Ranked()

    def add(self, X: pd.DataFrame, answers: Answers) -> None:
        baseline = self._baseline
        for each, column in zip(baseline.inputs, baseline.request.columns, strict=True):
            found = column_of(X, column)
            add = each.counts.add_texts if isinstance(found, Texts) else each.counts.add_numbers
            add(found)  # type: ignore[arg-type]
        self._rows += len(X)
        self._quality.rows += len(answers.actual)
        if baseline.task == "regression":
            self._add_numbers(answers)
        else:
            self._add_labels(answers)

    def _add_labels(self, answers: Answers) -> None:
        different, counts = _counted(answers.predicted)
        for label, count in zip(different, counts, strict=True):
            self._labels[label_of(label)] += count
        is_right = answers.predicted == answers.actual
        self._quality.correct += int(np.count_nonzero(is_right))
        certainty = answers.certainty
        if certainty is None or not np.isfinite(certainty).all():
            self._certainty = None
        elif self._certainty is not None:
            self._certainty.add(certainty, marked=is_right)

    def _add_numbers(self, answers: Answers) -> None:
        predicted = answers.predicted.astype(np.float64)
        sums = error_sums(predicted, answers.actual.astype(np.float64))
        before = self._quality.sums
        self._quality.sums = {
            name: exact.add(before.get(name, exact.NOTHING), each) for name, each in sums.items()
        }
        self._numbers.add(predicted[np.isfinite(predicted)])

    def complete(self) -> Baseline:
        if self._baseline.task == "regression":
            answers = [measured_numbers(VALUE, self._numbers)]
        else:
            answers = [measured_texts(LABEL, self._labels)]
            if self._certainty is not None:
                answers.append(measured_numbers(CERTAINTY, self._certainty))
                self._quality.steps, self._quality.certainty = calibrated(self._certainty)
        return replace(
            self._baseline,
            rows=self._baseline.rows + self._rows,
            answers=tuple(answers),
            quality=self._quality,
        )


def _counted(labels: np.ndarray) -> tuple[list[Any], list[int]]:
    codes, different = pd.factorize(labels, use_na_sentinel=False)
    return different.tolist(), np.bincount(codes).tolist()


def error_sums(predicted: np.ndarray, actual: np.ndarray) -> dict[str, exact.Sum]:
    """Return exact sums: of errors' sizes and squares, of true values and their squares.

    What has no square among the floats counts as the largest number that has one.
    """
    with np.errstate(over="ignore"):
        errors = _squarable(predicted - actual)
    actual = _squarable(actual)
    parts: dict[str, Callable[[], np.ndarray]] = {
        "absolute": lambda: np.abs(errors),
        "squared": lambda: errors * errors,
        "actual": lambda: actual,
        "actual_squared": lambda: actual * actual,
    }
    return {name: exact.total(part()) for name, part in parts.items()}


def _squarable(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(values, -_LARGEST_ROOT, _LARGEST_ROOT))


def calibrated(certainty: Ranked) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return stretches of the top probability and how often it was right on each (isotonic).

    Stretches of a block are pooled before those of all: the order of pooling does not matter.
    """
    found: list[tuple[np.ndarray, ...]] = []
    for block in certainty.blocks():
        shares = block.marked / block.weights
        found.append(_pooled(block.values, block.values, shares, block.weights))
    if not found:
        return (), ()
    lows, highs, levels, _ = _pooled(*map(np.concatenate, zip(*found, strict=True)))
    return tuple(((highs[:-1] + lows[1:]) / 2).tolist()), tuple(levels.tolist())


def _pooled(
    lows: np.ndarray, highs: np.ndarray, shares: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return stretches of rising shares: their ends, shares and weights."""
    from sklearn.isotonic import isotonic_regression  # an import that monitoring does not need

    levels = isotonic_regression(shares, sample_weight=weights)
    starts = np.flatnonzero(np.append(True, levels[1:] != levels[:-1]))
    last = np.append(starts[1:], len(levels)) - 1
    return lows[starts], highs[last], levels[starts], np.add.reduceat(weights, starts)


def write_baseline(baseline: Baseline, directory: Path) -> None:
    (directory / FILE_NAME).write_text(baseline.to_json(), encoding="utf-8")


def has_baseline(directory: Path) -> bool:
    return (directory / FILE_NAME).is_file()


def read_baseline(directory: Path) -> tuple[Baseline, str]:
    """Return a baseline with the sha256 of its file. Raises ValueError."""
    content = (directory / FILE_NAME).read_bytes()
    document = json.loads(content)
    if document["format"] != FORMAT:
        message = f"{FILE_NAME} has format {document['format']}, this code reads {FORMAT}."
        raise ValueError(message)
    asked = document["request"]
    request = Request(
        columns=tuple(Column(**column) for column in asked["columns"]),
        spelling=read_spelling(asked["spelling"]),
        left_out=tuple(asked["left_out"]),
        target=asked["target"],
    )
    quality = document["quality"]
    baseline = Baseline(
        task=document["task"],
        rows=document["rows"],
        request=request,
        inputs=_read_columns(document["inputs"]),
        answers=_read_columns(document["answers"]),
        quality=Quality(
            rows=quality["rows"],
            correct=quality["correct"],
            steps=tuple(quality["steps"]),
            certainty=tuple(quality["certainty"]),
            sums={name: exact.Sum(*pair) for name, pair in quality["sums"].items()},
        ),
    )
    return baseline, hashlib.sha256(content).hexdigest()


def _read_columns(documents: Sequence[Mapping[str, Any]]) -> tuple[Measured, ...]:
    return tuple(
        Measured(
            counts=read_counts(read_bins(each), each["counts"]),
            rows=each["rows"],
            distinct=each["distinct"],
            once=each["once"],
        )
        for each in documents
    )


def read_counts(bins: Bins, document: Mapping[str, Any]) -> ColumnCounts:
    counts = ColumnCounts(bins=bins)
    counts.counts += np.array(document["bins"], dtype=np.int64)
    for name in ("missing", "absent", "unreadable", "new", "below", "above", "minimum", "maximum"):
        setattr(counts, name, document[name])
    counts.sum, counts.squares = (exact.Sum(*document[name]) for name in ("sum", "squares"))
    counts.magnitudes = Counter({int(k): n for k, n in document["magnitudes"].items()})
    return counts

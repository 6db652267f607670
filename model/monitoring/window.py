"""Counts the captured requests of a window on the bins of a baseline, in constant memory.

Lines are read one by one; their cells are typed by column, many rows at a time: typing each request
for itself takes fifty times as long.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

import numpy as np

from model.monitoring import exact
from model.monitoring.baseline import CERTAINTY, LABEL, VALUE, Baseline, error_sums
from model.monitoring.capture import (
    OUTSIDE,
    TESTS,
    TWICE,
    WHY_NOT,
    Answer,
    Captured,
    Event,
    NotCounted,
    captured_of,
    event_of,
    name_in,
)
from model.monitoring.cells import numbers_of, presence_of, texts_of
from model.monitoring.columns import ColumnCounts
from model.monitoring.labels import Labels, Seen, number_of
from model.monitoring.learnt import Learnt
from model.payload import Row
from pipeline.tabular.cells import Spelling, label_of, trimmed

FORMAT = 1
BATCH_ROWS = 20_000
_MOST_NAMES = 1_000
_PLAIN = Spelling()
_ABSENT: Any = object()


@dataclass(frozen=True, kw_only=True)
class Span:
    """From `start` on, before `end`."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, kw_only=True)
class Spans:
    """When traffic is compared with the baseline, and what of it is put beside its labels.

    Cohorts have no moment in common.
    """

    window: Span
    cohorts: Sequence[Span] = ()

    def __contains__(self, at: datetime) -> bool:
        return at in self.window or self.cohort_at(at) is not None

    def cohort_at(self, at: datetime) -> int | None:
        """Return the place of the cohort that a moment belongs to."""
        return next((place for place, span in enumerate(self.cohorts) if at in span), None)


def read_spans(*, start: datetime, end: datetime, cohorts: Sequence[str] = ()) -> Spans:
    """Return what a job is asked to count: each of the cohorts is written as START/END."""
    ends = [map(datetime.fromisoformat, each.split("/")) for each in cohorts]
    return Spans(
        window=Span(start=start, end=end),
        cohorts=tuple(Span(start=first, end=last) for first, last in ends),
    )


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one of several machines counts: by a checksum of the id, so that one has all its lines.

    What is no event, and so has no id, falls to any one of them.
    """

    place: int = 0
    machines: int = 1

    def has(self, line: bytes) -> bool:
        return self.machines == 1 or crc32(name_in(line)) % self.machines == self.place


_ALL = Share()


class InputCounts:
    """The rows of requests, gathered and counted by column."""

    def __init__(self, baseline: Baseline) -> None:
        self._request = baseline.request
        self._names = [column.name for column in baseline.request.columns]
        self._expected = {*self._names, *baseline.request.left_out, baseline.request.target}
        self._rows: list[Sequence[Any]] = []
        self._columns = [ColumnCounts(bins=each.bins) for each in baseline.inputs]
        self._extra: Counter[str] = Counter()
        self._has_absent = False
        self.rows = self.short = self.long = 0

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._add_row(row)
        if len(self._rows) >= BATCH_ROWS:
            self.settle()

    def _add_row(self, row: Row) -> None:
        self.rows += 1
        if isinstance(row, Mapping):
            self._rows.append(self._in_order(row))
        elif len(row) == len(self._names):
            self._rows.append(row)
        elif len(row) < len(self._names):
            self.short += 1
        else:
            self.long += 1

    def _in_order(self, row: Mapping[str, Any]) -> Sequence[Any]:
        by_name = {trimmed(name): cell for name, cell in row.items()}
        cells = [by_name.get(name, _ABSENT) for name in self._names]
        self._has_absent = self._has_absent or _ABSENT in cells
        if len(by_name) > len(cells) or self._has_absent:
            for name in by_name.keys() - self._expected:
                if name in self._extra or len(self._extra) < _MOST_NAMES:
                    self._extra[name] += 1
        return cells

    def settle(self) -> None:
        """Count what is gathered."""
        spelling = self._request.spelling
        if not self._rows:
            return
        everything = zip(*self._rows, strict=True)
        for counts, column, cells in zip(
            self._columns, self._request.columns, everything, strict=True
        ):
            if self._has_absent:
                given = [cell for cell in cells if cell is not _ABSENT]
                counts.absent += len(cells) - len(given)
                cells = tuple(given)
            match column.kind:
                case "numeric":
                    counts.add_numbers(numbers_of(cells, spelling))
                case "categorical":
                    counts.add_texts(texts_of(cells, spelling))
                case "date":
                    counts.add_numbers(presence_of(cells, column, spelling))
        self._rows, self._has_absent = [], False

    def to_json(self) -> dict[str, Any]:
        self.settle()
        return {
            "rows": self.rows,
            "short_rows": self.short,
            "long_rows": self.long,
            "extra_columns": dict(sorted(self._extra.items())),
            "inputs": {each.bins.name: each.to_json() for each in self._columns},
        }


class AnswerCounts:
    """What the model answered, gathered and counted on the bins of its answers to held-out rows."""

    def __init__(self, baseline: Baseline) -> None:
        self._columns = {each.bins.name: ColumnCounts(bins=each.bins) for each in baseline.answers}
        self._steps = np.array(baseline.quality.steps)
        self._on_steps = np.zeros(len(baseline.quality.certainty), dtype=np.int64)
        self._predictions: list[Any] = []
        self._certainty: list[float] = []

    def add(self, answer: Answer) -> None:
        self._predictions += answer.predictions
        largest = map(_largest, answer.probabilities or ())
        self._certainty += [each for each in largest if each is not None]
        if len(self._predictions) >= BATCH_ROWS:
            self.settle()

    def settle(self) -> None:
        for name, column in self._columns.items():
            if name == LABEL:
                column.add_texts(texts_of([label_of(each) for each in self._predictions], _PLAIN))
            elif name == VALUE:
                column.add_numbers(numbers_of(self._predictions, _PLAIN))
            elif name == CERTAINTY:
                column.add_numbers(numbers_of(self._certainty, _PLAIN))
        if len(self._on_steps):
            places = np.searchsorted(self._steps, np.array(self._certainty, dtype=float))
            self._on_steps += np.bincount(places, minlength=len(self._on_steps))
        self._predictions, self._certainty = [], []

    def to_json(self) -> dict[str, Any]:
        self.settle()
        return {
            "answers": {name: each.to_json() for name, each in self._columns.items()},
            "on_steps": self._on_steps.tolist(),
        }


def _largest(probabilities: Sequence[Any]) -> float | None:
    """Return the top probability; None where it cannot be told."""
    try:
        value = float(max(probabilities))
    except (OverflowError, TypeError, ValueError):
        return None
    return value if 0.0 < value < np.inf else None


class QualityCounts:
    """Predictions beside the labels that came for them."""

    def __init__(self, baseline: Baseline, labels: Labels) -> None:
        self._is_regression = baseline.task == "regression"
        self._spelling = baseline.request.spelling
        self._labels = labels
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._sums = dict.fromkeys(
            ("absolute", "squared", "actual", "actual_squared"), exact.NOTHING
        )
        self._predicted: list[Any] = []
        self._actual: list[str] = []
        self.rows = self.labelled = self.mismatched = self.unreadable = self.known = 0

    def add(self, captured: Captured, labels: Sequence[str] | None) -> None:
        """Add a request of the cohort: one label for each row, else none counts."""
        self.rows += len(captured.rows)
        if labels is None or captured.answer is None:
            return
        predictions = captured.answer.predictions
        if len(labels) != len(predictions):
            self.mismatched += 1
            return
        self.labelled += len(labels)
        if self._is_regression:
            self._predicted += predictions
            self._actual += labels
            if len(self._actual) >= BATCH_ROWS:
                self.settle()
        else:
            self._pairs.update(zip(map(label_of, labels), map(label_of, predictions), strict=True))

    def settle(self) -> None:
        if not self._actual:
            return
        values = [
            (number_of(one), number_of(other, self._spelling))
            for one, other in zip(self._predicted, self._actual, strict=True)
        ]
        usable = [(one, other) for one, other in values if one is not None and other is not None]
        self.unreadable += len(values) - len(usable)
        self.labelled -= len(values) - len(usable)
        if usable:
            predicted, actual = np.array(usable, dtype=np.float64).T
            for name, found in error_sums(predicted, actual).items():
                self._sums[name] = exact.add(self._sums[name], found)
        self._predicted, self._actual = [], []

    def to_json(self) -> dict[str, Any]:
        self.settle()
        return {
            "rows": self.rows,
            "labelled": self.labelled,
            "mismatched": self.mismatched,
            "unreadable": self.unreadable,
            "known": self.known,
            "labels": len(self._labels),
            "unreadable_labels": self._labels.unreadable,
            "pairs": [[*pair, count] for pair, count in sorted(self._pairs.items())],
            "sums": {name: list(each) for name, each in self._sums.items()},
        }


class Counting:
    """All that is counted of a window on one machine: `to_json` is its partial."""

    def __init__(
        self,
        baseline: Baseline,
        spans: Spans,
        *,
        sha256: str,
        labels: Labels | None = None,
        learnt: Sequence[Learnt] = (),
        share: Share = _ALL,
    ) -> None:
        """`learnt` take the rows of each cohort that have a label; empty to keep none."""
        self._sha256 = sha256
        self._spans = spans
        self._share = share
        self.inputs = InputCounts(baseline)
        self._answers = AnswerCounts(baseline)
        self._columns = baseline.request.columns
        self._labels = labels
        self._learnt = learnt
        self._quality = [
            QualityCounts(baseline, labels) for _ in spans.cohorts if labels is not None
        ]
        self._not_counted: Counter[str] = Counter(dict.fromkeys(WHY_NOT, 0))
        self._seen = Seen()
        self.lines = self.requests = 0

    def read(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            if self._share.has(line):
                self.lines += 1
                self._try(line)

    def _try(self, line: bytes) -> None:
        try:
            self._add(event_of(line))
        except NotCounted as reason:
            self._not_counted[str(reason)] += 1

    def _add(self, event: Event) -> None:
        if event.is_a_test:
            raise NotCounted(TESTS if event.at in self._spans else OUTSIDE)
        captured = captured_of(event, columns=self._columns)
        if event.is_callers and not self._seen.first_time(event.id):
            raise NotCounted(TWICE)
        labels = self._labels.of(event.id) if self._labels is not None else None
        if labels is not None:
            for quality in self._quality:
                quality.known += 1
        if event.at not in self._spans:
            raise NotCounted(OUTSIDE)
        if event.at in self._spans.window:
            self.requests += 1
            self.inputs.add(captured.rows)
            if captured.answer is not None:
                self._answers.add(captured.answer)
        cohort = self._spans.cohort_at(event.at)
        if self._quality and cohort is not None:
            self._quality[cohort].add(captured, labels)
            if self._learnt and labels is not None and len(labels) == len(captured.rows):
                self._learnt[cohort].add(captured.rows, labels)

    def to_json(self) -> str:
        document = {
            "format": FORMAT,
            "baseline": self._sha256,
            "lines": self.lines,
            "requests": self.requests,
            "not_counted": dict(self._not_counted),
            **self.inputs.to_json(),
            **self._answers.to_json(),
            "quality": [each.to_json() for each in self._quality],
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"

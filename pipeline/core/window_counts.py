"""What monitoring jobs count, as the runner reads it: a baseline, and the partials of a window.

All are whole numbers on the bins of the baseline, so partials add up exactly, whatever the order.
`model/monitoring` writes these documents; what they mean is said there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import Any, Literal

from pipeline.core.document import Stored
from pipeline.core.errors import CorruptRecord

Counts = Mapping[str, int]
# (mantissa, exponent): an exact sum of floats
Sum = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class ColumnCounts:
    """Rows by bin, the rows that are in none, and exact moments of numbers.

    `new` met a value that the model has not, `below` and `above` lie outside what it was trained
    on; all three are in a bin too. `magnitudes` counts by power of two.
    """

    bins: tuple[int, ...]
    missing: int
    absent: int
    unreadable: int
    new: int
    below: int
    above: int
    sum: Sum
    squares: Sum
    magnitudes: Counts
    minimum: float | None
    maximum: float | None

    @property
    def present(self) -> int:
        """Rows that fell into a bin."""
        return sum(self.bins)

    @property
    def rows(self) -> int:
        return self.present + self.missing + self.absent + self.unreadable

    def plus(self, other: "ColumnCounts") -> "ColumnCounts":
        lowest = [each for each in (self.minimum, other.minimum) if each is not None]
        highest = [each for each in (self.maximum, other.maximum) if each is not None]
        return ColumnCounts(
            bins=_added(self.bins, other.bins),
            missing=self.missing + other.missing,
            absent=self.absent + other.absent,
            unreadable=self.unreadable + other.unreadable,
            new=self.new + other.new,
            below=self.below + other.below,
            above=self.above + other.above,
            sum=add_sums(self.sum, other.sum),
            squares=add_sums(self.squares, other.squares),
            magnitudes=_together(self.magnitudes, other.magnitudes),
            minimum=min(lowest, default=None),
            maximum=max(highest, default=None),
        )


@dataclass(frozen=True, kw_only=True)
class QualityCounts:
    """The requests of a cohort beside their labels.

    `rows` were asked, `labelled` of them have a label. `pairs` counts (true, predicted) labels;
    `sums` are those of a regression's errors. Of `labels` read, `known` belong to a captured
    request.
    """

    rows: int
    labelled: int
    mismatched: int
    unreadable: int
    known: int
    labels: int
    unreadable_labels: int
    pairs: tuple[tuple[str, str, int], ...]
    sums: Mapping[str, Sum]

    @property
    def correct(self) -> int:
        return sum(count for actual, predicted, count in self.pairs if actual == predicted)

    def plus(self, other: "QualityCounts") -> "QualityCounts":
        """Add what another machine counted of a cohort. Every machine reads all labels."""
        pairs: Counter[tuple[str, str]] = Counter()
        for actual, predicted, count in (*self.pairs, *other.pairs):
            pairs[actual, predicted] += count
        return QualityCounts(
            rows=self.rows + other.rows,
            labelled=self.labelled + other.labelled,
            mismatched=self.mismatched + other.mismatched,
            unreadable=self.unreadable + other.unreadable,
            known=self.known + other.known,
            labels=max(self.labels, other.labels),
            unreadable_labels=max(self.unreadable_labels, other.unreadable_labels),
            pairs=tuple((*pair, count) for pair, count in sorted(pairs.items())),
            sums={name: add_sums(each, other.sums[name]) for name, each in self.sums.items()},
        )

    def joined(self, other: "QualityCounts") -> "QualityCounts":
        """Add another cohort of the same window, which was counted by the same labels."""
        return replace(self.plus(other), known=self.known)


@dataclass(frozen=True, kw_only=True)
class WindowCounts(Stored):
    """One machine's share of a window, or all of it: see `merged`.

    `baseline` is the sha256 of the file that it was counted by. `on_steps` counts answers on the
    stretches of the baseline's certainty. `quality` is that of each cohort, empty without labels.
    """

    format: Literal[1]
    baseline: str
    lines: int
    requests: int
    not_counted: Counts
    rows: int
    short_rows: int
    long_rows: int
    extra_columns: Counts
    inputs: Mapping[str, ColumnCounts]
    answers: Mapping[str, ColumnCounts]
    on_steps: tuple[int, ...]
    quality: tuple[QualityCounts, ...]

    def plus(self, other: "WindowCounts") -> "WindowCounts":
        if self.baseline != other.baseline:
            message = "Two machines counted the window by different baselines."
            raise CorruptRecord(message, remedy="Count it again.")
        return WindowCounts(
            format=1,
            baseline=self.baseline,
            lines=self.lines + other.lines,
            requests=self.requests + other.requests,
            not_counted=_together(self.not_counted, other.not_counted),
            rows=self.rows + other.rows,
            short_rows=self.short_rows + other.short_rows,
            long_rows=self.long_rows + other.long_rows,
            extra_columns=_together(self.extra_columns, other.extra_columns),
            inputs={name: each.plus(other.inputs[name]) for name, each in self.inputs.items()},
            answers={name: each.plus(other.answers[name]) for name, each in self.answers.items()},
            on_steps=_added(self.on_steps, other.on_steps),
            quality=tuple(
                one.plus(another) for one, another in zip(self.quality, other.quality, strict=True)
            ),
        )


def merged(partials: Sequence[WindowCounts]) -> WindowCounts:
    """Add what all machines counted; at least one partial, in any order."""
    return reduce(WindowCounts.plus, partials)


@dataclass(frozen=True, kw_only=True)
class ColumnBaseline:
    """A column's bins and how the baseline's rows fall into them.

    `rows` are those that the bins were laid for, with so many `distinct` values, and met `once`.
    """

    name: str
    kind: Literal["bins", "numbers", "texts", "dates"]
    edges: tuple[float, ...]
    values: tuple[str | float, ...]
    known: tuple[str | float, ...] | None
    minimum: float | None
    maximum: float | None
    rows: int
    distinct: int
    once: int
    counts: ColumnCounts

    @property
    def is_constant(self) -> bool:
        return self.kind in ("numbers", "texts") and self.distinct == 1

    @property
    def bin_names(self) -> tuple[str, ...]:
        """What to call each bin to people."""
        if self.kind == "bins":
            ends = [f"{edge:.6g}" for edge in self.edges]
            pairs = pairwise(ends)
            between = [f"{low} to {high}" for low, high in pairs]
            return (f"below {ends[0]}", *between, f"from {ends[-1]}") if ends else ("all",)
        if self.kind == "dates":
            return ("given",)
        named = (each if isinstance(each, str) else f"{each:.6g}" for each in self.values)
        return (*named, "other")


@dataclass(frozen=True, kw_only=True)
class BaselineQuality:
    """How right the model was on held-out rows: see `model.monitoring.baseline.Quality`."""

    rows: int
    correct: int
    steps: tuple[float, ...]
    certainty: tuple[float, ...]
    sums: Mapping[str, Sum]


@dataclass(frozen=True, kw_only=True)
class RequestColumns:
    """How a request is read; the runner passes it on."""

    columns: tuple[Mapping[str, str | None], ...]
    spelling: Mapping[str, Any]
    left_out: tuple[str, ...]
    target: str


@dataclass(frozen=True, kw_only=True)
class Baseline(Stored):
    """The `baseline.json` that an evaluation job leaves."""

    format: Literal[1]
    task: Literal["classification", "regression"]
    rows: int
    request: RequestColumns
    inputs: tuple[ColumnBaseline, ...]
    answers: tuple[ColumnBaseline, ...]
    quality: BaselineQuality

    def empty_window(self, sha256: str) -> WindowCounts:
        """Return the counts of a window without a single request. `sha256` is of the file."""
        return WindowCounts(
            format=1,
            baseline=sha256,
            lines=0,
            requests=0,
            not_counted={},
            rows=0,
            short_rows=0,
            long_rows=0,
            extra_columns={},
            inputs={each.name: _nothing(each) for each in self.inputs},
            answers={each.name: _nothing(each) for each in self.answers},
            on_steps=(0,) * len(self.quality.certainty),
            quality=(),
        )


def _nothing(column: ColumnBaseline) -> ColumnCounts:
    return ColumnCounts(
        bins=(0,) * len(column.counts.bins),
        missing=0,
        absent=0,
        unreadable=0,
        new=0,
        below=0,
        above=0,
        sum=(0, 0),
        squares=(0, 0),
        magnitudes={},
        minimum=None,
        maximum=None,
    )


def value_of(exact: Sum) -> Fraction:
    mantissa, exponent = exact
    return Fraction(mantissa) * Fraction(2) ** exponent


def add_sums(first: Sum, second: Sum) -> Sum:
    """Add two exact sums; the mantissa stays odd, so that equal sums are equal pairs."""
    base = min(first[1], second[1])
    mantissa = sum(each << (exponent - base) for each, exponent in (first, second))
    if mantissa == 0:
        return 0, 0
    zeros = (mantissa & -mantissa).bit_length() - 1
    return mantissa >> zeros, base + zeros


def _added(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(first, second, strict=True))


def _together(first: Counts, second: Counts) -> Counts:
    names = sorted(first.keys() | second.keys())
    return {name: first.get(name, 0) + second.get(name, 0) for name in names}

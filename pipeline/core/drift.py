"""Judges the counts of a window against the baseline of the release that answered.

A column has drifted when its population stability index (PSI) exceeds the limit and what so few
rows show by chance. What is broken upstream (missing, unreadable, never seen) is data quality: a
verdict of its own, after which nobody wants to retrain. Sources of the numbers: docs/monitoring.md.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from pipeline.core.intervals import newcombe, wilson
from pipeline.core.window_counts import Baseline, ColumnBaseline, ColumnCounts, WindowCounts

# Of windows without drift, at most so many may have a column above its noise floor
_FALSE_ALARMS = 0.001
_WARNING = 0.1
_MISSING_POINTS = 0.05
_STRANGE_SHARE = 0.01
_CONSTANT_ROWS = 10
# Sizes this many powers of two apart are another unit: 2**6 is below the 100 of percent
_UNIT_POWERS = 6
# Another unit moves all sizes alike, and these shares of them by the same power, give or take
_UNIT_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
_UNIT_SLACK = 2
_LEAST_SIZED = 30


class Check(StrEnum):
    """The words of SageMaker Model Monitor (constraint_violations.json)."""

    DATA_TYPE = "data_type_check"
    COMPLETENESS = "completeness_check"
    DRIFT = "baseline_drift_check"
    MISSING_COLUMN = "missing_column_check"
    EXTRA_COLUMN = "extra_column_check"
    CATEGORICAL_VALUES = "categorical_values_check"


class Finding(StrEnum):
    """What a window shows, the gravest of it."""

    NOT_ENOUGH_ROWS = "not_enough_rows"
    DATA_QUALITY = "data_quality"
    DRIFTED = "drifted"
    OK = "ok"


@dataclass(frozen=True, kw_only=True)
class DriftLimits:
    psi_threshold: float = 0.2
    minimum_row_count: int = 200


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A breach of what the baseline lets expect, in words for people."""

    feature_name: str
    check: Check
    description: str


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Shares (0..1) of the rows that fell into it."""

    name: str
    baseline_share: float
    share: float


@dataclass(frozen=True, kw_only=True)
class ColumnVerdict:
    """One column of a window. `is_answer`: it is what the model said.

    `psi` is None for a column without rows or bins; `floor` is what chance alone may show,
    `distance` the largest gap of the distribution functions, or of the shares of values.
    """

    name: str
    is_answer: bool
    rows: int
    psi: float | None
    floor: float | None
    distance: float | None
    drifted: bool
    warned: bool
    missing_share: float
    baseline_missing_share: float
    bins: tuple[Bin, ...]
    violations: tuple[Violation, ...]


@dataclass(frozen=True, kw_only=True)
class DriftFigures:
    """What is published. Below the minimum of rows only their number is known."""

    monitored_rows: int
    data_drift: float | None
    drifted_columns_share: float | None
    missing_share_max: float | None

    def by_name(self) -> dict[str, float]:
        """Return the figures that there are, by the names of the metrics."""
        named = {
            "DataDrift": self.data_drift,
            "DriftedColumnsShare": self.drifted_columns_share,
            "MissingShareMax": self.missing_share_max,
            "MonitoredRows": float(self.monitored_rows),
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class DriftVerdict:
    """The answers come first in `columns`. `violations` are those of data quality."""

    finding: Finding
    rows: int
    columns: tuple[ColumnVerdict, ...]
    violations: tuple[Violation, ...]
    figures: DriftFigures

    @property
    def drifted(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.drifted)


def judge_drift(baseline: Baseline, window: WindowCounts, limits: DriftLimits) -> DriftVerdict:
    """Compare a window with the baseline that it was counted by."""
    if window.rows < limits.minimum_row_count:
        return _too_few(window.rows)
    columns = tuple(_judged_columns(baseline, window, limits))
    violations = (
        *_of_shape(window),
        *(violation for column in columns for violation in column.violations),
    )
    if violations:
        # What the model says to broken rows is no drift of its own
        columns = tuple(_not_blamed(column) for column in columns)
        finding = Finding.DATA_QUALITY
    else:
        finding = Finding.DRIFTED if any(each.drifted for each in columns) else Finding.OK
    return DriftVerdict(
        finding=finding,
        rows=window.rows,
        columns=columns,
        violations=violations,
        figures=_figures(window.rows, columns),
    )


def _too_few(rows: int) -> DriftVerdict:
    figures = DriftFigures(
        monitored_rows=rows, data_drift=None, drifted_columns_share=None, missing_share_max=None
    )
    return DriftVerdict(
        finding=Finding.NOT_ENOUGH_ROWS, rows=rows, columns=(), violations=(), figures=figures
    )


def _figures(rows: int, columns: Sequence[ColumnVerdict]) -> DriftFigures:
    measured = [column for column in columns if column.psi is not None]
    drifted = [column.psi or 0.0 for column in columns if column.drifted]
    return DriftFigures(
        monitored_rows=rows,
        data_drift=max(drifted, default=0.0),
        drifted_columns_share=len(drifted) / len(measured) if measured else 0.0,
        missing_share_max=max(
            (column.missing_share for column in columns if not column.is_answer), default=0.0
        ),
    )


def _not_blamed(column: ColumnVerdict) -> ColumnVerdict:
    if not column.drifted or not (column.is_answer or column.violations):
        return column
    return ColumnVerdict(**{**vars(column), "drifted": False, "warned": True})


def _judged_columns(
    baseline: Baseline, window: WindowCounts, limits: DriftLimits
) -> Iterator[ColumnVerdict]:
    columns = len(baseline.inputs) + len(baseline.answers)
    for each in baseline.answers:
        yield _judged(each, window.answers[each.name], limits, columns=columns, is_answer=True)
    for each in baseline.inputs:
        yield _judged(each, window.inputs[each.name], limits, columns=columns, is_answer=False)


def _judged(
    known: ColumnBaseline,
    found: ColumnCounts,
    limits: DriftLimits,
    *,
    columns: int,
    is_answer: bool,
) -> ColumnVerdict:
    measured = len(known.counts.bins) > 1 and found.present and known.counts.present
    stability = psi(known.counts.bins, found.bins) if measured else None
    floor = noise_floor(known.counts.bins, found.bins, columns=columns) if measured else None
    far = stability is not None and floor is not None and stability > floor
    return ColumnVerdict(
        name=known.name,
        is_answer=is_answer,
        rows=found.present,
        psi=stability,
        floor=floor,
        distance=_distance(known, found) if measured else None,
        drifted=far and (stability or 0.0) > limits.psi_threshold and not known.is_constant,
        warned=far and (stability or 0.0) > min(_WARNING, limits.psi_threshold),
        missing_share=_missing_share(found),
        baseline_missing_share=_missing_share(known.counts),
        bins=_bins(known, found),
        violations=() if is_answer else tuple(_violations(known, found)),
    )


def psi(baseline: Sequence[int], window: Sequence[int]) -> float:
    """Return the population stability index; half a row more in each bin, for none is empty."""
    return sum(
        (other - one) * math.log(other / one)
        for one, other in zip(_smoothed(baseline), _smoothed(window), strict=True)
    )


def _smoothed(counts: Sequence[int]) -> list[float]:
    rows = sum(counts) + len(counts) / 2
    return [(count + 0.5) / rows for count in counts]


def noise_floor(baseline: Sequence[int], window: Sequence[int], *, columns: int) -> float:
    """Return the PSI that all columns together exceed once in a thousand windows without drift.

    Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of
    Risk Model Validation 14 (2020): chi-square with a degree less than bins, times 1/n + 1/m.
    """
    rows = 1 / sum(baseline) + 1 / sum(window)
    return chi_square_quantile(1 - _FALSE_ALARMS / columns, len(baseline) - 1) * rows


def chi_square_quantile(probability: float, degrees: int) -> float:
    """Return the quantile by Wilson and Hilferty, 0 to 8 percent above the true one out there."""
    spread = 2 / (9 * degrees)
    z = NormalDist().inv_cdf(probability)
    return degrees * (1 - spread + z * math.sqrt(spread)) ** 3


def _distance(known: ColumnBaseline, found: ColumnCounts) -> float:
    one = [count / known.counts.present for count in known.counts.bins]
    other = [count / found.present for count in found.bins]
    gaps = [first - second for first, second in zip(one, other, strict=True)]
    if known.kind == "bins":
        gaps = [sum(gaps[: place + 1]) for place in range(len(gaps))]
    return max(map(abs, gaps))


def _bins(known: ColumnBaseline, found: ColumnCounts) -> tuple[Bin, ...]:
    before, now = known.counts.present or 1, found.present or 1
    return tuple(
        Bin(name=name, baseline_share=one / before, share=other / now)
        for name, one, other in zip(known.bin_names, known.counts.bins, found.bins, strict=True)
    )


def _missing_share(counts: ColumnCounts) -> float:
    return (counts.missing + counts.absent) / counts.rows if counts.rows else 0.0


def _of_shape(window: WindowCounts) -> Iterator[Violation]:
    """Rows by position have as many cells as the request has columns, else nobody can read them."""
    for rows, check, what in (
        (window.short_rows, Check.MISSING_COLUMN, "fewer"),
        (window.long_rows, Check.EXTRA_COLUMN, "more"),
    ):
        if _is_common(rows, window.rows):
            text = f"{rows} of {window.rows} rows have {what} cells than a request has columns"
            yield Violation(feature_name="", check=check, description=text)
    for name, rows in sorted(window.extra_columns.items()):
        if _is_common(rows, window.rows):
            text = f"{rows} of {window.rows} rows have this column, which the model does not know"
            yield Violation(feature_name=name, check=Check.EXTRA_COLUMN, description=text)


def _is_common(rows: int, of: int) -> bool:
    return of > 0 and wilson(rows, of).low > _STRANGE_SHARE


def _violations(known: ColumnBaseline, found: ColumnCounts) -> Iterator[Violation]:
    for check, text in _faults(known, found):
        yield Violation(feature_name=known.name, check=check, description=text)


def _faults(known: ColumnBaseline, found: ColumnCounts) -> Iterator[tuple[Check, str]]:
    rows = found.rows
    if _is_common(found.absent, rows):
        yield Check.MISSING_COLUMN, f"{found.absent} of {rows} rows lack this column"
    given = rows - found.absent
    if _is_common(found.unreadable, given):
        wanted = {"dates": "a date", "texts": "a text or a number"}.get(known.kind, "a number")
        text = f"{found.unreadable} of {given} cells are not {wanted}"
        yield Check.DATA_TYPE, text
    factor = unit_factor(known, found)
    if factor is not None:
        yield Check.DATA_TYPE, f"the unit has changed: sizes are about {factor:.3g} times those"
    before = known.counts
    points = newcombe(found.missing, given, before.missing, before.rows).low
    if points > _MISSING_POINTS:
        shares = f"{found.missing / given:.1%}, in the baseline {_missing_share(before):.1%}"
        yield Check.COMPLETENESS, f"missing are {shares}"
    yield from _strange_values(known, found)


def _strange_values(known: ColumnBaseline, found: ColumnCounts) -> Iterator[tuple[Check, str]]:
    rows = found.present
    if known.kind not in ("numbers", "texts") or not rows or not known.rows:
        return
    if known.is_constant:
        others = found.bins[-1]
        if others > _CONSTANT_ROWS and others > _STRANGE_SHARE * rows:
            text = f"{others} of {rows} differ from the one value that the baseline has"
            yield Check.CATEGORICAL_VALUES, text
    elif known.known is not None:
        more = newcombe(found.new, rows, known.once, known.rows).low
        if more > _STRANGE_SHARE:
            yield Check.CATEGORICAL_VALUES, f"{found.new} of {rows} are values never seen before"


def unit_factor(known: ColumnBaseline, found: ColumnCounts) -> float | None:
    """Return by how much all sizes have changed, None where it is less or not all of them.

    Where large and small sizes only trade places, the median may jump, and the rest stays.
    """
    before, now = known.counts.magnitudes, found.magnitudes
    if min(sum(before.values()), sum(now.values())) < _LEAST_SIZED:
        return None
    shifts = [_power_at(now, share) - _power_at(before, share) for share in _UNIT_SHARES]
    median = shifts[len(shifts) // 2]
    if abs(median) < _UNIT_POWERS or max(shifts) - min(shifts) > _UNIT_SLACK:
        return None
    return float(2.0**median)


def _power_at(magnitudes: Mapping[str, int], share: float) -> int:
    """Return the power of two that so great a share of the sizes does not exceed."""
    wanted, below = share * sum(magnitudes.values()), 0
    powers = sorted(map(int, magnitudes))
    for power in powers:
        below += magnitudes[str(power)]
        if below >= wanted:
            return power
    return powers[-1]

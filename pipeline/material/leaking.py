"""Tells whether one column alone gives the target away, as what was written after the fact does.

Every row is predicted from the others: by those with the same value and, where values have an
order, by its neighbours. So an identifier, whose values nobody else has, tells nothing, and neither
does what fits by chance. What counts is the same in whatever order the rows are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

# Rows outside the most common class, or of a number, below which agreement may be chance
_LEAST_RIGHT, _LEAST_ROWS = 10, 20
_MOST_UNDECIDED, _MOST_WRONG = 0.1, 0.001
_LEAST_R2 = 0.999

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class _Groups:
    """Rows sorted by value: `of` is the group of each, `starts` and `sizes` those of the groups.

    A missing value (NaN) is one group, the last.
    """

    order: Array
    of: Array
    starts: Array
    sizes: Array
    values: Array


def tells_class(values: Array, classes: Array, *, ordered: bool) -> bool:
    """Tell whether numbers (NaN: missing; `ordered`: near ones are alike) give classes away.

    `classes` are whole numbers from 0 on, one for each row.
    """
    if not len(values):
        return False
    groups = _grouped(values, classes)
    sorted_classes = classes[groups.order]
    right, wrong = _decided_by_class(groups, sorted_classes, ordered=ordered)
    common = int(np.bincount(classes).argmax())
    enough = int(np.count_nonzero(right & (sorted_classes != common))) >= _LEAST_RIGHT
    undecided = len(values) - int(right.sum()) - int(wrong.sum())
    few_wrong = int(wrong.sum()) <= _MOST_WRONG * len(values)
    return enough and few_wrong and undecided <= _MOST_UNDECIDED * len(values)


def tells_number(values: Array, numbers: Array, *, ordered: bool) -> bool:
    """Tell whether numbers or codes give a target of numbers away."""
    rows = len(values)
    if rows < _LEAST_ROWS:
        return False
    groups = _grouped(values, numbers)
    target = numbers[groups.order].astype(float)
    predicted = _predicted_numbers(groups, target, ordered=ordered)
    known = ~np.isnan(predicted)
    if known.sum() < max(_LEAST_ROWS, (1 - _MOST_UNDECIDED) * rows):
        return False
    target, predicted = target[known], predicted[known]
    spread = float(np.square(target - target.mean()).sum())
    return spread > 0 and 1 - float(np.square(target - predicted).sum()) / spread >= _LEAST_R2


def _grouped(values: Array, target: Array) -> _Groups:
    order = np.lexsort((target, values))
    ordered = values[order]
    missing = np.isnan(ordered)
    begins = np.ones(len(ordered), dtype=bool)
    begins[1:] = (ordered[1:] != ordered[:-1]) & ~(missing[1:] & missing[:-1])
    starts = np.flatnonzero(begins)
    sizes = np.diff(np.append(starts, len(ordered)))
    return _Groups(
        order=order,
        of=np.cumsum(begins) - 1,
        starts=starts,
        sizes=sizes,
        values=ordered[starts],
    )


def _decided_by_class(groups: _Groups, classes: Array, *, ordered: bool) -> tuple[Array, Array]:
    """Return which rows the others predict right, and which wrong; all else is undecided."""
    begins = np.ones(len(classes), dtype=bool)
    begins[1:] = (classes[1:] != classes[:-1]) | (groups.of[1:] != groups.of[:-1])
    pairs = np.flatnonzero(begins)  # runs of one value and one class
    counts = np.diff(np.append(pairs, len(classes)))
    pair_group = groups.of[pairs]
    first_pairs = np.flatnonzero(np.append(True, pair_group[1:] != pair_group[:-1]))
    most = np.maximum.reduceat(counts, first_pairs)
    is_most = counts == most[pair_group]
    # Of equals the first is taken; the others then outnumber each of its rows, which are wrong
    top = np.minimum.reduceat(np.where(is_most, np.arange(len(pairs)), len(pairs)), first_pairs)
    rest = counts.copy()
    rest[top] = 0
    second = np.maximum.reduceat(rest, first_pairs)
    is_top = np.zeros(len(pairs), dtype=bool)
    is_top[top] = True
    of_row = np.cumsum(begins) - 1
    others = np.where(is_top, most[pair_group] - 1 - second[pair_group], -1)[of_row]
    single = (groups.sizes == 1)[groups.of]
    right, wrong = (others > 0) & ~single, (others < 0) & ~single
    if ordered:
        told = _neighbours(groups, classes[pairs[top]])
        decided = single & (told >= 0)[groups.of]
        right |= decided & (told[groups.of] == classes)
        wrong |= decided & (told[groups.of] != classes)
    return right, wrong


def _neighbours(groups: _Groups, classes: Array) -> Array:
    """Return the class that both neighbours of each group have, -1 where they have none alike."""
    present = classes[~np.isnan(groups.values)]
    told = np.full(len(classes), -1, dtype=np.int64)
    if len(present) > 1:
        before = np.concatenate((present[1:2], present[:-1]))
        after = np.concatenate((present[1:], present[-2:-1]))
        told[: len(present)] = np.where(before == after, before, -1)
    return told


def _predicted_numbers(groups: _Groups, target: Array, *, ordered: bool) -> Array:
    """Return what the other rows predict for each, NaN where they do not."""
    sums = np.add.reduceat(target, groups.starts)
    sizes = groups.sizes[groups.of]
    with np.errstate(invalid="ignore", divide="ignore"):
        predicted: Array = (sums[groups.of] - target) / (sizes - 1)
    predicted[sizes == 1] = np.nan
    present = ~np.isnan(groups.values)
    if ordered and present.sum() > 2:
        at, means = groups.values[present], (sums / groups.sizes)[present]
        share = (at[1:-1] - at[:-2]) / (at[2:] - at[:-2])
        between = np.full(len(groups.sizes), np.nan)
        between[1 : len(at) - 1] = means[:-2] + share * (means[2:] - means[:-2])
        predicted = np.where(sizes == 1, between[groups.of], predicted)
    return predicted

"""Decides what the classes of a target column are, or says why there are none."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.core.errors import UsageError
from pipeline.material.stored import Stored, StoredColumn
from pipeline.material.table import Choices, DataTable, listed, refused, setting, shown
from pipeline.tabular.cells import Spelling, label_of, text_of, trimmed
from pipeline.tabular.schema import LabelKind

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
# More different numbers than this in a target are measurements or identifiers, not classes
_MOST_NUMERIC_CLASSES = 20
LEAST_ROWS = 2
# So many different numbers of a target are counted
_MOST_COUNTED = 100_000


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The class of every row in its canonical spelling; or its number, where kind says so.

    `counts` are the rows of each class; of numbers there are none.
    """

    labels: StoredColumn
    kind: LabelKind
    counts: Mapping[str, int]
    warnings: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted(self.counts))


def decide_labels(table: DataTable, choices: Choices, *, spelling: Spelling) -> Labels:
    """Return the target column as classes or as numbers, refused unless a model can learn them."""
    target = trimmed(choices.target)
    require_target(table, target=target)
    cells = table.cells(target)
    _refuse_missing(table, target, cells, spelling=spelling)
    if choices.problem_type == "regression":
        return _numbers(table, target, cells, spelling=spelling)
    if choices.problem_type == "auto" and _are_measurements(cells, spelling=spelling):
        return _numbers(table, target, cells, spelling=spelling, was_found=True)
    return _classes(table, target, cells)


def _classes(table: DataTable, target: str, cells: StoredColumn) -> Labels:
    stored = Stored()
    counts: Counter[str] = Counter()
    for part in cells.parts():
        label = {cell: label_of(cell) for cell in set(part)}
        stored.append([[label[cell] for cell in part]])
        counts.update(label[cell] for cell in part)
    labels = StoredColumn(stored, 0)
    if len(counts) < LEAST_ROWS:
        message = f"{table.place}: the target {target!r} has one class only, {labels[0]!r}."
        raise refused(message, "Add rows of another class.")
    rare = [label for label, count in counts.items() if count < LEAST_ROWS]
    if rare:
        message = (
            f"{table.place}, line {table.lines[labels.index(rare[0])]}: the class {rare[0]!r} of "
            f"{target!r} has one row ({len(rare)} such classes)."
        )
        raise refused(message, "Every class needs rows to learn from and rows to test with.")
    return Labels(
        labels=labels,
        kind="integer" if all(map(_INTEGER.fullmatch, counts)) else "text",
        counts=counts,
        warnings=(*_respelt(table, target, cells), *_alike(table, target, counts)),
    )


def _are_measurements(cells: StoredColumn, *, spelling: Spelling) -> bool:
    """Tell numbers that are measured from those that name classes."""
    different: set[str] = set()
    for part in cells.parts():
        labels = set(map(label_of, set(part)))
        if spelling.plain(part) is None and not all(
            spelling.written(label) is not None for label in labels
        ):
            return False
        if len(different) <= _MOST_NUMERIC_CLASSES:
            different |= labels
    mostly_different = len(different) > LEAST_ROWS and 2 * len(different) > len(cells)
    return len(different) > _MOST_NUMERIC_CLASSES or mostly_different


def _numbers(
    table: DataTable,
    target: str,
    cells: StoredColumn,
    *,
    spelling: Spelling,
    was_found: bool = False,
) -> Labels:
    """Return the target as numbers; where that was found by looking, the data tells so."""
    stored, different = Stored(), set[str]()
    for part in cells.parts():
        read = [spelling.written(trimmed(cell)) for cell in part]
        if None in read:
            raise _no_number(table, target, cells, spelling=spelling)
        labels = [repr(number + 0.0) for number in read if number is not None]
        stored.append([labels])
        if len(different) <= _MOST_COUNTED:
            different.update(labels)
    if len(different) < LEAST_ROWS:
        message = f"{table.place}: the target {target!r} is {next(iter(different))} in every row."
        raise refused(message, "There is nothing to predict; choose another target.")
    count = len(different) if len(different) <= _MOST_COUNTED else f"more than {_MOST_COUNTED}"
    told = (
        f"{table.place}: the target {target!r} has {count} different numbers in {len(cells)} "
        "rows, so a number is predicted (regression). If they are classes, set "
        f"{setting('problem_type', 'classification')}."
    )
    return Labels(
        labels=StoredColumn(stored, 0),
        kind="number",
        counts={},
        warnings=(told,) if was_found else (),
    )


def _no_number(
    table: DataTable, target: str, cells: StoredColumn, *, spelling: Spelling
) -> UsageError:
    strangers, first = 0, -1
    for row, cell in enumerate(cells):
        if spelling.written(trimmed(cell)) is None:
            strangers, first = strangers + 1, row if first < 0 else first
    message = (
        f"{table.place}, line {table.lines[first]}: the target {target!r} is "
        f"{shown(cells[first])}, which is no finite number ({strangers} such rows)."
    )
    remedy = f"Correct it, or set {setting('problem_type', 'classification')}."
    return refused(message, remedy)


def require_target(table: DataTable, *, target: str) -> None:
    if target not in table.columns:
        near = difflib.get_close_matches(target, table.columns, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        names = listed([repr(name) for name in table.columns], most=30)
        message = f"{table.place} has no column {target!r}; it has {names}."
        raise refused(message, f"Set `training.target` to one of them.{hint}")
    if len(table.columns) < 2:
        message = f"{table.place} has no column besides {target!r}."
        raise refused(
            message,
            "Add feature columns; if another separator divides them, set `training.separator`.",
        )


def _refuse_missing(
    table: DataTable, target: str, cells: StoredColumn, *, spelling: Spelling
) -> None:
    texts: Counter[str] = Counter()
    first, before = -1, 0
    for part in cells.parts():
        missing = {cell for cell in set(part) if spelling.is_missing(cell)}
        if missing:
            rows = [row for row, cell in enumerate(part) if cell in missing]
            first = before + rows[0] if first < 0 else first
            texts.update(trimmed(part[row]) for row in rows)
        before += len(part)
    if not texts:
        return
    spelt = [text for text in texts if text]
    how = listed(
        [
            f"{shown(text)} {count} times" if text else f"blank {count} times"
            for text, count in texts.items()
        ]
    )
    message = (
        f"{table.place}: {texts.total()} rows have no {target!r}, the first is on line "
        f"{table.lines[first]}. What counts as missing here: {how}."
    )
    remedy = "Remove these rows or label them."
    if spelt:
        remedy += (
            f" If {listed(list(map(repr, spelt)))} is a class, set "
            f"{setting('present_values', spelt)}: they no longer count as missing then "
            "(`training.missing_values` adds to what does)."
        )
    raise refused(message, remedy)


def _respelt(table: DataTable, target: str, cells: StoredColumn) -> Iterator[str]:
    """Warn of labels with outer spaces: they are read without them."""
    spaced, first = 0, -1
    for row, cell in enumerate(cells):
        if cell != trimmed(cell):
            spaced, first = spaced + 1, row if first < 0 else first
    if spaced:
        cell = cells[first]
        yield (
            f"{table.place}, column {target!r}: {spaced} labels have outer spaces or are "
            f"composed otherwise, the first is {shown(cell)} on line {table.lines[first]}; it "
            f"is read as {shown(trimmed(cell))}."
        )


def _alike(table: DataTable, target: str, counts: Counter[str]) -> Iterator[str]:
    """Warn of classes that differ by case only."""
    folded: dict[str, list[str]] = {}
    for label in sorted(counts):
        folded.setdefault(" ".join(text_of(label).casefold().split()), []).append(label)
    for labels in folded.values():
        if len(labels) > 1:
            yield (
                f"{table.place}, column {target!r}: {listed([shown(each) for each in labels])} "
                "differ by case or inner spaces only and are classes of their own."
            )

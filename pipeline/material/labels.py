"""Decides what the classes of a target column are, or says why there are none."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.material.table import Choices, DataTable, listed, refused, setting, shown
from pipeline.tabular.cells import Spelling, label_of, text_of, trimmed
from pipeline.tabular.schema import LabelKind

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
# More different numbers than this in a target are measurements or identifiers, not classes
_MOST_NUMERIC_CLASSES = 20
LEAST_ROWS = 2


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The class of every row in its canonical spelling; or its number, where kind says so."""

    labels: tuple[str, ...]
    kind: LabelKind
    warnings: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The different classes; of numbers there are none."""
        return () if self.kind == "number" else tuple(sorted(set(self.labels)))

    @property
    def groups(self) -> tuple[str, ...]:
        """What each row belongs to that needs rows on both sides of a split."""
        return ("",) * len(self.labels) if self.kind == "number" else self.labels


def decide_labels(table: DataTable, choices: Choices, *, spelling: Spelling) -> Labels:
    """Return the target column as classes or as numbers, refused unless a model can learn them."""
    target = trimmed(choices.target)
    require_target(table, target=target)
    cells = table.cells(target)
    _refuse_missing(table, target, cells, spelling=spelling)
    labels = tuple(map(label_of, cells))
    counts = Counter(labels)
    if choices.problem_type == "regression":
        return _numbers(table, target, cells, spelling=spelling)
    if choices.problem_type == "auto" and _are_measurements(counts, spelling=spelling):
        return _numbers(table, target, cells, spelling=spelling, was_found=True)
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
        warnings=(*_respelt(table, target, cells), *_alike(table, target, counts)),
    )


def _are_measurements(counts: Counter[str], *, spelling: Spelling) -> bool:
    """Tell numbers that are measured from those that name classes."""
    if not all(spelling.written(label) is not None for label in counts):
        return False
    mostly_different = len(counts) > LEAST_ROWS and 2 * len(counts) > counts.total()
    return len(counts) > _MOST_NUMERIC_CLASSES or mostly_different


def _numbers(
    table: DataTable,
    target: str,
    cells: Sequence[str],
    *,
    spelling: Spelling,
    was_found: bool = False,
) -> Labels:
    """Return the target as numbers; where that was found by looking, the data tells so."""
    read = [spelling.written(trimmed(cell)) for cell in cells]
    strangers = [row for row, number in enumerate(read) if number is None]
    if strangers:
        row = strangers[0]
        message = (
            f"{table.place}, line {table.lines[row]}: the target {target!r} is "
            f"{shown(cells[row])}, which is no finite number ({len(strangers)} such rows)."
        )
        remedy = f"Correct it, or set {setting('problem_type', 'classification')}."
        raise refused(message, remedy)
    labels = tuple(repr(number + 0.0) for number in read if number is not None)
    different = len(set(labels))
    if different < LEAST_ROWS:
        message = f"{table.place}: the target {target!r} is {labels[0]} in every row."
        raise refused(message, "There is nothing to predict; choose another target.")
    told = (
        f"{table.place}: the target {target!r} has {different} different numbers in {len(labels)} "
        "rows, so a number is predicted (regression). If they are classes, set "
        f"{setting('problem_type', 'classification')}."
    )
    return Labels(labels=labels, kind="number", warnings=(told,) if was_found else ())


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
    table: DataTable, target: str, cells: Sequence[str], *, spelling: Spelling
) -> None:
    missing = [index for index, cell in enumerate(cells) if spelling.is_missing(cell)]
    if not missing:
        return
    texts = Counter(trimmed(cells[index]) for index in missing)
    spelt = [text for text in texts if text]
    how = listed(
        [
            f"{shown(text)} {count} times" if text else f"blank {count} times"
            for text, count in texts.items()
        ]
    )
    message = (
        f"{table.place}: {len(missing)} rows have no {target!r}, the first is on line "
        f"{table.lines[missing[0]]}. What counts as missing here: {how}."
    )
    remedy = "Remove these rows or label them."
    if spelt:
        remedy += (
            f" If {listed(list(map(repr, spelt)))} is a class, set "
            f"{setting('present_values', spelt)}: they no longer count as missing then "
            "(`training.missing_values` adds to what does)."
        )
    raise refused(message, remedy)


def _respelt(table: DataTable, target: str, cells: Sequence[str]) -> Iterator[str]:
    """Warn of labels with outer spaces: they are read without them."""
    spaced = [index for index, cell in enumerate(cells) if cell != trimmed(cell)]
    if spaced:
        cell = cells[spaced[0]]
        yield (
            f"{table.place}, column {target!r}: {len(spaced)} labels have outer spaces or are "
            f"composed otherwise, the first is {shown(cell)} on line {table.lines[spaced[0]]}; it "
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

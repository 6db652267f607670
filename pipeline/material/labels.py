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
    """The class of every row in its canonical spelling."""

    labels: tuple[str, ...]
    kind: LabelKind
    warnings: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.labels)))


def decide_labels(table: DataTable, choices: Choices, *, spelling: Spelling) -> Labels:
    """Return the target column as classes, refused unless a classifier can learn them."""
    target = trimmed(choices.target)
    require_target(table, target=target)
    cells = table.cells(target)
    _refuse_missing(table, target, cells, spelling=spelling)
    labels = tuple(map(label_of, cells))
    counts = Counter(labels)
    _refuse_measurements(table, target, counts, choices, spelling=spelling)
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


def _refuse_measurements(
    table: DataTable, target: str, counts: Counter[str], choices: Choices, *, spelling: Spelling
) -> None:
    are_numbers = all(spelling.written(label) is not None for label in counts)
    if choices.problem_type == "classification" or not are_numbers:
        return
    rows = counts.total()
    mostly_different = len(counts) > LEAST_ROWS and 2 * len(counts) > rows
    if len(counts) > _MOST_NUMERIC_CLASSES or mostly_different:
        message = (
            f"{table.place}: the target {target!r} has {len(counts)} different numbers in {rows} "
            "rows, which look like measurements, not like classes; predicting a number "
            "(regression) is not built yet."
        )
        remedy = f"If they are classes, set {setting('problem_type', 'classification')}."
        raise refused(message, f"{remedy} Else choose another target.")


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

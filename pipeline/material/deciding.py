"""Decides once, on the whole file, what its columns, its classes and its spellings are.

Neither the seed of the split nor the order of the rows has a say in it.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.data_words import ColumnUse
from pipeline.core.errors import UsageError
from pipeline.material.column_cells import Cells
from pipeline.material.columns import Finding, decide_column
from pipeline.material.decimals import find_decimal
from pipeline.material.labels import Labels, decide_labels
from pipeline.material.table import Choices, DataTable, listed, refused
from pipeline.tabular import dates
from pipeline.tabular.cells import Spelling, trimmed
from pipeline.tabular.schema import Column, Schema


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A file and what it was decided to be; `warnings` are for people."""

    table: DataTable
    schema: Schema
    labels: Labels
    warnings: tuple[str, ...]


def decide(table: DataTable, choices: Choices) -> Decided:
    """Return the schema of a file. Raises UsageError where it would have to be guessed."""
    spelling, remark = _spelling(table, choices)
    labels = decide_labels(table, choices, spelling=spelling)
    target = trimmed(choices.target)
    findings = _findings(table, choices, spelling=spelling)
    columns = tuple(found.column for _, found in findings if found.column)
    told = (remark, *labels.warnings, *(found.warning for _, found in findings))
    warnings = (*table.remarks, *filter(None, told))
    if not columns:
        why = " ".join(warnings) or "`training.columns` drops them all."
        message = f"{table.place}: no column is left to learn from. {why}"
        raise refused(message, "Add feature columns, or use some by `training.columns`.")
    _refuse_taken_names(table, columns, target=target)
    schema = Schema(
        target=target,
        label_kind=labels.kind,
        columns=columns,
        left_out=tuple(name for name, found in findings if not found.column),
        spelling=spelling,
    )
    return Decided(table=table, schema=schema, labels=labels, warnings=warnings)


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What other rows must be like to stand below those of a file.

    `columns` are those that its model is asked by, `decimal` is how its numbers are spelt, with a
    remark where that was found by looking. `predicts_number` is False where the target is refused,
    too: more rows may mend that.
    """

    columns: tuple[str, ...]
    predicts_number: bool
    decimal: str
    remark: str


def outline(table: DataTable, choices: Choices) -> Outline:
    """Look at a file whose rows may not be all. Raises UsageError where it had to be guessed."""
    spelling, remark = _spelling(table, choices)
    findings = _findings(table, choices, spelling=spelling)
    return Outline(
        columns=tuple(name for name, found in findings if found.column),
        predicts_number=_predicts_number(table, choices, spelling=spelling),
        decimal=spelling.decimal,
        remark=remark,
    )


def _predicts_number(table: DataTable, choices: Choices, *, spelling: Spelling) -> bool:
    try:
        return decide_labels(table, choices, spelling=spelling).kind == "number"
    except UsageError:
        return False


def _spelling(table: DataTable, choices: Choices) -> tuple[Spelling, str]:
    """Return how a file spells its cells, with a remark where that was found by looking."""
    if choices.decimal is not None:
        return choices.spelling(choices.decimal), ""
    decimal, remark = find_decimal(table, spelling=choices.spelling("."))
    return choices.spelling(decimal), remark


def _findings(
    table: DataTable, choices: Choices, *, spelling: Spelling
) -> list[tuple[str, Finding]]:
    uses, target = _checked_uses(table, choices), trimmed(choices.target)
    return [
        (name, decide_column(Cells(table, position, spelling=spelling), uses.get(name)))
        for position, name in enumerate(table.columns)
        if name != target
    ]


def _checked_uses(table: DataTable, choices: Choices) -> dict[str, ColumnUse]:
    uses = {trimmed(name): use for name, use in choices.columns.items()}
    for name in uses:
        if name not in table.columns or name == trimmed(choices.target):
            near = difflib.get_close_matches(name, table.columns, n=1)
            names = listed([repr(each) for each in table.columns], most=30)
            hint = f"Did you mean {near[0]!r}?" if near else f"It has {names}."
            what = "the target" if name in table.columns else "not among its columns"
            message = f"{table.place}: `training.columns` names {name!r}, which is {what}."
            raise refused(message, "Name features only." if name in table.columns else hint)
    return uses


def _refuse_taken_names(table: DataTable, columns: Sequence[Column], *, target: str) -> None:
    taken = {column.name for column in columns} | {target}
    for column in columns:
        derived = dates.part_names(column.name) if column.kind == "date" else ()
        for name in taken.intersection(derived):
            message = f"{table.place}: the dates of {column.name!r} become {name!r}, which exists."
            raise refused(message, "Rename one of the two columns.")

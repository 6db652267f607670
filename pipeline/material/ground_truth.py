"""Reads a CSV file of labels that came later, and says all that is wrong with it at once.

The header is `id,label`; a third column `row` counts the rows of requests that had several. What is
returned is written as JSON lines of the form that SageMaker's guide gives ground truth: "Ingest
Ground Truth labels and merge them with predictions".
"""

import difflib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.errors import UsageError
from pipeline.material.table import DataTable, refused, shown
from pipeline.tabular.cells import Spelling, label_of, trimmed

ID, LABEL, ROW = "id", "label", "row"
# API reference, InvokeEndpoint, InferenceId
_LONGEST_ID = 64
_MOST_PROBLEMS = 20
_MOST_DIGITS = 9  # a request of 6 MB has fewer rows
_PLAIN = Spelling()
_HEADERS = ({ID, LABEL}, {ID, LABEL, ROW})


@dataclass(frozen=True, kw_only=True)
class GroundTruth:
    """The labels of each request in the order of its rows; the requests in that of the file."""

    labels: Mapping[str, tuple[str, ...]]

    @property
    def row_count(self) -> int:
        return sum(map(len, self.labels.values()))

    def to_json_lines(self) -> bytes:
        """Return one line per request; the same labels give the same bytes."""
        return b"".join(map(_line, self.labels.items()))


def _line(item: tuple[str, tuple[str, ...]]) -> bytes:
    name, labels = item
    document = {
        "eventMetadata": {"eventId": name},
        "eventVersion": "0",
        "groundTruthData": {"data": "\n".join(labels), "encoding": "CSV"},
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def read_ground_truth(
    table: DataTable, *, classes: Collection[str], numbers: Spelling | None = None
) -> GroundTruth:
    """Return the labels of a file. Raises UsageError with every line that is wrong, and why.

    `classes` are those of the model; empty where any label will do. Of a model that predicts a
    number, `numbers` is how its source spells them; a point will do too.
    """
    if set(table.columns) not in _HEADERS:
        message = f"{table.place} has the columns {', '.join(map(repr, table.columns))}."
        remedy = (
            "Its header must be `id,label`, and `id,row,label` where a request had several rows; "
            "id is the InferenceId of the request, else its eventId in the capture."
        )
        raise refused(message, remedy)
    lines = [_Line(table, number) for number in range(len(table.rows))]
    problems = [
        *_bad_cells(lines, classes=classes, numbers=numbers),
        *(_bad_rows(lines) if ROW in table.columns else _twice(lines)),
    ]
    if problems:
        raise _all_of(problems, table)
    labels: dict[str, dict[int, str]] = {}
    for line in lines:
        labels.setdefault(line.id, {})[line.row or 1] = line.label
    ordered = {name: tuple(rows[row] for row in sorted(rows)) for name, rows in labels.items()}
    return GroundTruth(labels=ordered)


class _Line:
    """One line of the file, its cells without outer spaces."""

    def __init__(self, table: DataTable, number: int) -> None:
        cells = dict(zip(table.columns, table.rows[number], strict=True))
        self.where = f"line {table.lines[number]}"
        self.id = trimmed(cells[ID])
        self.label = label_of(cells[LABEL])
        self.row_text = trimmed(cells.get(ROW, ""))

    @property
    def row(self) -> int | None:
        text = self.row_text
        is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
        return (int(text) or None) if is_number else None


def _bad_cells(
    lines: Sequence[_Line], *, classes: Collection[str], numbers: Spelling | None
) -> Iterator[str]:
    for line in lines:
        if not line.id:
            yield f"{line.where} has no id."
        elif len(line.id) > _LONGEST_ID or not line.id.isprintable():
            yield (
                f"{line.where}: the id {shown(line.id)} is not 1 to {_LONGEST_ID} characters that "
                "can be printed, as an InferenceId is."
            )
        if not line.label:
            yield f"{line.where} has no label; leave out requests whose label is not known yet."
        elif not line.label.isprintable():
            yield f"{line.where}: the label {shown(line.label)} is more than one line of text."
        elif classes and line.label not in classes:
            near = difflib.get_close_matches(line.label, sorted(classes), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            yield f"{line.where}: {shown(line.label)} is no class of the live model.{hint}"
        elif numbers and all(each.written(line.label) is None for each in (numbers, _PLAIN)):
            yield (
                f"{line.where}: the label {shown(line.label)} is no finite number, which the live "
                "model predicts."
            )


def _twice(lines: Sequence[_Line]) -> Iterator[str]:
    first: dict[str, str] = {}
    for line in lines:
        if line.id and first.setdefault(line.id, line.where) != line.where:
            yield (
                f"{line.where}: the id {shown(line.id)} is on {first[line.id]} already; for a "
                "request of several rows add a column `row`, counted from 1."
            )


def _bad_rows(lines: Sequence[_Line]) -> Iterator[str]:
    rows: dict[str, dict[int, _Line]] = {}
    for line in lines:
        if line.row is None:
            yield f"{line.where}: the row {shown(line.row_text)} is no whole number from 1 on."
        elif line.row in rows.setdefault(line.id, {}):
            before = rows[line.id][line.row].where
            yield f"{line.where}: row {line.row} of {shown(line.id)} is on {before} already."
        else:
            rows[line.id][line.row] = line
    for name, found in rows.items():
        missing = next(iter(sorted({*range(1, len(found) + 1)} - set(found))), None)
        if missing is not None:
            where = found[max(found)].where
            yield f"{where}: {shown(name)} has a row {max(found)} here, but no row {missing}."


def _all_of(problems: Sequence[str], table: DataTable) -> UsageError:
    told = "\n".join(f"  {problem}" for problem in problems[:_MOST_PROBLEMS])
    more = len(problems) - _MOST_PROBLEMS
    rest = f"\n  and {more} more" if more > 0 else ""
    message = f"{table.place} cannot be taken; nothing was written.\n{told}{rest}"
    return refused(message, "Correct these lines and run the same command again.")

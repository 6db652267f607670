"""Says of a request's row that does not fit how it was perhaps meant, and what to send then."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.tabular.cells import Cell, Spelling, trimmed
from pipeline.tabular.schema import Column

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_MOST = 120


def of_separators(row: Sequence[Cell], columns: Sequence[Column], spelling: Spelling) -> str:
    """Return a sentence where other marks, or decimal commas, explain how many cells there are."""
    text = ",".join(map(str, row))
    for mark, word in _SEPARATORS.items():
        cells = text.split(mark)
        if len(cells) == len(columns) > 1:
            return f" It has {word} between its cells; send commas: {_sent(cells, spelling)}"
    cells = list(_with_commas(row, columns))
    if len(row) > len(cells) == len(columns) and all(
        _is_number(cell, spelling)
        for cell, column in zip(cells, columns, strict=True)
        if column.kind == "numeric"
    ):
        return f" If its numbers have decimal commas, send: {_sent(cells, spelling)}"
    return ""


def _with_commas(row: Sequence[Cell], columns: Sequence[Column]) -> Iterator[str]:
    """Yield the cells of a row whose every number was cut in two by its comma; else too few."""
    cells = iter(map(str, row))
    for column in columns:
        parts = [next(cells, None) for _ in range(2 if column.kind == "numeric" else 1)]
        if None in parts or not all(map(str.isdecimal, map(str, parts[1:]))):
            return
        yield ",".join(map(str, parts))
    if next(cells, None) is not None:
        yield ""


def other_mark(cell: Cell, spelling: Spelling) -> str:
    """Return a number with the right decimal mark where it has the other one, else nothing."""
    other = {".": ",", ",": "."}[spelling.decimal]
    text = trimmed(cell) if isinstance(cell, str) else ""
    is_other = replace(spelling, decimal=other).written(text) is not None
    return text.replace(other, spelling.decimal) if is_other and other in text else ""


def _is_number(text: str, spelling: Spelling) -> bool:
    return spelling.written(text) is not None or bool(other_mark(text, spelling))


def _sent(cells: Sequence[str], spelling: Spelling) -> str:
    """Return the row as CSV, its numbers with the right mark."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([other_mark(each, spelling) or trimmed(each) for each in cells])
    line = text.getvalue().removesuffix("\r\n")
    return line if len(line) <= _MOST else f"{line[:_MOST]}..."

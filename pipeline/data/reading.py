"""Makes a table of a data file: what divides its cells is found where only one answer fits."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.cells import trimmed
from pipeline.data.decoding import decoded
from pipeline.data.table import SEPARATORS, DataTable, place, refused, setting, shown

# What Excel writes above the header to say what divides the cells
_EXCELS_HINT = re.compile(r"sep=([,;|\t])\r?\n", re.IGNORECASE)
_WORDS = {"\t": "tab"}

Record = tuple[int, list[str]]


def parse_table(
    content: bytes,
    *,
    name: str = "The data file",
    separator: str | None = None,
    encoding: str | None = None,
) -> DataTable:
    """Return a CSV file with a header row; UsageError says what is wrong with it, and where."""
    text, first_line = decoded(content, name=name, encoding=encoding), 1
    if hint := _EXCELS_HINT.match(text):
        text, first_line = text[hint.end() :], 2
        separator = separator or hint[1]
    divided_by = separator or _separator(text, name=name)
    records = list(_records(text, divided_by, name=name, first_line=first_line))
    header = _header(records, name=place(name, divided_by))
    found = separator is None and divided_by != ","
    remark = f"{name}: its cells are divided by {SEPARATORS[divided_by]}." if found else ""
    return DataTable(
        name=name,
        separator=divided_by,
        columns=header,
        rows=tuple(tuple(cells) for _, cells in records[1:]),
        lines=tuple(line for line, _ in records[1:]),
        sha256=hashlib.sha256(content).hexdigest(),
        remarks=(remark,) if remark else (),
    )


def _header(records: Sequence[Record], *, name: str) -> tuple[str, ...]:
    if not records:
        message = f"{name} is empty."
        raise refused(message, "Give a CSV file with a header row.")
    line, cells = records[0]
    header = tuple(map(trimmed, cells))
    twice = [each for each, count in Counter(header).items() if each and count > 1]
    if twice:
        message = f"{name}, line {line} names the columns {', '.join(map(repr, twice))} twice."
        raise refused(message, "Give every column a name of its own.")
    if len(records) == 1:
        message = f"{name} has a header but no rows."
        raise refused(message, "Add rows below the header.")
    for line, cells in records[1:]:
        if len(cells) != len(header):
            message = (
                f"{name}, line {line} has {len(cells)} cells, not {len(header)}; "
                f"its first is {shown(cells[0])}."
            )
            remedy = (
                "Quote cells that hold the separator or a line break; if another one divides the "
                "cells, set `training.separator`."
            )
            raise refused(message, remedy)
    return header


def _records(text: str, separator: str, *, name: str, first_line: int = 1) -> Iterator[Record]:
    """Yield each row with the line it begins on; blank lines are no rows."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 0
    try:
        for cells in reader:
            if cells:
                yield begins + first_line, cells
            begins = reader.line_num
    except csv.Error as error:
        message = (
            f"{place(name, separator)}: the row that begins on line {begins + first_line} is not "
            f"readable as CSV: {error}."
        )
        raise refused(message, 'Close every quote, and double a " within quotes.') from error


def _separator(text: str, *, name: str) -> str:
    """Return the one separator that makes a table of the text. UsageError where several do."""
    splitting = [each for each in SEPARATORS if _width(text, each) > 1]
    if len(splitting) < 2:
        return splitting[0] if splitting else ","
    fitting = [each for each in splitting if _fits(text, each)]
    if len(fitting) == 1:
        return fitting[0]
    candidates = " or ".join(SEPARATORS[each] for each in fitting or splitting)
    message = f"{name}, line 1: its cells may be divided by {candidates}."
    choice = _WORDS.get((fitting or splitting)[0], (fitting or splitting)[0])
    raise refused(message, f"Say which: {setting('separator', choice)}, for example.")


def _width(text: str, separator: str) -> int:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return len(next(filter(None, reader), []))
    except csv.Error:
        return 0


def _fits(text: str, separator: str) -> bool:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return len({len(cells) for cells in reader if cells}) == 1
    except csv.Error:
        return False


def write_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    return "".join(_csv_line(cells) for cells in (columns, *rows)).encode()


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    # Only with its default line end does csv quote a lone carriage return
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"

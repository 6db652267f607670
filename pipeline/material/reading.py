"""Makes a table of a data file; what divides its cells is found where only one answer fits."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from pipeline.material.opening import Opened, TextFile, sha256_of
from pipeline.material.stored import Rows, Stored, StoredColumn
from pipeline.material.table import SEPARATORS, DataTable, place, refused, setting, shown
from pipeline.tabular.cells import trimmed

# What Excel writes above the header to say what divides the cells
_EXCELS_HINT = re.compile(r"sep=([,;|\t])\r?\n", re.IGNORECASE)
_WORDS = {"\t": "tab"}

Record = tuple[int, list[str]]
Lines = Callable[[], Iterator[str]]


def parse_table(
    content: bytes,
    *,
    name: str = "The data file",
    separator: str | None = None,
    encoding: str | None = None,
) -> DataTable:
    """Return a CSV file with a header row; UsageError says what is wrong with it, and where."""
    return read_table(
        lambda: io.BytesIO(content), name=name, separator=separator, encoding=encoding
    )


def read_table(
    opened: Opened, *, name: str, separator: str | None = None, encoding: str | None = None
) -> DataTable:
    """Return a file as `parse_table` does; it is never held as a whole."""
    file, skipped = TextFile(opened, name=name, encoding=encoding), 0
    if hint := _EXCELS_HINT.match(file.head):
        separator, skipped = separator or hint[1], 1

    def lines() -> Iterator[str]:
        return islice(file.lines(), skipped, None)

    divided_by = separator or _separator(lines, name=name)
    records = _records(lines(), divided_by, name=name, first_line=1 + skipped)
    header = _header(next(records, None), name=place(name, divided_by))
    cells = _fitting(records, header, name=place(name, divided_by))
    stored = Stored.of(cells, width=len(header) + 1)
    if not stored.rows:
        message = f"{place(name, divided_by)} has a header but no rows."
        raise refused(message, "Add rows below the header.")
    found = separator is None and divided_by != ","
    remark = f"{name}: its cells are divided by {SEPARATORS[divided_by]}." if found else ""
    return DataTable(
        name=name,
        separator=divided_by,
        columns=header,
        rows=Rows(stored, range(len(header))),
        lines=StoredColumn(stored, len(header)),
        sha256=sha256_of(opened),
        remarks=(remark,) if remark else (),
    )


def _header(record: Record | None, *, name: str) -> tuple[str, ...]:
    if record is None:
        message = f"{name} is empty."
        raise refused(message, "Give a CSV file with a header row.")
    line, cells = record
    header = tuple(map(trimmed, cells))
    twice = [each for each, count in Counter(header).items() if each and count > 1]
    if twice:
        message = f"{name}, line {line} names the columns {', '.join(map(repr, twice))} twice."
        raise refused(message, "Give every column a name of its own.")
    return header


def _fitting(
    records: Iterable[Record], header: Sequence[str], *, name: str
) -> Iterator[list[str | int]]:
    """Yield the cells of each row and its line, all as long as the header."""
    for line, cells in records:
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
        yield [*cells, line]


def _records(
    lines: Iterable[str], separator: str, *, name: str, first_line: int = 1
) -> Iterator[Record]:
    """Yield each row with the line it begins on; blank lines are no rows."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
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


def _separator(lines: Lines, *, name: str) -> str:
    """Return the one separator that makes a table of the text. UsageError where several do."""
    splitting = [each for each in SEPARATORS if _width(lines(), each) > 1]
    if len(splitting) < 2:
        return splitting[0] if splitting else ","
    fitting = [each for each in splitting if _fits(lines(), each)]
    if len(fitting) == 1:
        return fitting[0]
    candidates = " or ".join(SEPARATORS[each] for each in fitting or splitting)
    message = f"{name}, line 1: its cells may be divided by {candidates}."
    choice = _WORDS.get((fitting or splitting)[0], (fitting or splitting)[0])
    raise refused(message, f"Say which: {setting('separator', choice)}, for example.")


def _width(lines: Iterable[str], separator: str) -> int:
    reader = csv.reader(lines, delimiter=separator)
    try:
        return len(next(filter(None, reader), []))
    except csv.Error:
        return 0


def _fits(lines: Iterable[str], separator: str) -> bool:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        return len({len(cells) for cells in reader if cells}) == 1
    except csv.Error:
        return False


def write_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    return "".join(csv_line(cells) for cells in (columns, *rows)).encode()


def csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    # Only with its default line end does csv quote a lone carriage return
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"

"""Makes a table of a data file's bytes, and refuses by its name what is no text.

What divides its cells is found where only one answer fits.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.core.errors import UsageError
from pipeline.material.table import SEPARATORS, DataTable, place, refused, setting, shown
from pipeline.tabular.cells import trimmed

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ZIP, _EXCELS_FOLDER = b"PK\x03\x04", b"xl/"
_AS_CSV = "Save it as CSV (a header row, then one row a line) and name that file."
_IN_PANDAS = "Read it with pandas and write it with `to_csv(..., index=False)`; name that file."
_IN_EXCEL = "In Excel choose File, Save As, `CSV UTF-8`, and name that file."
# The first bytes of what people have beside CSV: what it is, and the way out
_FOREIGN = (
    (b"PAR1", "a Parquet file", _IN_PANDAS),
    (b"ARROW1", "a Feather (Arrow) file", _IN_PANDAS),
    (b"ORC", "an ORC file", _IN_PANDAS),
    (b"Obj\x01", "an Avro file", _IN_PANDAS),
    (b"\x89HDF\r\n", "an HDF5 file", _IN_PANDAS),
    (b"\x93NUMPY", "a NumPy file", _AS_CSV),
    (b"SQLite format 3\x00", "a SQLite database", _AS_CSV),
    (_ZIP, "an Excel file (.xlsx)", _IN_EXCEL),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel file (.xls)", _IN_EXCEL),
    (b"BZh", "compressed with bzip2", "Unpack it, or compress it with gzip."),
    (b"\xfd7zXZ\x00", "compressed with xz", "Unpack it, or compress it with gzip."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it, or compress it with gzip."),
    (b"%PDF-", "a PDF document", _AS_CSV),
)
_MARKUP = re.compile(r"\s*<(\?xml|!doctype|html)", re.IGNORECASE)
# What Excel writes above the header to say what divides the cells
_EXCELS_HINT = re.compile(r"sep=([,;|\t])\r?\n", re.IGNORECASE)
_WORDS = {"\t": "tab"}
# As for a model's archive: tables are 1 of 2 to 50, and gzip makes 1 of 1,032 of a trap
_MAX_RATIO = 200
# Below so many bytes no ratio is a trap
_FREE_BYTES = 64 * 1024**2

Record = tuple[int, list[str]]


def parse_table(
    content: bytes,
    *,
    name: str = "The data file",
    separator: str | None = None,
    encoding: str | None = None,
) -> DataTable:
    """Return a CSV file with a header row; UsageError says what is wrong with it, and where."""
    text, first_line = _decoded(content, name=name, encoding=encoding), 1
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


def _decoded(content: bytes, *, name: str, encoding: str | None) -> str:
    """Return the text of a file, unpacked where it is gzip; UsageError says what it is instead.

    Without `encoding` it is what the file's byte order mark says, else UTF-8; nothing is guessed.
    """
    content = _unpacked(content, name=name)
    _refuse_foreign(content, name=name)
    marked = next((each for mark, each in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    text = _text(content, marked or encoding, name=name)
    if "\x00" in text:
        message = f"{name} holds zero bytes: it is no text, or UTF-16 without a byte order mark."
        raise refused(message, f"If it is text, set {setting('encoding', 'utf-16-le')}.")
    _refuse_markup(text, name=name)
    return text


def _unpacked(content: bytes, *, name: str) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    most = max(_FREE_BYTES, _MAX_RATIO * len(content))
    try:
        with gzip.open(io.BytesIO(content)) as unpacked:
            # One byte more than it may be, and never the rest
            text = unpacked.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        message = f"{name} is gzip, but cannot be unpacked: {error}."
        raise refused(message, "Compress the CSV file again, or give it unpacked.") from error
    if len(text) > most:
        message = f"{name} unpacks to more than {most} bytes from {len(content)}."
        raise refused(message, "If that is your data, unpack it and name the CSV file.")
    return text


def _refuse_foreign(content: bytes, *, name: str) -> None:
    for beginning, what, remedy in _FOREIGN:
        if content.startswith(beginning) and (beginning != _ZIP or _EXCELS_FOLDER in content):
            raise _foreign(name, what, remedy)
    if content.startswith(_ZIP):
        remedy = "Unpack it and name the CSV file, or compress that with gzip."
        raise _foreign(name, "a zip archive", remedy)


def _foreign(name: str, what: str, remedy: str) -> UsageError:
    message = f"{name} is {what}, not CSV."
    return refused(message, remedy)


def _text(content: bytes, encoding: str | None, *, name: str) -> str:
    if encoding is None:
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise _not_utf8(content, error.start, name=name) from error
    try:
        text = content.decode(encoding)
        text.encode()  # some encodings spell halves of characters, which nothing can write
    except UnicodeError as error:
        message = f"{name} is not readable as {encoding}: {error}."
        raise refused(message, "Correct the file or `training.encoding`.") from error
    return text


def _not_utf8(content: bytes, position: int, *, name: str) -> UsageError:
    line = content.count(b"\n", 0, position) + 1
    start = content.rfind(b"\n", 0, position) + 1
    stretch = content[max(start, position - 12) : position + 12].splitlines()[0]
    message = (
        f"{name}, line {line}: byte 0x{content[position]:02x} is not UTF-8. Read as cp1252 "
        f"(Windows, western Europe) it is {shown(stretch.decode('cp1252', 'replace'))}."
    )
    remedy = f"If that is right, set {setting('encoding', 'cp1252')}, else the encoding it has."
    return refused(message, remedy)


def _refuse_markup(text: str, *, name: str) -> None:
    if _MARKUP.match(text):
        raise _foreign(name, "HTML or XML", _AS_CSV)
    if text.lstrip()[:1] in ("{", "[") and (_is_json(text.split("\n", 1)[0]) or _is_json(text)):
        raise _foreign(name, "JSON or JSON lines", _IN_PANDAS)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False

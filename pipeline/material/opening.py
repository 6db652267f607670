"""Opens a data file as lines of text, and refuses by its name what is no text.

The file is read anew by whoever asks for its lines, and never held.
"""

import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from pipeline.core.errors import UsageError
from pipeline.material.table import refused, setting, shown

Opened = Callable[[], BinaryIO]

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
# How JSON begins that has objects, or lists of lists; a CSV writer quotes a cell that has quotes
_JSON = re.compile(r'\s*(?:\[?\s*\{\s*"(?:[^"\\]|\\.)*"\s*:|\[\s*\[\s*["\d-])')
# As for a model's archive: tables are 1 of 2 to 50, and gzip makes 1 of 1,032 of a trap
_MAX_RATIO = 200
# Below so many bytes no ratio is a trap
_FREE_BYTES = 64 * 1024**2
_PART_BYTES = 1024**2
# What a file is shows in its first characters
_HEAD = 1024**2


class TextFile:
    """A file as text, unpacked where it is gzip; UsageError says what it is instead.

    Without `encoding` it is what the file's byte order mark says, else UTF-8; nothing is guessed.
    """

    def __init__(self, opened: Opened, *, name: str, encoding: str | None) -> None:
        self._opened, self._name = opened, name
        with self._unpacked() as content:
            first = content.read(_PART_BYTES)
        self._refuse_foreign(first)
        marked = next((each for mark, each in _BYTE_ORDER_MARKS if first.startswith(mark)), None)
        self._encoding = marked or encoding
        with self._text() as text:
            self.head = text.read(_HEAD)
        self._refuse_zeros(self.head)
        self._refuse_markup()

    def lines(self) -> Iterator[str]:
        """Yield the lines with their ends as they are written."""
        with self._text() as text:
            for line in text:
                self._refuse_zeros(line)
                if self._encoding is not None:
                    line.encode()  # some encodings spell halves of characters, which nothing writes
                yield line

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        with self._unpacked() as content:
            try:
                yield io.TextIOWrapper(content, encoding=self._encoding or "utf-8", newline="")
            except UnicodeError as error:
                raise self._unreadable(error) from error

    @contextmanager
    def _unpacked(self) -> Iterator[io.BufferedReader]:
        with self._opened() as content:
            is_packed = content.read(2) == b"\x1f\x8b"
            size = content.seek(0, io.SEEK_END)
            content.seek(0)
            raw = _Unpacked(content, size_bytes=size, name=self._name) if is_packed else content
            yield io.BufferedReader(raw, _PART_BYTES)  # type: ignore[arg-type]

    def _refuse_foreign(self, first: bytes) -> None:
        for beginning, what, remedy in _FOREIGN:
            if first.startswith(beginning) and (beginning != _ZIP or self._holds(_EXCELS_FOLDER)):
                raise _foreign(self._name, what, remedy)
        if first.startswith(_ZIP):
            remedy = "Unpack it and name the CSV file, or compress that with gzip."
            raise _foreign(self._name, "a zip archive", remedy)

    def _holds(self, name: bytes) -> bool:
        before = b""
        with self._unpacked() as content:
            while part := content.read(_PART_BYTES):
                if name in before + part:
                    return True
                before = part[-len(name) :]
        return False

    def _refuse_zeros(self, text: str) -> None:
        if "\x00" in text:
            message = (
                f"{self._name} holds zero bytes: it is no text, or UTF-16 without a byte order "
                "mark."
            )
            raise refused(message, f"If it is text, set {setting('encoding', 'utf-16-le')}.")

    def _refuse_markup(self) -> None:
        text = self.head
        if _MARKUP.match(text):
            raise _foreign(self._name, "HTML or XML", _AS_CSV)
        if _JSON.match(text) or _is_json(text.split("\n", 1)[0]):
            raise _foreign(self._name, "JSON or JSON lines", _IN_PANDAS)

    def _unreadable(self, error: UnicodeError) -> UsageError:
        if self._encoding is None:
            return self._not_utf8()
        message = f"{self._name} is not readable as {self._encoding}: {error}."
        return refused(message, "Correct the file or `training.encoding`.")

    def _not_utf8(self) -> UsageError:
        """Name the first byte that is not UTF-8: no character goes on behind the end of a line."""
        with self._unpacked() as content:
            for number, line in enumerate(content, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    return self._wrong_byte(line, error.start, number)
        message = f"{self._name} is another file than it was a moment ago."
        return refused(message, "Run the same command again.")

    def _wrong_byte(self, line: bytes, position: int, number: int) -> UsageError:
        stretch = line[max(0, position - 12) : position + 12].splitlines()[0]
        message = (
            f"{self._name}, line {number}: byte 0x{line[position]:02x} is not UTF-8. Read as "
            f"cp1252 (Windows, western Europe) it is {shown(stretch.decode('cp1252', 'replace'))}."
        )
        remedy = f"If that is right, set {setting('encoding', 'cp1252')}, else the encoding it has."
        return refused(message, remedy)


class _Unpacked(io.RawIOBase):
    """What a gzip file unpacks to, refused where it is more than tables are."""

    def __init__(self, packed: BinaryIO, *, size_bytes: int, name: str) -> None:
        super().__init__()
        self._content = gzip.GzipFile(fileobj=packed, mode="rb")
        self._size_bytes, self._name = size_bytes, name
        self._most = max(_FREE_BYTES, _MAX_RATIO * size_bytes)
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        try:
            part = self._content.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            message = f"{self._name} is gzip, but cannot be unpacked: {error}."
            raise refused(message, "Compress the CSV file again, or give it unpacked.") from error
        self._read += len(part)
        if self._read > self._most:
            message = (
                f"{self._name} unpacks to more than {self._most} bytes from {self._size_bytes}."
            )
            raise refused(message, "If that is your data, unpack it and name the CSV file.")
        buffer[: len(part)] = part
        return len(part)


def _foreign(name: str, what: str, remedy: str) -> UsageError:
    message = f"{name} is {what}, not CSV."
    return refused(message, remedy)


def sha256_of(opened: Opened) -> str:
    digest = hashlib.sha256()
    with opened() as content:
        while part := content.read(_PART_BYTES):
            digest.update(part)
    return digest.hexdigest()


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False

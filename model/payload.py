"""Reads what a request carries and writes what an answer says; JSON and CSV, nothing else.

A request body becomes loose rows, to which `frame_for` gives the model's columns and types.
"""

import csv
import functools
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import pandas as pd

from model.errors import NotAcceptableError, RequestError, UnsupportedContentTypeError
from model.hints import of_separators
from model.table import Label, TableError, frame_of, split_csv
from pipeline.tabular.cells import Cell, Spelling, trimmed
from pipeline.tabular.schema import Column

JSON = "application/json"
CSV = "text/csv"
_NOT_UTF_8 = "\ufffd"

_HEADERS = {"present": True, "absent": False, "": None}

Row = Mapping[str, Cell] | Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class Payload:
    """Rows by position or by name. `header`: whether the first row holds names; None = look."""

    rows: Sequence[Row]
    header: bool | None = False


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """One label per row; probabilities per row in the order of `labels`, if the model has them.

    `unknown_categories` counts, by column, the texts that the model has never seen.
    """

    predictions: Sequence[Label]
    labels: Sequence[Label] = ()
    probabilities: Sequence[Sequence[float]] | None = None
    unknown_categories: Mapping[str, int] = field(default_factory=dict)


def read_payload(body: str | bytes, content_type: str) -> Payload:
    """Return the rows of a request body.

    JSON is `{"instances": [...]}`, a list, or one object; an instance is an object by column name
    or a list in column order. CSV may start with a header (`text/csv; header=present|absent`, the
    parameter of RFC 4180, settles it; without it only a row of all names is one).
    """
    media_type, header = media_type_of(content_type)
    match media_type:
        case "application/json":
            return Payload(rows=_json_rows(_text(body)))
        case "text/csv":
            return _csv_payload(_text(body), header=header)
    message = f"Content type {content_type!r} is not supported; send {JSON} or {CSV}."
    raise UnsupportedContentTypeError(message)


@functools.lru_cache(maxsize=256)  # reading one takes longer than reading a small body
def media_type_of(content_type: str) -> tuple[str, str]:
    """Return the media type of a Content-Type, and its parameter `header`."""
    header = Message()
    header["Content-Type"] = content_type or JSON
    return header.get_content_type(), str(header.get_param("header", ""))


def _text(body: str | bytes) -> str:
    """Text has been decoded by the server, which puts U+FFFD in the place of what is not UTF-8."""
    if isinstance(body, str):
        if _NOT_UTF_8 in body:
            message = f"The body is not UTF-8 text: {_shown_around(body)}."
            raise RequestError(message)
        return body.removeprefix("\ufeff")
    try:
        return bytes(body).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8 text: {error}."
        raise RequestError(message) from error


def _shown_around(body: str) -> str:
    position = body.index(_NOT_UTF_8)
    return repr(body[max(0, position - 20) : position + 20])


def _csv_payload(text: str, *, header: str) -> Payload:
    try:
        rows = split_csv(text)
    except TableError as error:
        message = f"{error} A comma separates cells; one with a comma in it stands between quotes."
        raise RequestError(message) from error
    if header.lower() not in _HEADERS:
        message = f"The parameter header of text/csv is {header!r}; it is present or absent."
        raise RequestError(message)
    return Payload(rows=rows, header=_HEADERS[header.lower()])


def _json_rows(text: str) -> Sequence[Row]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"The body is not JSON: {error}. Send CSV with the content type {CSV}."
        raise RequestError(message) from error
    if isinstance(document, dict) and isinstance(document.get("instances"), list):
        document = document["instances"]
    rows: list[Any] = [document] if isinstance(document, dict) else document
    if not isinstance(rows, list):
        message = 'The JSON body must be {"instances": [...]}, a list of rows, or one object.'
        raise RequestError(message)
    for position, row in enumerate(rows, start=1):
        if not isinstance(row, dict | list):
            message = (
                f"Row {position} is {json.dumps(row)[:60]}; a row is an object by column name "
                "or a list in column order."
            )
            raise RequestError(message)
    return rows


def frame_for(
    payload: Payload,
    *,
    columns: Sequence[Column],
    spelling: Spelling,
    left_out: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the rows with the columns and types the model was trained on.

    Columns the model does not know are ignored when rows come by name.
    """
    rows = payload.rows
    names = header_of(payload, columns=columns)
    if names:
        rows = [dict(zip(names, row, strict=True)) for row in rows[1:]]
    if not rows:
        message = "The request has no rows."
        raise RequestError(message)
    ordered = [
        _cells(row, number=n, columns=columns, spelling=spelling, left_out=left_out)
        for n, row in enumerate(rows, start=1)
    ]
    try:
        return frame_of(ordered, columns=columns, spelling=spelling)
    except TableError as error:
        message = f"{error}{_hint(payload, columns, is_named=bool(names))}"
        raise RequestError(message) from error


def header_of(payload: Payload, *, columns: Sequence[Column]) -> Sequence[str]:
    """Return the names in the first row, nothing where it holds cells.

    Where nothing settles it, only a row that has every name is a header: a row of data that looks
    like some of the names must not be dropped.
    """
    if payload.header is False or not payload.rows:
        return ()
    first = [trimmed(str(cell)) for cell in payload.rows[0]]
    if payload.header is None and not _are_names(first, columns=columns):
        return ()
    twice = sorted({name for name in first if name and first.count(name) > 1})
    if twice:
        message = f"The header names {', '.join(map(repr, twice))} twice."
        raise RequestError(message)
    return first


def _are_names(first: Sequence[str], *, columns: Sequence[Column]) -> bool:
    names = [column.name for column in columns]
    if not set(names) <= set(first):
        return False
    could_be_cells = len(first) == len(names) and all(map(_is_numeral, names))
    return not could_be_cells or list(first) == names


def _is_numeral(name: str) -> bool:
    return Spelling().written(name) is not None


def _hint(payload: Payload, columns: Sequence[Column], *, is_named: bool) -> str:
    """Say what a first row lacks that looks like a header and was read as cells."""
    if is_named or payload.header is False or isinstance(payload.rows[0], Mapping):
        return ""
    first = {trimmed(str(cell)) for cell in payload.rows[0]}
    lacking = [column.name for column in columns if column.name not in first]
    if len(lacking) == len(columns):
        return ""
    return f" If row 1 is a header, it lacks {', '.join(map(repr, lacking))}."


def _cells(
    row: Row,
    *,
    number: int,
    columns: Sequence[Column],
    spelling: Spelling,
    left_out: Sequence[str],
) -> Sequence[Cell]:
    if not isinstance(row, Mapping):
        if len(row) != len(columns):
            expected = ", ".join(column.name for column in columns)
            apart = f" (without {', '.join(map(repr, left_out))})" if left_out else ""
            message = (
                f"Row {number} has {len(row)} cells, expected {len(columns)}: {expected}{apart}."
                f"{of_separators(row, columns, spelling)}"
            )
            raise RequestError(message)
        return row
    by_name = {trimmed(name): cell for name, cell in row.items()}
    missing = [column.name for column in columns if column.name not in by_name]
    if missing:
        hint = of_separators(list(by_name), columns, spelling)
        message = f"Row {number} has no column {', '.join(map(repr, missing))}.{hint}"
        raise RequestError(message)
    return [by_name[column.name] for column in columns]


def unknown_categories(frame: pd.DataFrame, known: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Count by column the texts that are not among those the model knows."""
    counts = {
        name: int((~frame[name].isin(known[name]) & frame[name].notna()).sum())
        for name in known
        if name in frame
    }
    return {name: count for name, count in counts.items() if count}


def write_answer(answer: Predictions, accept: str) -> tuple[str, str]:
    """Return the body and its content type, the first one of `accept` that is JSON or CSV."""
    if _accepted(accept) == CSV:
        return "".join(_csv_line([label]) for label in answer.predictions), CSV
    document: dict[str, Any] = {"predictions": list(answer.predictions)}
    if answer.probabilities is not None:
        document["probabilities"] = [
            [value if math.isfinite(value) else None for value in row]
            for row in answer.probabilities
        ]
        document["labels"] = list(answer.labels)
    if answer.unknown_categories:
        document["unknown_categories"] = dict(answer.unknown_categories)
    return json.dumps(document, allow_nan=False), JSON


def _csv_line(cells: Sequence[Label]) -> str:
    text = io.StringIO(newline="")
    # Only with its default line end does csv quote a lone carriage return
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"


def _accepted(accept: str) -> str:
    for choice in (accept or JSON).split(","):
        match choice.partition(";")[0].strip().lower():
            case "application/json" | "application/*" | "*/*":
                return JSON
            case "text/csv" | "text/*":
                return CSV
    message = f"No answer for Accept {accept!r}; ask for {JSON} or {CSV}."
    raise NotAcceptableError(message)

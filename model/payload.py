"""Reads what a request carries and writes what an answer says; JSON and CSV, nothing else.

A request body becomes loose rows, to which `frame_for` gives the model's columns and types.
"""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any

import pandas as pd

from model.errors import NotAcceptableError, RequestError, UnsupportedContentTypeError
from model.table import Cell, Column, Label, TableError, frame_of, split_csv

JSON = "application/json"
CSV = "text/csv"
_NOT_UTF_8 = "\ufffd"

Row = Mapping[str, Cell] | Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class Payload:
    """Rows by position or by name. `header`: whether the first row holds names; None = look."""

    rows: Sequence[Row]
    header: bool | None = False


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """One label per row; probabilities per row in the order of `labels`, if the model has them."""

    predictions: Sequence[Label]
    labels: Sequence[Label] = ()
    probabilities: Sequence[Sequence[float]] | None = None


def read_payload(body: str | bytes, content_type: str) -> Payload:
    """Return the rows of a request body.

    JSON is `{"instances": [...]}`, a list, or one object; an instance is an object by column name
    or a list in column order. CSV may start with a header (`text/csv; header=present|absent`, the
    parameter of RFC 4180, settles it; without it the names decide).
    """
    header = Message()
    header["Content-Type"] = content_type or JSON
    match header.get_content_type():
        case "application/json":
            return Payload(rows=_json_rows(_text(body)))
        case "text/csv":
            return _csv_payload(_text(body), header=str(header.get_param("header", "")))
    message = f"Content type {content_type!r} is not supported; send {JSON} or {CSV}."
    raise UnsupportedContentTypeError(message)


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
        raise RequestError(str(error)) from error
    return Payload(rows=rows, header={"present": True, "absent": False}.get(header.lower()))


def _json_rows(text: str) -> Sequence[Row]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"The body is not JSON: {error}."
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


def frame_for(payload: Payload, *, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the rows with the columns and types the model was trained on.

    Columns the model does not know are ignored when rows come by name.
    """
    rows = payload.rows
    if _has_header(payload, columns=columns):
        names = _known_names(rows[0], columns=columns)
        rows = [dict(zip(names, row, strict=True)) for row in rows[1:]]
    if not rows:
        message = "The request has no rows."
        raise RequestError(message)
    ordered = [_cells(row, number=n, columns=columns) for n, row in enumerate(rows, start=1)]
    try:
        return frame_of(ordered, columns=columns)
    except TableError as error:
        raise RequestError(str(error)) from error


def _has_header(payload: Payload, *, columns: Sequence[Column]) -> bool:
    if payload.header is not None or not payload.rows:
        return bool(payload.header and payload.rows)
    names = {column.name for column in columns}
    found = names.intersection(_known_names(payload.rows[0], columns=columns))
    return 2 * len(found) >= len(names)


def _known_names(header: Row, *, columns: Sequence[Column]) -> list[str]:
    """Return the names of a header, as the model knows those that differ by outer spaces only."""
    exact = {column.name for column in columns}
    stripped = {column.name.strip(): column.name for column in columns}
    texts = [str(cell) for cell in header]
    return [text if text in exact else stripped.get(text.strip(), text) for text in texts]


def _cells(row: Row, *, number: int, columns: Sequence[Column]) -> Sequence[Cell]:
    if not isinstance(row, Mapping):
        if len(row) != len(columns):
            expected = ", ".join(column.name for column in columns)
            message = f"Row {number} has {len(row)} cells, expected {len(columns)}: {expected}."
            raise RequestError(message)
        return row
    missing = [column.name for column in columns if column.name not in row]
    if missing:
        message = f"Row {number} has no column {', '.join(map(repr, missing))}."
        raise RequestError(message)
    return [row[column.name] for column in columns]


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

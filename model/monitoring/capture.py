"""Reads what SageMaker captured: one line is one request, of many rows.

Form: "Capture data from real-time endpoint" in the SageMaker developer guide. Text lies in a line
as it is or as BASE64, by the content types that the endpoint config names: both mean the same.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from model.errors import RequestError
from model.payload import CSV, JSON, Payload, Row, header_of, media_type_of, read_payload
from model.table import split_csv
from pipeline.tabular.schema import Column

# What became of a line that is not counted
TORN, FOREIGN, UNREADABLE, REFUSED, OUTSIDE, TWICE, TESTS = (
    *("torn", "foreign", "unreadable", "refused"),
    *("outside", "twice", "tests"),
)
WHY_NOT = (TORN, FOREIGN, UNREADABLE, REFUSED, OUTSIDE, TWICE, TESTS)
# The ids of the runner's own requests, exactly as pipeline/gateways/runtime.py makes them: an id of
# a caller that only begins so is traffic
TEST_ID = re.compile(r"mlops-test-[0-9a-f]{32}")
# What reading a payload ends with that has another form than ours
_IS_OTHERWISE = (
    *(AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError),
    RequestError,
)

_TEXT = rb'"([^"\\\x00-\x1f\x7f-\xff]*)"'
_END_BEGINS = b',"eventMetadata":{'
# How SageMaker itself ends a line. A document that is JSON and ends so has this id and no other:
# were the beginning still in a text, then the first quotation mark here, behind a comma, would end
# that text, and JSON has no word after one. So these are members of the whole, the last of a name.
_END = re.compile(
    _END_BEGINS
    + rb'"eventId":%b(?:,"inferenceId":%b)?' % (_TEXT, _TEXT)
    + rb'(?:,"customAttributes":\["(?:[^"\\]|\\.)*"\])?'
    + rb',"inferenceTime":"[^"\\]*"\},"eventVersion":"0"\}\n?'
)


class NotCounted(Exception):
    """A line of which nothing is counted; the text is one of `WHY_NOT`."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One prediction per row, and the probabilities of each row where the model gave them."""

    predictions: Sequence[Any]
    probabilities: Sequence[Sequence[float]] | None = None


@dataclass(frozen=True, kw_only=True)
class Captured:
    """The rows of one request, and what was answered; None where that was not kept."""

    rows: Sequence[Row]
    answer: Answer | None


def lines_of(directory: Path) -> Iterator[bytes]:
    """Yield the lines of all files below a directory, in the order of their names."""
    for path in sorted(directory.rglob("*.jsonl")):
        with path.open("rb") as file:
            yield from file


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a line says before its payloads are read. `id` is the caller's, else SageMaker's."""

    at: datetime
    id: str
    is_callers: bool
    data: Mapping[str, Any]

    @property
    def is_a_test(self) -> bool:
        """Tell whether the runner asked, with held-out rows, to see what the endpoint answers."""
        return self.is_callers and TEST_ID.fullmatch(self.id) is not None


def event_of(line: bytes) -> Event:
    """Read when a line was captured, and by which name. Raises NotCounted."""
    try:
        document = json.loads(line)
    except (RecursionError, ValueError) as error:
        raise NotCounted(TORN) from error
    try:
        metadata = document["eventMetadata"]
        callers = metadata.get("inferenceId")
        at = datetime.fromisoformat(metadata["inferenceTime"])
        event = Event(
            at=at,
            id=str(callers or metadata["eventId"]),
            is_callers=bool(callers),
            data=document["captureData"],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotCounted(FOREIGN) from error
    if at.tzinfo is None or not isinstance(event.data, dict):
        raise NotCounted(FOREIGN)
    return event


def name_in(line: bytes) -> bytes:
    """Return what the lines of one id have in common, mostly without parsing: the id in UTF-8.

    A line that is no event may have any name.
    """
    found = _END.fullmatch(line, max(line.rfind(_END_BEGINS), 0))
    if found is not None:
        return found[2] or found[1]
    try:
        return event_of(line).id.encode("utf-8", "surrogatepass")
    except NotCounted:
        return line


def captured_of(event: Event, *, columns: Sequence[Column]) -> Captured:
    """Read the payloads of an event. Raises NotCounted."""
    if "endpointInput" not in event.data:
        raise NotCounted(FOREIGN)
    try:
        rows = _rows_of(read_payload(*_text_of(event.data["endpointInput"])), columns)
    except _IS_OTHERWISE as error:
        raise NotCounted(UNREADABLE) from error
    return Captured(rows=rows, answer=_answer_of(event.data.get("endpointOutput")))


def _rows_of(payload: Payload, columns: Sequence[Column]) -> Sequence[Row]:
    header = header_of(payload, columns=columns)
    if not header:
        return payload.rows
    return [dict(zip(header, row, strict=True)) for row in payload.rows[1:]]


def _text_of(part: Mapping[str, Any]) -> tuple[str, str]:
    data = part["data"]
    if part["encoding"] == "BASE64":
        data = base64.b64decode(data, validate=True).decode("utf-8-sig")
    return data, part.get("observedContentType") or JSON


def _answer_of(part: Mapping[str, Any] | None) -> Answer | None:
    """Return what was answered, None where nothing was kept of it or its form is another one."""
    if part is None:
        return None
    try:
        text, content_type = _text_of(part)
        if media_type_of(content_type)[0] == CSV:
            return Answer(predictions=[row[0] for row in split_csv(text)])
        document = json.loads(text)
    except _IS_OTHERWISE:
        return None
    if isinstance(document, dict) and "error-message" in document:
        raise NotCounted(REFUSED)
    return _answer_in(document)


def _answer_in(document: Any) -> Answer | None:
    """Return the answer in a JSON document: a list of labels, or an object that has one."""
    has_more = isinstance(document, dict)
    predictions = document.get("predictions") if has_more else document
    if not isinstance(predictions, list) or not all(map(_is_label, predictions)):
        return None
    probabilities = document.get("probabilities") if has_more else None
    is_table = isinstance(probabilities, list) and all(
        isinstance(row, list) for row in probabilities
    )
    return Answer(predictions=predictions, probabilities=probabilities if is_table else None)


def _is_label(value: Any) -> bool:
    return not isinstance(value, dict | list)

"""How batch transform cuts objects into payloads and what it makes of the answers.

Sources: "CreateTransformJob" in the API reference; "Associate Prediction Results with Input
Records" in the developer guide.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from emulator.containers.transform_paths import JsonPath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_MEBIBYTE = 1024 * 1024
DEFAULT_PAYLOAD_MB = 6
_CSV, _JSON, _JSON_LINES = "text/csv", "application/json", "application/jsonlines"
FILTERABLE = (_CSV, _JSON, _JSON_LINES)
_OUTPUT = "SageMakerOutput"
_INPUT = "SageMakerInput"


class UnusableRecord(Exception):
    """A record or an answer with which the job cannot go on; the text goes to the data log."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How an object becomes payloads: whole, line by line, or as many lines as fit."""

    by_line: bool
    single: bool
    limit_bytes: int
    compressed: bool

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> Cut:
        source = job["TransformInput"]
        return cls(
            by_line=source.get("SplitType", "None") == "Line",
            single=job.get("BatchStrategy") == "SingleRecord",
            limit_bytes=job.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB) * _MEBIBYTE,
            compressed=source.get("CompressionType") == "Gzip",
        )

    def batches(self, path: Path) -> Iterator[list[bytes]]:
        """Yield the records of each payload; UnusableRecord when one is too large."""
        with self._opened(path) as file:
            if not self.by_line:
                yield [self._checked(file.read(self.limit_bytes + 1))]
                return
            batch: list[bytes] = []
            size = 0
            for line in file:
                record = self._checked(line)
                if batch and (self.single or size + len(record) > self.limit_bytes):
                    yield batch
                    batch, size = [], 0
                batch.append(record)
                size += len(record)
            if batch:
                yield batch

    def _opened(self, path: Path) -> BinaryIO:
        if self.compressed:
            return cast("BinaryIO", gzip.open(path, "rb"))
        return path.open("rb")

    def _checked(self, record: bytes) -> bytes:
        if len(record) > self.limit_bytes:
            text = "Too much data for max payload size"
            raise UnusableRecord(text)
        return record

    def payload(self, records: Sequence[bytes]) -> bytes:
        """The request's body: a single record loses its line end."""
        body = b"".join(records)
        return body.rstrip(b"\r\n") if self.by_line and self.single else body


@dataclass(frozen=True, kw_only=True)
class Association:
    """DataProcessing: what of a record is sent, and what of record and answer is kept."""

    input_filter: JsonPath
    output_filter: JsonPath
    join: bool
    content_type: str
    accept: str

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> Association | None:
        """None when the job asks for nothing of the kind; BadPath for a wrong expression."""
        given = job.get("DataProcessing", {})
        if all(given.get(name, "$") == "$" for name in ("InputFilter", "OutputFilter")) and (
            given.get("JoinSource", "None") == "None"
        ):
            return None
        content_type = _media_type(job["TransformInput"].get("ContentType", ""))
        return cls(
            input_filter=JsonPath(given.get("InputFilter", "$")),
            output_filter=JsonPath(given.get("OutputFilter", "$")),
            join=given.get("JoinSource") == "Input",
            content_type=content_type,
            accept=_media_type(job["TransformOutput"].get("Accept", content_type)),
        )

    def request(self, payload: bytes) -> bytes:
        rows = _read(payload, self.content_type)
        return _written([self.input_filter.of(row) for row in rows], self.content_type)

    def result(self, payload: bytes, answer: bytes) -> bytes:
        rows, answers = _read(payload, self.content_type), _read(answer, self.accept)
        if self.join and len(rows) != len(answers):
            text = f"{len(answers)} records in the answer to {len(rows)} cannot be joined"
            raise UnusableRecord(text)
        if self.join:
            pairs = zip(rows, answers, strict=True)
            answers = [_joined(row, said, content_type=self.content_type) for row, said in pairs]
        return _written([self.output_filter.of(each) for each in answers], self.accept)


def _joined(row: Any, said: Any, *, content_type: str) -> Any:
    if content_type == _CSV:
        return [*row, *said]
    if isinstance(row, dict):
        return {**row, _OUTPUT: said}
    return {_INPUT: row, _OUTPUT: said}


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _read(body: bytes, content_type: str) -> list[Any]:
    try:
        text = body.decode()
        if content_type == _CSV:
            return [row for row in csv.reader(io.StringIO(text)) if row]
        documents = [text] if content_type == _JSON else text.split("\n")
        return [json.loads(document) for document in documents if document.strip()]
    except (ValueError, csv.Error) as error:
        complaint = f"not {content_type}: {error}"
        raise UnusableRecord(complaint) from error


def _written(records: Iterable[Any], content_type: str) -> bytes:
    if content_type == _CSV:
        rows = io.StringIO()
        csv.writer(rows, lineterminator="\n").writerows(
            record if isinstance(record, list) else [record] for record in records
        )
        return rows.getvalue().encode()
    dump: Callable[[Any], str] = json.dumps
    return "\n".join(dump(record) for record in records).encode()


def assembled(answer: bytes, *, with_line: bool) -> bytes:
    """What one answer becomes in the output: with AssembleWith Line it ends its last line."""
    return answer + b"\n" if with_line and not answer.endswith(b"\n") else answer

"""The S3 objects of a transform job: which they are, and where the result of each goes."""

from __future__ import annotations

import gzip
import uuid
import zlib
from typing import TYPE_CHECKING

from emulator.containers import jobs, storage
from emulator.containers.s3_objects import StoredObject, objects_of
from emulator.containers.transform_paths import NotInRecord
from emulator.containers.transform_payloads import Association, Cut, UnusableRecord, assembled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from emulator.containers.jobs import JobRun


def input_objects(run: JobRun) -> list[StoredObject]:
    """List the objects below the prefix, or those that the manifest names."""
    source = run.job["TransformInput"]["DataSource"]["S3DataSource"]
    with jobs.transferring("Data download"):
        return objects_of(run.s3(), source)


def transformed(
    run: JobRun,
    source: StoredObject,
    *,
    cut: Cut,
    association: Association | None,
    ask: Callable[[bytes], bytes],
    scratch: Path,
) -> None:
    """Send an object payload by payload and upload what came back as `<name>.out`."""
    given, made = (scratch / f"{uuid.uuid4().hex}.{end}" for end in ("in", "out"))
    with jobs.transferring("Data download"):
        storage.download_object(run.s3(), source.uri, given)
    output = run.job["TransformOutput"]
    with_line = output.get("AssembleWith") == "Line"
    try:
        with made.open("wb") as file:
            for records in _batches(cut, given, source):
                answer = _answered(cut.payload(records), association, ask=ask)
                file.write(assembled(answer, with_line=with_line))
        uri = storage.join_uri(output["S3OutputPath"], f"{source.name}.out")
        with jobs.transferring("Output upload"):
            storage.upload_file(run.s3(), made, uri, kms_key_id=output.get("KmsKeyId") or None)
    finally:
        given.unlink(missing_ok=True)
        made.unlink(missing_ok=True)


def _batches(cut: Cut, given: Path, source: StoredObject) -> Iterator[list[bytes]]:
    try:
        yield from cut.batches(given)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        text = f"{source.uri} cannot be decompressed: {error}"
        raise UnusableRecord(text) from error


def _answered(
    payload: bytes, association: Association | None, *, ask: Callable[[bytes], bytes]
) -> bytes:
    if association is None:
        return ask(payload)
    try:
        return association.result(payload, ask(association.request(payload)))
    except NotInRecord as error:
        raise UnusableRecord(str(error)) from error

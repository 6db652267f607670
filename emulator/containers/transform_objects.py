"""The S3 objects of a transform job: which they are, and where the result of each goes."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.containers import jobs, storage
from emulator.containers.jobs import JobFailed, JobRun
from emulator.containers.transform_paths import NotInRecord
from emulator.containers.transform_records import Association, Cut, UnusableRecord, assembled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class InputObject:
    """One object; `name` is its path below the input's prefix."""

    bucket: str
    key: str
    name: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def input_objects(run: JobRun) -> list[InputObject]:
    """List the objects below the prefix, or those that the manifest names."""
    source = run.job["TransformInput"]["DataSource"]["S3DataSource"]
    uri = source["S3Uri"]
    with jobs.transferring("Data download"):
        if source["S3DataType"] == "ManifestFile":
            return _in_manifest(run, uri)
        bucket, prefix = storage.parse_uri(uri)
        keys = storage.keys_below(run.s3(), uri)
    if not keys:
        text = f'ClientError: Data download failed:No S3 objects found under S3 URL "{uri}"'
        raise JobFailed(text)
    return [
        InputObject(bucket=bucket, key=key, name=storage.relative_path(key, prefix).as_posix())
        for key in keys
    ]


def _in_manifest(run: JobRun, uri: str) -> list[InputObject]:
    path = run.directory / "manifest"
    storage.download_object(run.s3(), uri, path)
    try:
        first, *names = json.loads(path.read_text(encoding="utf-8"))
        bucket, prefix = storage.parse_uri(first["prefix"])
        return [InputObject(bucket=bucket, key=f"{prefix}{name}", name=name) for name in names]
    except (ValueError, TypeError, KeyError) as error:
        text = f'ClientError: {uri} is not a manifest: [{{"prefix": ...}}, name, ...] ({error})'
        raise JobFailed(text) from error


def transformed(
    run: JobRun,
    source: InputObject,
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
            for records in cut.batches(given):
                answer = _answered(cut.payload(records), association, ask=ask)
                file.write(assembled(answer, with_line=with_line))
        uri = storage.join_uri(output["S3OutputPath"], f"{source.name}.out")
        with jobs.transferring("Output upload"):
            storage.upload_file(run.s3(), made, uri, kms_key_id=output.get("KmsKeyId") or None)
    finally:
        given.unlink(missing_ok=True)
        made.unlink(missing_ok=True)


def _answered(
    payload: bytes, association: Association | None, *, ask: Callable[[bytes], bytes]
) -> bytes:
    if association is None:
        return ask(payload)
    try:
        return association.result(payload, ask(association.request(payload)))
    except NotInRecord as error:
        raise UnusableRecord(str(error)) from error

"""Which S3 objects a job's data source names: all below a prefix, or those of a manifest.

Source: "S3DataSource" in the SageMaker API reference.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.containers import storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SUPPORTED_TYPES = ("S3Prefix", "ManifestFile")


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """One object; `name` is its path below the prefix."""

    bucket: str
    key: str
    name: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def objects_of(client: Any, source: Mapping[str, Any]) -> list[StoredObject]:
    """List the objects of a source with S3DataType and S3Uri; NothingFound when there are none."""
    uri = source["S3Uri"]
    in_manifest = source.get("S3DataType", "S3Prefix") == "ManifestFile"
    found = _in_manifest(client, uri) if in_manifest else _below(client, uri)
    if not found:
        text = f'No S3 objects found under S3 URL "{uri}"'
        raise storage.NothingFound(text)
    return found


def _below(client: Any, uri: str) -> list[StoredObject]:
    bucket, prefix = storage.parse_uri(uri)
    return [
        StoredObject(bucket=bucket, key=key, name=storage.relative_path(key, prefix).as_posix())
        for key in storage.keys_below(client, uri)
    ]


def _in_manifest(client: Any, uri: str) -> list[StoredObject]:
    """A manifest is a JSON list: the prefix of all, then their names."""
    try:
        first, *names = json.loads(storage.read_object(client, uri))
        bucket, prefix = storage.parse_uri(first["prefix"])
        keys = [(f"{prefix}{name}", str(name)) for name in names]
    except (AttributeError, ValueError, TypeError, KeyError) as error:
        text = f'{uri} is not a manifest [{{"prefix": "s3://..."}}, "name", ...]: {error!r}'
        raise storage.StorageError(text) from error
    return [
        StoredObject(bucket=bucket, key=key, name=storage.relative_path(name, "").as_posix())
        for key, name in keys
    ]


def download(client: Any, objects: Sequence[StoredObject], target: Path) -> None:
    """Copy objects to files below a directory, which is there afterwards in any case."""
    target.mkdir(parents=True, exist_ok=True)
    for each in objects:
        storage.download_object(client, each.uri, target / each.name)

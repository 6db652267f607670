"""What a container takes from S3 and what it leaves there."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.s3_addresses import NoAddress, parse_address

if TYPE_CHECKING:
    from collections.abc import Iterator


_CHUNK_BYTES = 1024 * 1024


class StorageError(Exception):
    """S3 refused, or the URI or key cannot be used; the text says which."""


class NothingFound(StorageError):
    """No object lies under the S3 URI."""


@contextlib.contextmanager
def _naming(uri: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        text = f"{uri}: {error}"
        raise StorageError(text) from error


def parse_uri(uri: str) -> tuple[str, str]:
    """Split an `s3://` or `https://` address into bucket and key (which may be empty)."""
    try:
        return parse_address(uri)
    except NoAddress as error:
        raise StorageError(str(error)) from error


def join_uri(uri: str, *parts: str) -> str:
    """Append path parts to an S3 address with single slashes: an `s3://` one, whatever it was."""
    bucket, key = parse_uri(uri)
    return "/".join([f"s3://{bucket}/{key}".rstrip("/"), *parts])


def keys_below(client: Any, uri: str) -> list[str]:
    """Return the keys under a prefix, in order; none of them a folder's placeholder."""
    bucket, prefix = parse_uri(uri)
    with _naming(uri):
        return sorted(_keys(client, bucket, prefix))


def _keys(client: Any, bucket: str, prefix: str) -> Iterator[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", ()):
            if not entry["Key"].endswith("/"):
                yield entry["Key"]


def relative_path(key: str, prefix: str) -> PurePosixPath:
    """Where an object of an S3Prefix goes: below the prefix as a folder, else below its folder."""
    folder = prefix if prefix.endswith("/") else f"{prefix}/"
    start = len(folder) if key.startswith(folder) else prefix.rfind("/") + 1
    path = PurePosixPath(key[start:].lstrip("/"))
    if ".." in path.parts:
        text = f"S3 key {key!r} cannot become a file: it contains '..'. Rename the object."
        raise StorageError(text)
    return path


def download_object(client: Any, uri: str, path: Path) -> None:
    """Copy one object to a file."""
    bucket, key = parse_uri(uri)
    with _naming(uri):
        _fetch(client, path, bucket=bucket, key=key)


def read_object(client: Any, uri: str) -> str:
    """Return a small object's text; ValueError when it is no UTF-8."""
    bucket, key = parse_uri(uri)
    with _naming(uri):
        body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body.decode()


def _fetch(client: Any, path: Path, *, bucket: str, key: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = client.get_object(Bucket=bucket, Key=key)["Body"]
    with body, path.open("wb") as file:
        shutil.copyfileobj(body, file, _CHUNK_BYTES)


def upload_file(client: Any, path: Path, uri: str, *, kms_key_id: str | None = None) -> None:
    """Copy one file to an object, encrypted with the key if there is one."""
    bucket, key = parse_uri(uri)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
    with _naming(uri), path.open("rb") as file:
        client.put_object(Bucket=bucket, Key=key, Body=file, **(encryption if kms_key_id else {}))


def upload_directory(client: Any, source: Path, uri: str, *, kms_key_id: str | None = None) -> None:
    """Copy every file below a directory to objects below a URI, relative paths kept."""
    for name, path in files_below(source).items():
        upload_file(client, path, join_uri(uri, name), kms_key_id=kms_key_id)


def files_below(directory: Path) -> dict[str, Path]:
    """Return every file of a directory by its relative path, in order."""
    paths = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return {path.relative_to(directory).as_posix(): path for path in paths}

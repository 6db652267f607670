"""Objects in one S3 bucket, with the conditional writes that the ledger and the artifacts stand on.

S3's own rules: If-None-Match "*" creates only what is not there, If-Match replaces only what was read
(PutObject, API reference). Both answer 412 to the loser, and 409 where two writers meet.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pipeline.core.errors import UsageError
from pipeline.gateways.aws import Cloud, error_code, unusable

_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_MISSING = {"NoSuchKey", "404", "NotFound"}
_CHUNK_BYTES = 1 << 20


class AlreadyExists(Exception):
    """A conditional create found the object there."""


class Changed(Exception):
    """A conditional replace found another version than the one that was read."""


@dataclass(frozen=True, kw_only=True)
class Object:
    """The bytes of one object with the ETag that a conditional replace needs."""

    body: bytes
    etag: str


class Store:
    """The objects of one bucket by key. Errors of S3 become errors that say what to do."""

    def __init__(self, cloud: Cloud, bucket: str, *, kms_key_arn: str | None = None) -> None:
        self._cloud = cloud
        self.bucket = bucket
        self._encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn} if kms_key_arn else {}
        )

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def find(self, key: str) -> Object | None:
        """Return the object, or None when there is none."""
        try:
            answer = self._cloud.client("s3").get_object(Bucket=self.bucket, Key=key)
            return Object(body=answer["Body"].read(), etag=answer["ETag"])
        except Exception as error:
            if error_code(error) in _MISSING:
                return None
            msg = f"read {self.uri(key)}"
            raise unusable(msg, error) from error

    def put(self, key: str, body: bytes) -> None:
        self._put(key, body)

    def create(self, key: str, body: bytes) -> str:
        """Write an object that must not be there yet; return its ETag. Raises AlreadyExists."""
        try:
            return self._put(key, body, IfNoneMatch="*")
        except Changed as error:
            raise AlreadyExists(self.uri(key)) from error

    def create_same(self, key: str, body: bytes) -> None:
        """Write an object whose key is its content's address: one that is there already is the same."""
        try:
            self.create(key, body)
        except AlreadyExists:
            return

    def replace(self, key: str, body: bytes, *, etag: str) -> str:
        """Replace exactly the version that was read; return the new ETag. Raises Changed."""
        return self._put(key, body, IfMatch=etag)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix in S3's order (UTF-8 bytes)."""
        pages = self._cloud.client("s3").get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                yield from (entry["Key"] for entry in page.get("Contents", ()))
        except Exception as error:
            msg = f"list {self.uri(prefix)}"
            raise unusable(msg, error) from error

    def sha256(self, uri: str) -> str:
        """Return the sha256 of an object's bytes, read in parts: an artifact may be larger than memory."""
        digest = hashlib.sha256()
        for part in self._parts(uri):
            digest.update(part)
        return digest.hexdigest()

    def copy_to(self, uri: str, key: str) -> None:
        """Copy an object to a content address of this bucket; one that is there already is the same.

        Raises UsageError when there is no such object.
        """
        if self._exists(key):
            return
        source = _parse(uri)
        try:
            # The ETag of the source is not compared: the caller compares sha256 after the copy.
            self._cloud.client("s3").copy_object(
                Bucket=self.bucket, Key=key, CopySource=source, **self._encryption
            )
        except Exception as error:
            msg = f"copy {uri} to {self.uri(key)}"
            raise unusable(msg, error) from error

    def read_uri(self, uri: str) -> bytes:
        """Return the bytes of any s3:// address. Raises UsageError when there is no such object."""
        return b"".join(self._parts(uri))

    def _parts(self, uri: str) -> Iterator[bytes]:
        try:
            body = self._cloud.client("s3").get_object(**_parse(uri))["Body"]
            yield from body.iter_chunks(_CHUNK_BYTES)
        except Exception as error:
            if error_code(error) in _MISSING | {"NoSuchBucket"}:
                msg = f"There is no object {uri}."
                raise UsageError(msg, remedy="Check the address; nothing was changed.") from error
            msg = f"read {uri}"
            raise unusable(msg, error) from error

    def _exists(self, key: str) -> bool:
        try:
            self._cloud.client("s3").head_object(Bucket=self.bucket, Key=key)
        except Exception as error:
            if error_code(error) in _MISSING:
                return False
            msg = f"look for {self.uri(key)}"
            raise unusable(msg, error) from error
        return True

    def _put(self, key: str, body: bytes, **condition: Any) -> str:
        try:
            answer = self._cloud.client("s3").put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=_content_type(key),
                **self._encryption,
                **condition,
            )
        except Exception as error:
            if condition and error_code(error) in _LOST:
                raise Changed(self.uri(key)) from error
            msg = f"write {self.uri(key)}"
            raise unusable(msg, error) from error
        return str(answer["ETag"])


def _content_type(key: str) -> str:
    known = {".json": "application/json", ".csv": "text/csv", ".gz": "application/gzip"}
    return known.get(PurePosixPath(key).suffix, "application/octet-stream")


def _parse(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}

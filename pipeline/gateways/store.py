"""Objects in one S3 bucket, with the conditional writes that the ledger and the artifacts stand on.

S3's own rules: If-None-Match "*" creates only what is not there, If-Match replaces only what was
read (PutObject, API reference). The loser gets 412; 409 means that two writers met and that the
same request may be sent again.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from botocore.exceptions import ClientError

from pipeline.core.errors import UsageError
from pipeline.gateways.aws import Cloud, attempting, error_code, if_there
from pipeline.gateways.copies import copy_once
from pipeline.gateways.waiting import Patience

_LOST = {"PreconditionFailed", "412"}
_COLLIDED = {"ConditionalRequestConflict", "409"}
# The answer to a completed copy got lost, and botocore asked again.
_COMPLETED = {"NoSuchUpload"}
_COLLISIONS = 5
_MISSING = {"NoSuchKey", "404", "NotFound"}
# While versioning is new to a bucket S3 says now and then that an object is not there which was
# just written (S3 API reference, PutBucketVersioning): for minutes, of the first hour of all.
_PATIENCE = Patience(timeout_s=3.0, pause_s=0.5)
_CHUNK_BYTES = 1 << 20


class AlreadyExists(Exception):
    """A conditional create found the object there."""


class Changed(Exception):
    """A conditional replace found another version than the one that was read, or none."""


@dataclass(frozen=True, kw_only=True)
class Object:
    """The bytes of one object with the ETag that a conditional replace needs."""

    body: bytes
    etag: str


@dataclass(frozen=True, kw_only=True)
class _Known:
    """The digest of exactly this version (ETag and version id) of an object."""

    version: tuple[str, str]
    sha256: str


class Store:
    """The objects of one bucket by key. Errors of S3 become errors that say what to do."""

    def __init__(self, cloud: Cloud, bucket: str, *, kms_key_arn: str | None = None) -> None:
        self._cloud = cloud
        self.bucket = bucket
        self._known: dict[str, _Known] = {}
        self._there: set[str] = set()  # keys that this process has written or read
        self._encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn} if kms_key_arn else {}
        )

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def find(self, key: str) -> Object | None:
        """Return the object, or None when there is none."""
        with attempting(f"read {self.uri(key)}"):
            try:
                answer = self._looked(key, self._s3.get_object)
            except ClientError as error:
                if _is_missing(error):
                    return None
                raise
            return Object(body=answer["Body"].read(), etag=answer["ETag"])

    def put(self, key: str, body: bytes) -> None:
        self._put(key, body)

    def create(self, key: str, body: bytes) -> str:
        """Write an object that must not be there yet; return its ETag. Raises AlreadyExists."""
        try:
            return self._put(key, body, IfNoneMatch="*")
        except Changed as error:
            raise AlreadyExists(self.uri(key)) from error

    def create_same(self, key: str, body: bytes | IO[bytes]) -> None:
        """Write an object whose key is its content's address: one already there is the same."""
        try:
            self._put(key, body, IfNoneMatch="*")
        except Changed:
            return

    def replace(self, key: str, body: bytes, *, etag: str) -> str:
        """Replace exactly the version that was read; return the new ETag. Raises Changed."""
        return self._put(key, body, IfMatch=etag)

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """Yield the keys below a prefix in S3's order (UTF-8 bytes), those that follow `after`."""
        pages = self._s3.get_paginator("list_objects_v2")
        with attempting(f"list {self.uri(prefix)}"):
            asked = {"StartAfter": after} if after else {}
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix, **asked):
                yield from (entry["Key"] for entry in page.get("Contents", ()))

    def sha256(self, uri: str) -> str:
        """Return the sha256 of an object, read in parts: an artifact may be larger than memory.

        It is read once: as long as S3 names the same version, its digest is known, and so is that
        of a copy that S3 made of exactly this version. Raises UsageError when there is no such
        object.
        """
        known = self._known.get(uri)
        if known is not None and known.version == self._version(uri):
            return known.sha256
        answer = self._opened(uri)
        digest = hashlib.sha256()
        for part in self._read(uri, answer):
            digest.update(part)
        self._known[uri] = _Known(version=_version_of(answer), sha256=digest.hexdigest())
        return digest.hexdigest()

    def copy_to(self, uri: str, key: str) -> None:
        """Copy an object to a content address of this bucket; one already there is the same.

        Raises UsageError when there is no such object.
        """
        source, target = _parse(uri), {"Bucket": self.bucket, "Key": key}
        settings = {"ContentType": _content_type(key), **self._encryption}
        for left in reversed(range(_COLLISIONS)):
            if self.exists(key):
                return
            with attempting(f"copy {uri} to {self.uri(key)}"):
                try:
                    found, made = copy_once(self._s3, source, target, settings=settings)
                except ClientError as error:
                    _raise_if_missing(uri, error)
                    if not left or error_code(error) not in _LOST | _COLLIDED | _COMPLETED:
                        raise
                else:
                    self._know_copy(uri, found, self.uri(key), made)
                    return

    def read_uri(self, uri: str) -> bytes:
        """Return the bytes of any s3:// address. Raises UsageError when there is no such object."""
        return b"".join(self._read(uri, self._opened(uri)))

    def download(self, uri: str, file: IO[bytes]) -> None:
        """Write any s3:// address to a file. Raises UsageError when there is no such object."""
        for part in self._read(uri, self._opened(uri)):
            file.write(part)

    @property
    def _s3(self) -> Any:
        return self._cloud.client("s3")

    def _know_copy(self, source: str, found: Any, target: str, made: Any) -> None:
        """Keep the digest of a source for its copy, if both are still the versions of the copy."""
        known, version = self._known.get(source), self._version(target)
        is_source = known is not None and known.version == _version_of(found)
        if known is not None and is_source and version is not None and version[0] == made["ETag"]:
            self._known[target] = _Known(version=version, sha256=known.sha256)

    def _opened(self, uri: str) -> Any:
        with attempting(f"read {uri}"):
            try:
                place = _parse(uri)
                return _PATIENCE.ask(lambda: self._s3.get_object(**place), refused=_is_missing)
            except ClientError as error:
                _raise_if_missing(uri, error)
                raise

    def _read(self, uri: str, answer: Any) -> Iterator[bytes]:
        with attempting(f"read {uri}"):
            yield from answer["Body"].iter_chunks(_CHUNK_BYTES)

    def _version(self, uri: str) -> tuple[str, str] | None:
        head = if_there(
            f"look for {uri}", lambda: self._s3.head_object(**_parse(uri)), missing=_MISSING
        )
        return _version_of(head) if head is not None else None

    def exists(self, key: str) -> bool:
        """Tell whether there is an object under this key."""
        head = if_there(
            f"look for {self.uri(key)}",
            lambda: self._looked(key, self._s3.head_object),
            missing=_MISSING,
        )
        return head is not None

    def _looked(self, key: str, call: Callable[..., Any]) -> Any:
        """Ask for an object; again where it is known to be there. Raises ClientError."""

        def ask() -> Any:
            return call(Bucket=self.bucket, Key=key)

        answer = _PATIENCE.ask(ask, refused=_is_missing) if key in self._there else ask()
        self._there.add(key)
        return answer

    def _put(self, key: str, body: bytes | IO[bytes], **condition: Any) -> str:
        """Return the ETag. Raises Changed where S3 says that another version is there, or none.

        A call that botocore had to repeat may have been done the first time, and then it or a later
        one meets its own object. Without a repetition the same bytes are another one's.
        """
        repeated: list[int] = []
        again = _COLLIDED | _MISSING if condition else set()
        with attempting(f"write {self.uri(key)}"):
            try:
                answer = _PATIENCE.ask(
                    lambda: self._put_once(key, body, condition, repeated),
                    refused=lambda error: error_code(error) in again,
                )
            except ClientError as error:
                code = error_code(error)
                if code in _LOST:  # the refusal itself says that an object is there
                    self._there.add(key)
                own = self._own(key, body) if code in _LOST | again and any(repeated) else None
                if own is not None:
                    return own.etag
                # To be replaced it was read before, so it is gone; to be created it need not be
                if code in _LOST or (code in _MISSING and "IfMatch" in condition):
                    raise Changed(self.uri(key)) from error
                raise
            self._there.add(key)
            return str(answer["ETag"])

    def _put_once(
        self, key: str, body: bytes | IO[bytes], condition: dict[str, Any], repeated: list[int]
    ) -> Any:
        """Put it; add to `repeated` how often botocore repeated each call that was refused."""
        if not isinstance(body, bytes):
            body.seek(0)
        try:
            return self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=_content_type(key),
                **self._encryption,
                **condition,
            )
        except ClientError as error:
            repeated.append(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0))
            raise

    def _own(self, key: str, body: bytes | IO[bytes]) -> Object | None:
        found = self.find(key) if isinstance(body, bytes) else None
        return found if found is not None and found.body == body else None


def _is_missing(error: ClientError) -> bool:
    return error_code(error) in _MISSING


def _version_of(answer: Any) -> tuple[str, str]:
    return str(answer["ETag"]), str(answer.get("VersionId", ""))


def _raise_if_missing(uri: str, error: ClientError) -> None:
    if error_code(error) in _MISSING | {"NoSuchBucket"}:
        message = f"There is no object {uri}."
        raise UsageError(
            message, remedy="Check the address, or restore an earlier version of the object."
        ) from error


def _content_type(key: str) -> str:
    known = {".json": "application/json", ".csv": "text/csv", ".gz": "application/gzip"}
    return known.get(PurePosixPath(key).suffix, "application/octet-stream")


def _parse(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        message = f"{uri} is not the address of an object in S3."
        raise UsageError(message, remedy="Write it as s3://bucket/key.")
    return {"Bucket": bucket, "Key": key}

"""S3 as far as the pipeline uses it: objects by key, ETags, conditional writes."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from pipeline.core.errors import UsageError
from pipeline.gateways.store import AlreadyExists, Changed, Object
from tests.fakes.boundary import Boundary, Kind

Watch = Callable[[str, bytes | None, bytes], None]


@dataclass(kw_only=True)
class Bucket:
    """The objects of one bucket, with a word for each write: key, body before, body after.

    An ETag is that of the content, as S3's own is: the same bytes again have the same one.
    """

    name: str
    objects: dict[str, Object] = field(default_factory=dict)
    watch: Watch | None = None

    def copy(self) -> "Bucket":
        return Bucket(name=self.name, objects=dict(self.objects))

    def write(self, key: str, body: bytes) -> str:
        before = self.objects.get(key)
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        self.objects[key] = Object(body=body, etag=etag)
        if self.watch is not None:
            self.watch(key, before.body if before else None, body)
        return etag


class FakeStore:
    """The objects of one bucket, and of others that are only read (gateways.store.Store)."""

    def __init__(
        self, bucket: Bucket, boundary: Boundary, *, others: Mapping[str, Bucket] | None = None
    ) -> None:
        self._bucket = bucket
        self._boundary = boundary
        self._buckets = {**(others or {}), bucket.name: bucket}

    @property
    def bucket(self) -> str:
        return self._bucket.name

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def find(self, key: str) -> Object | None:
        return self._boundary.through(
            f"read {key}", Kind.READ, lambda: self._bucket.objects.get(key)
        )

    def put(self, key: str, body: bytes) -> None:
        self._boundary.through(f"write {key}", Kind.WRITE, lambda: self._bucket.write(key, body))

    def create(self, key: str, body: bytes) -> str:
        return self._boundary.through(f"create {key}", Kind.WRITE, lambda: self._created(key, body))

    def _created(self, key: str, body: bytes) -> str:
        if key in self._bucket.objects:
            raise AlreadyExists(self.uri(key))
        return self._bucket.write(key, body)

    def create_same(self, key: str, body: bytes | IO[bytes]) -> None:
        if not isinstance(body, bytes):
            body.seek(0)
            body = body.read()
        try:
            self.create(key, body)
        except AlreadyExists:
            return

    def replace(self, key: str, body: bytes, *, etag: str) -> str:
        return self._boundary.through(
            f"replace {key}", Kind.WRITE, lambda: self._replaced(key, body, etag)
        )

    def _replaced(self, key: str, body: bytes, etag: str) -> str:
        found = self._bucket.objects.get(key)
        if found is None or found.etag != etag:
            raise Changed(self.uri(key))
        return self._bucket.write(key, body)

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        found = self._boundary.through(
            f"list {prefix}", Kind.READ, lambda: sorted(self._bucket.objects)
        )
        yield from (key for key in found if key.startswith(prefix) and key > after)

    def exists(self, key: str) -> bool:
        return self._boundary.through(
            f"look for {key}", Kind.READ, lambda: key in self._bucket.objects
        )

    def copy_to(self, uri: str, key: str) -> None:
        if self.exists(key):
            return
        body = self.read_uri(uri)
        self._boundary.through(f"copy to {key}", Kind.WRITE, lambda: self._copied(key, body))

    def _copied(self, key: str, body: bytes) -> None:
        if key not in self._bucket.objects:
            self._bucket.write(key, body)

    def sha256(self, uri: str) -> str:
        return hashlib.sha256(self.read_uri(uri)).hexdigest()

    def read_uri(self, uri: str) -> bytes:
        return self._boundary.through(f"read {uri}", Kind.READ, lambda: self._read(uri))

    def _read(self, uri: str) -> bytes:
        name, _, key = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not name or not key:
            message = f"{uri} is not the address of an object in S3."
            raise UsageError(message, remedy="Write it as s3://bucket/key.")
        found = self._buckets[name].objects.get(key) if name in self._buckets else None
        if found is None:
            message = f"There is no object {uri}."
            raise UsageError(message, remedy="Check the address; nothing was changed.")
        return found.body

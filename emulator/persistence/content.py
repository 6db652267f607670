"""A snapshot on disk: files named by the SHA-256 of their content, and a header that names them.

The header is written last and replaced in one step, so a kill at any moment leaves the snapshot
before. What did not change since then (most S3 objects) is not written again.
"""

import datetime
import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ReadObject = Callable[[str], bytes]
_ASIDE_PREFIX = "snapshot-set-aside-"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Unusable(Exception):
    """The snapshot cannot be restored; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """`sections` maps a name to the digest of its content; `objects` are S3 bodies' digests."""

    versions: Mapping[str, str]
    instance_id: str
    occasion: str
    taken_at: float
    sections: Mapping[str, str]
    objects: Collection[str] = field(default=())


class Content:
    """What one snapshot consists of, collected in memory while the cloud stands still.

    `new` is what the folder does not have yet, `lost` names what could not be kept.
    """

    def __init__(self, folder: "SnapshotFolder") -> None:
        self._folder = folder
        self.sections: dict[str, str] = {}
        self.objects: set[str] = set()
        self.new: dict[str, bytes] = {}
        self.lost: list[str] = []

    def add_section(self, name: str, data: bytes) -> None:
        digest = digest_of(data)
        self.sections[name] = digest
        self._add(digest, lambda: data)

    def add_object(self, digest: str, read: Callable[[], bytes]) -> None:
        self.objects.add(digest)
        self._add(digest, read)

    def _add(self, digest: str, read: Callable[[], bytes]) -> None:
        if digest not in self.new and not self._folder.has(digest):
            self.new[digest] = read()


@dataclass(frozen=True, kw_only=True)
class SnapshotFolder:
    """`path` holds header.json and content/; it does not exist before the first snapshot."""

    path: Path

    def has(self, digest: str) -> bool:
        return (self._content_path / digest).exists()

    def header(self) -> Header | None:
        """Return the header; None without a snapshot; Unusable when it is damaged."""
        try:
            header = Header(**json.loads(self._header_path.read_text()))
            _check(header)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            text = f"{self._header_path.name} is damaged ({error})"
            raise Unusable(text) from error
        return header

    def read(self, digest: str) -> bytes:
        try:
            data = (self._content_path / digest).read_bytes()
        except OSError as error:
            text = f"content {digest[:12]} cannot be read ({error.strerror})"
            raise Unusable(text) from error
        if digest_of(data) != digest:
            text = f"content {digest[:12]} is damaged"
            raise Unusable(text)
        return data

    def write(self, header: Header, new: Mapping[str, bytes]) -> None:
        """Make this the snapshot, durably, and delete what only earlier ones needed."""
        self._content_path.mkdir(parents=True, exist_ok=True)
        for digest, data in new.items():
            _write_durably(self._content_path / digest, data)
        _sync_directory(self._content_path)
        document = {**asdict(header), "objects": sorted(header.objects)}
        _write_durably(self._header_path, json.dumps(document).encode())
        _sync_directory(self.path)
        needed = {*header.sections.values(), *header.objects}
        for path in self._content_path.iterdir():
            if path.name not in needed:
                path.unlink(missing_ok=True)

    def set_aside(self) -> Path:
        """Move the snapshot out of the way under a dated name."""
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        return self.path.rename(self.path.with_name(f"{_ASIDE_PREFIX}{now}"))

    @property
    def _header_path(self) -> Path:
        return self.path / "header.json"

    @property
    def _content_path(self) -> Path:
        return self.path / "content"


def _check(header: Header) -> None:
    """Raise ValueError or TypeError when a member is not what `write` writes."""
    if not math.isfinite(header.taken_at):
        text = f"taken_at is {header.taken_at}"
        raise ValueError(text)
    if not isinstance(header.versions, dict) or not isinstance(header.sections, dict):
        text = "versions and sections must be objects"
        raise TypeError(text)
    for digest in header.sections.values():
        if _DIGEST.fullmatch(digest) is None:
            text = f"{digest!r} is no digest"
            raise ValueError(text)


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_durably(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

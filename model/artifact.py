"""Unpacks a model.tar.gz that may have been tampered with, and says which bytes it was.

The file is read once, in parts: what is unpacked is what the digest is of. Nothing is held in
memory but a part, and nothing is trusted: sizes, names and kinds are looked at before a member is
written, and what comes out is counted against what went in.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

FILE_NAME = "model.tar.gz"
_MAX_BYTES = 4 * 1024**3
_MAX_MEMBERS = 10_000
# gzip makes at most 1 of 1,032; models are 1 of 2 to 20, and zeros beyond that are a trap
_MAX_RATIO = 200
# Below so many bytes no ratio is a trap: a padded tar of a few files packs to almost nothing
_FREE_BYTES = 64 * 1024**2
_PART_BYTES = 1024**2
# Of long names and the like: they are read whole
_MAX_HEADER_BYTES = 64 * 1024
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)


class ArtifactError(ValueError):
    """An archive that is missing, damaged or unsafe to unpack."""


class _Counted(io.RawIOBase):
    """A file that is read once from its beginning to its end: digest and number of its bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        part = self._stream.read(len(buffer))
        self._digest.update(part)
        self.size_bytes += len(part)
        buffer[: len(part)] = part
        return len(part)

    def finish(self) -> str:
        """Read what is left, and return the sha256 of the whole file."""
        while self.read(_PART_BYTES):
            pass
        return self._digest.hexdigest()


class _Bounded(io.RawIOBase):
    """What a gzip file unpacks to, read once; refused where it is more than it may be."""

    def __init__(self, packed: _Counted, *, max_bytes: int) -> None:
        super().__init__()
        self._packed = packed
        self._unpacked = gzip.GzipFile(fileobj=packed, mode="rb")
        # Headers and padding come on top of what the members hold
        self._max_bytes = max_bytes + _MAX_MEMBERS * 3 * tarfile.BLOCKSIZE + tarfile.RECORDSIZE
        self._size_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        part = self._unpacked.read(len(buffer))
        self._size_bytes += len(part)
        is_trap = self._size_bytes > max(_FREE_BYTES, _MAX_RATIO * self._packed.size_bytes)
        if is_trap or self._size_bytes > self._max_bytes:
            message = (
                f"The archive unpacks to more than {self._size_bytes} bytes from "
                f"{self._packed.size_bytes}, which no model does."
            )
            raise ArtifactError(message)
        buffer[: len(part)] = part
        return len(part)

    def require_padding(self) -> None:
        """Refuse anything but zeros after the archive's end: another reader may go on there."""
        while part := self.read(_PART_BYTES):
            if part.strip(b"\0"):
                message = "The archive holds more bytes after its end."
                raise ArtifactError(message)


class _Header(tarfile.TarInfo):
    """A header that is refused before anything that it announces is read into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        header = super().frombuf(buf, encoding, errors)
        if header.type not in _PLAIN and header.size > _MAX_HEADER_BYTES:
            message = f"The archive holds a header of {header.size} bytes."
            raise ArtifactError(message)
        return header

    def _proc_gnusparse_10(self, *_: object) -> None:
        """Refuse a sparse file: its map is as long as it says, and would be read whole."""
        message = f"The archive holds {self.name!r}, which is a sparse file."
        raise ArtifactError(message)


def unpack(
    archive: Path,
    directory: Path,
    *,
    max_bytes: int = _MAX_BYTES,
    max_members: int = _MAX_MEMBERS,
) -> str:
    """Unpack into an empty directory and return the sha256 of exactly the bytes unpacked.

    Refuses links, devices, absolute names, `..`, names given twice, bytes after the end, what
    unpacks to far more than it is, and more than `max_bytes` or `max_members`.
    """
    try:
        with archive.open("rb") as stream:
            packed = _Counted(stream)
            bounded = _Bounded(packed, max_bytes=max_bytes)
            with tarfile.open(fileobj=bounded, mode="r|", tarinfo=_Header) as tar:
                for member in _checked(tar, max_bytes=max_bytes, max_members=max_members):
                    # Owner, mode and time are the archive's own word, and nobody asks for them
                    tar.extract(member, directory, set_attrs=False)
            bounded.require_padding()
            return packed.finish()
    except FileNotFoundError as error:
        message = f"There is no {archive.name} in {archive.parent}."
        raise ArtifactError(message) from error
    except (tarfile.TarError, zlib.error, EOFError, OSError, RecursionError) as error:
        message = f"{archive.name} cannot be unpacked: {error}."
        raise ArtifactError(message) from error


def _checked(
    tar: tarfile.TarFile, *, max_bytes: int, max_members: int
) -> Iterator[tarfile.TarInfo]:
    """Yield each member that may be written. Raises ArtifactError for the first that may not."""
    # An attribute: Python 3.11.0 to 3.11.3 refuse `filter=` (documentation of tarfile)
    tar.extraction_filter = getattr(tarfile, "data_filter", None)
    total_bytes = 0
    seen: set[PurePosixPath] = set()
    for count, member in enumerate(tar, start=1):
        path = _checked_path(member)
        total_bytes += member.size
        if total_bytes > max_bytes or count > max_members:
            message = f"The archive holds more than {max_bytes} bytes or {max_members} names."
            raise ArtifactError(message)
        if member.isfile() and path in seen:
            message = f"The archive holds {member.name!r} twice."
            raise ArtifactError(message)
        seen.add(path)
        yield member


def _checked_path(member: tarfile.TarInfo) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if member.type not in _PLAIN or member.issparse():
        message = f"The archive holds {member.name!r}, which is neither a file nor a folder."
        raise ArtifactError(message)
    unsafe = path.is_absolute() or ".." in path.parts
    if unsafe or any(character in member.name for character in "\\\0"):
        message = f"The archive holds {member.name!r}, which would be written elsewhere."
        raise ArtifactError(message)
    return path

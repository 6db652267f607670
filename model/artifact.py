"""Unpacks a model.tar.gz that may have been tampered with, and says which bytes it was."""

import hashlib
import tarfile
import zlib
from pathlib import Path, PurePosixPath

FILE_NAME = "model.tar.gz"
_MAX_BYTES = 4 * 1024**3
_MAX_MEMBERS = 10_000


class ArtifactError(ValueError):
    """An archive that is missing, damaged or unsafe to unpack."""


def unpack(archive: Path, directory: Path, *, max_bytes: int = _MAX_BYTES) -> str:
    """Unpack into an empty directory and return the sha256 of exactly the bytes unpacked.

    Refuses links, devices, absolute names, `..`, names given twice, and more than `max_bytes`.
    """
    try:
        with archive.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            stream.seek(0)
            with tarfile.open(fileobj=stream, mode="r:gz") as tar:
                _extract_all(tar, directory, max_bytes=max_bytes)
    except FileNotFoundError as error:
        message = f"There is no {archive.name} in {archive.parent}."
        raise ArtifactError(message) from error
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        message = f"{archive.name} cannot be unpacked: {error}."
        raise ArtifactError(message) from error
    return digest


def _extract_all(tar: tarfile.TarFile, directory: Path, *, max_bytes: int) -> None:
    # An attribute: Python 3.11.0 to 3.11.3 refuse `filter=` (documentation of tarfile)
    tar.extraction_filter = getattr(tarfile, "data_filter", None)
    total_bytes = 0
    seen: set[PurePosixPath] = set()
    for count, member in enumerate(tar, start=1):
        path = _checked_path(member)
        total_bytes += member.size
        if total_bytes > max_bytes or count > _MAX_MEMBERS:
            message = f"The archive holds more than {max_bytes} bytes or {_MAX_MEMBERS} names."
            raise ArtifactError(message)
        if member.isfile() and path in seen:
            message = f"The archive holds {member.name!r} twice."
            raise ArtifactError(message)
        seen.add(path)
        tar.extract(member, directory)


def _checked_path(member: tarfile.TarInfo) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if not (member.isfile() or member.isdir()):
        message = f"The archive holds {member.name!r}, which is neither a file nor a folder."
        raise ArtifactError(message)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name:
        message = f"The archive holds {member.name!r}, which would be written elsewhere."
        raise ArtifactError(message)
    return path

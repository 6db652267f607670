"""Pack and unpack .tar.gz archives. An archive that would write outside its target is refused.

Standard library only: the shims import it inside the containers' processes.
"""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class UnsafeArchive(Exception):
    """The archive holds a member that must not be extracted, or is no .tar.gz at all."""


def extract_safely(archive: Path, target: Path) -> None:
    """Extract every member below `target`; nothing is written when one of them is refused."""
    target.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, mode="r:gz") as opened:
            members = opened.getmembers()
            for member in members:
                _refuse_unsafe(member, archive.name)
            # An attribute: Python 3.11.0 to 3.11.3 refuse `filter=` (documentation of tarfile)
            opened.extraction_filter = getattr(tarfile, "data_filter", None)
            opened.extractall(target, members=members)
    except (tarfile.TarError, EOFError, OSError) as error:
        text = f"{archive.name} cannot be extracted: {error}. Store a gzip-compressed tar archive."
        raise UnsafeArchive(text) from error


def _refuse_unsafe(member: tarfile.TarInfo, archive_name: str) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        problem = "lies outside the archive's root"
    elif member.issym() or member.islnk():
        problem = "is a link"
    elif not (member.isfile() or member.isdir()):
        problem = "is neither a file nor a directory"
    else:
        return
    text = f"{archive_name}: member {member.name!r} {problem}. Archive plain files only."
    raise UnsafeArchive(text)


def pack_directories(sources: Sequence[Path], archive: Path) -> None:
    """Write the contents of all directories (not themselves) to one .tar.gz, links followed.

    Of files with the same name the one of the first directory is kept.
    """
    packed: set[str] = set()

    def unless_packed(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if member.name in packed:
            return None if member.isfile() else member
        packed.add(member.name)
        return member

    with tarfile.open(archive, mode="w:gz", dereference=True) as opened:
        for source in sources:
            for entry in sorted(source.iterdir()):
                opened.add(entry, arcname=entry.name, filter=unless_packed)

"""Files and links that are either whole or not there."""

import os
import secrets
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write to a file beside it and rename: a reader never sees half of it.

    The file has the mode of the user's umask. A link stays a link to what is written. A device or a
    pipe is written as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_special(path):
        path.write_text(text, encoding="utf-8")
        return
    path = Path(os.path.realpath(path))  # resolve() refuses a link to itself
    beside = path.with_name(f".mlops-{secrets.token_hex(8)}")
    try:
        with beside.open("x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def point(link: Path, target: str) -> None:
    """Let a link name what lies beside it, in one step; raises OSError where that cannot be."""
    beside = link.with_name(f".mlops-{secrets.token_hex(8)}")
    beside.symlink_to(target)
    try:
        beside.replace(link)
    except OSError:
        beside.unlink()
        raise


def plain(path: Path) -> Path:
    """Return a path without detours: `a/../b//c` is `b/c`, where both are surely the same place.

    A relative one stays relative, and a link stays a link. What the kernel refuses stays as it is:
    a mistyped path never becomes one that opens.
    """
    short = Path(os.path.normpath(path))
    if short.is_absolute():  # POSIX lets two slashes at the beginning stay
        short = Path("/", *short.parts[1:])
    try:
        return short if _are_one(path, short) else path
    except (OSError, ValueError):  # nothing is there; the path has a zero byte
        return path


def _are_one(path: Path, short: Path) -> bool:
    """Tell whether both are one place for the kernel. Raises OSError where it refuses one."""
    if os.path.realpath(short) != os.path.realpath(path):  # to write to hard links is not the same
        return False
    if os.path.lexists(path) or os.path.lexists(short):
        return path.samefile(short)
    return short.parent.is_dir() and path.parent.samefile(short.parent)


def is_special(path: Path) -> bool:
    """Tell whether something is there that is no file and no folder: a device, a pipe."""
    return path.exists() and not path.is_file() and not path.is_dir()

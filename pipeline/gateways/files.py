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
    """Return a path without detours: `a/../b//c` is `b/c`, where no link makes it another place.

    A relative one stays relative, and a link stays a link.
    """
    short = Path(os.path.normpath(path))
    if short.is_absolute():  # POSIX lets two slashes at the beginning stay
        short = Path("/", *short.parts[1:])
    try:
        is_same = os.path.realpath(short) == os.path.realpath(path)
    except (OSError, ValueError):  # the current folder is gone; the path has a zero byte
        return path
    return short if is_same else path


def is_special(path: Path) -> bool:
    """Tell whether something is there that is no file and no folder: a device, a pipe."""
    return path.exists() and not path.is_file() and not path.is_dir()

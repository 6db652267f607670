"""A run's private folder, and whether anybody still lives in it.

The folder holds a file that the run locks (flock(2)) and whose descriptor its programs inherit: the
lock ends with the last process that has it, however that process ends. So a folder whose lock can
be taken is nobody's, and the next run removes it, while a Terraform that outlived its run keeps it.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import CloudUnusable

_PREFIX = "mlops-"
_LOCK = "lock"


@dataclass(frozen=True, kw_only=True)
class WorkFolder:
    """A folder of this run alone; `fd` is for the programs that work in it (`keep_open`)."""

    path: Path
    fd: int


@contextmanager
def work_folder() -> Iterator[WorkFolder]:
    """Make a folder in the temporary directory, after those of dead runs; remove it at the end.

    Raises CloudUnusable where no temporary directory can be written.
    """
    _sweep(_temporary())
    path = Path(tempfile.mkdtemp(prefix=_PREFIX))
    fd = None
    try:
        fd = _locked(path)
        yield WorkFolder(path=path, fd=fd)
    finally:
        _remove(path)
        if fd is not None:
            os.close(fd)


def _temporary() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as none:
        message = f"{none.strerror}: none of them can be written, or all are full."
        remedy = "Make room, or name another one with TMPDIR."
        raise CloudUnusable(message, remedy=remedy) from none


def is_in_use(path: str) -> bool:
    """Tell whether a process of the run whose folder this was still lives.

    Only on the machine of that run; True where it cannot be known.
    """
    try:
        fd = os.open(Path(path) / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    try:
        return not _try_lock(fd)
    finally:
        os.close(fd)


def _locked(path: Path) -> int:
    """Return the descriptor of the lock; it gets its name when it is held, and so is never free."""
    name = path / f".{_LOCK}.{secrets.token_hex(4)}"
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        name.rename(path / _LOCK)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _sweep(folder: Path) -> None:
    """Remove what dead runs of this user have left; what cannot be removed is in nobody's way."""
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if path.is_symlink() or path.stat().st_uid != os.geteuid():
                continue
            fd = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                if _try_lock(fd):
                    _remove(path)
            finally:
                os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove(path: Path) -> None:
    """Remove the lock last: a removal that is cut off is completed by the next run."""
    with suppress(OSError):
        for each in path.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            elif each.name != _LOCK:
                each.unlink()
        (path / _LOCK).unlink(missing_ok=True)
        path.rmdir()

"""What this machine has: its Python, installed packages, free disk space, and who it can reach."""

import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_BYTES_PER_MB = 1024 * 1024


def python_version() -> tuple[int, int, int]:
    return sys.version_info[:3]


def installed(names: Iterable[str]) -> dict[str, str | None]:
    """Return the installed version of each package, None for one that is not there."""
    return {name: _installed(name) for name in names}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def temporary_folder() -> Path:
    return Path(tempfile.gettempdir())


def free_mb(folder: Path) -> int:
    """Return the space that is left where `folder` is, or will be made."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return shutil.disk_usage(there).free // _BYTES_PER_MB


def refusal(url: str, *, timeout_s: float) -> str | None:
    """Ask for a page and return why it cannot be had; None when somebody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s):
            return None
    except urllib.error.HTTPError:
        return None  # an answer
    except OSError as error:
        return str(getattr(error, "reason", None) or error)

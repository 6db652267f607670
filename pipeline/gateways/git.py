"""Which commit this code is, and which of two came first."""

import os
import re
from pathlib import Path

from pipeline.gateways import process

_TIMEOUT_S = 10.0
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def head_sha(folder: Path) -> str:
    """Return the commit of the checkout; an empty text outside of one, or without git."""
    completed = _git(folder, "rev-parse", "HEAD")
    return completed.stdout.strip() if completed and completed.exit_code == 0 else ""


def is_older(folder: Path, commit: str, *, than: str) -> bool | None:
    """Tell whether `commit` is an ancestor of the other; None where git knows one of them not."""
    if commit == than:
        return False
    if not (_COMMIT.fullmatch(commit) and _COMMIT.fullmatch(than)):
        return None
    completed = _git(folder, "merge-base", "--is-ancestor", commit, than)
    known = {0: True, 1: False}
    return known.get(completed.exit_code) if completed else None


def _git(folder: Path, *words: str) -> process.Completed | None:
    environment = {key: os.environ[key] for key in ("HOME", "PATH") if key in os.environ}
    try:
        return process.run(
            ["git", *words], cwd=folder, environment=environment, timeout_s=_TIMEOUT_S
        )
    except (process.ProgramMissing, process.ProgramTimedOut):
        return None

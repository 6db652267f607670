"""Which commit this code is."""

import os
from pathlib import Path

from pipeline.gateways import process

_TIMEOUT_S = 10.0


def head_sha(folder: Path) -> str:
    """Return the commit of the checkout; an empty text outside of one, or without git."""
    environment = {key: os.environ[key] for key in ("HOME", "PATH") if key in os.environ}
    try:
        completed = process.run(
            ["git", "rev-parse", "HEAD"],
            cwd=folder,
            environment=environment,
            timeout_s=_TIMEOUT_S,
        )
    except (process.ProgramMissing, process.ProgramTimedOut):
        return ""
    return completed.stdout.strip() if completed.exit_code == 0 else ""

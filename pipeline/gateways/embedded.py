"""Starts the embedded AWS and asks where it is. It is a separate program, met only over HTTP."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.core.errors import CloudUnusable
from pipeline.gateways import process

_START_TIMEOUT_S = 90.0


def start(project_root: Path, environment: Mapping[str, str]) -> str:
    """Make sure that this checkout's embedded AWS runs; return its URL. It outlives this run."""
    try:
        completed = process.run(
            [sys.executable, "-m", "emulator", "start"],
            cwd=project_root,
            environment={**environment, "PYTHONPATH": str(project_root)},
            timeout_s=_START_TIMEOUT_S,
        )
    except process.ProgramTimedOut as error:
        raise _does_not_start(str(error)) from error
    try:
        return str(json.loads(completed.stdout.splitlines()[-1])["endpoint_url"])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise _does_not_start(completed.last_lines(5)) from error


def _does_not_start(why: str) -> CloudUnusable:
    return CloudUnusable(
        f"The embedded AWS does not start: {why}",
        remedy=(
            "Read its log with: python -m emulator logs. "
            "Start afresh with: python -m emulator reset."
        ),
    )

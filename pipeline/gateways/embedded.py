"""Starts the embedded AWS and asks where it is. It is a separate program, met only over HTTP."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.core.errors import CloudUnusable
from pipeline.gateways import process

_START_TIMEOUT_S = 90.0


def start(project_root: Path, environment: Mapping[str, str]) -> str:
    """Make sure that the embedded AWS of this checkout runs; return its URL. It outlives this process."""
    completed = process.run(
        [sys.executable, "-m", "emulator", "start"],
        cwd=project_root,
        environment={**environment, "PYTHONPATH": str(project_root)},
        timeout_s=_START_TIMEOUT_S,
    )
    if completed.exit_code != 0:
        msg = f"The embedded AWS does not start: {completed.last_lines(5)}"
        raise CloudUnusable(
            msg,
            remedy="Read its log with: python -m emulator logs. Start afresh with: python -m emulator reset.",
        )
    return str(json.loads(completed.stdout.splitlines()[-1])["endpoint_url"])

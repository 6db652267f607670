"""Processes of a container that left its process group, found by a mark that they inherited.

A container engine ends everything inside a container; here a child in a session of its own would
go on. One that clears its environment escapes this too.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MARK = "EMULATOR_CONTAINER"
# One may fork while we look.
_ROUNDS, _BETWEEN_S = 5, 0.05


def kill_marked(mark: str) -> None:
    """Kill what is left of one container."""
    _kill(lambda environment: environment.get(MARK) == mark)


def kill_below(directory: Path) -> None:
    """Kill what is left of all containers whose home lies below a directory."""
    root = f"{directory}/"
    _kill(lambda environment: MARK in environment and environment.get("HOME", "").startswith(root))


def _kill(is_meant: Callable[[Mapping[str, str]], bool]) -> None:
    for _ in range(_ROUNDS):
        found = [process for process in psutil.process_iter() if is_meant(_environment(process))]
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if not found:
            return
        time.sleep(_BETWEEN_S)


def _environment(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}

"""Starts the embedded AWS and asks where it is. It is a separate program, met only over HTTP."""

import json
import logging
import re
import shlex
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from pipeline.core.errors import CloudUnusable
from pipeline.gateways import process

logger = logging.getLogger(__name__)

_PIN = re.compile(r"(?m)^([A-Za-z0-9._-]+)==")
_ERROR = "error: "
_START_TIMEOUT_S = 90.0
_STATUS_TIMEOUT_S = 15.0


def start(project_root: Path, environment: Mapping[str, str]) -> str:
    """Make sure that this checkout's embedded AWS runs; return its URL. It outlives this run."""
    told = _told("start", project_root, environment, timeout_s=_START_TIMEOUT_S)
    _tell_what_became_of_its_state(told)
    return str(told["endpoint_url"])


def find(project_root: Path, environment: Mapping[str, str]) -> str | None:
    """Return the URL of this checkout's embedded AWS; None where it does not run."""
    told = _told("status", project_root, environment, timeout_s=_STATUS_TIMEOUT_S)
    return told.get("endpoint_url")


def _told(
    name: str, project_root: Path, environment: Mapping[str, str], *, timeout_s: float
) -> dict[str, Any]:
    """Return the document with which the embedded AWS answers a command."""
    try:
        completed = process.run(
            [sys.executable, "-m", "emulator", name],
            cwd=project_root,
            environment={**environment, "PYTHONPATH": str(project_root)},
            timeout_s=timeout_s,
        )
    except process.ProgramTimedOut as error:
        raise _does_not_start(str(error)) from error
    try:
        return dict(json.loads(completed.stdout.splitlines()[-1]))
    except (IndexError, TypeError, ValueError) as error:
        raise _lacking(project_root) or _does_not_start(completed.last_lines(5)) from error


def _lacking(project_root: Path) -> CloudUnusable | None:
    """Name the packages that it needs and that are not here: the runner alone needs none."""
    pinned = (project_root / "emulator" / "requirements.txt").read_text(encoding="utf-8")
    lacking = [name for name in _PIN.findall(pinned) if not _is_installed(name)]
    if not lacking:
        return None
    wanted = project_root / "requirements-local.txt"
    command = shlex.join([sys.executable, "-m", "pip", "install", "-r", str(wanted)])
    return CloudUnusable(
        f"The embedded AWS does not start: {sys.prefix} lacks {', '.join(lacking)}.",
        remedy=f"Install them with: {command}",
    )


def _is_installed(name: str) -> bool:
    return bool(next(iter(metadata.distributions(name=name)), None))


def _tell_what_became_of_its_state(document: Mapping[str, Any]) -> None:
    if not document.get("started"):
        return
    logger.info("embedded AWS: started url=%s", document["endpoint_url"])
    if str(document.get("restored", "")).startswith("set aside"):
        logger.warning("embedded AWS: its state was %s; it starts empty", document["restored"])
    elif document.get("unclean"):
        age_s = document.get("snapshot_age_s")
        found = "nothing to take up" if age_s is None else f"a state that is {age_s:.0f} s old"
        logger.warning("embedded AWS: it was killed before; it found %s", found)


def _does_not_start(why: str) -> CloudUnusable:
    """What the command itself says is wrong, and what to do; else whatever it said last."""
    said = why.rpartition("\n")[2]
    if said.startswith(_ERROR):
        return CloudUnusable(
            f"The embedded AWS does not start. {said.removeprefix(_ERROR)}",
            remedy="More is in its log: .venv/bin/python -m emulator logs",
        )
    return CloudUnusable(
        f"The embedded AWS does not start: {why}",
        remedy=(
            "Read its log with: .venv/bin/python -m emulator logs. "
            "Start afresh with: .venv/bin/python -m emulator reset."
        ),
    )

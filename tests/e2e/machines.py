"""Machines with something wrong with them: a full disk, a folder that cannot be written."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

_FULL = 'mount -t tmpfs -o size=256k full "$0" && exec "$@"'


def with_full_disk(folder: Path) -> tuple[str, ...]:
    """Return the words before a command that make it find 256 KB of room in `folder`, really.

    The mount is in a namespace of the command's own and ends with it.
    """
    words = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _FULL, str(folder))
    if not shutil.which("unshare") or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("this kernel lets nobody mount a small file system")
    return words


def without_rights() -> tuple[str, ...]:
    """Return the words before a command that make permissions count for it, also for root."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")


def an_old_terraform(folder: Path) -> str:
    """Return a PATH whose first `terraform` is 1.5.7."""
    return _saying(folder, {"terraform_version": "1.5.7"})


def a_willing_terraform(folder: Path) -> str:
    """Return a PATH whose first `terraform` does nothing and finds everything valid, at once."""
    return _saying(folder, {"terraform_version": "1.11.4", "valid": True, "diagnostics": []})


def _saying(folder: Path, answer: Mapping[str, object]) -> str:
    folder.mkdir()
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

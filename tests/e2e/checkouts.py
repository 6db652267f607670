"""Copies of this checkout, which share its .venv."""

import shutil
import subprocess
from pathlib import Path

from tests.support.project import PROJECT_ROOT


def a_checkout(folder: Path) -> Path:
    """Copy what belongs to the project, without tests and benchmarks."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", ":!tests", ":!benchmarks", ":!emulator/tests"],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT_ROOT / name, folder / name)
    (folder / ".venv").symlink_to(PROJECT_ROOT / ".venv")
    return folder

"""The commands that benchmarks time, each as a user would start it."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def run_pipeline(mode: str, output_dir: Path, environment: Mapping[str, str]) -> None:
    """Run one mode on the embedded AWS; it must succeed."""
    command = [sys.executable, str(PROJECT_ROOT / "run_pipeline.py"), "--mode", mode, "--quiet"]
    subprocess.run(
        [*command, "--backend", "local", "--output-dir", str(output_dir)],
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def emulator(command: str, environment: Mapping[str, str]) -> str:
    """Return the last line of stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "emulator", command],
        check=True,
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    return (done.stdout.splitlines() or [""])[-1]

"""An embedded AWS of a test's own, to be stopped, killed and started again."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from emulator.tests.support.embedded import Embedded
from emulator.tests.support.embedded_aws import ROOT

_FAST = {"EMULATOR_TIME_SCALE": "100", "EMULATOR_STRICT": "1"}


@dataclass(frozen=True, kw_only=True)
class Server:
    state_dir: Path
    variables: dict[str, str] = field(default_factory=dict)

    def command(self, name: str) -> Any:
        completed = subprocess.run(
            [sys.executable, "-m", "emulator", name, "--state-dir", str(self.state_dir)],
            cwd=ROOT,
            env={**os.environ, **_FAST, **self.variables},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert completed.stdout, completed.stderr
        return json.loads(completed.stdout)

    def start(self) -> tuple[Embedded, dict[str, Any]]:
        """Return the cloud, and what `start` says."""
        started = self.command("start")
        return Embedded(url=started["endpoint_url"]), started

    def kill(self, pid: int) -> None:
        """Kill the server as a power cut would; no worker of it may be left."""
        workers = psutil.Process(pid).children(recursive=True)
        os.kill(pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert alive == []
        self.command("stop")  # waits until the directory is free

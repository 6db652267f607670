"""Start, follow and end a container's main process. The only place here that spawns for good.

Each process leads its own group and holds the read end of a pipe whose write end only this server
has, so that it ends with the server (shims/guard.py). Output is handed on line by line.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.containers.strays import MARK, kill_marked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PROJECT_ROOT = Path(__file__).resolve().parents[2]
_LINE_LIMIT_BYTES = 128 * 1024
_STRAY_OUTPUT_WAIT_S = 2.0

# The kernel's parent-death signal follows the spawning *thread*, so that thread must never end.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="container-spawner")


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to start: one of our shims under an image's interpreter."""

    interpreter: str
    shim: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    directory: Path

    def argv(self) -> list[str]:
        """The argument list; -P keeps the working directory out of the import path."""
        module = f"emulator.containers.shims.{self.shim}"
        return [self.interpreter, "-P", "-m", module, *self.arguments]

    def full_environment(self) -> dict[str, str]:
        """The container's environment plus the path to the shims, which they take away again."""
        given = self.environment.get("PYTHONPATH")
        path = os.pathsep.join([str(_PROJECT_ROOT), *([given] if given else [])])
        return {**self.environment, "PYTHONPATH": path}


class ContainerProcess:
    """A running main process. `ended` only after its last output line was handed on."""

    def __init__(
        self, process: subprocess.Popen[bytes], sink: Callable[[str], None], *, mark: str
    ) -> None:
        self._process = process
        self._mark = mark
        self._ended = threading.Event()
        self._pump = threading.Thread(target=self._hand_on_lines, args=(sink,), daemon=True)
        self._pump.start()
        threading.Thread(target=self._attend, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while running; 128 + N after signal N, as a container engine reports it."""
        if not self._ended.is_set():
            return None
        code = self._process.returncode
        return code if code >= 0 else 128 - code

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; False when the time is over first."""
        return self._ended.wait(timeout_s)

    def terminate(self) -> None:
        """Send SIGTERM to the main process, as a container engine does."""
        if not self._ended.is_set():
            self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL to the whole group."""
        if not self._ended.is_set():
            self._kill_group()

    def stop(self, grace_s: float) -> None:
        """SIGTERM, wait up to the grace time, SIGKILL; return when it has ended."""
        self.terminate()
        if not self.wait(grace_s):
            self.kill()
            self.wait()

    def _hand_on_lines(self, sink: Callable[[str], None]) -> None:
        stream = self._process.stdout
        assert stream is not None
        with stream:
            for raw in iter(lambda: stream.readline(_LINE_LIMIT_BYTES), b""):
                sink(raw.decode("utf-8", errors="replace").rstrip("\r\n"))

    def _attend(self) -> None:
        # WNOWAIT leaves the zombie, so its group id cannot be another process's when we kill it.
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        self._kill_group()
        self._process.wait()
        kill_marked(self._mark)
        self._pump.join(_STRAY_OUTPUT_WAIT_S)
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._ended.set()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def spawn(
    command: Command, *, sink: Callable[[str], None], pass_fds: Sequence[int] = ()
) -> ContainerProcess:
    """Start the command; raise OSError when the interpreter cannot be executed."""
    mark = uuid.uuid4().hex
    process = _SPAWNER.submit(_popen, command, mark, tuple(pass_fds)).result()
    return ContainerProcess(process, sink, mark=mark)


def _popen(command: Command, mark: str, pass_fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv(),
        env={**command.full_environment(), MARK: mark},
        cwd=command.directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
        pass_fds=pass_fds,
    )

"""The only place that starts a program.

Arguments are a list, never a shell string. A program that is still running when its time is up, or when this
process is interrupted, is asked to stop, then killed; on Linux it is also asked to stop when this process dies.
"""

import ctypes
import logging
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)

STOP_GRACE_S = 60.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Completed:
    """What a program left behind. `duration_s` is wall time from the monotonic clock."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    duration_s: float

    def last_lines(self, count: int) -> str:
        """Return the last lines of stderr, or of stdout where stderr is empty."""
        text = self.stderr.strip() or self.stdout.strip()
        return "\n".join(text.splitlines()[-count:])


class ProgramMissing(Exception):
    """The program is not on this machine."""


class ProgramTimedOut(Exception):
    """The program was stopped because its time was up."""


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program to its end and return what it printed.

    `environment` is the whole environment of the program. `on_line` sees each line of stdout as it appears.
    Raises ProgramMissing and ProgramTimedOut; an exit code other than 0 is the caller's to judge.
    """
    logger.debug("run %s cwd=%s", shlex.join(argv), cwd)
    started = time.monotonic()
    with _start(argv, cwd=cwd, environment=environment) as child:
        out, err = _Reader(child.stdout, on_line), _Reader(child.stderr, None)
        try:
            exit_code = child.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            _stop(child)
            message = f"{argv[0]} was stopped: it had not ended after {timeout_s:.0f} s."
            raise ProgramTimedOut(message) from error
        except BaseException:
            _stop(child)
            raise
        stdout, stderr = out.text(), err.text()
    duration_s = time.monotonic() - started
    logger.debug("exit=%d duration_s=%.2f program=%s", exit_code, duration_s, argv[0])
    return Completed(
        argv=tuple(argv), exit_code=exit_code, stdout=stdout, stderr=stderr, duration_s=duration_s
    )


def _start(
    argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # A session of its own: Ctrl-C reaches it once, from _stop, and not twice through the terminal.
            start_new_session=True,
            preexec_fn=_stop_with_parent if sys.platform == "linux" else None,
        )
    except FileNotFoundError as error:
        message = f"{argv[0]} is not on this machine."
        raise ProgramMissing(message) from error


def _stop_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(child: subprocess.Popen[str]) -> None:
    """Ask once, wait, then kill the whole group. Terraform saves its state when it is asked."""
    _signal_group(child, signal.SIGINT)
    try:
        child.wait(timeout=STOP_GRACE_S)
    except subprocess.TimeoutExpired:
        _signal_group(child, signal.SIGKILL)
        child.wait()


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return


class _Reader:
    """Reads one stream on a thread, so that neither pipe can fill up and block the program."""

    def __init__(self, stream: IO[str] | None, on_line: Callable[[str], None] | None) -> None:
        self._lines: list[str] = []
        self._thread = threading.Thread(
            target=self._read, args=(stream or (), on_line), daemon=True
        )
        self._thread.start()

    def _read(self, stream: Iterable[str], on_line: Callable[[str], None] | None) -> None:
        for line in stream:
            self._lines.append(line)
            if on_line:
                on_line(line.rstrip("\n"))

    def text(self) -> str:
        self._thread.join()
        return "".join(self._lines)

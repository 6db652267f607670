"""The only place that starts a program.

Arguments are a list, never a shell string. A program that is still running when its time is up, or
when this process is interrupted, is asked to stop, then killed with everything it started; on Linux
it is also asked to stop when this process dies.
"""

import codecs
import ctypes
import functools
import io
import logging
import os
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

logger = logging.getLogger(__name__)

STOP_GRACE_S = 60.0
_PIPE_GRACE_S = 1.0
_POLL_S = 0.05
_CHUNK_BYTES = 65536
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
    """The program is not on this machine, or is none that this machine can start."""


class ProgramTimedOut(Exception):
    """The program was stopped because its time was up."""


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    on_line: Callable[[str], None] | None = None,
    stop_grace_s: float = STOP_GRACE_S,
) -> Completed:
    """Run a program to its end and return what it printed.

    `environment` is the whole environment of the program. `on_line` sees each line of stdout as it
    appears. A program that has to be stopped gets `stop_grace_s` to end by itself.
    Raises ProgramMissing and ProgramTimedOut; an exit code other than 0 is the caller's to judge.
    """
    logger.debug("run %s cwd=%s", shlex.join(argv), cwd)
    started = time.monotonic()
    child = _start(argv, cwd=cwd, environment=environment)
    with _Running(child, on_line, stop_grace_s=stop_grace_s) as running:
        if not running.wait(timeout_s):
            message = f"{argv[0]} was stopped: it had not ended after {timeout_s:.0f} s."
            raise ProgramTimedOut(message)
        running.read_rest()
    duration_s = time.monotonic() - started
    logger.debug("exit=%d duration_s=%.2f program=%s", child.returncode, duration_s, argv[0])
    return Completed(
        argv=tuple(argv),
        exit_code=child.returncode,
        stdout=running.stdout.text(),
        stderr=running.stderr.text(),
        duration_s=duration_s,
    )


def _start(
    argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(environment),
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A session of its own: Ctrl-C reaches it once, from here, and not by the terminal too.
            start_new_session=True,
            preexec_fn=functools.partial(_before_the_program, _libc(), os.getpid()),
        )
    except OSError as error:
        if Path(error.filename or "") == cwd:
            raise
        message = f"{argv[0]} cannot be started: {error.strerror}."
        raise ProgramMissing(message) from error


@functools.cache
def _libc() -> Any:
    """Loaded before the fork: what runs between fork and exec must take no lock."""
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def _before_the_program(libc: Any, parent: int) -> None:
    # A shell's background job ignores SIGINT, and its children would inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


class _Running:
    """A started program and its two pipes, read on this thread; ends it on the way out.

    Neither pipe can fill up and block the program, and nothing here waits for a pipe to be closed:
    a grandchild may keep it open for ever.
    """

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        on_line: Callable[[str], None] | None,
        *,
        stop_grace_s: float,
    ) -> None:
        self._child = child
        self._stop_grace_s = stop_grace_s
        self._selector = selectors.DefaultSelector()
        self.stdout = self._output(child.stdout, on_line)
        self.stderr = self._output(child.stderr, None)

    def _output(self, pipe: IO[bytes] | None, on_line: Callable[[str], None] | None) -> "_Output":
        output = _Output(on_line)
        if pipe is not None:
            self._selector.register(pipe, selectors.EVENT_READ, output)
        return output

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is not None:
                self._stop()
        finally:
            self._close()

    def wait(self, limit_s: float) -> bool:
        """Read until the program has ended; False when the time was up first."""
        deadline = time.monotonic() + limit_s
        while self._child.poll() is None:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            self._read_or_pause(min(left_s, _POLL_S))
        return True

    def read_rest(self) -> None:
        """Read what is in the pipes after the end, for as long as they do not fall silent."""
        deadline = time.monotonic() + _PIPE_GRACE_S
        while self._selector.get_map() and time.monotonic() < deadline:
            if not self._read(_POLL_S):
                break
        for key in self._selector.get_map().values():
            key.data.take(b"")

    def _read_or_pause(self, limit_s: float) -> None:
        if self._selector.get_map():
            self._read(limit_s)
        else:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(limit_s)

    def _read(self, limit_s: float) -> bool:
        """Read once from each pipe that has something; True when one had."""
        ready = self._selector.select(limit_s)
        for key, _ in ready:
            chunk = os.read(key.fd, _CHUNK_BYTES)
            key.data.take(chunk)
            if not chunk:
                self._selector.unregister(key.fileobj)
        return bool(ready)

    def _stop(self) -> None:
        """Ask once, wait, then kill the whole group. Terraform saves its state when it is asked."""
        self.stdout.on_line = None
        try:
            self._signal_group(signal.SIGINT)
            self.wait(self._stop_grace_s)
        finally:
            self._signal_group(signal.SIGKILL)
            self._child.wait()

    def _signal_group(self, number: signal.Signals) -> None:
        # macOS answers "not permitted" for a group of which only the ended leader is left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)

    def _close(self) -> None:
        self._selector.close()
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()


class _Output:
    """What one pipe has brought so far, as text, told line by line to whoever listens."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self.on_line = on_line
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._parts: list[str] = []
        self._line = ""

    def take(self, chunk: bytes) -> None:
        """Take the next bytes; none at the end of the pipe."""
        text = self._decoder.decode(chunk, final=not chunk)
        self._parts.append(text)
        if self.on_line is None:
            return
        *lines, self._line = (self._line + text).split("\n")
        if not chunk and self._line:
            lines.append(self._line)
        for line in lines:
            self.on_line(line)

    def text(self) -> str:
        return "".join(self._parts)

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
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

logger = logging.getLogger(__name__)

STOP_GRACE_S = 60.0
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
    with tempfile.TemporaryFile(buffering=0) as out, tempfile.TemporaryFile(buffering=0) as err:
        child = _start(argv, cwd=cwd, environment=environment, streams=(out, err))
        stdout, stderr = _Output(out, on_line), _Output(err, None)
        with _Running(child, stdout, stop_grace_s=stop_grace_s) as running:
            if not running.wait(timeout_s):
                message = f"{argv[0]} was stopped: it had not ended after {timeout_s:.0f} s."
                raise ProgramTimedOut(message)
        said = stdout.text(), stderr.text()
    duration_s = time.monotonic() - started
    logger.debug("exit=%d duration_s=%.2f program=%s", child.returncode, duration_s, argv[0])
    return Completed(
        argv=tuple(argv),
        exit_code=child.returncode,
        stdout=said[0],
        stderr=said[1],
        duration_s=duration_s,
    )


def _start(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    streams: tuple[IO[bytes], IO[bytes]],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=streams[0],
            stderr=streams[1],
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
    """A started program and its output; ends it on the way out."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        stdout: "_Output",
        *,
        stop_grace_s: float,
    ) -> None:
        self._child = child
        self._stdout = stdout
        self._stop_grace_s = stop_grace_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._stop()

    def wait(self, limit_s: float) -> bool:
        """Wait until the program has ended; False when the time was up first."""
        deadline = time.monotonic() + limit_s
        while self._child.poll() is None:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            self._stdout.read()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(min(left_s, _POLL_S))
        return True

    def _stop(self) -> None:
        """Ask once, wait, then kill the whole group. Terraform saves its state when it is asked."""
        self._stdout.on_line = None
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


class _Output:
    """One stream of a program as text, told line by line to whoever listens.

    The program writes into a nameless file, not into a pipe: it never has to wait for a reader,
    and when this process dies it can say so and end in order. Terraform, at the other end of a
    broken pipe, would die at its first word and keep its state locked.
    """

    def __init__(self, file: IO[bytes], on_line: Callable[[str], None] | None) -> None:
        self.on_line = on_line
        self._file = file
        self._read_bytes = 0
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._parts: list[str] = []
        self._line = ""

    def read(self) -> None:
        """Take what was written since the last time."""
        size_bytes = os.fstat(self._file.fileno()).st_size
        while self._read_bytes < size_bytes:
            wanted = min(_CHUNK_BYTES, size_bytes - self._read_bytes)
            # The program shares the position in the file, so it must stay where it is.
            chunk = os.pread(self._file.fileno(), wanted, self._read_bytes)
            self._read_bytes += len(chunk)
            self._take(chunk)

    def text(self) -> str:
        """Return everything; to be called once, when the program has ended."""
        self.read()
        self._take(b"")
        return "".join(self._parts)

    def _take(self, chunk: bytes) -> None:
        text = self._decoder.decode(chunk, final=not chunk)
        self._parts.append(text)
        if self.on_line is None:
            return
        *lines, self._line = (self._line + text).split("\n")
        if not chunk and self._line:
            lines.append(self._line)
        for line in lines:
            self.on_line(line)

"""The only place that starts a program.

Arguments are a list, never a shell string. A program that is still running when its time is up, or
when this process is interrupted, is asked to stop, then killed with everything it started. What a
program leaves behind that a signal ended is killed too. On Linux a program is also asked to stop
when this process dies.
"""

import codecs
import io
import logging
import marshal
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)

STOP_GRACE_S = 60.0
_POLL_S = 0.05
_CHUNK_BYTES = 65536
_ERRNO_BYTES = 16
_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True, kw_only=True)
class Completed:
    """What a program left behind. `duration_s` is wall time from the monotonic clock."""

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
    keep_open: Sequence[int] = (),
) -> Completed:
    """Run a program to its end and return what it printed.

    `environment` is the whole environment of the program. `on_line` sees each line of stdout as it
    appears. A program that has to be stopped gets `stop_grace_s` to end by itself. It inherits the
    file descriptors of `keep_open`.
    Raises ProgramMissing and ProgramTimedOut; an exit code other than 0 is the caller's to judge.
    """
    begun = beside(
        argv,
        cwd=cwd,
        environment=environment,
        on_line=on_line,
        stop_grace_s=stop_grace_s,
        keep_open=keep_open,
    )
    with begun as running:
        if not running.wait(timeout_s):
            message = f"{argv[0]} was stopped: it had not ended after {timeout_s:.0f} s."
            raise ProgramTimedOut(message)
        return running.completed()


@contextmanager
def beside(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None] | None = None,
    stop_grace_s: float = STOP_GRACE_S,
    keep_open: Sequence[int] = (),
) -> Iterator["Running"]:
    """Run a program beside what the block does; it is stopped where it outlives the block.

    The arguments are those of `run`. Raises ProgramMissing.
    """
    logger.debug("run %s cwd=%s", shlex.join(argv), cwd)
    started = time.monotonic()
    with tempfile.TemporaryFile(buffering=0) as out, tempfile.TemporaryFile(buffering=0) as err:
        child = _start(argv, environment, cwd=cwd, streams=(out, err), keep_open=keep_open)
        running = Running(
            argv, child, _Output(out, on_line), _Output(err, None), started, stop_grace_s
        )
        try:
            yield running
        finally:
            running.stop()


def _start(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: Path,
    streams: tuple[IO[bytes], IO[bytes]],
    keep_open: Sequence[int],
) -> subprocess.Popen[bytes]:
    """Start the launcher, which becomes the program; return when it has."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            child = _launch(argv[0], theirs.fileno(), cwd=cwd, streams=streams, keep_open=keep_open)
        try:
            error_number = _hand_over(ours, argv, environment)
        except BaseException:
            # The program has not begun, or just now: there is nothing that it could save.
            _end(child)
            raise
    if error_number:
        _end(child)
        raise _missing(argv[0], os.strerror(error_number))
    return child


def _launch(
    program: str,
    channel: int,
    *,
    cwd: Path,
    streams: tuple[IO[bytes], IO[bytes]],
    keep_open: Sequence[int],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(channel)],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=streams[0],
            stderr=streams[1],
            pass_fds=(channel, *keep_open),
            # A session of its own: Ctrl-C reaches it once, from here, and not by the terminal too.
            start_new_session=True,
        )
    except OSError as error:
        if Path(error.filename or "") == cwd:
            raise
        raise _missing(program, error.strerror) from error


def _hand_over(
    channel: socket.socket, argv: Sequence[str], environment: Mapping[str, str]
) -> int | None:
    """Give the launcher its order; return the errno of a program that could not be started."""
    variables = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
    try:
        channel.sendall(marshal.dumps(([os.fsencode(each) for each in argv], variables)))
    except ConnectionError as error:
        raise _missing(argv[0], "its launcher ended at once") from error
    channel.shutdown(socket.SHUT_WR)
    # The end of the channel is the moment at which the launcher has become the program.
    said = channel.recv(_ERRNO_BYTES)
    return int(said) if said else None


def _missing(program: str, why: str | None) -> ProgramMissing:
    return ProgramMissing(f"{program} cannot be started: {why}.")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill a program and everything that it started and left in its group."""
    _signal_group(child, signal.SIGKILL)
    child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # macOS answers "not permitted" for a group of which only the ended leader is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


class Running:
    """A started program and its output."""

    def __init__(
        self,
        argv: Sequence[str],
        child: subprocess.Popen[bytes],
        stdout: "_Output",
        stderr: "_Output",
        started: float,
        stop_grace_s: float,
    ) -> None:
        self._argv = argv
        self._child = child
        self._stdout = stdout
        self._stderr = stderr
        self._started = started
        self._stop_grace_s = stop_grace_s

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

    def completed(self) -> Completed:
        """Return what the program left behind; to be called once, when it has ended."""
        if self._child.returncode < 0:
            _end(self._child)
        said = self._stdout.text(), self._stderr.text()
        duration_s = time.monotonic() - self._started
        code, program = self._child.returncode, self._argv[0]
        logger.debug("exit=%d duration_s=%.2f program=%s", code, duration_s, program)
        return Completed(
            exit_code=code,
            stdout=said[0],
            stderr=said[1],
            duration_s=duration_s,
        )

    def stop(self) -> None:
        """Ask once, wait, then kill the whole group. Terraform saves its state when it is asked."""
        if self._child.returncode is not None:
            return
        self._stdout.on_line = None
        try:
            _signal_group(self._child, signal.SIGINT)
            self.wait(self._stop_grace_s)
        finally:
            _end(self._child)


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

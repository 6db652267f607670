"""What a person at a terminal sees while a run works, and how Ctrl-C leaves the terminal."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.command_line import RUNNER, plain_environment

WAITS = "reaching the embedded AWS"
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"
_LIMIT_S = 60.0
# Ctrl-C reaches who has the terminal: it becomes this process's own, then the process the command.
_WITH_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(kw_only=True)
class Terminal:
    """A command on a terminal of its own; `text` is everything that it has shown."""

    process: subprocess.Popen[bytes]
    fd: int
    text: str = ""

    def read_until(self, words: str) -> None:
        ends = time.monotonic() + _LIMIT_S
        while words not in self.text:
            assert time.monotonic() < ends, self.text
            assert self._read(), self.text

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        os.write(self.fd, b"\x03")
        while self._read():
            pass
        return self.process.wait(_LIMIT_S)

    def _read(self) -> bool:
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:  # Linux: nobody has the other end any more
            return False
        self.text += chunk.decode()
        return bool(chunk)


@contextmanager
def on_terminal(folder: Path, *flags: str, **variables: str) -> Iterator[Terminal]:
    fd, other = pty.openpty()
    command = [sys.executable, "-c", _WITH_TERMINAL, *RUNNER, "--output-dir", str(folder), *flags]
    process = subprocess.Popen(
        command, env={**plain_environment(), **variables}, stdin=other, stdout=other, stderr=other
    )
    os.close(other)
    try:
        yield Terminal(process=process, fd=fd)
    finally:
        process.kill()
        process.wait()
        os.close(fd)


@contextmanager
def an_aws_that_does_not_start_yet(folder: Path) -> Iterator[Mapping[str, str]]:
    """Hold the lock for which whoever starts it waits: its state directory itself."""
    folder.mkdir()
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield {"EMULATOR_STATE_DIR": str(folder)}
    finally:
        os.close(fd)


def test_a_phase_is_a_line_that_moves_and_ctrl_c_leaves_the_terminal_as_it_was(
    tmp_path: Path,
) -> None:
    with (
        an_aws_that_does_not_start_yet(tmp_path / "state") as variables,
        on_terminal(tmp_path, "--mode", "status", TERM="xterm", **variables) as terminal,
    ):
        before = termios.tcgetattr(terminal.fd)
        terminal.read_until(f"{WAITS} 2 s")
        assert f"{WAITS} 1 s" in terminal.text
        assert terminal.interrupt() == 130
        assert termios.tcgetattr(terminal.fd) == before
    assert terminal.text.count(SHOWN) == terminal.text.count(HIDDEN) > 0
    said = terminal.text.rpartition(SHOWN)[2]
    assert f"{WAITS} failed after" in said
    assert "Error: The run was interrupted." in said
    assert '"pipeline_status": "interrupted"' in (tmp_path / "results.json").read_text()


PLAIN: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "no colour by flag": (("--no-color",), {}),
    "no colour by variable": ((), {"NO_COLOR": "1"}),
    "a terminal that can nothing": ((), {"TERM": "dumb"}),
    "a job of CI": ((), {"CI": "true", "MLOPS_BACKEND": "local"}),
}


@pytest.mark.parametrize("name", PLAIN)
def test_where_nobody_wants_it_nothing_moves_and_nothing_is_coloured(
    name: str, tmp_path: Path
) -> None:
    flags, more = PLAIN[name]
    with (
        an_aws_that_does_not_start_yet(tmp_path / "state") as variables,
        on_terminal(
            tmp_path, "--mode", "status", *flags, **{"TERM": "xterm", **variables, **more}
        ) as terminal,
    ):
        terminal.read_until("mode=status")
        assert terminal.interrupt() == 130
    assert "\x1b" not in terminal.text
    assert "\r" not in terminal.text.replace("\r\n", "")
    assert f"{WAITS} 1 s" not in terminal.text
    assert terminal.text.count(WAITS) <= 1  # when it ended, if it had begun

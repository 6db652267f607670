"""Each kind of screen, and what is on it when the scene is over."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.project import PROJECT_ROOT

FOLDER = Path(__file__).parent
COLUMNS = 80
_LIMIT_S = 120
_CODE = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")
_TIME = re.compile(r"(section_(?:start|end)):\d+:")
_TOOK = re.compile(r"(took|failed after) \d+\.\d s")


@dataclass(frozen=True, kw_only=True)
class Screen:
    """`variables` of its environment and `flags`; without a terminal it is a pipe."""

    is_terminal: bool
    variables: Mapping[str, str]
    flags: tuple[str, ...] = ()


SCREENS = {
    "terminal-of-80-columns": Screen(is_terminal=True, variables={"TERM": "xterm-256color"}),
    "terminal-without-colours": Screen(
        is_terminal=True, variables={"TERM": "xterm-256color", "NO_COLOR": "1"}
    ),
    "pipe": Screen(is_terminal=False, variables={}),
    "ci-log": Screen(is_terminal=False, variables={"CI": "true", "GITLAB_CI": "true"}),
    "screen-reader": Screen(is_terminal=True, variables={"TERM": "dumb"}, flags=("--no-color",)),
}


def file_of(name: str) -> Path:
    return FOLDER / f"{name}.txt"


def seen_on(screen: Screen) -> str:
    """Play the scene there; return what stays on a terminal, or all that went through a pipe.

    Codes of colour, and the marks of GitLab's sections, are in angle brackets.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "TZ": "UTC", "PYTHONPATH": str(PROJECT_ROOT), **screen.variables}
    command = [sys.executable, "-m", "tests.golden.scene", *screen.flags]
    if not screen.is_terminal:
        text = _steady(_in_pipe(command, environment))
        return text.replace("\x1b", "<ESC>").replace("\r", "<CR>")
    lines = _left(_steady(_on_terminal(command, environment)))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _steady(text: str) -> str:
    return _TOOK.sub(r"\1 0.0 s", _TIME.sub(r"\1:0:", text))


def _in_pipe(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_LIMIT_S,
        check=True,
    )
    return done.stdout.decode()


def _on_terminal(command: list[str], environment: Mapping[str, str]) -> str:
    fd, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    child = subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdin=other, stdout=other, stderr=other
    )
    os.close(other)
    text = b""
    while True:
        try:
            chunk = os.read(fd, 65536)
        except OSError:  # Linux: nobody has the other end any more
            break
        if not chunk:
            break
        text += chunk
    os.close(fd)
    assert child.wait(_LIMIT_S) == 0, text.decode()
    return text.decode()


def _left(text: str) -> list[str]:
    """Return the lines that are left of what a terminal was sent.

    It knows what moves a cursor up, to the line's beginning and on, and what erases a line; colours
    stay as `<31>`.
    """
    lines, row = [""], 0
    is_at_start = False
    for code, kind, end, words in _CODE.findall(text):
        if end == "\n":
            row, is_at_start = row + 1, False
            if row == len(lines):
                lines.append("")
        elif end == "\r":
            is_at_start = True
        elif kind == "A":
            row = max(0, row - int(code or 1))
        elif kind == "K":
            if code == "2" or is_at_start:
                lines[row] = ""
        elif kind == "m" or words:
            shown = words or (f"<{code}>" if code else "<0>")
            lines[row] = shown if is_at_start and words else lines[row] + shown
            is_at_start = False
    return lines[:-1] if lines[-1] == "" else lines

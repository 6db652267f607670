"""Where log lines go: people's lines or JSON to stderr, everything to run.log.

On a terminal the last line moves: what is being done, and for how long. Nothing moves elsewhere.
"""

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import monotonic, time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from pipeline.gateways.log_lines import JsonFormatter, RedactingFormatter

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.tree import Tree

    from pipeline.core.watching import Node

logger = logging.getLogger(__name__)

# For a look that is on its way when what it watches has ended.
_MOST_JOINED_S = 1.0
_NOISY = ("boto3", "botocore", "s3transfer", "urllib3", "sagemaker", "asyncio")


@dataclass(frozen=True, kw_only=True)
class Lines:
    """How log lines look. `secrets` appear in none of them; `about` are fields of JSON lines."""

    run_id: str
    secrets: tuple[str, ...] = ()
    is_lively: bool = False
    as_json: bool = False
    has_sections: bool = False
    about: Callable[[], Mapping[str, str]] = dict


def is_lively(
    environment: Mapping[str, str], *, no_color: bool, stream: TextIO | None = None
) -> bool:
    """The one rule for colours and for lines that move: a person looks on, and wants them.

    NO_COLOR as on no-color.org; a CI job's log keeps everything that ever moved. `stream` is stderr
    unless another one is named.
    """
    plain = no_color or environment.get("NO_COLOR") or environment.get("CI")
    has_person = (stream or sys.stderr).isatty()
    return has_person and not plain and environment.get("TERM", "dumb") != "dumb"


class Progress:
    """The line that moves, at the end of a terminal; without a terminal, none.

    It shows the innermost phase. Each that ends leaves a line; all log lines go above it. With
    sections, a phase is one that people fold in the log of a GitLab job, also when it fails.
    """

    def __init__(
        self, terminal: "Console | None" = None, section: Callable[[str], None] | None = None
    ) -> None:
        self._terminal = terminal
        self._section = section or (lambda _: None)
        self._phases: list[tuple[str, float]] = []
        self._detail = ""
        self._live: Live | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Show a phase until it ends, well or not."""
        phase = (name, monotonic())
        self._detail = ""
        self._phases.append(phase)
        self._section(section_start(name, time()))
        self._show()
        ended = "failed after"
        try:
            yield
            ended = "took"
        finally:
            self._phases.remove(phase)
            self._detail = ""
            self._section(section_end(name, time()))
            with self.paused():
                self._ended(name, ended, monotonic() - phase[1])

    def detail(self, text: str) -> None:
        """Say how far the innermost phase has come."""
        self._detail = text

    @contextmanager
    def beside(self, look: Callable[[], tuple[str, str]], every_s: float) -> Iterator[None]:
        """Look again and again while the block works, and say how far it has come.

        A new stage is a line of the log; the line that moves shows the times as well.
        """
        over = threading.Event()
        watcher = threading.Thread(
            target=self._watch, args=(look, every_s, over), name="progress", daemon=True
        )
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join(_MOST_JOINED_S)
            self.detail("")

    def _watch(
        self, look: Callable[[], tuple[str, str]], every_s: float, over: threading.Event
    ) -> None:
        before = ""
        while not over.wait(every_s):
            try:
                stage, text = look()
            except Exception as error:  # whatever it is: what works meanwhile does not need it
                logger.debug("progress cannot be seen: %s", error)
                continue
            if over.is_set():
                return
            if stage != before:
                logger.info("%s", stage)
                before = stage
            self.detail(text)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the end of the terminal to somebody else, who asks a question there."""
        self._hide()
        try:
            yield
        finally:
            self._show()

    @property
    def phase_name(self) -> str:
        """The innermost phase, empty where there is none."""
        return self._phases[-1][0] if self._phases else ""

    def _ended(self, name: str, ended: str, took_s: float) -> None:
        line = f"{name} {ended} {took_s:.1f} s"
        if self._terminal is not None:
            self._terminal.print(line, style="dim", highlight=False)
            return
        event = "phase_failed" if ended.startswith("failed") else "phase_ended"
        facts = {"event": event, "phase": name, "duration_ms": round(took_s * 1000)}
        logger.info("%s", line, extra=facts)

    def _show(self) -> None:
        if self._terminal is None or self._live is not None or not self._phases:
            return
        from rich.live import Live
        from rich.spinner import Spinner

        spinner = Spinner("line")  # in ASCII
        self._live = Live(
            console=self._terminal,
            get_renderable=lambda: self._line(spinner),
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=4,
            transient=True,
        )
        self._live.start()

    def _hide(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _line(self, spinner: "Spinner") -> "Spinner":
        if self._phases:
            name, began = self._phases[-1]
            detail = f": {self._detail}" if self._detail else ""
            spinner.update(text=f"{name} {monotonic() - began:.0f} s{detail}")
        return spinner


def section_start(name: str, now: float) -> str:
    """Return what begins a section of a job's log (GitLab documentation, "Job logs")."""
    return f"\x1b[0Ksection_start:{now:.0f}:{_section_name(name)}\r\x1b[0K{name}\n"


def section_end(name: str, now: float) -> str:
    return f"\x1b[0Ksection_end:{now:.0f}:{_section_name(name)}\r\x1b[0K"


def _section_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def _write_section(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON lines, also one that is refused otherwise."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    chosen = [after for word, after in pairwise(words) if word == "--log-format"]
    return bool(chosen) and chosen[-1] == "json"


def say_error(
    text: str, *, as_json: bool, run_id: str = "", about: Mapping[str, str] | None = None
) -> None:
    """Write to stderr what ended a command before or beside its log.

    `about` are fields of a JSON line.
    """
    if not as_json:
        sys.stderr.write(f"{text}\n")
        return
    record = logging.makeLogRecord(
        {"name": "pipeline", "levelno": logging.ERROR, "levelname": "ERROR", "msg": text.strip()}
    )
    formatter = JsonFormatter(run_id=run_id, secrets=(), about=lambda: about or {})
    sys.stderr.write(f"{formatter.format(record)}\n")


class _RunLog(logging.FileHandler):
    """run.log. A full disk ends the log with one warning, and not the run with a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- logging's name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        logging.getLogger().removeHandler(self)
        logging.getLogger(__name__).warning(
            "%s is not written any further: %s", self.baseFilename, error.strerror
        )


def configure_logging(*, log_file: Path, level: int, lines: Lines) -> Progress:
    """Send `level` and above to stderr and everything to `log_file`, each line with the run id.

    Return what shows progress beside these lines; where nobody wants to read them, it does not.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    to_file = _RunLog(log_file, mode="w", encoding="utf-8")
    pattern = f"%(asctime)s %(levelname)s run={lines.run_id} %(name)s: %(message)s"
    to_file.setFormatter(RedactingFormatter(pattern, secrets=lines.secrets))
    terminal = _terminal() if lines.is_lively and not lines.as_json else None
    to_stderr = _json_handler(lines) if lines.as_json else _people_handler(lines, terminal)
    to_stderr.setLevel(level)
    root.addHandler(to_file)
    root.addHandler(to_stderr)
    has_sections = lines.has_sections and not lines.as_json
    return Progress(
        terminal if level <= logging.INFO else None, _write_section if has_sections else None
    )


def _terminal() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


def _json_handler(lines: Lines) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(run_id=lines.run_id, secrets=lines.secrets, about=lines.about)
    )
    sys.excepthook = _log_uncaught
    return handler


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Python's own report of an exception that nobody caught is no JSON."""
    logging.getLogger("pipeline").critical("uncaught", exc_info=(kind, error, traceback))


def _people_handler(lines: Lines, terminal: "Console | None") -> logging.Handler:
    if terminal is None:
        plain = logging.StreamHandler(sys.stderr)
        pattern = "%(asctime)s %(levelname)s %(message)s"
        plain.setFormatter(RedactingFormatter(pattern, secrets=lines.secrets))
        return plain
    from rich.highlighter import NullHighlighter
    from rich.logging import RichHandler

    # Only the level has a colour: a warning is not lost among coloured numbers.
    handler = RichHandler(
        console=terminal, show_path=False, markup=False, keywords=[], highlighter=NullHighlighter()
    )
    formatter = RedactingFormatter("%(message)s", secrets=lines.secrets)
    formatter.datefmt = "%H:%M:%S"
    handler.setFormatter(formatter)
    return handler


class Screen(Protocol):
    """A tree that stays in one place of a terminal."""

    def show(self, root: "Node") -> None: ...


class _Terminal:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self.live = Live(console=Console(), auto_refresh=False, vertical_overflow="crop")

    def show(self, root: "Node") -> None:
        self.live.update(_tree(root), refresh=True)


@contextmanager
def screen() -> Iterator[Screen]:
    """Take over the end of the terminal on stdout; what was shown last stays there."""
    terminal = _Terminal()
    with terminal.live:
        yield terminal


def _tree(root: "Node") -> "Tree":
    from rich.text import Text
    from rich.tree import Tree

    drawn = Tree(Text(root.text, style="bold"))

    def add(node: "Node", below: Tree) -> None:
        branch = below.add(Text(node.text, style="bold red" if node.is_urgent else ""))
        for child in node.children:
            add(child, branch)

    for child in root.children:
        add(child, drawn)
    return drawn


def confirmed(question: str) -> bool:
    """Ask a person at the terminal; where there is none, nobody has said yes."""
    return (answered(f"{question} [y/N]") or "").lower() in ("y", "yes")


def answered(question: str) -> str | None:
    """Return what a person at the terminal types in a line; None where there is none."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()

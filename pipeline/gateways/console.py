"""Where log lines go: people's lines or JSON to stderr, everything to run.log."""

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType

from pipeline.gateways.log_lines import JsonFormatter, RedactingFormatter

_NOISY = ("boto3", "botocore", "s3transfer", "urllib3", "sagemaker", "asyncio")


@dataclass(frozen=True, kw_only=True)
class Lines:
    """How log lines look. `secrets` appear in none of them."""

    run_id: str
    secrets: tuple[str, ...] = ()
    color: bool = False
    as_json: bool = False


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON lines, also one that is refused otherwise."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    chosen = [after for word, after in pairwise(words) if word == "--log-format"]
    return bool(chosen) and chosen[-1] == "json"


def say_error(text: str, *, as_json: bool, run_id: str = "") -> None:
    """Write to stderr what ended a command before or beside its log."""
    if not as_json:
        sys.stderr.write(f"{text}\n")
        return
    record = logging.makeLogRecord(
        {"name": "pipeline", "levelno": logging.ERROR, "levelname": "ERROR", "msg": text.strip()}
    )
    sys.stderr.write(JsonFormatter(run_id=run_id, secrets=()).format(record) + "\n")


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


def configure_logging(*, log_file: Path, level: int, lines: Lines) -> None:
    """Send `level` and above to stderr and everything to `log_file`, each line with the run id."""
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
    to_stderr = _json_handler(lines) if lines.as_json else _people_handler(lines)
    to_stderr.setLevel(level)
    root.addHandler(to_file)
    root.addHandler(to_stderr)


def _json_handler(lines: Lines) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(run_id=lines.run_id, secrets=lines.secrets))
    sys.excepthook = _log_uncaught
    return handler


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Python's own report of an exception that nobody caught is no JSON."""
    logging.getLogger("pipeline").critical("uncaught", exc_info=(kind, error, traceback))


def _people_handler(lines: Lines) -> logging.Handler:
    formatter = RedactingFormatter("%(message)s", secrets=lines.secrets)
    if lines.color and sys.stderr.isatty():
        from rich.console import Console
        from rich.logging import RichHandler

        handler: logging.Handler = RichHandler(
            console=Console(stderr=True), show_path=False, log_time_format="%H:%M:%S", markup=False
        )
    else:
        handler = logging.StreamHandler(sys.stderr)
        pattern = "%(asctime)s %(levelname)s %(message)s"
        formatter = RedactingFormatter(pattern, secrets=lines.secrets)
    handler.setFormatter(formatter)
    return handler


def confirmed(question: str) -> bool:
    """Ask a person at the terminal; where there is none, nobody has said yes."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")

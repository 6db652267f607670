"""Where log lines go: people's lines to stderr, everything to run.log, secrets to neither."""

import logging
import sys
from collections.abc import Iterable
from pathlib import Path

_REDACTED = "[redacted]"
_NOISY = ("boto3", "botocore", "s3transfer", "urllib3", "sagemaker", "asyncio")


class RedactingFormatter(logging.Formatter):
    """Replaces secrets in the finished line, so that tracebacks cannot carry them either."""

    def __init__(self, pattern: str, *, secrets: Iterable[str]) -> None:
        super().__init__(pattern, datefmt="%Y-%m-%dT%H:%M:%S%z")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, _REDACTED)
        return line


def configure_logging(
    *, log_file: Path, level: int, run_id: str, secrets: Iterable[str], color: bool
) -> None:
    """Send `level` and above to stderr and everything to `log_file`, each line with the run id."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(logging.DEBUG)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    to_file = logging.FileHandler(log_file, mode="w", encoding="utf-8")
    to_file.setFormatter(
        RedactingFormatter(
            f"%(asctime)s %(levelname)s run={run_id} %(name)s: %(message)s", secrets=secrets
        )
    )
    to_people = _people_handler(color=color, secrets=secrets)
    to_people.setLevel(level)
    root.addHandler(to_file)
    root.addHandler(to_people)


def _people_handler(*, color: bool, secrets: Iterable[str]) -> logging.Handler:
    formatter = RedactingFormatter("%(message)s", secrets=secrets)
    if color and sys.stderr.isatty():
        from rich.console import Console
        from rich.logging import RichHandler

        handler: logging.Handler = RichHandler(
            console=Console(stderr=True), show_path=False, log_time_format="%H:%M:%S", markup=False
        )
    else:
        handler = logging.StreamHandler(sys.stderr)
        formatter = RedactingFormatter("%(asctime)s %(levelname)s %(message)s", secrets=secrets)
    handler.setFormatter(formatter)
    return handler

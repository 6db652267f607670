"""One log record as one line of text or as one JSON object, with no secret in either."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

_REDACTED = "[redacted]"
# What logging itself gives every record; anything else was given by who logs.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


# What who logs may say beside the message, as fields of the line: what happened, how long it took
# in milliseconds, how it failed, and the id by which AWS's support finds a call.
_FIELDS = ("event", "phase", "duration_ms", "error_code", "aws_request_id")


class RedactingFormatter(logging.Formatter):
    """Replaces secrets in the finished line, so that tracebacks cannot carry them either."""

    def __init__(self, pattern: str, *, secrets: Iterable[str]) -> None:
        super().__init__(pattern, datefmt="%Y-%m-%dT%H:%M:%S%z")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        return _redacted(super().format(record), self._secrets)


class JsonFormatter(logging.Formatter):
    """time (UTC), level, logger, message, run_id; also the fields of docs/operations.md that apply.

    `about` are those that are the same whoever logs: environment, endpoint, release, phase.
    """

    def __init__(
        self,
        *,
        run_id: str,
        secrets: Iterable[str],
        about: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        super().__init__()
        self._run_id = run_id
        self._about = about
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        extra = {name: value for name, value in vars(record).items() if name not in _USUAL}
        said = {name: extra.pop(name) for name in _FIELDS if name in extra}
        line = {
            "time": _utc(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "run_id": self._run_id,
            **self._about(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Redacted before they are written: JSON would write a quote in a secret as another text.
        texts = {name: _redacted(text, self._secrets) for name, text in line.items()}
        plain = {name: _plain(value, self._secrets) for name, value in extra.items()}
        known = {name: _plain(value, self._secrets) for name, value in said.items()}
        return json.dumps(texts | known | ({"extra": plain} if plain else {}))


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _redacted(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, _REDACTED)
    return text


def _plain(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, bool | int | None):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(each, secrets) for name, each in value.items()}
    return _redacted(str(value), secrets)

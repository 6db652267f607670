"""Log lines of many streams as one: each line once, in the order of their times. Pure.

CloudWatch Logs shows a line some time after it was written, and each stream at its own pace. So who
follows a log asks again for what he has seen already, as far back as a line may be late, and drops
by its id what he has shown.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipeline.core.errors import UsageError

# How late a line may come: an agent sends its batch within 5 s, and a busy one tries again.
LATE_MS = 60_000

_AGO = re.compile(r"([1-9]\d{0,8})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One event of a stream. `id` tells it from every other one of its group."""

    time_ms: int
    group: str
    stream: str
    id: str
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.group, self.stream, self.id)


@dataclass(frozen=True, kw_only=True)
class Tail:
    """How far a log was shown: from `start_ms` on it is asked for again, less what is `shown`."""

    start_ms: int
    newest_ms: int
    shown: frozenset[tuple[int, tuple[str, str, str]]] = frozenset()


def tail_from(since: datetime) -> Tail:
    start_ms = milliseconds(since)
    return Tail(start_ms=start_ms, newest_ms=start_ms)


def take(tail: Tail, found: Iterable[LogLine], *, now_ms: int) -> tuple[Tail, tuple[LogLine, ...]]:
    """Return the lines that were not shown yet, by time, and how far the log is shown then.

    A line from the future, by a wrong clock, does not move what is asked for next.
    """
    lines = {(line.time_ms, line.key): line for line in found}
    fresh = [lines[each] for each in lines if each not in tail.shown]
    newest_ms = max((tail.newest_ms, *(line.time_ms for line in fresh)))
    start_ms = max(tail.start_ms, min(newest_ms, now_ms) - LATE_MS)
    shown = frozenset(each for each in tail.shown | lines.keys() if each[0] >= start_ms)
    after = replace(tail, start_ms=start_ms, newest_ms=newest_ms, shown=shown)
    return after, tuple(sorted(fresh, key=lambda line: (line.time_ms, line.key[:2])))


def moment(text: str, now: datetime) -> datetime:
    """Return the moment that `--since` means: `90s`, `15m`, `2h`, `1d`, `1w` ago, or a time."""
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        message = f"--since {text} is neither a time nor how long ago."
        remedy = "For instance --since 15m, 2h, 1d, or --since 2026-01-31T12:00:00Z (UTC)."
        raise UsageError(message, remedy=remedy) from error


def milliseconds(when: datetime) -> int:
    return max(0, round(when.timestamp() * 1000))


def text_of(line: LogLine) -> str:
    """Return a line as people read it: when, from which container, what."""
    return f"{_time(line.time_ms)} {line.stream} {_plain(line.text)}"


def json_of(line: LogLine) -> str:
    return json.dumps(
        {
            "time": _time(line.time_ms),
            "group": line.group,
            "stream": line.stream,
            "message": line.text,
        }
    )


def _time(time_ms: int) -> str:
    when = datetime.fromtimestamp(time_ms / 1000, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(text: str) -> str:
    """Return a line without what would move a terminal's cursor or colour what follows."""
    return "".join(each if each.isprintable() or each == "\t" else "?" for each in text.rstrip())

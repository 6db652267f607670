"""Searches log lines for metrics in a process of its own: an expression may take for ever.

A JSON value per line: log lines come in; [name, value, time] goes out, and `null` comes back once
all before it is done. An expression that needs more than a second for a line is given up: [name].
"""

from __future__ import annotations

import json
import math
import re
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PATIENCE_S = 1.0


class _TooSlow(Exception):
    pass


def search(
    pattern: re.Pattern[str], line: str, *, patience: Callable[[float], object]
) -> float | None:
    """Return the number in group 1, if the line holds one that CloudWatch can take."""
    patience(_PATIENCE_S)
    found = pattern.search(line)
    patience(0)
    if found is None or not found.groups():
        return None
    try:
        value = float(found.group(1))
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def main(definitions: Mapping[str, str]) -> None:
    """Answer until the end of stdin, which is the end of who asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _give_up)
    patterns = {name: re.compile(expression) for name, expression in definitions.items()}
    for raw in sys.stdin:
        line = json.loads(raw)
        if line is None:
            _say(None)
            sys.stdout.flush()
            continue
        for name, pattern in list(patterns.items()):
            try:
                value = search(pattern, line, patience=_patience)
            except _TooSlow:
                del patterns[name]
                _say([name])
                continue
            if value is not None:
                _say([name, value, time.time()])


def _patience(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _give_up(*_: object) -> None:
    raise _TooSlow


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

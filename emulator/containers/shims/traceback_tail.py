"""Find, in a script's stderr, the words that say why it failed."""

from __future__ import annotations

import collections

_HEADER = "Traceback (most recent call last):"
_KEPT_LINES = 50
_MESSAGE_LIMIT = 600


class TracebackTail:
    """Keeps the end of stderr; `message` is the last exception's text."""

    def __init__(self) -> None:
        self._lines: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)

    def read(self, line: str) -> None:
        """Take the next line."""
        self._lines.append(line)

    def message(self) -> str:
        """The last traceback's exception with its message, else the last non-empty line."""
        lines = [line for line in self._lines if line.strip()]
        starts = [index for index, line in enumerate(lines) if line.strip() == _HEADER]
        after = lines[starts[-1] + 1 :] if starts else []
        frames_end = next((i for i, line in enumerate(after) if not line.startswith(" ")), None)
        chosen = after[frames_end:] if frames_end is not None else lines[-1:]
        return "\n".join(chosen)[:_MESSAGE_LIMIT]

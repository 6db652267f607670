"""Pages of a list: the token is the position, hidden from the caller's eyes."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from emulator.metrics.errors import CloudWatchError

T = TypeVar("T")
_PREFIX = "position:"


def page(items: Sequence[T], *, limit: int, token: str | None) -> tuple[Sequence[T], str | None]:
    """Return at most `limit` items and the next token; raise InvalidNextToken."""
    start = _position(token) if token else 0
    end = start + limit
    return items[start:end], _token(end) if end < len(items) else None


def _token(position: int) -> str:
    return base64.b64encode(f"{_PREFIX}{position}".encode()).decode()


def _position(token: str) -> int:
    try:
        text = base64.b64decode(token, validate=True).decode()
        if text.startswith(_PREFIX):
            return max(0, int(text.removeprefix(_PREFIX)))
    except (binascii.Error, ValueError):
        pass
    code, message = "InvalidNextToken", "The next token specified is invalid."
    raise CloudWatchError(code, message)

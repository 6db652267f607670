"""The one way to wait for something: ask, judge, sleep, give up at a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


class GaveUp(Exception):
    """The deadline passed before what was waited for came about."""


def wait_until(
    describe: Callable[[], Seen],
    settled: Callable[[Seen], bool],
    *,
    timeout_s: float,
    poll_s: float,
) -> Seen:
    """Return the first answer of `describe` that is `settled`. Raises GaveUp at the deadline.

    The first pauses are short, so that what is done at once is seen at once; later ones are
    `poll_s`.
    """
    deadline = time.monotonic() + timeout_s
    pause_s = min(0.1, poll_s)
    while True:
        seen = describe()
        if settled(seen):
            return seen
        if time.monotonic() >= deadline:
            message = f"Not settled after {timeout_s:.0f} s."
            raise GaveUp(message)
        time.sleep(pause_s)
        pause_s = min(poll_s, pause_s * 1.5)

"""The one way to wait for something: ask, judge, sleep, give up at a deadline."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import ClientError

logger = logging.getLogger(__name__)

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


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long AWS is asked again for what it does not know everywhere yet."""

    timeout_s: float
    pause_s: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def ask(self, call: Callable[[], Seen], *, refused: Callable[[ClientError], bool]) -> Seen:
        """Return what the call answers. Raises its ClientError: one of these at the deadline."""
        deadline = self.clock() + self.timeout_s
        while True:
            try:
                return call()
            except ClientError as error:
                if not refused(error) or self.clock() + self.pause_s > deadline:
                    raise
                logger.warning("asked again in %g s: %s", self.pause_s, error)
            self.sleep(self.pause_s)

"""Time that passes only where somebody waits."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """`on_passed` is called after time went by while somebody waited, not after a jump."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.on_passed: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.sleep_until(self._now + timedelta(seconds=seconds))

    def sleep_until(self, moment: datetime) -> None:
        if moment > self._now:
            self._now = moment
            self.on_passed()

    def jump(self, seconds: float) -> None:
        """Let time pass while nobody looks: a run that is suspended sends no heartbeat."""
        self._now += timedelta(seconds=seconds)

"""Lets many calls through at once, or one snapshot alone, and counts what has changed.

A snapshot waits a bounded time for the calls under way: a call may itself cause calls (a delivery
over HTTP), which wait here for the snapshot.
"""

import contextlib
import threading
from collections.abc import Iterator

from emulator.calls import Call

_READING = ("Get", "List", "Describe", "Head", "Search", "Lookup", "Filter", "Scan", "Query")
# Waits for a message up to 20 s, and the snapshot is not kept waiting by one that only waits.
_WAITING = ("ReceiveMessage",)


class Gate:
    def __init__(self) -> None:
        self._state = threading.Condition()
        self._calls = 0
        self._changes = 0
        self._held = False

    @property
    def changes(self) -> int:
        """How many calls that may have changed something have ended since the start."""
        return self._changes

    @contextlib.contextmanager
    def entered(self, call: Call) -> Iterator[None]:
        """Be one of the calls under way."""
        waits = call.action in _WAITING
        with self._state:
            self._state.wait_for(lambda: not self._held)
            self._calls += not waits
        try:
            yield
        finally:
            with self._state:
                # Now, and not before: a snapshot that did not wait for this call lacks its change.
                self._changes += not _only_reads(call)
                self._calls -= not waits
                self._state.notify_all()

    @contextlib.contextmanager
    def alone(self, *, patience_s: float, for_good: bool = False) -> Iterator[bool]:
        """Hold new calls back; yield whether all others ended within the patience.

        One at a time: the caller sees to that.
        """
        with self._state:
            self._held = True
            quiet = self._state.wait_for(lambda: self._calls == 0, patience_s)
        try:
            yield quiet
        finally:
            with self._state:
                self._held = for_good
                self._state.notify_all()


def _only_reads(call: Call) -> bool:
    return call.action.startswith(_READING)

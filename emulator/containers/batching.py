"""Items from any thread, handed on in batches by a thread of its own: `put` never waits."""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

T = TypeVar("T")


class BatchWriter(Generic[T]):
    """Calls `write` with what came within `interval_s` of a first item, or `most_items` of them."""

    def __init__(
        self, write: Callable[[list[T]], None], *, interval_s: float, most_items: int
    ) -> None:
        self._write = write
        self._interval_s = interval_s
        self._most_items = most_items
        self._items: queue.SimpleQueue[T | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        self._items.put(item)

    def close(self) -> None:
        """Hand on what is queued and end the thread."""
        self._items.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_ended = True
        while open_ended:
            first = self._items.get()
            if first is None:
                return
            batch, open_ended = self._collect(first)
            try:
                self._write(batch)
            except Exception:
                logger.exception("a batch of %d items is lost", len(batch))

    def _collect(self, first: T) -> tuple[list[T], bool]:
        batch, deadline = [first], time.monotonic() + self._interval_s
        while len(batch) < self._most_items:
            try:
                item = self._items.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return batch, True
            if item is None:
                return batch, False
            batch.append(item)
        return batch, True

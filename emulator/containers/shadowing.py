"""Copies of requests for a shadow fleet: sent by threads of its own, answers thrown away.

A copy that finds too many before it is dropped: the caller of the original must not wait.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

_THREADS = 4
_WAITING = 64
_WAITING_BYTES = 64 * 1024 * 1024


class Mirror:
    """Runs what it is given, a few at a time. Thread-safe."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._waiting: list[int] = []
        self._pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="shadow")

    def send(self, copy: Callable[[], object], size_bytes: int) -> None:
        """Queue one copy; it is dropped when there is no room or the mirror is closed."""
        with self._lock:
            held_bytes = sum(self._waiting) + size_bytes
            full = len(self._waiting) >= _WAITING or held_bytes > _WAITING_BYTES
            if not full:
                self._waiting.append(size_bytes)
        if full:
            logger.warning("shadow_copy_dropped variant=%s cause=too many wait", self._name)
            return
        try:
            sent = self._pool.submit(self._run, copy)
        except RuntimeError:  # closed meanwhile
            return
        sent.add_done_callback(lambda _: self._leave(size_bytes))

    def close(self) -> None:
        """Drop what waits; what is under way ends with its fleet."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, size_bytes: int) -> None:
        with self._lock:
            self._waiting.remove(size_bytes)

    def _run(self, copy: Callable[[], object]) -> None:
        try:
            copy()
        except Exception:
            logger.exception("a copy for the shadow variant %s failed", self._name)

"""Delivery by worker threads: whoever publishes neither waits for a receiver nor hears of it.

What waits is in memory only: it is lost when the server stops.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

log = logging.getLogger(__name__)

# Receivers that hang hold a worker each; the next delivery must not wait for them.
_MOST_WORKERS = 64


class Undelivered(Exception):
    """The receiver did not take it; `permanent` when it never will."""

    def __init__(self, message: str, *, code: str, permanent: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often, and with what waits, a delivery is tried again after the first time."""

    count: int
    first_wait_s: float
    factor: float = 1.0
    longest_wait_s: float = 3600.0
    longest_age_s: float | None = None

    def wait_s(self, retry: int) -> float:
        return float(min(self.first_wait_s * self.factor ** (retry - 1), self.longest_wait_s))


@dataclass(frozen=True, kw_only=True)
class Failure:
    error: Undelivered
    retry_count: int
    exhausted: str | None


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """`send` raises Undelivered; `give_up` is called once, when nothing is tried any more."""

    label: str
    send: Callable[[], None]
    give_up: Callable[[Failure], None]
    retries: Retries


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    parcel: Parcel
    retry: int
    since: float


class Deliveries:
    """`time_scale` divides the waits between retries, not the receivers' time limit."""

    def __init__(self, *, time_scale: float) -> None:
        self._time_scale = time_scale
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, _Waiting]] = []
        self._numbers = itertools.count()
        self._workers = self._idle = 0

    def submit(self, parcel: Parcel) -> None:
        self._put(_Waiting(parcel=parcel, retry=0, since=time.monotonic()), wait_s=0)

    def _put(self, item: _Waiting, *, wait_s: float) -> None:
        due = time.monotonic() + wait_s / self._time_scale
        with self._changed:
            heapq.heappush(self._waiting, (due, next(self._numbers), item))
            if self._idle < len(self._waiting) and self._workers < _MOST_WORKERS:
                self._workers += 1
                self._idle += 1
                name = f"delivery-{self._workers}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            item = self._next_due()
            self._attempt(item)
            with self._changed:
                self._idle += 1

    def _next_due(self) -> _Waiting:
        with self._changed:
            while True:
                if not self._waiting:
                    self._changed.wait()
                    continue
                wait_s = self._waiting[0][0] - time.monotonic()
                if wait_s <= 0:
                    self._idle -= 1
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(wait_s)

    def _attempt(self, item: _Waiting) -> None:
        try:
            item.parcel.send()
        except Undelivered as error:
            self._failed(item, error)
        except Exception as error:
            log.exception("delivery=%s failed inside the emulator", item.parcel.label)
            text = f"The embedded AWS failed: {error!r}"
            self._failed(item, Undelivered(text, code="InternalFailure", permanent=True))

    def _failed(self, item: _Waiting, error: Undelivered) -> None:
        log.info("delivery=%s retry=%d failed: %s", item.parcel.label, item.retry, error)
        exhausted = self._exhausted(item)
        if not error.permanent and exhausted is None:
            later = replace(item, retry=item.retry + 1)
            self._put(later, wait_s=item.parcel.retries.wait_s(later.retry))
            return
        failure = Failure(
            error=error,
            retry_count=item.retry,
            exhausted=None if error.permanent else exhausted,
        )
        give_up(item.parcel, failure)

    def _exhausted(self, item: _Waiting) -> str | None:
        """Return which of EventBridge's two limits is reached."""
        retries = item.parcel.retries
        if item.retry >= retries.count:
            return "MaximumRetryAttempts"
        age_s = (time.monotonic() - item.since) * self._time_scale
        if retries.longest_age_s is not None and age_s >= retries.longest_age_s:
            return "MaximumEventAgeInSeconds"
        return None


def deliver_now(parcel: Parcel) -> None:
    """Try once in the caller's thread, in order; what fails is given up, never raised."""
    try:
        parcel.send()
    except Undelivered as error:
        give_up(parcel, Failure(error=error, retry_count=0, exhausted=None))
    except Exception as error:
        log.exception("delivery=%s failed inside the emulator", parcel.label)
        text = f"The embedded AWS failed: {error!r}"
        undelivered = Undelivered(text, code="InternalFailure", permanent=True)
        give_up(parcel, Failure(error=undelivered, retry_count=0, exhausted=None))


def give_up(parcel: Parcel, failure: Failure) -> None:
    try:
        parcel.give_up(failure)
    except Exception:
        log.exception("delivery=%s is lost: its dead letter failed too", parcel.label)

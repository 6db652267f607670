"""Runs calls side by side: all to their end, or none longer than a limit."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")

# As many as botocore keeps connections to one service (Config, max_pool_connections).
_AT_ONCE = 10


class NoAnswer(Exception):
    """A call had not returned when its time was up."""


class _Outcome(Generic[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self.value: T | None = None
        self.error: Exception | None = None
        # A daemon: a call that hangs in the network must not keep this process from ending.
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self.value = self._call()
        except Exception as error:
            self.error = error


def mapped(call: Callable[[S], T], given: Iterable[S]) -> list[T]:
    """Return what a call returns for each, in their order; the first error is raised."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(call, given))


def at_once(
    calls: Mapping[str, Callable[[], T]],
    *,
    limit_s: float,
    on_error: Callable[[str, Exception], T],
) -> dict[str, T]:
    """Return what each call returned, by its name; `on_error` says what stands for a failure.

    A call that does not return in time is a NoAnswer; what hangs is left behind.
    """
    outcomes = {name: _Outcome(call) for name, call in calls.items()}
    deadline = time.monotonic() + limit_s
    for outcome in outcomes.values():
        outcome.thread.start()
    found: dict[str, T] = {}
    for name, outcome in outcomes.items():
        outcome.thread.join(max(0.0, deadline - time.monotonic()))
        if outcome.thread.is_alive():
            found[name] = on_error(name, NoAnswer(f"no answer within {limit_s:.0f} s."))
        elif outcome.error is not None:
            found[name] = on_error(name, outcome.error)
        else:
            found[name] = outcome.value  # type: ignore[assignment]
    return found

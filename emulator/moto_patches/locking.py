"""One call at a time in moto, whose backends are plain dicts that it reads and changes in steps.

One lock for all services: they call each other (EventBridge a queue, a topic a queue), and
with one lock nobody can hold two in the wrong order. Whoever holds it must not wait for another
call; what does wait goes in without it, or steps outside meanwhile.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from emulator.calls import Call

# Application Auto Scaling is our own, and asks SageMaker and CloudWatch.
_OWN_LOCKS = ("application-autoscaling",)
# They wait: for a message, for a function that may itself call.
_WAITING = {("lambda", "Invoke"), ("lambda", "InvokeAsync"), ("sqs", "ReceiveMessage")}


class _Turn:
    """A lock that its holder may take again, and give up for a while however often it has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = threading.local()

    def __enter__(self) -> None:
        if self._depth == 0:
            self._lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._lock.release()

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        depth, self._depth = self._depth, 0
        if depth:
            self._lock.release()
        try:
            yield
        finally:
            if depth:
                self._lock.acquire()
            self._depth = depth

    @property
    def _depth(self) -> int:
        return getattr(self._held, "depth", 0)

    @_depth.setter
    def _depth(self, depth: int) -> None:
        self._held.depth = depth


_turn = _Turn()


def turn(call: Call) -> contextlib.AbstractContextManager[None]:
    """Wait for this call's turn, unless it is one that may wait for others."""
    if call.service in _OWN_LOCKS or (call.service, call.action) in _WAITING:
        return contextlib.nullcontext()
    return _turn


def outside_turn() -> contextlib.AbstractContextManager[None]:
    """Let others have their turns meanwhile; what one has read of moto may be old afterwards."""
    return _turn.outside()


def one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    """Let `original`, which is also called past the door, take its turn."""

    def taking_its_turn(*arguments: Any, **options: Any) -> Any:
        with _turn:
            return original(*arguments, **options)

    return taking_its_turn

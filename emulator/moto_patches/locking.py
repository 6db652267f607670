"""One call at a time in moto, whose backends are plain dicts that it reads and changes in steps.

One lock for all services: they call each other (EventBridge a queue, a topic a queue), and
with one lock nobody can hold two in the wrong order. Whoever holds it must not wait for another
call; what does wait goes in without, and takes the lock for its steps by itself.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from emulator.calls import Call

_lock = threading.RLock()

# Application Auto Scaling is our own, and asks SageMaker and CloudWatch.
_OWN_LOCKS = ("application-autoscaling",)
# They wait: for a message, for a function that may itself call.
_WAITING = {("lambda", "Invoke"), ("lambda", "InvokeAsync"), ("sqs", "ReceiveMessage")}


def turn(call: Call) -> contextlib.AbstractContextManager[Any]:
    """Wait for this call's turn, unless it is one that may wait for others."""
    if call.service in _OWN_LOCKS or (call.service, call.action) in _WAITING:
        return contextlib.nullcontext()
    return _lock


def one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    """Let `original`, which is also called past the door, take its turn."""

    def taking_its_turn(*arguments: Any, **options: Any) -> Any:
        with _lock:
            return original(*arguments, **options)

    return taking_its_turn

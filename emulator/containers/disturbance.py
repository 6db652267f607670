"""What a fault rule makes of one request to a fleet that serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.containers.worker import ContainerCrashed, ContainerResponse, InvocationTimedOut
from emulator.containers.wrong_answers import wrong_answer

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from typing import NoReturn

    from emulator.fault_rules import ServingRule

_ERROR = b"injected by a fault rule"


@dataclass(frozen=True, kw_only=True)
class Undisturbed:
    """One request as the fleet would take it.

    `ask` sends it and waits so many seconds; `crash` lets the worker die that would have got it;
    `stopped` is set when the fleet ends.
    """

    ask: Callable[[float], ContainerResponse]
    crash: Callable[[], NoReturn]
    timeout_s: float
    stopped: threading.Event


def disturbed(request: Undisturbed, rule: ServingRule | None) -> ContainerResponse:
    """Answer the request, as the rule wants it; raises what Fleet.invoke raises."""
    if rule is None:
        return request.ask(request.timeout_s)
    match rule.fault:
        case "error_share":
            return ContainerResponse(
                status=500, headers={"Content-Type": "text/plain"}, body=_ERROR
            )
        case "slow":
            return _late(request, rule.latency_ms / 1000)
        case "hang":
            return _late(request, request.timeout_s)
        case "crash_after":
            return request.crash()
        case "wrong_answers":
            return wrong_answer(request.ask(request.timeout_s))


def _late(request: Undisturbed, delay_s: float) -> ContainerResponse:
    if request.stopped.wait(min(delay_s, request.timeout_s)):
        text = "the fleet was stopped"
        raise ContainerCrashed(text)
    if delay_s >= request.timeout_s:
        raise InvocationTimedOut
    return request.ask(request.timeout_s - delay_s)

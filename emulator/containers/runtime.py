"""InvokeEndpoint: one HTTP request and the endpoint's live fleet in, AWS's answer out.

Answers follow the "InvokeEndpoint" page of the SageMaker Runtime API reference.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.containers.capture_format import Exchange, Payload
from emulator.containers.fleet import Throttled
from emulator.containers.runtime_errors import (
    CRASHED,
    TIMED_OUT,
    Asked,
    InvocationAnswer,
    model_error,
    no_such_endpoint,
    server_error,
    throttled,
    too_large,
    unavailable,
)
from emulator.containers.worker import (
    ContainerCrashed,
    ContainerResponse,
    ContainerUnavailable,
    InvocationTimedOut,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.containers.fleet import Fleet, Variant

__all__ = [
    "BODY_LIMIT_BYTES",
    "TIMEOUT_S",
    "Invocation",
    "InvocationAnswer",
    "InvocationRequest",
    "invoke_endpoint",
]

BODY_LIMIT_BYTES = 6_291_456
_SERVERLESS_BODY_LIMIT_BYTES = 4 * 1024 * 1024
_ASYNC_BODY_LIMIT_BYTES = 1024 * 1024 * 1024
TIMEOUT_S = 60.0
_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
_FORWARDED = (
    "Content-Type",
    "Accept",
    _CUSTOM_ATTRIBUTES,
    "X-Amzn-SageMaker-Target-Model",
    "X-Amzn-SageMaker-Session-Id",
)
_RETURNED = (
    _CUSTOM_ATTRIBUTES,
    "X-Amzn-SageMaker-New-Session-Id",
    "X-Amzn-SageMaker-Closed-Session-Id",
)


@dataclass(frozen=True, kw_only=True)
class InvocationRequest(Asked):
    """One InvokeEndpoint call; header names are looked up without regard to case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """What one request that reached a variant measured; the seam for endpoint metrics."""

    variant: Variant
    status: int
    model_status: int
    model_latency_us: int
    overhead_latency_us: int


def invoke_endpoint(
    request: InvocationRequest,
    fleet: Fleet | None,
    *,
    measured: Callable[[Invocation], None] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> InvocationAnswer:
    """Answer the call; `fleet` is what serves now, None for an absent or not yet live endpoint."""
    started_ns = time.perf_counter_ns()
    limit_bytes = _body_limit(fleet)
    if len(request.body) > limit_bytes:
        return too_large(limit_bytes)
    if fleet is None:
        return no_such_endpoint(request)
    forwarded = _chosen(request.headers, _FORWARDED)
    called_ns = time.perf_counter_ns()
    answer = _ask(request, fleet, headers=forwarded, timeout_s=timeout_s)
    answered_ns = time.perf_counter_ns()
    _capture(request, fleet, answer=answer)
    if measured is not None:
        overhead_ns = called_ns - started_ns + time.perf_counter_ns() - answered_ns
        invocation = Invocation(
            variant=fleet.variant,
            status=answer.status,
            model_status=answer.model_status,
            model_latency_us=(answered_ns - called_ns) // 1000,
            overhead_latency_us=overhead_ns // 1000,
        )
        measured(invocation)
    return answer


def _body_limit(fleet: Fleet | None) -> int:
    if fleet is not None and fleet.variant.serverless is not None:
        return _SERVERLESS_BODY_LIMIT_BYTES
    if fleet is not None and fleet.variant.asynchronous is not None:
        return _ASYNC_BODY_LIMIT_BYTES
    return BODY_LIMIT_BYTES


def _ask(
    request: InvocationRequest, fleet: Fleet, *, headers: Mapping[str, str], timeout_s: float
) -> InvocationAnswer:
    try:
        response = fleet.invoke(body=request.body, headers=headers, timeout_s=timeout_s)
    except InvocationTimedOut:
        return server_error(request, TIMED_OUT)
    except ContainerCrashed:
        return server_error(request, CRASHED)
    except ContainerUnavailable:
        return unavailable(
            f"No healthy container serves endpoint {request.endpoint_name}. Try again."
        )
    except Throttled:
        return throttled()
    if response.status >= 400:
        return model_error(request, response.status, body=response.body)
    return _success(fleet, response)


def _success(fleet: Fleet, response: ContainerResponse) -> InvocationAnswer:
    headers = {
        "Content-Type": _chosen(response.headers, ("Content-Type",)).get("Content-Type", ""),
        "x-Amzn-Invoked-Production-Variant": fleet.variant.variant_name,
        **_chosen(response.headers, _RETURNED),
    }
    return InvocationAnswer(
        status=200, headers=headers, body=response.body, model_status=response.status
    )


def _capture(request: InvocationRequest, fleet: Fleet, *, answer: InvocationAnswer) -> None:
    """Only what the model answered: AWS does not document a form for anything else."""
    if fleet.capture is None or answer.status != 200:
        return
    given = _chosen(request.headers, ("Content-Type", _CUSTOM_ATTRIBUTES, _INFERENCE_ID))
    fleet.capture.add(
        Exchange(
            at=time.time(),
            asked=Payload(content_type=given.get("Content-Type", ""), body=request.body),
            answered=Payload(content_type=answer.headers["Content-Type"], body=answer.body),
            inference_id=given.get(_INFERENCE_ID),
            custom_attributes=given.get(_CUSTOM_ATTRIBUTES),
        )
    )


def _chosen(headers: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Pick headers by name, spelled as here whatever their case was."""
    found = {name.lower(): value for name, value in headers.items()}
    return {name: found[name.lower()] for name in names if name.lower() in found}

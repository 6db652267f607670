"""InvokeEndpoint: one HTTP request and the endpoint's live fleet in, AWS's answer out.

Answers follow the "InvokeEndpoint" page of the SageMaker Runtime API reference.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.containers.worker import (
    ContainerCrashed,
    ContainerResponse,
    ContainerUnavailable,
    InvocationTimedOut,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.containers.fleet import Fleet, Variant

BODY_LIMIT_BYTES = 6_291_456
TIMEOUT_S = 60.0
_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_FORWARDED = ("Content-Type", "Accept", _CUSTOM_ATTRIBUTES, "X-Amzn-SageMaker-Target-Model")
_RETURNED = (_CUSTOM_ATTRIBUTES, "X-Amzn-SageMaker-New-Session-Id")


@dataclass(frozen=True, kw_only=True)
class InvocationRequest:
    """One InvokeEndpoint call; header names are looked up without regard to case."""

    endpoint_name: str
    account_id: str
    region: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class InvocationAnswer:
    """The HTTP answer to the caller; `model_status` is the container's, 0 when it gave none."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    model_status: int = 0


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
    if len(request.body) > BODY_LIMIT_BYTES:
        return _too_large()
    if fleet is None:
        return _no_such_endpoint(request)
    forwarded = _chosen(request.headers, _FORWARDED)
    called_ns = time.perf_counter_ns()
    answer = _ask(request, fleet, headers=forwarded, timeout_s=timeout_s)
    answered_ns = time.perf_counter_ns()
    if measured is not None:
        overhead_ns = called_ns - started_ns + time.perf_counter_ns() - answered_ns
        measured(
            Invocation(
                variant=fleet.variant,
                status=answer.status,
                model_status=answer.model_status,
                model_latency_us=(answered_ns - called_ns) // 1000,
                overhead_latency_us=overhead_ns // 1000,
            )
        )
    return answer


def _ask(
    request: InvocationRequest, fleet: Fleet, *, headers: Mapping[str, str], timeout_s: float
) -> InvocationAnswer:
    try:
        response = fleet.invoke(body=request.body, headers=headers, timeout_s=timeout_s)
    except InvocationTimedOut:
        return _server_error(
            request,
            0,
            "Your invocation timed out while waiting for a response from container primary. "
            "Review the latency metrics for each container in Amazon CloudWatch, resolve the "
            "issue, and try again.",
        )
    except ContainerCrashed:
        return _server_error(request, 0, "Container primary ended without an answer.")
    except ContainerUnavailable:
        message = f"No healthy container serves endpoint {request.endpoint_name}. Try again."
        return _error(503, "ServiceUnavailable", {"Message": message})
    if response.status >= 400:
        return _model_error(request, response)
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


def _model_error(request: InvocationRequest, response: ContainerResponse) -> InvocationAnswer:
    message = response.body.decode("utf-8", errors="replace")
    if response.status >= 500:
        return _server_error(request, response.status, message)
    code, side = "CLIENT_ERROR_FROM_MODEL", "client"
    return _from_model(request, status=response.status, code=code, side=side, message=message)


def _server_error(request: InvocationRequest, status: int, message: str) -> InvocationAnswer:
    code, side = "INTERNAL_FAILURE_FROM_MODEL", "server"
    return _from_model(request, status=status, code=code, side=side, message=message)


def _from_model(
    request: InvocationRequest, *, status: int, code: str, side: str, message: str
) -> InvocationAnswer:
    group = f"/aws/sagemaker/Endpoints/{request.endpoint_name}"
    region, account = request.region, request.account_id
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    content = {
        "ErrorCode": code,
        "LogStreamArn": f"arn:aws:logs:{region}:{account}:log-group:{group}",
        "Message": (
            f'Received {side} error ({status}) from primary with message "{message}". '
            f"See {console}#logEventViewer:group={group} in account {account} for more "
            "information."
        ),
        "OriginalMessage": message,
        "OriginalStatusCode": status,
    }
    return replace(_error(424, "ModelError", content), model_status=status)


def _no_such_endpoint(request: InvocationRequest) -> InvocationAnswer:
    message = f"Endpoint {request.endpoint_name} of account {request.account_id} not found."
    content = {"ErrorCode": "NO_SUCH_ENDPOINT", "Message": message}
    return _error(400, "ValidationError", content)


def _too_large() -> InvocationAnswer:
    message = f"HTTP content length exceeded {BODY_LIMIT_BYTES} bytes."
    body = json.dumps({"Message": message}).encode()
    return InvocationAnswer(status=413, headers={"Content-Type": "application/json"}, body=body)


def _error(status: int, error_type: str, content: Mapping[str, object]) -> InvocationAnswer:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error_type}
    return InvocationAnswer(status=status, headers=headers, body=json.dumps(content).encode())


def _chosen(headers: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Pick headers by name, spelled as here whatever their case was."""
    found = {name.lower(): value for name, value in headers.items()}
    return {name: found[name.lower()] for name in names if name.lower() in found}

"""The ways in which InvokeEndpoint does not succeed, in AWS's form.

Codes and members: the "InvokeEndpoint" page of the SageMaker Runtime API reference.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.partitions import partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
CRASHED = "Container primary ended without an answer."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which endpoint a call was about, as far as error texts need it."""

    endpoint_name: str
    account_id: str
    region: str


@dataclass(frozen=True, kw_only=True)
class InvocationAnswer:
    """The HTTP answer to the caller; `model_status` is the container's, 0 when it gave none."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    model_status: int = 0


def model_error(asked: Asked, status: int, *, body: bytes) -> InvocationAnswer:
    """The container answered with 4xx or 5xx."""
    message = body.decode("utf-8", errors="replace")
    if status >= 500:
        return server_error(asked, message, status=status)
    code, side = "CLIENT_ERROR_FROM_MODEL", "client"
    return _from_model(asked, status=status, code=code, side=side, message=message)


def server_error(asked: Asked, message: str, *, status: int = 0) -> InvocationAnswer:
    """The container answered with 5xx, or (status 0) not at all."""
    code, side = "INTERNAL_FAILURE_FROM_MODEL", "server"
    return _from_model(asked, status=status, code=code, side=side, message=message)


def _from_model(
    asked: Asked, *, status: int, code: str, side: str, message: str
) -> InvocationAnswer:
    group = f"/aws/sagemaker/Endpoints/{asked.endpoint_name}"
    region, account = asked.region, asked.account_id
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    content = {
        "ErrorCode": code,
        "LogStreamArn": f"arn:{partition_of(region)}:logs:{region}:{account}:log-group:{group}",
        "Message": (
            f'Received {side} error ({status}) from primary with message "{message}". '
            f"See {console}#logEventViewer:group={group} in account {account} for more "
            "information."
        ),
        "OriginalMessage": message,
        "OriginalStatusCode": status,
    }
    return replace(_error(424, "ModelError", content), model_status=status)


def no_such_endpoint(asked: Asked) -> InvocationAnswer:
    message = f"Endpoint {asked.endpoint_name} of account {asked.account_id} not found."
    content = {"ErrorCode": "NO_SUCH_ENDPOINT", "Message": message}
    return _error(400, "ValidationError", content)


def invalid(message: str) -> InvocationAnswer:
    return _error(400, "ValidationError", {"Message": message})


def unavailable(message: str) -> InvocationAnswer:
    return _error(503, "ServiceUnavailable", {"Message": message})


def throttled() -> InvocationAnswer:
    return _error(400, "ThrottlingException", {"Message": "Rate exceeded"})


def too_large(limit_bytes: int) -> InvocationAnswer:
    message = f"HTTP content length exceeded {limit_bytes} bytes."
    body = json.dumps({"Message": message}).encode()
    return InvocationAnswer(status=413, headers={"Content-Type": "application/json"}, body=body)


def _error(status: int, error_type: str, content: Mapping[str, object]) -> InvocationAnswer:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error_type}
    return InvocationAnswer(status=status, headers=headers, body=json.dumps(content).encode())

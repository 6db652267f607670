"""Asynchronous inference: where results go, and what a notification says. Pure.

Rules: "AsyncInferenceConfig" and "InvokeEndpointAsync" of the API references, "Check prediction
results" of the developer guide; the notification's members as published in examples.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_INCLUDED_BYTES = 128 * 1024
_DEFAULT_CONCURRENCY = 4


@dataclass(frozen=True, kw_only=True)
class AsyncSettings:
    """An AsyncInferenceConfig; `concurrency` is per instance, AWS chooses it when not given."""

    output_path: str | None
    failure_path: str | None
    kms_key_id: str | None
    success_topic: str | None
    error_topic: str | None
    included_in: frozenset[str]
    concurrency: int = _DEFAULT_CONCURRENCY


@dataclass(frozen=True, kw_only=True)
class Locations:
    """Where the answer of one invocation will be, or the error."""

    output: str
    failure: str | None


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one invocation ended; `failure_reason` is None when the model answered."""

    content_type: str
    body: bytes
    failure_reason: str | None = None


def async_settings(config: Mapping[str, Any] | None) -> AsyncSettings | None:
    if config is None:
        return None
    output = config["OutputConfig"]
    notification = output.get("NotificationConfig", {})
    client = config.get("ClientConfig", {})
    return AsyncSettings(
        output_path=output.get("S3OutputPath"),
        failure_path=output.get("S3FailurePath"),
        kms_key_id=output.get("KmsKeyId") or None,
        success_topic=notification.get("SuccessTopic"),
        error_topic=notification.get("ErrorTopic"),
        included_in=frozenset(notification.get("IncludeInferenceResponseIn", ())),
        concurrency=client.get("MaxConcurrentInvocationsPerInstance", _DEFAULT_CONCURRENCY),
    )


def locations(
    settings: AsyncSettings, unique: str, *, extension: str | None, file_name: str | None
) -> Locations | None:
    """Return where the result goes; None when the endpoint config names no output path."""
    if settings.output_path is None:
        return None
    folders = [extension.strip("/")] if extension else []
    stem = (file_name or unique).removesuffix(".out")
    output = "/".join([settings.output_path.rstrip("/"), *folders, file_name or f"{unique}.out"])
    failure = None
    if settings.failure_path is not None:
        failure = "/".join([settings.failure_path.rstrip("/"), *folders, f"{stem}-error.out"])
    return Locations(output=output, failure=failure)


def notification(
    result: Result,
    *,
    region: str,
    request: Mapping[str, str],
    inference_id: str,
    output_location: str,
    received: float,
    ended: float,
    include_response: bool,
) -> str:
    """Return the text of the SNS message; `request` are the requestParameters."""
    document: dict[str, Any] = {
        "awsRegion": region,
        "eventTime": _stamp(ended),
        "receivedTime": _stamp(received),
        "requestParameters": dict(request),
        **_outcome(result, output_location),
        "inferenceId": inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    if include_response and len(result.body) <= _INCLUDED_BYTES:
        content = base64.b64encode(result.body).decode("ascii")
        document["responseBody"] = {"content": content, "encoding": "BASE64"}
    return json.dumps(document)


def _outcome(result: Result, output_location: str) -> dict[str, Any]:
    if result.failure_reason is not None:
        return {"invocationStatus": "Failed", "failureReason": result.failure_reason}
    parameters = {"contentType": result.content_type, "outputLocation": output_location}
    return {"invocationStatus": "Completed", "responseParameters": parameters}


def _stamp(at: float) -> str:
    moment = dt.datetime.fromtimestamp(at, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

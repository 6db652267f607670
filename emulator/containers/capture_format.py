"""What data capture keeps of an invocation, and the form in which it lies in S3. Pure.

Rules: "DataCaptureConfig" and "CaptureContentTypeHeader" of the SageMaker API reference; "Capture
data from real-time endpoint" and "Preprocessing and postprocessing" of the developer guide.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# What SDKs send, and what HTTP means, when nobody named a type.
_UNNAMED_TYPE = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class CaptureSettings:
    """A DataCaptureConfig that is enabled; content types are in lower case."""

    destination: str
    sampling_percentage: int
    captures_input: bool
    captures_output: bool
    csv_content_types: frozenset[str] = frozenset()
    json_content_types: frozenset[str] = frozenset()
    kms_key_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Payload:
    content_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One invocation that the model answered; `at` is epoch seconds."""

    at: float
    asked: Payload
    answered: Payload
    inference_id: str | None = None
    custom_attributes: str | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.asked.body) + len(self.answered.body)


def capture_settings(config: Mapping[str, Any] | None) -> CaptureSettings | None:
    """Read the DataCaptureConfig of an endpoint config; None when nothing is to be captured."""
    if config is None or not is_enabled(config):
        return None
    modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
    header = config.get("CaptureContentTypeHeader", {})
    return CaptureSettings(
        destination=config["DestinationS3Uri"],
        sampling_percentage=config["InitialSamplingPercentage"],
        captures_input=not modes.isdisjoint({"Input", "InputAndOutput"}),
        captures_output=not modes.isdisjoint({"Output", "InputAndOutput"}),
        csv_content_types=frozenset(map(str.lower, header.get("CsvContentTypes", ()))),
        json_content_types=frozenset(map(str.lower, header.get("JsonContentTypes", ()))),
        kms_key_id=config.get("KmsKeyId") or None,
    )


def is_enabled(config: Mapping[str, Any]) -> bool:
    """EnableCapture is true when it is not given."""
    return bool(config.get("EnableCapture", True))


def capture_line(exchange: Exchange, event_id: str, *, settings: CaptureSettings) -> str:
    """Return the JSON line of one invocation, without the line break."""
    captured = {}
    if settings.captures_input:
        captured["endpointInput"] = _captured(exchange.asked, "INPUT", settings=settings)
    if settings.captures_output:
        captured["endpointOutput"] = _captured(exchange.answered, "OUTPUT", settings=settings)
    metadata: dict[str, Any] = {"eventId": event_id}
    if exchange.inference_id is not None:
        metadata["inferenceId"] = exchange.inference_id
    if exchange.custom_attributes is not None:
        metadata["customAttributes"] = [exchange.custom_attributes]
    metadata["inferenceTime"] = _utc(exchange.at).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _captured(payload: Payload, mode: str, *, settings: CaptureSettings) -> dict[str, str]:
    encoding, data = _encoded(payload, settings)
    return {
        "observedContentType": payload.content_type or _UNNAMED_TYPE,
        "mode": mode,
        "data": data,
        "encoding": encoding,
    }


def _encoded(payload: Payload, settings: CaptureSettings) -> tuple[str, str]:
    """Text only for the content types that the config names; what is no text never is."""
    content_type = payload.content_type.partition(";")[0].strip().lower()
    for encoding, content_types in (
        ("CSV", settings.csv_content_types),
        ("JSON", settings.json_content_types),
    ):
        if content_type in content_types:
            try:
                return encoding, payload.body.decode()
            except UnicodeDecodeError:
                break
    return "BASE64", base64.b64encode(payload.body).decode("ascii")


def hour_folder(at: float) -> str:
    return _utc(at).strftime("%Y/%m/%d/%H")


def file_name(at: float, unique: str) -> str:
    """Minute, second and millisecond of a file's first invocation, and what tells it apart."""
    moment = _utc(at)
    return f"{moment:%M-%S}-{moment.microsecond // 1000:03d}-{unique}.jsonl"


def _utc(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)

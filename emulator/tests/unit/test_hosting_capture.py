"""The JSON lines and names of data capture, as AWS's documents show them."""

import base64
import json
from typing import Any

import pytest

from emulator.containers.capture_format import (
    CaptureSettings,
    Exchange,
    Payload,
    capture_line,
    capture_settings,
    file_name,
    hour_folder,
)

AT = 1596116190.1049  # 2020-07-30T13:36:30.104Z
BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]


def a_config(**members: Any) -> dict[str, Any]:
    config = {"InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://bucket/captured"}
    return {**config, "CaptureOptions": BOTH, **members}


def settings(**members: Any) -> CaptureSettings:
    found = capture_settings(a_config(**members))
    assert found is not None
    return found


def an_exchange(**members: Any) -> Exchange:
    asked = Payload(content_type="text/csv", body=b"1,2")
    answered = Payload(content_type="application/json", body=b'{"a": 1}')
    return Exchange(**{"at": AT, "asked": asked, "answered": answered, **members})


def document(exchange: Exchange, **members: Any) -> dict[str, Any]:
    line = capture_line(exchange, "id-1", settings=settings(**members))
    assert "\n" not in line
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def encodings(exchange: Exchange, **header: list[str]) -> list[str]:
    captured = document(exchange, CaptureContentTypeHeader=header)["captureData"]
    return [captured[part]["encoding"] for part in ("endpointInput", "endpointOutput")]


def test_a_line_has_the_documented_members() -> None:
    header = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}
    assert document(an_exchange(), CaptureContentTypeHeader=header) == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": '{"a": 1}',
                "encoding": "JSON",
            },
        },
        "eventMetadata": {"eventId": "id-1", "inferenceTime": "2020-07-30T13:36:30Z"},
        "eventVersion": "0",
    }


def test_without_named_content_types_everything_is_base64() -> None:
    captured = document(an_exchange())["captureData"]
    assert {part["encoding"] for part in captured.values()} == {"BASE64"}
    assert base64.b64decode(captured["endpointInput"]["data"]) == b"1,2"


@pytest.mark.parametrize("content_type", ["text/csv; charset=utf-8", "TEXT/CSV", "text/csv"])
def test_parameters_and_case_of_a_content_type_do_not_matter(content_type: str) -> None:
    asked = Payload(content_type=content_type, body=b"1")
    assert encodings(an_exchange(asked=asked), CsvContentTypes=["text/csv"]) == ["CSV", "BASE64"]
    assert document(an_exchange(asked=asked))["captureData"]["endpointInput"][
        "observedContentType"
    ] == (content_type)


def test_what_is_no_text_is_base64_whatever_its_type_says() -> None:
    asked = Payload(content_type="text/csv", body=b"\xff\xfe")
    assert encodings(an_exchange(asked=asked), CsvContentTypes=["text/csv"])[0] == "BASE64"


@pytest.mark.parametrize(
    ("mode", "members"),
    [
        ("Input", {"endpointInput"}),
        ("Output", {"endpointOutput"}),
        ("InputAndOutput", {"endpointInput", "endpointOutput"}),
    ],
)
def test_only_the_chosen_sides_are_kept(mode: str, members: set[str]) -> None:
    captured = document(an_exchange(), CaptureOptions=[{"CaptureMode": mode}])["captureData"]
    assert set(captured) == members


def test_the_callers_id_and_attributes_are_metadata() -> None:
    exchange = an_exchange(inference_id="mine", custom_attributes="trace=7")
    metadata = document(exchange)["eventMetadata"]
    assert (metadata["inferenceId"], metadata["customAttributes"]) == ("mine", ["trace=7"])


def test_capture_is_enabled_unless_it_is_said_not_to_be() -> None:
    assert capture_settings(a_config()) is not None
    assert capture_settings(a_config(EnableCapture=False)) is None
    assert capture_settings(None) is None


def test_files_lie_in_the_hour_and_are_named_by_minute_second_and_millisecond() -> None:
    assert hour_folder(AT) == "2020/07/30/13"
    assert file_name(AT, "u") == "36-30-104-u.jsonl"

"""Fault rules that end a call's connection: before the effect, after it, or within the answer."""

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from emulator.tests.support.embedded import REGION, Embedded, eventually, refusal, unique

pytestmark = pytest.mark.emulated

OBJECT = b"x" * 1000


def faulty(fault: str, *, service: str = "sagemaker", action: str, **keys: Any) -> dict[str, Any]:
    return {"service": service, "action": action, "fault": fault, **keys}


def create_model(embedded: Embedded, name: str) -> None:
    embedded.sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": "image"})


def model_names(embedded: Embedded, name: str) -> list[str]:
    found = embedded.sagemaker.list_models(NameContains=name)["Models"]
    return [model["ModelName"] for model in found]


def journalled(embedded: Embedded, action: str) -> list[tuple[int, str | None]]:
    calls = [call for call in embedded.requests() if call["action"] == action]
    return [(call["status"], call["fault"]) for call in calls]


@pytest.fixture(autouse=True)
def _an_empty_journal(embedded: Embedded) -> None:
    embedded.clear_requests()


def test_a_connection_that_is_reset_has_no_effect(embedded: Embedded) -> None:
    name = unique("model")
    embedded.add_fault(faulty("reset", action="CreateModel", times=1))
    with pytest.raises(ConnectionClosedError):
        create_model(embedded, name)
    assert model_names(embedded, name) == []
    create_model(embedded, name)
    assert journalled(embedded, "CreateModel") == [(0, "reset"), (200, None)]


def test_a_lost_answer_has_had_its_effect(embedded: Embedded) -> None:
    name = unique("model")
    embedded.add_fault(faulty("lost_answer", action="CreateModel", times=1))
    with pytest.raises(ConnectionClosedError):
        create_model(embedded, name)
    assert model_names(embedded, name) == [name]
    again = refusal(create_model, embedded, name)
    assert again[1].startswith("Cannot create already existing model")
    assert journalled(embedded, "CreateModel") == [(200, "lost_answer"), (400, None)]


def test_the_third_call_is_lost_when_two_are_to_pass(embedded: Embedded) -> None:
    names = [unique("model") for _ in range(3)]
    embedded.add_fault(faulty("lost_answer", action="CreateModel", after=2))
    for name in names[:2]:
        create_model(embedded, name)
    with pytest.raises(ConnectionClosedError):
        create_model(embedded, names[2])
    assert [model_names(embedded, name) for name in names] == [[name] for name in names]


def test_a_call_that_is_held_ends_without_effect_or_answer(embedded: Embedded) -> None:
    name = unique("model")
    embedded.add_fault(faulty("timeout_before", action="CreateModel", latency_ms=500, times=1))
    started = time.monotonic()
    with pytest.raises(ConnectionClosedError):
        create_model(embedded, name)
    assert 0.5 < time.monotonic() - started < 10
    assert model_names(embedded, name) == []


def test_a_call_that_is_held_for_long_is_over_when_its_caller_gives_up(embedded: Embedded) -> None:
    impatient = boto3.client(
        "sagemaker",
        region_name=REGION,
        endpoint_url=embedded.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(read_timeout=1, retries={"total_max_attempts": 1}, proxies={}),
    )
    embedded.add_fault(faulty("timeout_before", action="ListModels"))
    with pytest.raises(ReadTimeoutError):
        impatient.list_models()
    impatient.close()
    calls = eventually(lambda: journalled(embedded, "ListModels"), bool, limit_s=10)
    assert calls == [(0, "timeout_before")]


@contextmanager
def get_object(embedded: Embedded, bucket: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(embedded.url).netloc, timeout=30)
    credential = f"test/20260101/{REGION}/s3/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, Signature=0"}
    connection.request("GET", f"/{bucket}/key", headers=headers)
    with closing(connection), connection.getresponse() as answer:
        yield answer


def test_a_truncated_answer_promises_all_and_brings_half(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    embedded.client("s3").put_object(Bucket=bucket, Key="key", Body=OBJECT)
    embedded.add_fault(faulty("truncated", service="s3", action="GetObject", times=1))
    with get_object(embedded, bucket) as answer:
        assert (answer.status, answer.getheader("Content-Length")) == (200, "1000")
        with pytest.raises(http.client.IncompleteRead) as caught:
            answer.read()
    assert (len(caught.value.partial), caught.value.expected) == (500, 500)
    with get_object(embedded, bucket) as answer:
        assert answer.read() == OBJECT
    assert journalled(embedded, "GetObject") == [(200, "truncated"), (200, None)]


def test_a_truncated_answer_without_a_body_is_lost(embedded: Embedded) -> None:
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    s3.put_object(Bucket=bucket, Key="key", Body=OBJECT)
    embedded.add_fault(faulty("truncated", service="s3", action="DeleteObject"))
    with pytest.raises(ConnectionClosedError):
        s3.delete_object(Bucket=bucket, Key="key")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_reset_is_a_reset_and_no_orderly_end(embedded: Embedded) -> None:
    embedded.add_fault(faulty("reset", service="*", action="GET /nothing"))
    address = urlsplit(embedded.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_errors_and_slow_calls_are_in_the_journal_too(embedded: Embedded) -> None:
    embedded.add_fault({"action": "ListModels", "times": 1, "error": {"status": 503}})
    embedded.add_fault({"action": "ListModels", "times": 1, "latency_ms": 1})
    refusal(embedded.sagemaker.list_models)
    embedded.sagemaker.list_models()
    assert journalled(embedded, "ListModels") == [(503, "error"), (200, "latency")]

"""Requests to an endpoint as its callers send them."""

import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from emulator.tests.support.embedded import REGION, Embedded, eventually
from model.monitoring.capture import Event, event_of
from pipeline.gateways.aws import real_cloud
from pipeline.gateways.runtime import Answer, EndpointClient
from tests.gateways.gateways import cloud_of

pytestmark = pytest.mark.emulated

RAISES = """
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    raise ValueError("a row of three values")
"""
REFUSES = """
from werkzeug.wrappers import Response

def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    return Response("a row of three values", status=400)
"""


def client_of(embedded: Embedded, endpoint: str) -> EndpointClient:
    return EndpointClient(cloud_of(embedded), endpoint, connections=4)


def test_an_endpoint_answers_many_callers_at_once(embedded: Embedded) -> None:
    client = client_of(embedded, embedded.an_endpoint(embedded.a_config()))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(client.ask, [b"1,2"] * 40))
    assert {(answer.ok, answer.body) for answer in answers} == {(True, b"one")}
    assert all(answer.latency_ms > 0 for answer in answers)


def test_what_is_captured_of_a_request_says_that_the_runner_sent_it(embedded: Embedded) -> None:
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/out",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }
    endpoint = embedded.an_endpoint(embedded.a_config(DataCaptureConfig=capture))
    client = client_of(embedded, endpoint)
    assert all(client.ask(b"1,2").ok for _ in range(3))
    theirs = ["mlops-test-1", "order-1"]  # the first begins like the runner's, and is a caller's
    for each in theirs:
        embedded.answer(endpoint, InferenceId=each)

    def events() -> list[Event]:
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
        return [event_of(line) for body in bodies for line in body.splitlines()]

    found = eventually(events, lambda seen: len(seen) == 5)
    assert sorted(each.id for each in found if not each.is_a_test) == theirs
    assert len({each.id for each in found}) == 5


def test_a_request_does_not_wait_until_its_head_was_acknowledged(embedded: Embedded) -> None:
    """Head and body are two packets: without TCP_NODELAY the second waits 40 ms on Linux."""
    port, delays = int(embedded.url.rpartition(":")[2]), []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and arguments[1] == ("127.0.0.1", port):
            delays.append(not arguments[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    sys.addaudithook(hook)
    client_of(embedded, "any").ask(b"1,2")
    assert delays[-1] is False


def test_the_models_own_message_explains_a_refusal(embedded: Embedded) -> None:
    config = embedded.a_config(model=embedded.a_model(inference=REFUSES))
    answer = client_of(embedded, embedded.an_endpoint(config)).ask(b"1,2")
    assert not answer.ok
    assert answer.explanation() == "a row of three values"


def test_a_model_that_fails_is_explained_by_the_place_of_its_log(embedded: Embedded) -> None:
    config = embedded.a_config(model=embedded.a_model(inference=RAISES))
    endpoint = embedded.an_endpoint(config)
    said = client_of(embedded, endpoint).ask(b"1,2").explanation()
    assert said.startswith(
        "The model failed with HTTP 500; the reason is in its log, arn:aws:logs:"
    )
    assert said.endswith(f":log-group:/aws/sagemaker/Endpoints/{endpoint}.")


def test_an_endpoint_that_is_not_there_explains_itself(embedded: Embedded) -> None:
    answer = client_of(embedded, "no-such-endpoint").ask(b"1,2")
    assert answer.status == 400
    assert "no-such-endpoint" in answer.explanation()


def test_a_connection_that_fails_is_an_answer(embedded: Embedded) -> None:
    nobody = replace(embedded, url="http://127.0.0.1:9")
    answer = client_of(nobody, "any").ask(b"1,2")
    assert (answer.ok, answer.status) == (False, 0)
    assert "127.0.0.1:9" in answer.explanation()


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    "body", [b"[1]", b"null", b"plain \xff", b'{"other": 1}', b"", b"[" * 100_000]
)
def test_whatever_an_endpoint_says_can_be_shown_and_is_no_label(body: bytes, status: int) -> None:
    answer = Answer(status=status, body=body, latency_ms=1)
    shown = answer.explanation()
    assert isinstance(shown, str)
    assert bool(shown) is bool(body)
    assert answer.labels == ()


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that writes down what it is asked for and hangs up."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(4096))

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked


def test_the_real_aws_is_asked_through_the_users_proxy(
    monkeypatch: pytest.MonkeyPatch, proxy: tuple[str, list[bytes]]
) -> None:
    url, asked = proxy
    for name, value in {
        "HTTPS_PROXY": url,
        "NO_PROXY": "",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    answer = EndpointClient(real_cloud(region=REGION, environment={}), "any", connections=1).ask(
        b""
    )
    assert answer.status == 0
    assert asked[0].startswith(b"CONNECT runtime.sagemaker.us-east-1.amazonaws.com:443")

"""InvokeEndpoint: what callers see, success and every kind of failure."""

import json
from collections.abc import Iterator, Mapping

import pytest

from emulator.containers.fleet import Fleet, LaunchFailed, launch
from emulator.containers.runtime import (
    BODY_LIMIT_BYTES,
    Invocation,
    InvocationAnswer,
    InvocationRequest,
    invoke_endpoint,
)
from emulator.tests.support.containers_world import World

INFERENCE = """
import json, os, time
from werkzeug.wrappers import Response

def model_fn(model_dir):
    return {"factor": 2}

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(data, model):
    if data == "crash":
        os._exit(9)
    if data == "slow":
        time.sleep(5)
    if data == "bad":
        raise ValueError("cannot predict that")
    return data * model["factor"]

def output_fn(prediction, accept):
    if accept == "image/png":
        return Response("no picture", status=406)
    return json.dumps({"prediction": prediction, "accept": accept}), "application/json"
"""


@pytest.fixture
def fleet(world: World) -> Iterator[Fleet]:
    with world.serving(INFERENCE) as serving:
        yield serving


def a_request(body: bytes, headers: Mapping[str, str] | None = None) -> InvocationRequest:
    return InvocationRequest(
        endpoint_name="iris",
        account_id="123456789012",
        region="us-east-1",
        headers=headers or {},
        body=body,
    )


def content(answer: InvocationAnswer) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(answer.body)
    return parsed


def test_an_answer_names_the_variant_and_keeps_the_content_type(fleet: Fleet) -> None:
    answer = invoke_endpoint(a_request(b"21", {"content-type": "application/json"}), fleet)
    assert answer.status == 200
    assert answer.headers["x-Amzn-Invoked-Production-Variant"] == "primary"
    assert answer.headers["Content-Type"] == "application/json"
    assert content(answer) == {"prediction": 42, "accept": "application/json"}


def test_a_missing_content_type_is_json_and_any_accept_is_the_default(fleet: Fleet) -> None:
    answer = invoke_endpoint(a_request(b"1", {"Accept": "*/*"}), fleet)
    assert content(answer) == {"prediction": 2, "accept": "application/json"}


def test_a_response_with_a_client_error_is_the_clients_error(fleet: Fleet) -> None:
    measured: list[Invocation] = []
    asked = a_request(b"1", {"Accept": "image/png"})
    answer = invoke_endpoint(asked, fleet, measured=measured.append)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (424, "ModelError")
    error = content(answer)
    assert (error["ErrorCode"], error["OriginalStatusCode"]) == ("CLIENT_ERROR_FROM_MODEL", 406)
    assert str(error["Message"]).startswith("Received client error (406) from primary")
    assert [each.model_status for each in measured] == [406]


def test_an_exception_in_a_handler_is_a_model_error_and_its_message_is_in_the_log(
    world: World, fleet: Fleet
) -> None:
    answer = invoke_endpoint(a_request(b'"bad"'), fleet)
    error = content(answer)
    assert (answer.status, error["OriginalStatusCode"]) == (424, 500)
    assert "Internal Server Error" in str(error["OriginalMessage"])
    group = f"/aws/sagemaker/Endpoints/{world.name('endpoint')}"
    fleet.stop()
    assert "ValueError: cannot predict that" in world.log_lines(group, "primary/")


def test_a_container_that_dies_in_a_request_is_a_model_error(fleet: Fleet) -> None:
    answer = invoke_endpoint(a_request(b'"crash"'), fleet)
    assert (answer.status, content(answer)["OriginalStatusCode"]) == (424, 0)


def test_a_request_without_any_worker_is_unavailable(fleet: Fleet) -> None:
    fleet.stop()
    answer = invoke_endpoint(a_request(b"1"), fleet)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (503, "ServiceUnavailable")


def test_a_request_that_takes_too_long_is_a_model_error(fleet: Fleet) -> None:
    answer = invoke_endpoint(a_request(b'"slow"'), fleet, timeout_s=0.2)
    assert answer.status == 424
    assert "Your invocation timed out" in str(content(answer)["Message"])


def test_an_endpoint_that_does_not_exist_is_named() -> None:
    answer = invoke_endpoint(a_request(b"1"), None)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (400, "ValidationError")
    assert content(answer) == {
        "ErrorCode": "NO_SUCH_ENDPOINT",
        "Message": "Endpoint iris of account 123456789012 not found.",
    }


def test_six_megabytes_pass_and_one_byte_more_is_refused(fleet: Fleet) -> None:
    largest = b'"' + b"x" * (BODY_LIMIT_BYTES - 2) + b'"'
    assert invoke_endpoint(a_request(largest), fleet).status == 200
    refused = invoke_endpoint(a_request(largest + b" "), fleet)
    assert refused.status == 413
    assert content(refused) == {"Message": "HTTP content length exceeded 6291456 bytes."}


def test_every_request_that_reaches_a_container_is_measured(fleet: Fleet) -> None:
    measured: list[Invocation] = []
    invoke_endpoint(a_request(b"1"), fleet, measured=measured.append)
    invoke_endpoint(a_request(b'"bad"'), fleet, measured=measured.append)
    invoke_endpoint(a_request(b"1"), None, measured=measured.append)
    assert [entry.status for entry in measured] == [200, 424]
    assert all(entry.model_latency_us > 0 for entry in measured)
    assert measured[0].variant == fleet.variant


def test_default_handlers_predict_from_json_and_csv(world: World) -> None:
    inference = """
class Doubles:
    def predict(self, rows): return rows.sum(axis=1)
def model_fn(model_dir): return Doubles()
"""
    with world.serving(inference) as fleet:
        as_json = invoke_endpoint(a_request(b"[[1, 2], [3, 4]]"), fleet)
        headers = {"Content-Type": "text/csv", "Accept": "text/csv"}
        as_csv = invoke_endpoint(a_request(b"1,2\n3,4\n", headers), fleet)
    assert json.loads(as_json.body) == [3.0, 7.0]
    assert as_csv.body == b"3.0\n7.0\n"
    assert as_csv.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_mixed_handlers_keep_a_container_from_starting(world: World) -> None:
    inference = "def model_fn(d): pass\ndef transform_fn(*a): pass\ndef input_fn(*a): pass\n"
    with pytest.raises(LaunchFailed):
        launch(world.variant(inference), world.cloud)
    group = f"/aws/sagemaker/Endpoints/{world.name('endpoint')}"
    assert "Cannot use transform_fn" in "\n".join(world.log_lines(group, "primary/"))


def test_model_fn_is_required(world: World) -> None:
    with pytest.raises(LaunchFailed):
        launch(world.variant("x = 1"), world.cloud)
    group = f"/aws/sagemaker/Endpoints/{world.name('endpoint')}"
    assert "Please provide a model_fn" in "\n".join(world.log_lines(group, "primary/"))

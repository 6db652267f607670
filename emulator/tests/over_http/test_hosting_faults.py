"""Fault rules for fleets that serve: errors, slow and wrong answers, crashes, and no answer."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.over_http.test_metrics_endpoints import dimensions, measured
from emulator.tests.support.embedded import Embedded, eventually
from emulator.tests.support.embedded_aws import embedded_aws

pytestmark = pytest.mark.emulated

SAYS_LABELS = """
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    return "setosa\\nvirginica\\nsetosa\\n", "text/csv"
"""


@pytest.fixture(scope="module")
def quick_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """An embedded AWS whose InvokeEndpoint waits two seconds."""
    folder = tmp_path_factory.mktemp("quick")
    variables = {"EMULATOR_TIME_SCALE": "30", "EMULATOR_INVOCATION_TIMEOUT_S": "2"}
    with embedded_aws(folder, **variables) as url:
        yield Embedded(url=url)


@pytest.fixture(scope="module")
def serving(quick_cloud: Embedded) -> tuple[str, str]:
    """The endpoint config and the endpoint that the tests disturb."""
    config = quick_cloud.a_config(model=quick_cloud.a_model(inference=SAYS_LABELS))
    return config, quick_cloud.an_endpoint(config)


@pytest.fixture
def config(quick_cloud: Embedded, serving: tuple[str, str]) -> Iterator[str]:
    yield serving[0]
    quick_cloud.clear_faults()


@pytest.fixture
def endpoint(serving: tuple[str, str]) -> str:
    return serving[1]


def disturb(cloud: Embedded, config: str, fault: str, **keys: Any) -> None:
    cloud.add_fault({"hosting": {"endpoint_config": config, "fault": fault, **keys}})


def outcome(cloud: Embedded, endpoint: str) -> tuple[int, int]:
    """Return the status, and the model's as an error names it (200 for an answer)."""
    try:
        cloud.answer(endpoint)
    except ClientError as error:
        response: Any = error.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return status, response.get("OriginalStatusCode", -1)
    return 200, 200


def test_every_second_request_is_the_models_error(
    quick_cloud: Embedded, config: str, endpoint: str
) -> None:
    disturb(quick_cloud, config, "error_share", share=0.5)
    outcomes = [outcome(quick_cloud, endpoint) for _ in range(6)]
    assert outcomes == [(200, 200), (424, 500)] * 3
    assert measured(quick_cloud, "Invocation5XXErrors", dimensions(endpoint)) == 3
    quick_cloud.clear_faults()
    assert {outcome(quick_cloud, endpoint) for _ in range(4)} == {(200, 200)}


def test_a_rule_for_another_config_disturbs_nothing(
    quick_cloud: Embedded, config: str, endpoint: str
) -> None:
    disturb(quick_cloud, f"{config}-other", "error_share", share=1)
    assert outcome(quick_cloud, endpoint) == (200, 200)


def test_a_slow_answer_comes_late_and_one_beyond_the_limit_never(
    quick_cloud: Embedded, config: str, endpoint: str
) -> None:
    disturb(quick_cloud, config, "slow", latency_ms=700, times=1)
    disturb(quick_cloud, config, "slow", latency_ms=60_000, times=1)
    started = time.monotonic()
    assert outcome(quick_cloud, endpoint) == (200, 200)
    assert 0.7 < time.monotonic() - started < 2
    assert outcome(quick_cloud, endpoint) == (424, 0)
    assert time.monotonic() - started < 10


def test_a_request_that_hangs_ends_at_sagemakers_limit(
    quick_cloud: Embedded, config: str, endpoint: str
) -> None:
    disturb(quick_cloud, config, "hang", times=1)
    started = time.monotonic()
    with pytest.raises(ClientError, match="Your invocation timed out while waiting"):
        quick_cloud.answer(endpoint)
    assert 2 <= time.monotonic() - started < 10
    assert outcome(quick_cloud, endpoint) == (200, 200)


def test_the_worker_dies_in_the_request_after_so_many_and_is_replaced(
    quick_cloud: Embedded, config: str, endpoint: str
) -> None:
    disturb(quick_cloud, config, "crash_after", requests=2, times=1)
    outcomes = [outcome(quick_cloud, endpoint) for _ in range(3)]
    assert outcomes == [(200, 200), (200, 200), (424, 0)]
    eventually(lambda: outcome(quick_cloud, endpoint), lambda found: found == (200, 200))


def test_wrong_answers_are_well_formed_and_wrong_in_each_row(
    quick_cloud: Embedded, config: str, endpoint: str
) -> None:
    disturb(quick_cloud, config, "wrong_answers", times=1)
    assert quick_cloud.answer(endpoint) == "virginica\nsetosa\nvirginica\n"
    assert quick_cloud.answer(endpoint) == "setosa\nvirginica\nsetosa\n"

"""Serverless endpoints: one worker, their own limits, and what AWS excludes for them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, a_variant, unique

pytestmark = pytest.mark.emulated

TAKES_A_SECOND = """
import time
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    time.sleep(1)
    return "late", "text/plain"
"""


def a_serverless(model: str, **config: int) -> dict[str, Any]:
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 2, **config}
    return {"VariantName": "primary", "ModelName": model, "ServerlessConfig": serverless}


def a_config(embedded: Embedded, *variants: dict[str, Any], **members: Any) -> str:
    name = unique("config")
    embedded.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=list(variants), **members
    )
    return name


def test_a_serverless_endpoint_answers_within_its_own_payload_limit(embedded: Embedded) -> None:
    endpoint = embedded.an_endpoint(a_config(embedded, a_serverless(embedded.a_model())))
    assert embedded.answer(endpoint) == "one"
    described = embedded.endpoint(endpoint)["ProductionVariants"][0]
    assert described["CurrentServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 2}
    assert described["CurrentInstanceCount"] == 0
    runtime = embedded.client("sagemaker-runtime")
    runtime.invoke_endpoint(EndpointName=endpoint, Body=b"1" * 4_194_304)
    with pytest.raises(ClientError, match="413"):
        runtime.invoke_endpoint(EndpointName=endpoint, Body=b"1" * 4_194_305)


def test_more_requests_at_once_than_the_concurrency_are_throttled(embedded: Embedded) -> None:
    model = embedded.a_model(inference=TAKES_A_SECOND)
    endpoint = embedded.an_endpoint(a_config(embedded, a_serverless(model)))

    def ask(_: int) -> str:
        try:
            return embedded.answer(endpoint)
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert sorted(answers) == ["ThrottlingException", "ThrottlingException", "late", "late"]


@pytest.mark.soak
def test_instances_can_replace_a_serverless_variant_but_not_the_reverse(embedded: Embedded) -> None:
    model = embedded.a_model()
    serverless = a_config(embedded, a_serverless(model))
    endpoint = embedded.an_endpoint(serverless)
    update = {"EndpointName": endpoint, "EndpointConfigName": embedded.a_config(model=model)}
    embedded.sagemaker.update_endpoint(**update)
    assert embedded.settled(endpoint)["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    with pytest.raises(ClientError, match="cannot be converted to a serverless endpoint"):
        embedded.sagemaker.update_endpoint(**{**update, "EndpointConfigName": serverless})


def test_what_a_serverless_endpoint_cannot_be_is_refused(embedded: Embedded) -> None:
    model = embedded.a_model()
    valid, other = a_serverless(model), a_variant(model, name="other")
    capture = {
        "InitialSamplingPercentage": 1,
        "DestinationS3Uri": "s3://bucket",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    refused: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
        ("MemorySizeInMB", [a_serverless(model, MemorySizeInMB=1500)], {}),
        ("less than or equal to 6144", [a_serverless(model, MemorySizeInMB=7168)], {}),
        ("less than or equal to 200", [a_serverless(model, MaxConcurrency=201)], {}),
        ("ProvisionedConcurrency", [a_serverless(model, ProvisionedConcurrency=3)], {}),
        ("both ServerlessConfig and", [{**a_variant(model), **valid}], {}),
        ("only one production variant", [valid, other], {}),
        ("only one production variant", [valid], {"ShadowProductionVariants": [other]}),
        ("DataCaptureConfig is not", [valid], {"DataCaptureConfig": capture}),
    ]
    for text, variants, members in refused:
        with pytest.raises(ClientError, match=text):
            a_config(embedded, *variants, **members)

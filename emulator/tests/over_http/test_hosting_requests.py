"""What InvokeEndpoint accepts and refuses, over HTTP."""

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, refusal, unique

pytestmark = pytest.mark.emulated

SAYS_WHAT_IT_GOT = """
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    return f"{len(body)} {content_type} {accept}", "text/plain"
"""


@pytest.fixture(scope="module")
def endpoint(embedded_url: str) -> str:
    """An endpoint that all tests of this file share: none of them changes it."""
    embedded = Embedded(url=embedded_url)
    return embedded.an_endpoint(
        embedded.a_config(model=embedded.a_model(inference=SAYS_WHAT_IT_GOT))
    )


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"InferenceId": "x" * 65}, "'inferenceId' failed to satisfy constraint: Member must have"),
        ({"InferenceId": "\u00e9tude"}, "'inferenceId'"),
        ({"CustomAttributes": "x" * 1025}, "length less than or equal to 1024"),
        ({"TargetVariant": "not_a_name"}, "regular expression pattern"),
        ({"InferenceComponentName": "part"}, "InferenceComponentName is not supported"),
        ({"TargetContainerHostname": "host"}, "TargetContainerHostname is not supported"),
    ],
)
def test_headers_outside_awss_limits_are_refused(
    embedded: Embedded, endpoint: str, members: dict[str, str], text: str
) -> None:
    code, message = refusal(embedded.answer, endpoint, **members)
    assert code == "ValidationError"
    assert text in message


def test_the_longest_id_and_attributes_are_accepted(embedded: Embedded, endpoint: str) -> None:
    answer = embedded.answer(endpoint, InferenceId="x" * 64, CustomAttributes="y" * 1024)
    assert answer.startswith("3 text/csv")


def test_explanations_are_of_no_effect_without_an_explainer(
    embedded: Embedded, endpoint: str
) -> None:
    assert embedded.answer(endpoint, EnableExplanations="`true`").startswith("3 ")


def test_six_mebibytes_pass_and_one_byte_more_does_not(embedded: Embedded, endpoint: str) -> None:
    runtime = embedded.client("sagemaker-runtime")
    largest = b"1" * 6_291_456
    answered = runtime.invoke_endpoint(EndpointName=endpoint, Body=largest, ContentType="text/csv")
    assert answered["Body"].read().startswith(b"6291456 ")
    with pytest.raises(ClientError, match="413"):
        runtime.invoke_endpoint(EndpointName=endpoint, Body=largest + b"1", ContentType="text/csv")


def test_an_endpoint_that_is_not_there_is_named(embedded: Embedded) -> None:
    name = unique("endpoint")
    assert (
        refusal(embedded.answer, name)[1] == f"Endpoint {name} of account 000000000000 not found."
    )

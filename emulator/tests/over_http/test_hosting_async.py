"""Asynchronous endpoints: input from S3, answers to S3, notifications to SNS."""

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, eventually, unique

pytestmark = pytest.mark.emulated

ECHOES = """
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    if body == "bad":
        raise RuntimeError("cannot do that")
    return f"{body} as {content_type}", "text/plain"
"""


def an_async_endpoint(
    embedded: Embedded, bucket: str, *, notified: dict[str, Any] | None = None
) -> str:
    output: dict[str, Any] = {
        "S3OutputPath": f"s3://{bucket}/answers",
        "S3FailurePath": f"s3://{bucket}/errors/",
    }
    if notified:
        output["NotificationConfig"] = notified
    config = embedded.a_config(
        model=embedded.a_model(inference=ECHOES), AsyncInferenceConfig={"OutputConfig": output}
    )
    return embedded.an_endpoint(config)


def put(embedded: Embedded, bucket: str, text: str) -> str:
    key = unique("input")
    embedded.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
    return f"s3://{bucket}/{key}"


def ask(embedded: Embedded, endpoint: str, **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = embedded.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=endpoint, **members
    )
    return answer


def stored(embedded: Embedded, uri: str) -> str:
    """Wait for an object and return its text."""
    address, s3 = urlsplit(uri), embedded.client("s3")

    def read() -> bytes | None:
        try:
            body: bytes = s3.get_object(Bucket=address.netloc, Key=address.path[1:])["Body"].read()
        except s3.exceptions.NoSuchKey:
            return None
        return body

    found = eventually(read, lambda body: body is not None, limit_s=20)
    assert found is not None
    return found.decode()


def a_topic_with_a_queue(embedded: Embedded) -> tuple[str, str]:
    sns, sqs = embedded.client("sns"), embedded.client("sqs")
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    queue = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    return topic, queue


def messages(embedded: Embedded, queue: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def read() -> int:
        answer = embedded.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        found.extend(json.loads(each["Body"]) for each in answer.get("Messages", []))
        return len(found)

    eventually(read, lambda seen: seen >= count, limit_s=20)
    return found


def test_answers_and_errors_arrive_in_s3_and_are_notified(embedded: Embedded) -> None:
    bucket, (topic, queue) = embedded.a_bucket(), a_topic_with_a_queue(embedded)
    notified = {
        "SuccessTopic": topic,
        "ErrorTopic": topic,
        "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
    }
    endpoint = an_async_endpoint(embedded, bucket, notified=notified)
    members = {"ContentType": "text/csv", "InferenceId": "mine"}
    good = ask(embedded, endpoint, InputLocation=put(embedded, bucket, "1,2"), **members)
    assert good["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert good["InferenceId"] == "mine"
    assert good["OutputLocation"].startswith(f"s3://{bucket}/answers/")
    assert stored(embedded, good["OutputLocation"]) == "1,2 as text/csv"
    bad = ask(embedded, endpoint, InputLocation=put(embedded, bucket, "bad"))
    assert bad["FailureLocation"].startswith(f"s3://{bucket}/errors/")
    assert "Internal Server Error" in stored(embedded, bad["FailureLocation"])

    told = {each["invocationStatus"]: each for each in messages(embedded, queue, 2)}
    completed = told["Completed"]
    assert completed["inferenceId"] == "mine"
    assert completed["requestParameters"]["contentType"] == "text/csv"
    assert completed["responseParameters"]["outputLocation"] == good["OutputLocation"]
    assert base64.b64decode(completed["responseBody"]["content"]) == b"1,2 as text/csv"
    assert "Received server error (500) from model" in told["Failed"]["failureReason"]
    assert "responseBody" not in told["Failed"]


def test_input_may_be_inline_and_the_output_named(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    endpoint = an_async_endpoint(embedded, bucket)
    names = {"S3OutputPathExtension": "today", "Filename": "mine.txt"}
    answer = ask(embedded, endpoint, Body=b"3", ContentType="text/csv", **names)
    assert answer["OutputLocation"] == f"s3://{bucket}/answers/today/mine.txt"
    assert stored(embedded, answer["OutputLocation"]) == "3 as text/csv"


def test_missing_input_is_a_failure_of_the_request_not_of_the_call(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    endpoint = an_async_endpoint(embedded, bucket)
    answer = ask(embedded, endpoint, InputLocation=f"s3://{bucket}/nothing")
    assert "Failed to download" in stored(embedded, answer["FailureLocation"])


@pytest.mark.soak
def test_requests_that_wait_are_answered_by_what_serves_after_an_update(
    embedded: Embedded,
) -> None:
    bucket = embedded.a_bucket()
    slow = "import time\n" + ECHOES.replace("    if body", "    time.sleep(0.2)\n    if body")
    config, other = (
        embedded.a_config(
            model=embedded.a_model(inference=slow.replace(" as ", f" {name} ")),
            AsyncInferenceConfig={
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 1},
                "OutputConfig": {"S3OutputPath": f"s3://{bucket}"},
            },
        )
        for name in ("old", "new")
    )
    endpoint = embedded.an_endpoint(config)
    asked = [ask(embedded, endpoint, Body=b"1", ContentType="text/csv") for _ in range(25)]
    embedded.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=other)
    answers = {stored(embedded, each["OutputLocation"]) for each in asked}
    assert answers == {"1 old text/csv", "1 new text/csv"}


def test_each_kind_of_endpoint_has_its_own_call(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    later, now = an_async_endpoint(embedded, bucket), embedded.an_endpoint(embedded.a_config())
    with pytest.raises(ClientError, match="is an asynchronous endpoint"):
        embedded.answer(later)
    with pytest.raises(ClientError, match="is not an asynchronous endpoint"):
        ask(embedded, now, InputLocation=f"s3://{bucket}/x")
    with pytest.raises(ClientError, match="less than or equal to 21600"):
        ask(embedded, later, InputLocation=f"s3://{bucket}/x", RequestTTLSeconds=21_601)
    assert "AsyncInferenceConfig" in embedded.endpoint(later)

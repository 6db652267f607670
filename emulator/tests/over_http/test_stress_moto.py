"""Calls at once do not harm one another in moto, whose backends are not made for threads."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.over_http.test_messaging_functions import a_function
from emulator.tests.support.embedded import Embedded, unique
from emulator.tests.support.embedded_aws import ROOT, hasty_aws

pytestmark = pytest.mark.emulated

_TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with hasty_aws(tmp_path_factory.mktemp("hasty")) as url:
        yield Embedded(url=url)


def at_once(*calls: Callable[[], Any]) -> list[str]:
    """Return, sorted, how each call ended: `done`, or the code of its error."""
    barrier = threading.Barrier(len(calls))

    def outcome(call: Callable[[], Any]) -> str:
        barrier.wait()
        try:
            call()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(outcome, calls))


def create_role(cloud: Embedded, name: str) -> None:
    cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=_TRUST)


def create_roles(cloud: Embedded, count: int) -> None:
    for _ in range(count):
        create_role(cloud, unique("role"))


def test_a_call_does_not_change_what_another_is_reading() -> None:
    completed = subprocess.run(
        [sys.executable, "-m", "emulator.tests.support.slow_roles"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert json.loads(completed.stdout) == {"statuses": ["200 OK"] * 4, "roles": 4}


@pytest.mark.soak
def test_many_roles_can_be_created_at_once(hasty: Embedded) -> None:
    for _ in range(20):
        assert at_once(*[lambda: create_roles(hasty, 5)] * 8) == ["done"] * 8


def test_of_many_creators_of_one_role_exactly_one_wins(embedded: Embedded) -> None:
    for _ in range(3):
        name = unique("role")
        outcomes = at_once(*[lambda name=name: create_role(embedded, name)] * 8)
        assert outcomes == ["EntityAlreadyExists"] * 7 + ["done"]


def a_queue(embedded: Embedded) -> str:
    return str(embedded.client("sqs").create_queue(QueueName=unique("queue"))["QueueUrl"])


def test_who_waits_for_a_message_holds_up_nobody_and_gets_it(embedded: Embedded) -> None:
    sqs, queue = embedded.client("sqs"), a_queue(embedded)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        time.sleep(0.3)
        started = time.monotonic()
        sqs.send_message(QueueUrl=queue, MessageBody="hello")
        assert waiting.result()["Messages"][0]["Body"] == "hello"
    assert time.monotonic() - started < 5


def test_who_waits_for_a_message_in_vain_is_told_so_in_time(embedded: Embedded) -> None:
    started = time.monotonic()
    found = embedded.client("sqs").receive_message(QueueUrl=a_queue(embedded), WaitTimeSeconds=1)
    assert "Messages" not in found
    assert 0.9 < time.monotonic() - started < 5


def test_of_many_receivers_exactly_one_gets_a_message(embedded: Embedded) -> None:
    sqs, queue = embedded.client("sqs"), a_queue(embedded)
    for number in range(20):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    received: list[str] = []

    def receive() -> None:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        received.extend(message["Body"] for message in found.get("Messages", ()))

    at_once(*[receive] * 8)
    assert sorted(received, key=int) == [str(number) for number in range(20)]


READS_WHAT_WAS_PUT = """
import boto3

def handle(event, context):
    where = event["Records"][0]["s3"]
    place = {"Bucket": where["bucket"]["name"], "Key": where["object"]["key"]}
    body = boto3.client("s3").get_object(**place)["Body"].read()
    boto3.client("s3").put_object(Bucket=place["Bucket"], Key="seen", Body=body)
"""


def test_a_function_inside_a_call_may_call(embedded: Embedded) -> None:
    """moto runs the functions of a bucket before it answers who put the object."""
    s3, bucket = embedded.client("s3"), embedded.a_bucket()
    function = a_function(embedded, READS_WHAT_WAS_PUT, timeout_s=30)
    new = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "new"}]}}
    configuration = {
        "LambdaFunctionArn": function,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": new,
    }
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [configuration]}
    )
    s3.put_object(Bucket=bucket, Key="new", Body=b"hello")
    assert s3.get_object(Bucket=bucket, Key="seen")["Body"].read() == b"hello"

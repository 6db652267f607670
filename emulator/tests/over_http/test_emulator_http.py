"""What the server does around the services: refusals, faults, the journal, moto corrected."""

import json
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, unique
from emulator.tests.support.embedded_aws import admin

pytestmark = pytest.mark.emulated

_TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def code_of(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("service", "action", "arguments"),
    [
        ("sagemaker", "list_domains", {}),
        ("cloudwatch", "list_metric_streams", {}),
        ("sns", "get_data_protection_policy", {"ResourceArn": "arn:aws:sns:us-east-1:0:t"}),
        ("lambda", "list_code_signing_configs", {}),
    ],
)
def test_an_unknown_action_is_refused_at_once(
    embedded: Embedded, service: str, action: str, arguments: dict[str, Any]
) -> None:
    refused = code_of(getattr(embedded.client(service), action), **arguments)
    assert refused == ("NotImplementedByEmulator", 400)


def test_a_fault_rule_fails_as_many_calls_as_it_says(embedded: Embedded) -> None:
    error = {"code": "ThrottlingException", "message": "slow down", "status": 400}
    rule = {"service": "sagemaker", "action": "ListModels", "times": 2, "error": error}
    embedded.add_fault(rule)
    for _ in range(2):
        assert code_of(embedded.sagemaker.list_models) == ("ThrottlingException", 400)
    assert "Models" in embedded.sagemaker.list_models()


def test_a_fault_rule_knows_s3_calls_by_their_action(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    s3 = embedded.client("s3")
    embedded.add_fault(
        {"service": "s3", "action": "PutObject", "error": {"code": "SlowDown", "status": 503}}
    )
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"") == ("SlowDown", 503)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_fault_rule_makes_a_call_slow(embedded: Embedded) -> None:
    embedded.add_fault({"service": "sts", "action": "*", "latency_ms": 300})
    started = time.monotonic()
    embedded.client("sts").get_caller_identity()
    assert time.monotonic() - started > 0.3


def test_a_rule_that_cannot_be_understood_is_refused(embedded: Embedded) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        embedded.add_fault({"hosting": {"endpoint_config": "c", "fault": "explode"}})
    assert caught.value.code == 400
    assert "allowed are ping_fail, launch_fail" in caught.value.read().decode()


def test_the_journal_keeps_service_action_and_status(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    embedded.client("s3").put_object(Bucket=bucket, Key="a/b", Body=b"x")
    code_of(embedded.sagemaker.describe_model, ModelName="absent")
    calls = [(call["service"], call["action"], call["status"]) for call in embedded.requests()]
    assert ("s3", "CreateBucket", 200) in calls
    assert ("s3", "PutObject", 200) in calls
    assert ("sagemaker", "DescribeModel", 400) in calls


def test_the_account_is_the_embedded_one(embedded: Embedded) -> None:
    assert embedded.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_managed_policies_of_aws_exist(embedded: Embedded) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    assert embedded.client("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_of_many_conditional_writers_exactly_one_wins(embedded: Embedded) -> None:
    bucket, s3, racers = embedded.a_bucket(), embedded.client("s3"), 8
    for round_number in range(10):
        barrier = threading.Barrier(racers)

        def write(key: str, barrier: threading.Barrier = barrier) -> str:
            barrier.wait()
            try:
                s3.put_object(Bucket=bucket, Key=key, Body=b"x", IfNoneMatch="*")
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            return "won"

        with ThreadPoolExecutor(racers) as pool:
            results = sorted(pool.map(write, [str(round_number)] * racers))
        assert results == ["PreconditionFailed"] * (racers - 1) + ["won"]


def put_policy(embedded: Embedded, bucket: str, *, statement: dict[str, Any]) -> None:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    document = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": resources}]}
    embedded.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


def test_loopback_counts_as_secure_transport(embedded: Embedded) -> None:
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    put_policy(embedded, bucket, statement=_TLS_ONLY)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1


def test_a_deny_without_condition_denies(embedded: Embedded) -> None:
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    put_policy(
        embedded,
        bucket,
        statement={"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject"},
    )
    assert code_of(s3.delete_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)


def test_event_bridge_notification_is_answered_back(embedded: Embedded) -> None:
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert found["EventBridgeConfiguration"] == {}


def test_a_changed_alarm_keeps_its_state(embedded: Embedded) -> None:
    cloudwatch, alarm = (
        embedded.client("cloudwatch"),
        {
            "AlarmName": unique("alarm"),
            "Namespace": "Tests",
            "MetricName": "Errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    )
    states = []
    for threshold in (1, 2):
        cloudwatch.put_metric_alarm(**alarm, Threshold=threshold)
        found = cloudwatch.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"][0]
        states.append((found["Threshold"], found["StateValue"]))
        cloudwatch.set_alarm_state(
            AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="test"
        )
    assert states == [(1, "INSUFFICIENT_DATA"), (2, "ALARM")]


def test_health_names_the_instance_and_the_account(embedded: Embedded) -> None:
    health = admin(embedded.url, "health")
    assert health["account_id"] == "000000000000"
    assert len(health["instance_id"]) == 16


def test_an_unknown_admin_path_lists_the_known_ones(embedded: Embedded) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        admin(embedded.url, "nothing")
    assert caught.value.code == 404
    assert "GET /_emu/health" in caught.value.read().decode()


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_a_request_that_is_not_json_is_a_serialization_error(
    embedded: Embedded, body: bytes
) -> None:
    headers = {"X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"}
    request = urllib.request.Request(embedded.url, data=body, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert json.loads(caught.value.read())["__type"] == "SerializationException"

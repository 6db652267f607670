"""EventBridge as targets see it: inputs, credentials, failures, SageMaker's events, schedules."""

import base64
import json
import urllib.error
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.buses import a_queue, a_rule, groups, put, received
from emulator.tests.support.embedded import Embedded, eventually, unique
from emulator.tests.support.embedded_aws import admin
from emulator.tests.support.receivers import a_receiver

pytestmark = pytest.mark.emulated

ROLE = "arn:aws:iam::000000000000:role/events"
NOBODY = "http://127.0.0.1:9/hook"
ONCE: dict[str, int] = {"MaximumRetryAttempts": 0}


def an_api_destination(embedded: Embedded, url: str, *, kind: str, **parameters: Any) -> str:
    events = embedded.client("events")
    connection = events.create_connection(
        Name=unique("connection"), AuthorizationType=kind, AuthParameters=parameters
    )["ConnectionArn"]
    arn: str = events.create_api_destination(
        Name=unique("destination"),
        ConnectionArn=connection,
        InvocationEndpoint=url,
        HttpMethod="POST",
    )["ApiDestinationArn"]
    return arn


def api_key(embedded: Embedded, url: str) -> str:
    parameters = {"ApiKeyName": "X-Key", "ApiKeyValue": "secret"}
    return an_api_destination(embedded, url, kind="API_KEY", ApiKeyAuthParameters=parameters)


def fire(embedded: Embedded, name: str) -> list[str]:
    answer = admin(embedded.url, "fire-schedule", method="POST", body={"name": name})
    fired: list[str] = answer["fired"]
    return fired


def test_a_queue_gets_the_whole_event(embedded: Embedded) -> None:
    url, arn = a_queue(embedded)
    source = a_rule(embedded, arn)
    put(embedded, source, verdict="deploy")
    event = json.loads(received(embedded, url)["Body"])
    assert (event["source"], event["detail-type"]) == (source, "Test")
    assert event["detail"] == {"verdict": "deploy"}
    assert event["time"].endswith("Z")
    assert {"version", "id", "account", "region", "resources"} < set(event)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"Input": '{"fixed": true}'}, '{"fixed": true}'),
        ({"InputPath": "$.detail.models[1]"}, '"b"'),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"models": "$.detail.models", "by": "$.detail.by"},
                    "InputTemplate": '{"list": <models>, "who": <by>, "text": "by <by>"}',
                }
            },
            '{"list": ["a", "b"], "who": "x \\"y\\"", "text": "by x \\"y\\""}',
        ),
    ],
    ids=["fixed", "path", "template"],
)
def test_a_target_may_choose_its_input(
    embedded: Embedded, target: dict[str, Any], expected: str
) -> None:
    url, arn = a_queue(embedded)
    put(embedded, a_rule(embedded, arn, **target), models=["a", "b"], by='x "y"')
    assert json.loads(received(embedded, url)["Body"]) == json.loads(expected)


def test_a_topic_passes_the_event_on(embedded: Embedded) -> None:
    url, arn = a_queue(embedded)
    sns = embedded.client("sns")
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    put(embedded, a_rule(embedded, topic, InputPath="$.detail"), verdict="hold")
    notification = json.loads(received(embedded, url)["Body"])
    assert json.loads(notification["Message"]) == {"verdict": "hold"}


def test_a_log_group_keeps_the_event(embedded: Embedded) -> None:
    logs, group = embedded.client("logs"), f"/aws/events/{unique('group')}"
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    put(embedded, a_rule(embedded, arn), verdict="reject")
    kept = logs.filter_log_events(logGroupName=group)["events"]
    assert [json.loads(item["message"])["detail"] for item in kept] == [{"verdict": "reject"}]


def test_an_archive_replays_what_its_bus_got(embedded: Embedded) -> None:
    events, (url, arn) = embedded.client("events"), a_queue(embedded)
    bus = events.create_event_bus(Name=unique("bus"))["EventBusArn"]
    archive = events.create_archive(ArchiveName=unique("archive"), EventSourceArn=bus)
    entry = {"Source": "a", "DetailType": "Test", "Detail": '{"n": 1}', "EventBusName": bus}
    events.put_events(Entries=[entry])
    rule = unique("rule")
    events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"source": ["a"]}')
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "one", "Arn": arn}])
    events.start_replay(
        ReplayName=unique("replay"),
        EventSourceArn=archive["ArchiveArn"],
        EventStartTime=0,
        EventEndTime=4_000_000_000,
        Destination={"Arn": bus},
    )
    assert json.loads(received(embedded, url)["Body"])["detail"] == {"n": 1}


def test_an_api_destination_gets_body_key_and_parameters(embedded: Embedded) -> None:
    with a_receiver() as receiver:
        parameters = {"HeaderParameters": {"X-Run": "7"}, "QueryStringParameters": {"q": "a b"}}
        arn = api_key(embedded, receiver.url)
        source = a_rule(
            embedded, arn, RoleArn=ROLE, HttpParameters=parameters, InputPath="$.detail"
        )
        put(embedded, source, verdict="deploy")
        got = receiver.waits_for(1)[0]
    assert got.document == {"verdict": "deploy"}
    assert (got.headers["x-key"], got.headers["x-run"]) == ("secret", "7")
    assert got.query == {"q": ["a b"]}


def test_a_basic_connection_sends_user_and_password(embedded: Embedded) -> None:
    with a_receiver() as receiver:
        basic = {"Username": "ann", "Password": "pw"}
        arn = an_api_destination(embedded, receiver.url, kind="BASIC", BasicAuthParameters=basic)
        put(embedded, a_rule(embedded, arn, RoleArn=ROLE))
        header = receiver.waits_for(1)[0].headers["authorization"]
    assert header == "Basic " + base64.b64encode(b"ann:pw").decode()


def test_body_parameters_of_a_connection_join_the_event(embedded: Embedded) -> None:
    token = {"Key": "token", "Value": "secret", "IsValueSecret": True}
    with a_receiver() as receiver:
        arn = an_api_destination(
            embedded,
            receiver.url,
            kind="API_KEY",
            ApiKeyAuthParameters={"ApiKeyName": "X-Key", "ApiKeyValue": "secret"},
            InvocationHttpParameters={"BodyParameters": [token]},
        )
        put(embedded, a_rule(embedded, arn, RoleArn=ROLE, InputPath="$.detail"), number=1)
        body = json.loads(receiver.waits_for(1)[0].body)
    assert body == {"number": 1, "token": "secret"}


def test_an_oauth_connection_is_refused(embedded: Embedded) -> None:
    oauth = {
        "ClientParameters": {"ClientID": "id", "ClientSecret": "secret"},
        "AuthorizationEndpoint": "https://example.com/token",
        "HttpMethod": "POST",
    }
    with pytest.raises(ClientError, match=r"NotImplementedByEmulator.*OAUTH"):
        an_api_destination(embedded, NOBODY, kind="OAUTH_CLIENT_CREDENTIALS", OAuthParameters=oauth)


def test_a_target_that_fails_at_first_gets_the_event_later(embedded: Embedded) -> None:
    with a_receiver(statuses=[500, 429]) as receiver:
        put(embedded, a_rule(embedded, api_key(embedded, receiver.url), RoleArn=ROLE), number=1)
        assert len(receiver.waits_for(3)) == 3


def test_what_no_target_takes_becomes_a_dead_letter_that_says_why(embedded: Embedded) -> None:
    url, arn = a_queue(embedded)
    target = api_key(embedded, NOBODY)
    letters = {"Arn": arn}
    source = a_rule(embedded, target, RoleArn=ROLE, DeadLetterConfig=letters, RetryPolicy=ONCE)
    put(embedded, source, number=1)
    letter = received(embedded, url)
    why = {name: item["StringValue"] for name, item in letter["MessageAttributes"].items()}
    assert json.loads(letter["Body"])["detail"] == {"number": 1}
    assert why["TARGET_ARN"] == target
    assert why["ERROR_CODE"] == "ConnectionFailure"
    assert why["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"


def test_a_target_of_a_kind_that_is_not_delivered_to_fails_no_event(embedded: Embedded) -> None:
    url, arn = a_queue(embedded)
    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/one"
    put(embedded, a_rule(embedded, stream, DeadLetterConfig={"Arn": arn}), number=1)
    why = received(embedded, url)["MessageAttributes"]
    assert why["ERROR_CODE"]["StringValue"] == "NotImplementedByEmulator"


def test_the_approval_of_a_model_package_is_an_event(embedded: Embedded) -> None:
    url, arn = a_queue(embedded)
    sagemaker, group = embedded.sagemaker, unique("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    package = sagemaker.create_model_package(ModelPackageGroupName=group)["ModelPackageArn"]
    pattern = {"source": ["aws.sagemaker"], "resources": [package]}
    events, name = embedded.client("events"), unique("rule")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "one", "Arn": arn}])
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    event = json.loads(received(embedded, url)["Body"])
    assert event["detail-type"] == "SageMaker Model Package State Change"
    assert event["detail"]["ModelApprovalStatus"] == "Approved"
    assert event["detail"]["CreationTime"] > 1_000_000_000_000


def test_an_endpoint_that_is_created_is_an_event_in_upper_case(embedded: Embedded) -> None:
    url, arn = a_queue(embedded)
    name = unique("endpoint")
    resource = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{name}"
    events, rule = embedded.client("events"), unique("rule")
    pattern = {"source": ["aws.sagemaker"], "resources": [resource]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "one", "Arn": arn, "InputPath": "$.detail"}])
    embedded.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=embedded.a_config())
    statuses = {json.loads(received(embedded, url)["Body"])["EndpointStatus"] for _ in range(2)}
    assert statuses == {"CREATING", "IN_SERVICE"}


def test_a_scheduled_rule_fires_when_asked(embedded: Embedded) -> None:
    url, arn = a_queue(embedded)
    events, name = embedded.client("events"), unique("nightly")
    rule = events.put_rule(Name=name, ScheduleExpression="cron(0 3 * * ? *)")["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "one", "Arn": arn}])
    assert fire(embedded, name) == [rule]
    event = json.loads(received(embedded, url)["Body"])
    assert (event["detail-type"], event["resources"]) == ("Scheduled Event", [rule])


def a_schedule(embedded: Embedded, **target: Any) -> str:
    name = unique("schedule")
    embedded.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression="rate(1 hours)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"RoleArn": ROLE, **target},
    )
    return name


def test_a_schedule_calls_any_action_with_its_input(embedded: Embedded) -> None:
    group = unique("made-by-schedule")
    name = a_schedule(
        embedded,
        Arn="arn:aws:scheduler:::aws-sdk:sagemaker:createModelPackageGroup",
        Input=json.dumps({"ModelPackageGroupName": group}),
    )
    assert len(fire(embedded, f"default/{name}")) == 1
    assert eventually(lambda: groups(embedded, group), bool, limit_s=30) == [group]


def test_a_schedule_whose_call_is_refused_leaves_a_dead_letter(embedded: Embedded) -> None:
    url, arn = a_queue(embedded)
    action = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteModel"
    wrong = json.dumps({"ModelName": "no-such-model"})
    fire(embedded, a_schedule(embedded, Arn=action, Input=wrong, DeadLetterConfig={"Arn": arn}))
    why = received(embedded, url)["MessageAttributes"]
    assert why["ERROR_CODE"]["StringValue"] == "ValidationException"


def test_a_schedule_that_is_not_there_cannot_fire(embedded: Embedded) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        fire(embedded, "no-such-schedule")
    assert caught.value.code == 404
    assert "no-such-schedule" in caught.value.read().decode()


@pytest.mark.parametrize("pattern", ["[]", "5", '{"detail": {"a": [{"numeric": ["<", "x"]}]}}'])
def test_a_pattern_that_would_fail_every_event_is_refused(embedded: Embedded, pattern: str) -> None:
    with pytest.raises(ClientError) as refused:
        embedded.client("events").put_rule(Name=unique("rule"), EventPattern=pattern)
    assert refused.value.response["Error"]["Code"] == "InvalidEventPatternException"

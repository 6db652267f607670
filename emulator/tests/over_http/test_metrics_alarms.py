"""Alarms through boto3: states, history, actions that are delivered, composites, tags."""

import datetime as dt
import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import REGION, Embedded, eventually, refusal, unique

pytestmark = pytest.mark.emulated


class Alarm:
    """A metric alarm on a metric of its own."""

    def __init__(self, embedded: Embedded, **members: Any) -> None:
        self.cloudwatch = embedded.client("cloudwatch")
        self.name, self.namespace = unique("alarm"), unique("Tests")
        self.put(**members)

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudwatch:{REGION}:000000000000:alarm:{self.name}"

    def put(self, **members: Any) -> None:
        defaults = {
            "Namespace": self.namespace,
            "MetricName": "m",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        self.cloudwatch.put_metric_alarm(AlarmName=self.name, **{**defaults, **members})

    def measure(self, value: float, *, minutes_ago: float = 1) -> None:
        moment = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes_ago)
        datum = {"MetricName": "m", "Value": value, "Timestamp": moment}
        self.cloudwatch.put_metric_data(Namespace=self.namespace, MetricData=[datum])

    def described(self) -> dict[str, Any]:
        answer = self.cloudwatch.describe_alarms(
            AlarmNames=[self.name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        found: list[dict[str, Any]] = answer["MetricAlarms"] + answer["CompositeAlarms"]
        return found[0]

    def reaches(self, state: str) -> dict[str, Any]:
        return eventually(self.described, lambda found: found["StateValue"] == state, limit_s=30)

    def set_state(self, state: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=self.name, StateValue=state, StateReason="drill")

    def history(self, **members: Any) -> list[dict[str, Any]]:
        answer = self.cloudwatch.describe_alarm_history(AlarmName=self.name, **members)
        items: list[dict[str, Any]] = answer["AlarmHistoryItems"]
        return items


class Inbox:
    """A queue that gets what others deliver."""

    def __init__(self, embedded: Embedded) -> None:
        self._sqs = embedded.client("sqs")
        self._url = self._sqs.create_queue(QueueName=unique("inbox"))["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self.arn: str = attributes["Attributes"]["QueueArn"]

    def messages(self) -> list[Any]:
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def a_topic(embedded: Embedded, inbox: Inbox) -> str:
    sns = embedded.client("sns")
    topic: str = sns.create_topic(Name=unique("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
    return topic


def test_an_alarm_begins_without_data_and_rings_by_itself(embedded: Embedded) -> None:
    alarm = Alarm(embedded)
    assert alarm.described()["StateValue"] == "INSUFFICIENT_DATA"
    alarm.measure(5)
    ringing = alarm.reaches("ALARM")
    assert "5.0" in ringing["StateReason"]
    assert json.loads(ringing["StateReasonData"])["recentDatapoints"] == [5.0]


@pytest.mark.parametrize(
    ("treatment", "state"),
    [("breaching", "ALARM"), ("notBreaching", "OK"), ("missing", "INSUFFICIENT_DATA")],
)
def test_missing_data_are_treated_as_asked(embedded: Embedded, treatment: str, state: str) -> None:
    alarm = Alarm(embedded, TreatMissingData=treatment)
    alarm.set_state("OK" if state != "OK" else "ALARM")
    alarm.reaches(state)


def test_ignored_missing_data_keep_the_state(embedded: Embedded) -> None:
    alarm = Alarm(embedded, TreatMissingData="ignore")
    other = Alarm(embedded, TreatMissingData="notBreaching")
    alarm.set_state("ALARM")
    other.set_state("ALARM")
    other.reaches("OK")
    assert alarm.described()["StateValue"] == "ALARM"


def test_two_of_three_periods_ring(embedded: Embedded) -> None:
    alarm = Alarm(embedded, EvaluationPeriods=3, DatapointsToAlarm=2)
    for minutes_ago, value in ((3, 5), (2, 0), (1, 5)):
        alarm.measure(value, minutes_ago=minutes_ago)
    alarm.reaches("ALARM")


def test_a_changed_alarm_keeps_its_state_and_tags(embedded: Embedded) -> None:
    alarm = Alarm(embedded, Tags=[{"Key": "team", "Value": "ml"}], TreatMissingData="ignore")
    alarm.set_state("ALARM")
    alarm.put(Threshold=7.0, TreatMissingData="ignore", Tags=[{"Key": "team", "Value": "new"}])
    changed = alarm.described()
    assert (changed["Threshold"], changed["StateValue"]) == (7, "ALARM")
    tags = alarm.cloudwatch.list_tags_for_resource(ResourceARN=alarm.arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "ml"}]


def test_set_alarm_state_acts_once_for_each_transition(embedded: Embedded) -> None:
    inbox = Inbox(embedded)
    alarm = Alarm(embedded, TreatMissingData="ignore", AlarmActions=[a_topic(embedded, inbox)])
    alarm.set_state("ALARM")
    alarm.set_state("ALARM")
    (notification,) = eventually(inbox.messages, bool)
    message = json.loads(notification["Message"])
    assert (message["OldStateValue"], message["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert message["AlarmArn"] == alarm.arn
    assert message["Trigger"]["MetricName"] == "m"
    assert notification["Subject"].startswith(f'ALARM: "{alarm.name}"')
    eventually(alarm.history, lambda items: items[0]["HistoryItemType"] == "Action")
    assert inbox.messages() == []


def test_disabled_actions_are_not_taken(embedded: Embedded) -> None:
    inbox = Inbox(embedded)
    topic = a_topic(embedded, inbox)
    alarm = Alarm(embedded, TreatMissingData="ignore", AlarmActions=[topic], OKActions=[topic])
    alarm.cloudwatch.disable_alarm_actions(AlarmNames=[alarm.name])
    alarm.set_state("ALARM")
    alarm.cloudwatch.enable_alarm_actions(AlarmNames=[alarm.name])
    alarm.set_state("OK")
    (notification,) = eventually(inbox.messages, bool)
    assert json.loads(notification["Message"])["NewStateValue"] == "OK"


def test_event_bridge_hears_of_every_transition(embedded: Embedded) -> None:
    inbox, events = Inbox(embedded), embedded.client("events")
    alarm, rule = Alarm(embedded, TreatMissingData="ignore"), unique("rule")
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [alarm.name]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": inbox.arn}])
    alarm.set_state("ALARM")
    (event,) = eventually(inbox.messages, bool)
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["resources"] == [alarm.arn]


def test_a_composite_alarm_follows_its_children(embedded: Embedded) -> None:
    child = Alarm(embedded, TreatMissingData="ignore")
    composite = Alarm.__new__(Alarm)
    composite.cloudwatch, composite.name = child.cloudwatch, unique("composite")
    rule = f"ALARM({child.name}) AND NOT FALSE"
    child.cloudwatch.put_composite_alarm(AlarmName=composite.name, AlarmRule=rule)
    composite.reaches("OK")
    child.set_state("ALARM")
    assert composite.reaches("ALARM")["AlarmRule"] == rule
    parents = child.cloudwatch.describe_alarms(
        ParentsOfAlarmName=child.name, AlarmTypes=["CompositeAlarm"]
    )
    assert [found["AlarmName"] for found in parents["CompositeAlarms"]] == [composite.name]


def test_composite_alarms_are_described_only_when_asked_for(embedded: Embedded) -> None:
    cloudwatch, name = embedded.client("cloudwatch"), unique("composite")
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="FALSE")
    assert cloudwatch.describe_alarms(AlarmNames=[name])["CompositeAlarms"] == []


def test_the_history_tells_creation_transitions_and_deletion(embedded: Embedded) -> None:
    alarm = Alarm(embedded, TreatMissingData="ignore")
    alarm.set_state("ALARM")
    alarm.cloudwatch.delete_alarms(AlarmNames=[alarm.name, "never-existed"])
    items = alarm.history(ScanBy="TimestampAscending")
    kinds = [item["HistoryItemType"] for item in items]
    assert kinds == ["ConfigurationUpdate", "StateUpdate", "ConfigurationUpdate"]
    assert items[1]["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    assert [*alarm.history(HistoryItemType="StateUpdate", MaxRecords=1)] == [items[1]]


def test_alarms_come_in_pages(embedded: Embedded) -> None:
    cloudwatch, prefix = embedded.client("cloudwatch"), unique("paged")
    for number in range(5):
        cloudwatch.put_composite_alarm(AlarmName=f"{prefix}-{number}", AlarmRule="FALSE")
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=["CompositeAlarm"], PaginationConfig={"PageSize": 2}
    )
    assert [len(page["CompositeAlarms"]) for page in pages] == [2, 2, 1]


def test_an_alarms_tags_are_found_by_the_tagging_api(embedded: Embedded) -> None:
    alarm, team = Alarm(embedded), unique("team")
    alarm.cloudwatch.tag_resource(ResourceARN=alarm.arn, Tags=[{"Key": "team", "Value": team}])
    answer = embedded.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "team", "Values": [team]}]
    )
    assert [found["ResourceARN"] for found in answer["ResourceTagMappingList"]] == [alarm.arn]
    alarm.cloudwatch.untag_resource(ResourceARN=alarm.arn, TagKeys=["team"])
    assert alarm.cloudwatch.list_tags_for_resource(ResourceARN=alarm.arn)["Tags"] == []


def test_an_alarm_that_makes_no_sense_is_refused_with_awss_code(embedded: Embedded) -> None:
    for members in ({"Period": 45}, {"Statistic": "Median"}, {"DatapointsToAlarm": 2}):
        with pytest.raises(ClientError) as refused:
            Alarm(embedded, **members)
        assert refused.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize("kind", ["alarm", "insight-rule"])
def test_a_tag_without_a_key_is_refused(embedded: Embedded, kind: str) -> None:
    unchecked = boto3.client(
        "cloudwatch",
        region_name=REGION,
        endpoint_url=embedded.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}, proxies={}),
    )
    arn = f"arn:aws:cloudwatch:us-east-1:000000000000:{kind}:{unique('x')}"
    refused = refusal(unchecked.tag_resource, ResourceARN=arn, Tags=[{"Value": "a"}])
    assert refused[0] == "ValidationError"


def test_a_threshold_that_is_no_number_is_refused(embedded: Embedded) -> None:
    for value, said in ((float("nan"), "NaN"), (float("-inf"), "-Infinity")):
        with pytest.raises(ClientError, match=f"The value {said} for parameter Threshold is inval"):
            Alarm(embedded, Threshold=value)


def test_an_alarm_that_a_composite_alarm_needs_is_not_deleted(embedded: Embedded) -> None:
    child, parent = Alarm(embedded), unique("composite")
    child.cloudwatch.put_composite_alarm(AlarmName=parent, AlarmRule=f'ALARM("{child.name}")')
    with pytest.raises(ClientError, match=r"as there are composite alarm\(s\) depending on it"):
        child.cloudwatch.delete_alarms(AlarmNames=[child.name])
    child.cloudwatch.delete_alarms(AlarmNames=[child.name, parent])
    assert child.cloudwatch.describe_alarms(AlarmNames=[child.name, parent])["MetricAlarms"] == []

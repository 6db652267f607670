"""What CloudWatch tells others about a transition: the SNS message and the EventBridge event. Pure.

Forms: "Alarm events and EventBridge" in the CloudWatch user guide; the SNS message is the JSON
that AWS's samples parse.
"""

import functools
import json
from collections.abc import Mapping
from typing import Any

import botocore.session

from emulator.metrics.alarm_book import Transition
from emulator.metrics.alarm_requests import Document
from emulator.metrics.findings import stamp

_SUBJECT_LIMIT = 100


def sns_subject(transition: Transition) -> str:
    """Return the subject, cut to what SNS takes."""
    after = transition.after
    text = f'{after["StateValue"]}: "{after["AlarmName"]}" in {region_name(transition.region)}'
    return text[:_SUBJECT_LIMIT]


def sns_message(transition: Transition, *, account_id: str) -> str:
    after = transition.after
    message = {
        "AlarmName": after["AlarmName"],
        "AlarmDescription": after.get("AlarmDescription"),
        "AWSAccountId": account_id,
        "AlarmConfigurationUpdatedTimestamp": stamp(after["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": after["StateValue"],
        "NewStateReason": after["StateReason"],
        "StateChangeTime": stamp(transition.at),
        "Region": region_name(transition.region),
        "AlarmArn": after["AlarmArn"],
        "OldStateValue": transition.before["StateValue"],
        "OKActions": after["OKActions"],
        "AlarmActions": after["AlarmActions"],
        "InsufficientDataActions": after["InsufficientDataActions"],
    }
    if "AlarmRule" in after:
        message["AlarmRule"] = after["AlarmRule"]
    else:
        message["Trigger"] = _trigger(after)
    return json.dumps(message)


def _trigger(document: Document) -> dict[str, Any]:
    trigger = {
        "Period": document.get("Period"),
        "EvaluationPeriods": document["EvaluationPeriods"],
        "DatapointsToAlarm": document.get("DatapointsToAlarm", document["EvaluationPeriods"]),
        "ComparisonOperator": document["ComparisonOperator"],
        "Threshold": document.get("Threshold"),
        "TreatMissingData": document.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": document.get("EvaluateLowSampleCountPercentile", ""),
    }
    if document.get("Metrics"):
        return {**trigger, "Metrics": document["Metrics"]}
    extended = document.get("ExtendedStatistic")
    statistic = (
        {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}
        if extended
        else {"StatisticType": "Statistic", "Statistic": _spelled(document["Statistic"])}
    )
    return {
        "MetricName": document["MetricName"],
        "Namespace": document["Namespace"],
        **statistic,
        "Unit": document.get("Unit"),
        "Dimensions": [
            {"value": entry["Value"], "name": entry["Name"]}
            for entry in document.get("Dimensions", ())
        ],
        **trigger,
    }


def _spelled(statistic: str) -> str:
    return "SAMPLE_COUNT" if statistic == "SampleCount" else statistic.upper()


def state_change_event(transition: Transition) -> dict[str, Any]:
    """Return the entry of PutEvents for `CloudWatch Alarm State Change`."""
    after = transition.after
    detail = {
        "alarmName": after["AlarmName"],
        "state": _event_state(after),
        "previousState": _event_state(transition.before),
        "configuration": _configuration(after),
    }
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [after["AlarmArn"]],
        "Time": transition.at,
        "Detail": json.dumps(detail),
    }


def _event_state(document: Document) -> dict[str, Any]:
    state = {
        "value": document["StateValue"],
        "reason": document["StateReason"],
        "timestamp": stamp(document["StateUpdatedTimestamp"]),
    }
    if "StateReasonData" in document:
        state["reasonData"] = document["StateReasonData"]
    return state


def _configuration(document: Document) -> dict[str, Any]:
    told = {"description": document["AlarmDescription"]} if "AlarmDescription" in document else {}
    if "AlarmRule" in document:
        return {**told, "alarmRule": document["AlarmRule"]}
    queries = document.get("Metrics") or [_only_query(document)]
    return {**told, "metrics": [_event_query(query) for query in queries]}


def _only_query(document: Document) -> dict[str, Any]:
    metric = {
        "Namespace": document["Namespace"],
        "MetricName": document["MetricName"],
        "Dimensions": document.get("Dimensions", []),
    }
    stat = document.get("ExtendedStatistic") or document["Statistic"]
    return {
        "Id": "m1",
        "MetricStat": {"Metric": metric, "Period": document["Period"], "Stat": stat},
    }


def _event_query(query: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "MetricStat" not in query:
        return {**told, "expression": query["Expression"]}
    stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
    told["metricStat"] = {
        "metric": {
            "namespace": metric["Namespace"],
            "name": metric["MetricName"],
            "dimensions": {item["Name"]: item["Value"] for item in metric.get("Dimensions", ())},
        },
        "period": stat["Period"],
        "stat": stat["Stat"],
    }
    return told


@functools.cache
def region_name(region: str) -> str:
    """Return AWS's name for people ("US East (N. Virginia)"), as botocore knows it."""
    partitions = botocore.session.Session().get_data("endpoints")["partitions"]
    for partition in partitions:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region

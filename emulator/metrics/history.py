"""Entries of an alarm's history. Pure. Form: "DescribeAlarmHistory", CloudWatch API reference."""

import json
from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]


def alarm_type(document: Mapping[str, Any]) -> str:
    return "CompositeAlarm" if "AlarmRule" in document else "MetricAlarm"


def changed_configuration(
    before: Document | None, after: Document | None, *, now: float
) -> Document:
    """An alarm was created (`before` is None), changed, or deleted (`after` is None)."""
    if before is None:
        summary, kind = "created", "Create"
    elif after is None:
        summary, kind = "deleted", "Delete"
    else:
        summary, kind = "updated", "Update"
    document = after or before or {}
    data = {
        "version": "1.0",
        "type": kind,
        f"{summary}Alarm": {
            "alarmName": document["AlarmName"],
            "alarmArn": document.get("AlarmArn"),
            "actionsEnabled": document["ActionsEnabled"],
        },
    }
    summary = f'Alarm "{document["AlarmName"]}" {summary}'
    return _entry(document, "ConfigurationUpdate", summary=summary, data=data, now=now)


def changed_state(before: Document, after: Document, *, now: float) -> Document:
    summary = f"Alarm updated from {before['StateValue']} to {after['StateValue']}"
    data = {"version": "1.0", "oldState": _state(before), "newState": _state(after)}
    return _entry(after, "StateUpdate", summary=summary, data=data, now=now)


def acted(document: Document, action: str, *, error: str | None, now: float) -> Document:
    """An action was taken; `error` says why it failed."""
    done = "Successfully executed" if error is None else "Failed to execute"
    data = {
        "actionState": "Succeeded" if error is None else "Failed",
        "stateUpdateTimestamp": int(document["StateUpdatedTimestamp"] * 1000),
        "notificationResource": action,
        "error": error,
    }
    return _entry(document, "Action", summary=f"{done} action {action}", data=data, now=now)


def _state(document: Document) -> Document:
    found = {"stateValue": document["StateValue"], "stateReason": document["StateReason"]}
    if "StateReasonData" in document:
        found["stateReasonData"] = json.loads(document["StateReasonData"])
    return found


def _entry(
    document: Document, kind: str, *, summary: str, data: Mapping[str, Any], now: float
) -> Document:
    return {
        "AlarmName": document["AlarmName"],
        "AlarmType": alarm_type(document),
        "Timestamp": now,
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps(data),
    }

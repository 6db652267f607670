"""Monitoring schedules: kept, started and stopped; no monitoring job ever runs."""

import re
from collections.abc import Mapping
from typing import Any

from emulator.api.errors import ResourceInUse, ResourceNotFound, ValidationError
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.monitoring_job_definitions import KINDS
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new
from emulator.store import Document

KIND = "monitoring-schedule"
# "ScheduleConfig" page of the API reference: hourly, daily, or every so many hours.
_HOUR = r"(?:[01]?\d|2[0-3])"
_EXPRESSION = re.compile(rf"NOW|cron\(0 (?:\*|{_HOUR}(?:/(?:0?[1-9]|1\d|2[0-4]))?) \? \* \* \*\)")
_LISTING = Listing(
    result="MonitoringScheduleSummaries",
    name="MonitoringScheduleName",
    status="MonitoringScheduleStatus",
    strictly_after=True,
    equals={
        "EndpointName": "EndpointName",
        "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
        "MonitoringTypeEquals": "MonitoringType",
    },
)


def _require_schedule(context: Context, name: str) -> Document:
    document = context.store.find(context.key(KIND, name))
    if document is None:
        text = f"Could not find monitoring schedule {context.arn(KIND, name)}."
        raise ResourceNotFound(text)
    return document


@action("CreateMonitoringSchedule")
def create_monitoring_schedule(context: Context, params: Params) -> dict[str, Any]:
    name = params["MonitoringScheduleName"]
    arn = context.arn(KIND, name)
    now = context.now()
    with context.store.lock:
        if context.store.find(context.key(KIND, name)):
            text = f"Monitoring schedule {arn} already exists."
            raise ResourceInUse(text)
        document = {
            "MonitoringScheduleName": name,
            "MonitoringScheduleArn": arn,
            "MonitoringScheduleStatus": "Scheduled",
            **_configured(context, params["MonitoringScheduleConfig"]),
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        context.store.put(context.key(KIND, name), document)
        tag_new(context, arn, params=params)
    return {"MonitoringScheduleArn": arn}


def _configured(context: Context, config: Mapping[str, Any]) -> Document:
    """Return the members that follow from the configuration; None where it says nothing."""
    _check_expression(config.get("ScheduleConfig", {}).get("ScheduleExpression", "NOW"))
    monitoring_type = config.get("MonitoringType", "DataQuality")
    name = config.get("MonitoringJobDefinitionName")
    if name is not None:
        kind = KINDS[monitoring_type]
        endpoint_name = kind.endpoint_name(kind.require(context, name))
    else:
        inputs = config.get("MonitoringJobDefinition", {}).get("MonitoringInputs", [])
        names = [item.get("EndpointInput", {}).get("EndpointName") for item in inputs]
        endpoint_name = next(filter(None, names), "")
    return {
        "MonitoringScheduleConfig": config,
        "MonitoringType": monitoring_type,
        "MonitoringJobDefinitionName": name,
        "EndpointName": endpoint_name or None,
    }


def _check_expression(expression: str) -> None:
    if not _EXPRESSION.fullmatch(expression):
        text = (
            f"Invalid ScheduleExpression {expression}. Use NOW, cron(0 * ? * * *), "
            "cron(0 [00-23] ? * * *) or cron(0 [00-23]/[01-24] ? * * *)."
        )
        raise ValidationError(text)


@action("DescribeMonitoringSchedule")
def describe_monitoring_schedule(context: Context, params: Params) -> dict[str, Any]:
    return _require_schedule(context, params["MonitoringScheduleName"])


@action("ListMonitoringSchedules")
def list_monitoring_schedules(context: Context, params: Params) -> dict[str, Any]:
    return list_page(context.store.all(context.region, KIND), params, listing=_LISTING)


@action("UpdateMonitoringSchedule")
def update_monitoring_schedule(context: Context, params: Params) -> dict[str, Any]:
    with context.store.lock:
        patch = _configured(context, params["MonitoringScheduleConfig"])
        return _changed(context, params, patch)


@action("StartMonitoringSchedule")
def start_monitoring_schedule(context: Context, params: Params) -> dict[str, Any]:
    return _changed(context, params, {"MonitoringScheduleStatus": "Scheduled"})


@action("StopMonitoringSchedule")
def stop_monitoring_schedule(context: Context, params: Params) -> dict[str, Any]:
    return _changed(context, params, {"MonitoringScheduleStatus": "Stopped"})


def _changed(context: Context, params: Params, patch: Mapping[str, Any]) -> dict[str, Any]:
    name = params["MonitoringScheduleName"]
    with context.store.lock:
        document = _require_schedule(context, name)
        members = {**patch, "LastModifiedTime": context.now()}
        context.store.merge(context.key(KIND, name), members)
    return {"MonitoringScheduleArn": document["MonitoringScheduleArn"]}


@action("DeleteMonitoringSchedule")
def delete_monitoring_schedule(context: Context, params: Params) -> dict[str, Any]:
    with context.store.lock:
        document = _require_schedule(context, params["MonitoringScheduleName"])
        context.store.remove(context.key(KIND, params["MonitoringScheduleName"]))
        context.store.remove_tags(document["MonitoringScheduleArn"])
    return {}

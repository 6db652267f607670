"""DescribeAlarms, DescribeAlarmsForMetric and DescribeAlarmHistory, from requests to answers.

Rules: the pages of these actions in the CloudWatch API reference.
"""

from collections.abc import Mapping
from typing import Any

from emulator.metrics.alarm_book import AlarmBook
from emulator.metrics.alarm_requests import Document
from emulator.metrics.composite import alarms_in, parse_rule
from emulator.metrics.errors import validation_error
from emulator.metrics.history import alarm_type
from emulator.metrics.paging import page
from emulator.metrics.readings import as_time
from emulator.metrics.store import dimensions_of

Params = Mapping[str, Any]

_MOST_RECORDS = 100
_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")


def describe_alarms(params: Params, *, book: AlarmBook, region: str) -> dict[str, Any]:
    """Without AlarmTypes only metric alarms are described, as on AWS."""
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        text = "AlarmNames and AlarmNamePrefix cannot be specified together."
        raise validation_error(text)
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    everything = book.all(region)
    wanted = [
        document
        for document in _family(everything, params)
        if alarm_type(document) in kinds and _matches(document, params)
    ]
    limit = params.get("MaxRecords") or _MOST_RECORDS
    found, token = page(wanted, limit=limit, token=params.get("NextToken"))
    answers = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms"}
    described: dict[str, Any] = {name: [] for name in answers.values()}
    for document in found:
        described[answers[alarm_type(document)]].append(shown(document))
    return {**described, "NextToken": token}


def _family(documents: list[Document], params: Params) -> list[Document]:
    """ChildrenOfAlarmName and ParentsOfAlarmName; else all."""
    by_name = {document["AlarmName"]: document for document in documents}
    parent, child = params.get("ChildrenOfAlarmName"), params.get("ParentsOfAlarmName")
    if parent:
        names = _children(by_name.get(parent, {}))
        return [document for document in documents if document["AlarmName"] in names]
    if child:
        return [document for document in documents if child in _children(document)]
    return documents


def _children(document: Mapping[str, Any]) -> set[str]:
    return alarms_in(parse_rule(document["AlarmRule"])) if "AlarmRule" in document else set()


def _matches(document: Document, params: Params) -> bool:
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix")
    action_prefix = params.get("ActionPrefix")
    actions = [arn for kind in _ACTIONS for arn in document[kind]]
    return (
        (not names or document["AlarmName"] in names)
        and (not prefix or document["AlarmName"].startswith(prefix))
        and params.get("StateValue") in (None, document["StateValue"])
        and (not action_prefix or any(arn.startswith(action_prefix) for arn in actions))
    )


def describe_alarms_for_metric(params: Params, *, book: AlarmBook, region: str) -> dict[str, Any]:
    """Namespace, name and dimensions must be the alarm's own; the rest only when given."""
    dimensions = dimensions_of(params.get("Dimensions", ()))
    optional = ("Statistic", "ExtendedStatistic", "Period", "Unit")
    found = [
        shown(document)
        for document in book.all(region)
        if document.get("MetricName") == params["MetricName"]
        and document.get("Namespace") == params["Namespace"]
        and dimensions_of(document.get("Dimensions", ())) == dimensions
        and all(params.get(name) in (None, document.get(name)) for name in optional)
    ]
    return {"MetricAlarms": found}


def describe_alarm_history(params: Params, *, book: AlarmBook, region: str) -> dict[str, Any]:
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    found = [
        {**entry, "Timestamp": as_time(entry["Timestamp"])}
        for entry in book.history(region)
        if entry["AlarmType"] in kinds and _in_history(entry, params)
    ]
    if params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
        found.reverse()
    limit = params.get("MaxRecords") or _MOST_RECORDS
    entries, token = page(found, limit=limit, token=params.get("NextToken"))
    return {"AlarmHistoryItems": entries, "NextToken": token}


def _in_history(entry: Document, params: Params) -> bool:
    start, end = params.get("StartDate"), params.get("EndDate")
    return (
        params.get("AlarmName") in (None, entry["AlarmName"])
        and params.get("HistoryItemType") in (None, entry["HistoryItemType"])
        and (start is None or start.timestamp() <= entry["Timestamp"])
        and (end is None or entry["Timestamp"] <= end.timestamp())
    )


def shown(document: Document) -> dict[str, Any]:
    """Return the document as it is answered: times are times."""
    return {
        name: as_time(value) if name.endswith("Timestamp") else value
        for name, value in document.items()
        if value is not None
    }

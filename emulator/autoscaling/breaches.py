"""How far an alarm is beyond its threshold, from its state or from the metric itself."""

import json

from emulator.autoscaling.rules import Breach
from emulator.metrics.alarm_book import Transition
from emulator.metrics.alarm_requests import Document
from emulator.metrics.findings import find_metric_alarm
from emulator.metrics.store import MetricStore

_RISING = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")


class NoThreshold(Exception):
    """An alarm without a fixed threshold says nothing about how much to scale."""


def breach_of(transition: Transition, *, store: MetricStore) -> Breach:
    """A transition carries the data points that made it; an alarm that goes on is looked up."""
    after = transition.after
    changed = transition.before["StateValue"] != after["StateValue"]
    values = _told(after) if changed else ()
    return _breach(
        after, values or _found(after, store=store, region=transition.region, now=transition.at)
    )


def breach_now(document: Document, *, store: MetricStore, region: str, now: float) -> Breach:
    return _breach(document, _found(document, store=store, region=region, now=now))


def _breach(document: Document, values: tuple[float, ...]) -> Breach:
    if "Threshold" not in document:
        text = f"The alarm {document['AlarmName']} has no threshold to scale by."
        raise NoThreshold(text)
    return Breach(
        rising=document["ComparisonOperator"] in _RISING,
        threshold=document["Threshold"],
        values=values,
    )


def _told(document: Document) -> tuple[float, ...]:
    """SetAlarmState may have been given any JSON, or none."""
    data = json.loads(document.get("StateReasonData", "{}"))
    values = data.get("recentDatapoints", []) if isinstance(data, dict) else []
    return tuple(float(value) for value in values)


def _found(document: Document, *, store: MetricStore, region: str, now: float) -> tuple[float, ...]:
    if "AlarmRule" in document or "Threshold" not in document:
        return ()
    finding = find_metric_alarm(document, store=store, region=region, now=now)
    if finding is None or finding.reason_data is None:
        return ()
    return tuple(finding.reason_data["recentDatapoints"])

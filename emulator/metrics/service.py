"""CloudWatch as one thing: answers its actions, and runs its alarms until it is stopped.

`answer` takes requests as botocore's model parses them; dashboards and insight rules are not here.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from emulator.metrics.actions import Action, AlarmActions, Tell
from emulator.metrics.alarm_book import AlarmBook, Finding
from emulator.metrics.alarm_readings import (
    describe_alarm_history,
    describe_alarms,
    describe_alarms_for_metric,
)
from emulator.metrics.alarm_requests import Document, composite_alarm, metric_alarm
from emulator.metrics.composite import alarms_in, parse_rule
from emulator.metrics.engine import AlarmEngine
from emulator.metrics.errors import CloudWatchError, validation_error
from emulator.metrics.history import alarm_type
from emulator.metrics.metric_data import read_metric_data
from emulator.metrics.readings import get_metric_data, get_metric_statistics, list_metrics
from emulator.metrics.store import MetricStore

Params = Mapping[str, Any]
_SNAPSHOT_VERSION = 1
_STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")


class CloudWatch:
    def __init__(
        self,
        account_id: str,
        *,
        actions: Mapping[str, Action],
        tell: Tell,
        time_scale: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = MetricStore()
        self.book = AlarmBook(account_id)
        self.actions = AlarmActions(self.book, actions=actions, tell=tell)
        self.engine = AlarmEngine(
            self.store,
            self.book,
            listener=self.actions.on_transition,
            time_scale=time_scale,
            clock=clock,
        )
        self._clock = clock

    def start(self) -> None:
        self.actions.start()
        self.engine.start()

    def stop(self) -> None:
        self.engine.stop()
        self.actions.stop()

    def snapshot(self) -> dict[str, Any]:
        """Return all metrics and alarms as plain data."""
        return {
            "version": _SNAPSHOT_VERSION,
            "metrics": self.store.snapshot(),
            "alarms": self.book.snapshot(),
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Become what `snapshot` returned; ValueError for a snapshot of another version."""
        if plain.get("version") != _SNAPSHOT_VERSION:
            text = f"a CloudWatch snapshot of version {plain.get('version')} cannot be restored"
            raise ValueError(text)
        self.store.restore(plain["metrics"])
        self.book.restore(plain["alarms"])

    def put_metric_data(self, params: Params, region: str) -> Document:
        entries = params.get("MetricData", [])
        data = read_metric_data(params["Namespace"], entries, now=self._clock())
        self.store.put(region, data)
        return {}

    def get_metric_data(self, params: Params, region: str) -> Document:
        return get_metric_data(params, store=self.store, region=region)

    def get_metric_statistics(self, params: Params, region: str) -> Document:
        return get_metric_statistics(params, store=self.store, region=region)

    def list_metrics(self, params: Params, region: str) -> Document:
        return list_metrics(params, store=self.store, region=region, now=self._clock())

    def put_metric_alarm(self, params: Params, region: str) -> Document:
        return self._put_alarm(metric_alarm(params), params, region=region)

    def put_composite_alarm(self, params: Params, region: str) -> Document:
        document = composite_alarm(params)
        names = alarms_in(parse_rule(document["AlarmRule"]))
        missing = sorted(name for name in names if self.book.find(region, name) is None)
        if missing:
            text = (
                "Could not save the composite alarm as alarms "
                f"[{', '.join(missing)}] in the alarm rule do not exist"
            )
            raise validation_error(text)
        if document["AlarmName"] in names:
            text = f"The composite alarm {document['AlarmName']} must not refer to itself."
            raise validation_error(text)
        return self._put_alarm(document, params, region=region)

    def _put_alarm(self, document: Document, params: Params, *, region: str) -> Document:
        known = self.book.find(region, document["AlarmName"])
        if known is not None and alarm_type(known) != alarm_type(document):
            text = f"An alarm of another type has the name {document['AlarmName']}."
            raise validation_error(text)
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}
        self.book.put(region, document, now=self._clock(), tags=tags)
        return {}

    def describe_alarms(self, params: Params, region: str) -> Document:
        return describe_alarms(params, book=self.book, region=region)

    def describe_alarms_for_metric(self, params: Params, region: str) -> Document:
        return describe_alarms_for_metric(params, book=self.book, region=region)

    def describe_alarm_history(self, params: Params, region: str) -> Document:
        return describe_alarm_history(params, book=self.book, region=region)

    def delete_alarms(self, params: Params, region: str) -> Document:
        names = params.get("AlarmNames", ())
        for alarm in self.book.all(region):
            rule = alarm.get("AlarmRule")
            needed = alarms_in(parse_rule(rule)) if rule is not None else set()
            for name in names:
                if name in needed and alarm["AlarmName"] not in names:
                    text = f"Cannot delete {name} as there are composite alarm(s) depending on it."
                    raise validation_error(text)
        self.book.delete(region, names, now=self._clock())
        return {}

    def enable_alarm_actions(self, params: Params, region: str) -> Document:
        return self._switch_actions(params, region, enabled=True)

    def disable_alarm_actions(self, params: Params, region: str) -> Document:
        return self._switch_actions(params, region, enabled=False)

    def _switch_actions(self, params: Params, region: str, *, enabled: bool) -> Document:
        for name in params.get("AlarmNames", ()):
            self.book.merge(region, name, {"ActionsEnabled": enabled})
        return {}

    def set_alarm_state(self, params: Params, region: str) -> Document:
        state, data = params["StateValue"], params.get("StateReasonData")
        if state not in _STATES:
            text = (
                f"1 validation error detected: Value '{state}' at 'stateValue' failed to satisfy "
                "constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
            )
            raise validation_error(text)
        try:
            reason_data = json.loads(data) if data is not None else None
        except ValueError as error:
            code, text = "InvalidFormat", "StateReasonData must be JSON."
            raise CloudWatchError(code, text) from error
        finding = Finding(state=state, reason=params["StateReason"], reason_data=reason_data)
        transition = self.book.set_state(region, params["AlarmName"], finding, now=self._clock())
        if transition is not None:
            self.actions.on_transition(transition)
        return {}

    def list_tags_for_resource(self, params: Params, region: str) -> Document:
        self._require(params["ResourceARN"], region)
        tags = self.book.tags(params["ResourceARN"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def tag_resource(self, params: Params, region: str) -> Document:
        self._require(params["ResourceARN"], region)
        put = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        self.book.change_tags(params["ResourceARN"], put=put)
        return {}

    def untag_resource(self, params: Params, region: str) -> Document:
        self._require(params["ResourceARN"], region)
        self.book.change_tags(params["ResourceARN"], put={}, drop=params["TagKeys"])
        return {}

    def _require(self, arn: str, region: str) -> None:
        if self.book.find(region, arn.rpartition(":alarm:")[2]) is None:
            code, text = "ResourceNotFoundException", f"No resource has the ARN {arn}."
            raise CloudWatchError(code, text)

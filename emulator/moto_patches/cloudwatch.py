"""CloudWatch: a changed alarm keeps its state, a new one has none yet.

Source: "PutMetricAlarm" page of the API reference. Alarms are not evaluated; SetAlarmState sets
the state.
"""

from collections.abc import Callable
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

from emulator.moto_patches.patching import wrap

_STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp")


def apply() -> None:
    wrap(CloudWatchBackend, "put_metric_alarm", by=_keeping_state)


def _keeping_state(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto gives every alarm that is put the state OK."""

    def put_metric_alarm(self: Any, *arguments: Any, **options: Any) -> Any:
        name = options.get("name", arguments[0] if arguments else None)
        before = self.alarms.get(name)
        alarm = original(self, *arguments, **options)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
            return alarm
        for attribute in _STATE:
            setattr(alarm, attribute, getattr(before, attribute))
        return alarm

    return put_metric_alarm

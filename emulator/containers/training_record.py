"""The part of a training job's description that changes while it runs.

Texts are those of "SecondaryStatusTransition" in the SageMaker API reference.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from emulator.containers.jobs import FAILURE_REASON_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MESSAGES = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Interrupted": "Training job interrupted: the managed spot training instances were reclaimed",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxWaitTimeExceeded": "Training job wait time exceeded MaxWaitTimeInSeconds provided",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}


# AWS promises savings of up to 90 % and bills by the market; this stands for the market.
_SPOT_PRICE = 0.3


def _billable_s(training_s: int) -> int:
    """What spot instances are billed for, at least a second."""
    return max(1, int(training_s * _SPOT_PRICE))


class TrainingRecord:
    """Reports secondary statuses with their transitions, and the end with its times."""

    def __init__(self, update: Callable[[Mapping[str, Any]], None], *, spot: bool = False) -> None:
        self._update = update
        self._spot = spot
        self._transitions: list[dict[str, Any]] = []
        self._started: dt.datetime | None = None

    def enter(self, secondary: str, *, status: str = "InProgress", **fields: Any) -> None:
        """Report a secondary status; entering the current one again changes nothing."""
        now = dt.datetime.now(dt.UTC)
        if secondary == "Downloading" and self._started is None:
            self._started = now
            fields["TrainingStartTime"] = now
        self._move(secondary, now)
        self._report(secondary, status, at=now, fields=fields)

    def measured(self, metrics: Sequence[Mapping[str, Any]]) -> None:
        """Report the last value of each metric, if there is any."""
        if metrics:
            self._update({"FinalMetricDataList": list(metrics)})

    def end(self, status: str, *, secondary: str | None = None, **fields: Any) -> None:
        """Report the final status; the secondary one is the same unless given."""
        now = dt.datetime.now(dt.UTC)
        final = secondary or status
        self._move(final, now)
        self._transitions[-1]["EndTime"] = now
        started = self._started or now
        seconds = max(1, round((now - started).total_seconds()))
        times = {"TrainingStartTime": started, "TrainingEndTime": now}
        billed = {
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": _billable_s(seconds) if self._spot else seconds,
        }
        self._report(final, status, at=now, fields={**fields, **times, **billed})

    def fail(self, reason: str) -> None:
        """Report the end Failed."""
        self.end("Failed", FailureReason=reason[:FAILURE_REASON_LIMIT])

    def _move(self, secondary: str, now: dt.datetime) -> None:
        if self._transitions and self._transitions[-1]["Status"] == secondary:
            return
        if self._transitions:
            self._transitions[-1]["EndTime"] = now
        message = _MESSAGES[secondary]
        transition = {"Status": secondary, "StartTime": now, "StatusMessage": message}
        self._transitions.append(transition)

    def _report(
        self, secondary: str, status: str, *, at: dt.datetime, fields: Mapping[str, Any]
    ) -> None:
        self._update(
            {
                **fields,
                "TrainingJobStatus": status,
                "SecondaryStatus": secondary,
                "SecondaryStatusTransitions": [dict(entry) for entry in self._transitions],
                "LastModifiedTime": at,
            }
        )

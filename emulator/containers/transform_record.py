"""The part of a transform job's description that changes while it runs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from emulator.containers.jobs import FAILURE_REASON_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class TransformRecord:
    """Reports status and times; a transform job has no secondary status."""

    def __init__(self, update: Callable[[Mapping[str, Any]], None]) -> None:
        self._update = update
        self._started: dt.datetime | None = None

    def start(self) -> None:
        self._started = dt.datetime.now(dt.UTC)
        self._update({"TransformJobStatus": "InProgress", "TransformStartTime": self._started})

    def end(self, status: str, **fields: Any) -> None:
        now = dt.datetime.now(dt.UTC)
        times = {"TransformStartTime": self._started or now, "TransformEndTime": now}
        self._update({**fields, **times, "TransformJobStatus": status})

    def fail(self, reason: str) -> None:
        self.end("Failed", FailureReason=reason[:FAILURE_REASON_LIMIT])

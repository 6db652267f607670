"""The part of a processing job's description that changes while it runs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from emulator.containers.jobs import FAILURE_REASON_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ProcessingRecord:
    """Reports status and times; a processing job has no secondary status."""

    def __init__(self, update: Callable[[Mapping[str, Any]], None]) -> None:
        self._update = update
        self._started: dt.datetime | None = None

    def start(self) -> None:
        """Report that the container's inputs are being prepared."""
        self._started = dt.datetime.now(dt.UTC)
        self._report("InProgress", ProcessingStartTime=self._started)

    def stopping(self) -> None:
        """Report that the container was asked to end."""
        self._report("Stopping")

    def end(self, status: str, **fields: Any) -> None:
        """Report the final status."""
        now = dt.datetime.now(dt.UTC)
        times = {"ProcessingStartTime": self._started or now, "ProcessingEndTime": now}
        self._report(status, **fields, **times)

    def fail(self, reason: str, **fields: Any) -> None:
        """Report the end Failed."""
        self.end("Failed", FailureReason=reason[:FAILURE_REASON_LIMIT], **fields)

    def _report(self, status: str, **fields: Any) -> None:
        now = dt.datetime.now(dt.UTC)
        self._update({**fields, "ProcessingJobStatus": status, "LastModifiedTime": now})

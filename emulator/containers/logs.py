"""A container's log stream in CloudWatch Logs, written in batches by its own thread.

A log that cannot be written never fails the container: what is lost is said in the server's log.
"""

from __future__ import annotations

import collections
import logging
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.containers.batching import BatchWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.cloud import Cloud

logger = logging.getLogger(__name__)

_BATCH_EVENTS = 1000
_BATCH_INTERVAL_S = 0.3
# PutLogEvents takes 1,048,576 bytes per batch, each event counted with 26 more.
_BATCH_BYTES = 1_000_000
_EVENT_OVERHEAD_BYTES = 26
_TAIL_LINES = 40


class LogStream:
    """One stream of one group. `write` never blocks on the network; `close` flushes."""

    def __init__(self, cloud: Cloud, *, region: str, group: str, stream: str) -> None:
        self.group = group
        self.stream = stream
        self._client = cloud.client("logs", region)
        self._tail: collections.deque[str] = collections.deque(maxlen=_TAIL_LINES)
        self._create()
        self._events: BatchWriter[dict[str, Any]] = BatchWriter(
            self._put_all, interval_s=_BATCH_INTERVAL_S, most_items=_BATCH_EVENTS
        )

    def write(self, line: str) -> None:
        """Queue one line, stamped now; empty lines are kept as one blank (AWS refuses empty)."""
        self._tail.append(line)
        self._events.put({"timestamp": time.time_ns() // 1_000_000, "message": line or " "})

    def tail(self) -> tuple[str, ...]:
        """The last lines written."""
        return tuple(self._tail)

    def close(self) -> None:
        """Flush what is queued and end the writer."""
        self._events.close()

    def _create(self) -> None:
        for create, names in (
            (self._client.create_log_group, {"logGroupName": self.group}),
            (
                self._client.create_log_stream,
                {"logGroupName": self.group, "logStreamName": self.stream},
            ),
        ):
            try:
                create(**names)
            except self._client.exceptions.ResourceAlreadyExistsException:
                continue
            except (BotoCoreError, ClientError) as error:
                self._lost(error)

    def _put_all(self, events: list[dict[str, Any]]) -> None:
        for batch in batches(events):
            self._put(batch)

    def _put(self, events: list[dict[str, Any]]) -> None:
        try:
            self._client.put_log_events(
                logGroupName=self.group, logStreamName=self.stream, logEvents=events
            )
        except (BotoCoreError, ClientError) as error:
            self._lost(error)

    def _lost(self, error: Exception) -> None:
        logger.warning("log_lines_lost group=%s stream=%s cause=%s", self.group, self.stream, error)


def batches(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Cut events into batches that PutLogEvents accepts."""
    batch: list[dict[str, Any]] = []
    size = 0
    for event in events:
        event_bytes = len(event["message"].encode()) + _EVENT_OVERHEAD_BYTES
        if batch and size + event_bytes > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += event_bytes
    if batch:
        yield batch

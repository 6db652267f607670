"""CloudWatch's logs: the last lines, which explain a failure, and all of them, for who asks.

Last lines explain a failure of something else; a log that cannot be read is no failure of its own.
"""

import logging
from collections.abc import Iterator
from typing import Any

from pipeline.core.errors import PipelineError
from pipeline.core.tail import LogLine
from pipeline.gateways.aws import FAILURES, Cloud, if_there

logger = logging.getLogger(__name__)

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
PROCESSING_LOGS = "/aws/sagemaker/ProcessingJobs"
ENDPOINT_LOGS = "/aws/sagemaker/Endpoints/"

# Of one stream, whose empty hours are pages too.
_MOST_PAGES = 20
_NO_GROUP = {"ResourceNotFoundException"}


class Logs:
    """The log groups of one account and region."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def tail(self, group: str, stream_prefix: str, *, count: int) -> tuple[str, ...]:
        """Return the last lines of the newest stream that has any; none where there is no log."""
        try:
            for stream in self._newest_streams(group, stream_prefix):
                lines = self._last_lines(group, stream, count)
                if lines:
                    return lines
        except FAILURES as error:
            logger.debug("no log group=%s: %s", group, error)
        return ()

    def lines(self, group: str, stream_prefix: str, *, start_ms: int) -> Iterator[LogLine]:
        """Yield every event from a time on of all streams with this prefix.

        A page may be empty and not the last one (API reference, FilterLogEvents). There are none
        where there is no such group. Raises CloudUnusable.
        """
        asked: dict[str, Any] = {"logGroupName": group, "startTime": start_ms}
        if stream_prefix:
            asked["logStreamNamePrefix"] = stream_prefix
        while True:
            page = if_there(
                f"read the log {group}",
                lambda: self._client.filter_log_events(**asked),
                missing=_NO_GROUP,
            )
            for event in (page or {}).get("events", ()):
                yield LogLine(
                    time_ms=event["timestamp"],
                    group=group,
                    stream=event["logStreamName"],
                    id=event["eventId"],
                    text=event["message"].rstrip("\n"),
                )
            token = (page or {}).get("nextToken")
            if not token:
                return
            asked["nextToken"] = token

    def readable(self, group: str, stream_prefix: str, *, start_ms: int) -> tuple[LogLine, ...]:
        """Return what `lines` yields; nothing where the log cannot be read now."""
        try:
            return tuple(self.lines(group, stream_prefix, start_ms=start_ms))
        except PipelineError as error:
            logger.debug("no log group=%s: %s", group, error)
            return ()

    def _newest_streams(self, group: str, prefix: str) -> list[str]:
        """Order by creation: an old fleet goes on writing while a new container dies."""
        order: dict[str, Any] = (
            {"logStreamNamePrefix": prefix}
            if prefix
            else {"orderBy": "LastEventTime", "descending": True}
        )
        streams = self._client.describe_log_streams(logGroupName=group, **order)["logStreams"]
        streams.sort(key=lambda stream: stream.get("creationTime", 0), reverse=True)
        return [stream["logStreamName"] for stream in streams]

    def _last_lines(self, group: str, stream: str, count: int) -> tuple[str, ...]:
        """Read backwards. A page may be empty and not the last one: that repeats its token.

        AWS divides a stream by time, and often its end is empty (API reference, GetLogEvents;
        boto/boto3 issue 3718).
        """
        asked: dict[str, Any] = {"logGroupName": group, "logStreamName": stream, "limit": count}
        lines: list[str] = []
        for _ in range(_MOST_PAGES):
            page = self._client.get_log_events(**asked, startFromHead=False)
            lines = [*(event["message"].rstrip() for event in page["events"]), *lines]
            if len(lines) >= count or page["nextBackwardToken"] == asked.get("nextToken"):
                break
            asked["nextToken"] = page["nextBackwardToken"]
        return tuple(lines[-count:])

    @property
    def _client(self) -> Any:
        return self._cloud.client("logs")

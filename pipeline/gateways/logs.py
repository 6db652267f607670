"""The last lines of CloudWatch's logs.

They explain a failure of something else; a log that cannot be read is no failure of its own.
"""

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.gateways.aws import Cloud

logger = logging.getLogger(__name__)


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
        except (BotoCoreError, ClientError) as error:
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
        events = self._client.get_log_events(
            logGroupName=group, logStreamName=stream, limit=count, startFromHead=False
        )["events"]
        return tuple(event["message"].rstrip() for event in events)

    @property
    def _client(self) -> Any:
        return self._cloud.client("logs")

"""EventBridge's default bus, on which this project asks its pipeline for something.

An event carries the id of its request, which a pipeline claims: put again after an answer that was
lost, it is another event of the same request, and starts nothing twice.
"""

import json
from collections.abc import Mapping

from pipeline.core.errors import CloudUnusable
from pipeline.gateways.aws import Cloud, attempting


class EventBus:
    """The default bus of one account and region."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def put(self, detail: Mapping[str, str], *, source: str, detail_type: str) -> str:
        """Put one event; return its id. Raises CloudUnusable when it was not taken."""
        entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(dict(detail))}
        with attempting("put an event on the default event bus"):
            answer = self._cloud.client("events").put_events(Entries=[entry])
        result = answer["Entries"][0]
        if answer["FailedEntryCount"]:
            said = f"{result.get('ErrorCode')}: {result.get('ErrorMessage')}"
            message = f"EventBridge did not take the event {detail_type} of {source}: {said}."
            raise CloudUnusable(
                message, remedy="Nothing was asked for. Run the same command again."
            )
        return str(result["EventId"])

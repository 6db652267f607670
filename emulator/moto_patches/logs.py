"""CloudWatch Logs: saved queries, metric filters that can be changed, streams of a bounded size.

Source: "PutQueryDefinition", "DescribeQueryDefinitions", "DeleteQueryDefinition",
"PutMetricFilter", "FilterLogEvents" and "GetLogEvents" pages of the API reference. Saved queries
are kept, not run.
"""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogsBackend, LogStream
from moto.logs.responses import LogsResponse

from emulator.moto_patches.locking import one_at_a_time
from emulator.moto_patches.patching import add, wrap

_MOST = 1000
# A million lines are 600 MB here, and every snapshot of them holds calls back for seconds.
MOST_EVENTS = 100_000
_NAMES_OR_PREFIX = "LogStreamNamePrefix and LogStreamNames are mutually exclusive."


def apply() -> None:
    for name in ("create_log_stream", "put_log_events"):
        wrap(LogsBackend, name, by=one_at_a_time)
    wrap(LogsBackend, "delete_log_group", by=_with_its_tags)
    wrap(LogStream, "put_log_events", by=forgetting_the_oldest)
    wrap(LogStream, "get_log_events", by=_with_an_empty_page)
    wrap(MetricFilters, "add_filter", by=_replacing)
    wrap(LogsBackend, "filter_log_events", by=one_at_a_time)
    wrap(LogsResponse, "filter_log_events", by=_of_named_streams)
    add(LogsResponse, "put_query_definition", function=_put)
    add(LogsResponse, "describe_query_definitions", function=_describe)
    add(LogsResponse, "delete_query_definition", function=_delete)


def _with_its_tags(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto keeps them, under the ARN in either of its forms, for the next group of that name."""

    def delete_log_group(self: Any, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        original(self, log_group_name)
        for arn in (group.arn, group.arn.removesuffix(":*")):
            self.tagger.delete_all_tags_for_resource(arn)

    return delete_log_group


def forgetting_the_oldest(original: Callable[..., Any]) -> Callable[..., Any]:
    def put_log_events(self: Any, log_events: Any) -> Any:
        token = original(self, log_events)
        del self.events[:-MOST_EVENTS]
        return token

    return put_log_events


def _with_an_empty_page(original: Callable[..., Any]) -> Callable[..., Any]:
    """AWS divides a stream by time, and often its last page is empty (boto/boto3 issue 3718)."""

    def get_log_events(
        self: Any,
        start_time: Any,
        end_time: Any,
        limit: int | None,
        next_token: str | None,
        start_from_head: Any,
    ) -> Any:
        found = original(self, start_time, end_time, limit, next_token, start_from_head)
        events, _, forward = found
        if next_token is not None or start_from_head or not events:
            return found
        return [], f"b/{int(forward[2:]) + 1:056d}", forward

    return get_log_events


def _replacing(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto kept the filter that is there next to the new one, and answered with the old one."""

    def add_filter(
        self: Any, filter_name: str, filter_pattern: str, log_group_name: str, *rest: Any
    ) -> None:
        before = list(self.metric_filters)
        original(self, filter_name, filter_pattern, log_group_name, *rest)
        new = self.metric_filters[-1]
        same = (filter_name, log_group_name)
        kept = [item for item in before if (item["filterName"], item["logGroupName"]) != same]
        self.metric_filters = [*kept, new]

    return add_filter


def _of_named_streams(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto ignores logStreamNamePrefix, and puts one stream behind the other; AWS merges them."""

    def filter_log_events(self: Any) -> str:
        asked = json.loads(self.body)
        prefix, names = asked.get("logStreamNamePrefix"), asked.get("logStreamNames")
        if prefix and names:
            raise InvalidParameterException(msg=_NAMES_OR_PREFIX)
        group = self.logs_backend.groups.get(asked.get("logGroupName"))
        if prefix and group is not None:
            names = [name for name in list(group.streams) if name.startswith(prefix)]
            if not names:
                return json.dumps({"events": [], "searchedLogStreams": []})
        self.body = json.dumps(asked | {"logStreamNames": names or [], "interleaved": True})
        # Deprecated since 2020, and empty.
        return json.dumps(json.loads(original(self)) | {"searchedLogStreams": []})

    return filter_log_events


def _put(self: Any) -> str:
    definitions = _definitions(self)
    identifier = self._get_param("queryDefinitionId")
    if identifier is not None:
        _require(definitions, identifier)
    else:
        identifier = str(uuid.uuid4())
    definition = {
        "queryDefinitionId": identifier,
        "name": self._get_param("name"),
        "queryString": self._get_param("queryString"),
        "logGroupNames": self._get_param("logGroupNames") or [],
        "lastModified": int(time.time() * 1000),
    }
    language = self._get_param("queryLanguage")
    if language is not None:
        definition["queryLanguage"] = language
    definitions[identifier] = definition
    return json.dumps({"queryDefinitionId": identifier})


def _describe(self: Any) -> str:
    prefix = self._get_param("queryDefinitionNamePrefix") or ""
    found = sorted(
        (item for item in _definitions(self).values() if item["name"].startswith(prefix)),
        key=lambda item: (item["name"], item["queryDefinitionId"]),
    )
    start = int(self._get_param("nextToken") or 0)
    end = start + (self._get_int_param("maxResults") or _MOST)
    answer: dict[str, Any] = {"queryDefinitions": found[start:end]}
    if end < len(found):
        answer["nextToken"] = str(end)
    return json.dumps(answer)


def _delete(self: Any) -> str:
    definitions, identifier = _definitions(self), self._get_param("queryDefinitionId")
    _require(definitions, identifier)
    del definitions[identifier]
    return json.dumps({"success": True})


def _definitions(response: Any) -> dict[str, dict[str, Any]]:
    """Return the saved queries; they live on moto's own backend and end with it."""
    kept: dict[str, dict[str, Any]] = vars(response.logs_backend).setdefault(
        "query_definitions", {}
    )
    return kept


def _require(definitions: dict[str, dict[str, Any]], identifier: str) -> None:
    if identifier not in definitions:
        text = f"Query definition {identifier} does not exist."
        raise ResourceNotFoundException(text)

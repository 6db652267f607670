"""FilterLogEvents: of streams by prefix, merged by time, in pages; GetLogEvents (API reference)."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded, refusal, unique

pytestmark = pytest.mark.emulated

NOW_MS = round(time.time() * 1000)  # AWS takes no event older than two weeks


@pytest.fixture
def group(embedded: Embedded) -> str:
    """A group in which two streams of a job take turns, beside one of another job."""
    name, logs = unique("group"), embedded.client("logs")
    logs.create_log_group(logGroupName=name)
    for stream, offset in (("job/one", 0), ("job/two", 1), ("job-2/one", 0)):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        events = [
            {"timestamp": NOW_MS + 10 * number + offset, "message": f"{stream} {number}"}
            for number in range(3)
        ]
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)
    return name


def pages(embedded: Embedded, group: str, **members: Any) -> Iterator[list[str]]:
    paginator = embedded.client("logs").get_paginator("filter_log_events")
    for page in paginator.paginate(logGroupName=group, **members):
        assert page["searchedLogStreams"] == []
        yield [event["message"] for event in page["events"]]


def test_streams_of_a_prefix_are_merged_by_time(embedded: Embedded, group: str) -> None:
    (found,) = pages(embedded, group, logStreamNamePrefix="job/")
    assert found == [f"job/{stream} {number}" for number in range(3) for stream in ("one", "two")]


def test_pages_of_merged_streams_hold_each_event_once(embedded: Embedded, group: str) -> None:
    found = list(pages(embedded, group, logStreamNamePrefix="job/", limit=4))
    assert [len(page) for page in found] == [4, 2]
    assert len({message for page in found for message in page}) == 6


def test_a_prefix_of_no_stream_finds_nothing(embedded: Embedded, group: str) -> None:
    assert list(pages(embedded, group, logStreamNamePrefix="nobody/")) == [[]]


def test_names_and_a_prefix_contradict_each_other(embedded: Embedded, group: str) -> None:
    code, _ = refusal(
        embedded.client("logs").filter_log_events,
        logGroupName=group,
        logStreamNamePrefix="job/",
        logStreamNames=["job/one"],
    )
    assert code == "InvalidParameterException"


def test_read_from_its_end_a_stream_has_an_empty_page_first(embedded: Embedded, group: str) -> None:
    read = partial(
        embedded.client("logs").get_log_events,
        logGroupName=group,
        logStreamName="job/one",
        limit=2,
    )
    pages, token = [read()], ""
    while pages[-1]["nextBackwardToken"] != token:
        token = pages[-1]["nextBackwardToken"]
        pages.append(read(nextToken=token))
    found = [[event["message"] for event in page["events"]] for page in pages]
    assert found == [[], ["job/one 1", "job/one 2"], ["job/one 0"], []]
    assert len(read(startFromHead=True)["events"]) == 2


def test_a_stream_without_events_ends_at_once(embedded: Embedded, group: str) -> None:
    logs = embedded.client("logs")
    stream = {"logGroupName": group, "logStreamName": "silent"}
    logs.create_log_stream(**stream)
    first = logs.get_log_events(**stream)
    again = logs.get_log_events(**stream, nextToken=first["nextBackwardToken"])
    assert (first["events"], again["events"]) == ([], [])
    assert again["nextBackwardToken"] == first["nextBackwardToken"]

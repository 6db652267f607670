"""Mode logs on the embedded AWS: what containers write, across streams, pages and trouble."""

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded, unique
from pipeline.configuration.settings import Settings
from pipeline.context import Context, Workspace, workspace_of
from pipeline.core.errors import CloudUnusable, UsageError
from pipeline.core.foundation import Foundation
from pipeline.core.tail import LogLine
from pipeline.gateways.logs import Logs
from pipeline.recorder import Recorder
from pipeline.steps.logs import logs
from tests.gateways.gateways import a_training_request, cloud_of

pytestmark = pytest.mark.emulated

WRITES_SLOWLY = """
import os, pathlib, time
for number in range(8):
    print(f"step {number}", flush=True)
    time.sleep(0.2)
pathlib.Path(os.environ["SM_MODEL_DIR"], "m").write_text("x")
"""


def a_workspace(embedded: Embedded, folder: Path, endpoint: str = "nobody") -> Workspace:
    context = Context(
        settings=Settings(),
        cloud=cloud_of(embedded),
        run_id="run-1",
        git_sha="",
        work_dir=folder,
        output_dir=folder,
        recorder=Recorder(),
        now=lambda: datetime.now(UTC),
        endpoint_name=endpoint,
    )
    return workspace_of(context, Foundation.of_bucket("bucket"))


def texts(lines: Iterator[LogLine]) -> list[str]:
    return [line.text for line in lines]


@pytest.fixture
def endpoint(embedded: Embedded) -> str:
    """The log group of an endpoint with two instances."""
    name, client = unique("endpoint"), embedded.client("logs")
    client.create_log_group(logGroupName=f"/aws/sagemaker/Endpoints/{name}")
    for stream in ("primary/i-1", "primary/i-2"):
        client.create_log_stream(
            logGroupName=f"/aws/sagemaker/Endpoints/{name}", logStreamName=stream
        )
    return name


def write(embedded: Embedded, endpoint: str, stream: str, *texts: str, ago_s: float = 0) -> None:
    time_ms = round((time.time() - ago_s) * 1000)
    embedded.client("logs").put_log_events(
        logGroupName=f"/aws/sagemaker/Endpoints/{endpoint}",
        logStreamName=stream,
        logEvents=[{"timestamp": time_ms, "message": text} for text in texts],
    )


def test_an_endpoints_instances_are_merged_by_time(
    embedded: Embedded, endpoint: str, tmp_path: Path
) -> None:
    write(embedded, endpoint, "primary/i-1", "first", ago_s=20)
    write(embedded, endpoint, "primary/i-2", "second", ago_s=10)
    write(embedded, endpoint, "primary/i-1", "third")
    workspace = a_workspace(embedded, tmp_path, endpoint)
    assert texts(logs(workspace, job=None, since=None, follow=False)) == [
        "first",
        "second",
        "third",
    ]
    assert texts(logs(workspace, job=None, since="15s", follow=False)) == ["second", "third"]


def test_who_follows_is_shown_each_line_once_and_late_ones_too(
    embedded: Embedded, endpoint: str, tmp_path: Path
) -> None:
    write(embedded, endpoint, "primary/i-1", "first")
    followed = logs(a_workspace(embedded, tmp_path, endpoint), job=None, since=None, follow=True)
    found = [next(followed).text]
    write(embedded, endpoint, "primary/i-2", "late", ago_s=30)
    write(embedded, endpoint, "primary/i-1", "now")
    found += [line.text for line in itertools.islice(followed, 2)]
    write(embedded, endpoint, "primary/i-1", "last")
    found += [next(followed).text]
    assert found == ["first", "late", "now", "last"]


def test_who_follows_waits_for_a_log_that_is_not_there_yet(
    embedded: Embedded, tmp_path: Path
) -> None:
    name, client = unique("endpoint"), embedded.client("logs")
    workspace = a_workspace(embedded, tmp_path, name)
    followed = logs(workspace, job=None, since=None, follow=True)
    assert texts(logs(workspace, job=None, since=None, follow=False)) == []
    client.create_log_group(logGroupName=f"/aws/sagemaker/Endpoints/{name}")
    client.create_log_stream(logGroupName=f"/aws/sagemaker/Endpoints/{name}", logStreamName="a/i")
    write(embedded, name, "a/i", "begun")
    assert next(followed).text == "begun"


def test_the_log_of_a_job_that_is_at_work_is_followed_to_its_end(
    embedded: Embedded, tmp_path: Path
) -> None:
    request = a_training_request(embedded, WRITES_SLOWLY)
    job = request["TrainingJobName"]
    embedded.sagemaker.create_training_job(**request)
    followed = list(logs(a_workspace(embedded, tmp_path), job=job, since=None, follow=True))
    steps = [line.text for line in followed if line.text.startswith("step ")]
    assert steps == [f"step {number}" for number in range(8)]
    assert {line.stream.partition("/")[0] for line in followed} == {job}
    again = list(logs(a_workspace(embedded, tmp_path), job=job, since=None, follow=False))
    assert [line.key for line in again] == [line.key for line in followed]


def test_a_job_that_never_was_is_refused(embedded: Embedded, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no training job nobody"):
        list(logs(a_workspace(embedded, tmp_path), job="nobody", since=None, follow=True))


def test_throttling_ends_no_following_and_loses_no_line(
    embedded: Embedded, endpoint: str, tmp_path: Path
) -> None:
    write(embedded, endpoint, "primary/i-1", "first")
    error = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400}
    embedded.add_fault({"service": "logs", "action": "FilterLogEvents", "error": error, "times": 7})
    followed = logs(a_workspace(embedded, tmp_path, endpoint), job=None, since=None, follow=True)
    assert next(followed).text == "first"


def test_a_log_that_may_not_be_read_is_an_error(
    embedded: Embedded, endpoint: str, tmp_path: Path
) -> None:
    denied = {"code": "AccessDeniedException", "message": "no", "status": 400}
    embedded.add_fault({"service": "logs", "action": "*", "error": denied})
    with pytest.raises(CloudUnusable, match="read the log"):
        list(logs(a_workspace(embedded, tmp_path, endpoint), job=None, since=None, follow=True))


class _Pages:
    """FilterLogEvents as AWS may answer it: an empty page, with more behind it."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = list(pages)
        self.asked: list[Any] = []

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked.get("nextToken"))
        return self.pages.pop(0)


class _CloudOf:
    def __init__(self, client: object) -> None:
        self._client = client

    def client(self, service: str) -> Any:
        assert service == "logs"
        return self._client


def test_an_empty_page_is_not_the_last_one() -> None:
    event = {"timestamp": 5, "logStreamName": "s", "eventId": "1", "message": "found\n"}
    client = _Pages({"events": [], "nextToken": "a"}, {"nextToken": "b"}, {"events": [event]})
    found = Logs(_CloudOf(client)).lines("g", "", start_ms=1)  # type: ignore[arg-type]
    assert [line.text for line in found] == ["found"]
    assert client.asked == [None, "a", "b"]

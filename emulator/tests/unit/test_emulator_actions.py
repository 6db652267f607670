"""The embedded SageMaker's actions: the README's table names them all; calls are named rightly."""

import re
from pathlib import Path

import pytest

import emulator.sagemaker.control_plane
from emulator.rest_actions import rest_action
from emulator.sagemaker.registry import ACTIONS

README = Path(emulator.sagemaker.control_plane.__file__).parents[1] / "README.md"


def documented_actions() -> set[str]:
    """Read the table of SageMaker's actions; other services have tables of their own."""
    table = README.read_text().partition("| SageMaker action |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ((?:[A-Z][A-Za-z/]+)(?:, [A-Za-z]+)*) \|", table, re.M)
    return {name for row in rows for entry in row.split(", ") for name in expanded(entry)}


def expanded(entry: str) -> list[str]:
    """`Create/DescribeModel` is CreateModel and DescribeModel; List takes the plural."""
    *verbs, last = entry.split("/")
    noun = re.sub(r"^[A-Z][a-z]+", "", last) if verbs else ""
    names = [f"{verb}{noun}" for verb in verbs] + [last]
    return [f"{name}s" if verbs and name.startswith("List") else name for name in names]


def test_the_readme_lists_exactly_the_actions_that_answer() -> None:
    in_the_runtime = {"InvokeEndpoint", "InvokeEndpointAsync"}
    assert documented_actions() - in_the_runtime == set(ACTIONS)


@pytest.mark.parametrize(
    ("method", "path", "query", "action"),
    [
        ("GET", "/", "", "ListBuckets"),
        ("GET", "/bucket", "list-type=2&prefix=a", "ListObjectsV2"),
        ("HEAD", "/bucket", "", "HeadBucket"),
        ("PUT", "/bucket/a/b", "", "PutObject"),
        ("PUT", "/bucket/a", "partNumber=1&uploadId=2", "UploadPart"),
        ("POST", "/bucket", "delete", "DeleteObjects"),
        ("PUT", "/bucket", "policy", "PutBucketPolicy"),
    ],
)
def test_s3_calls_are_known_by_their_action(
    method: str, path: str, query: str, action: str
) -> None:
    assert rest_action("s3", method=method, path=path, query=query, headers=[]) == action


def test_a_copy_is_known_by_its_header() -> None:
    headers = ["x-amz-copy-source"]
    assert rest_action("s3", method="PUT", path="/b/k", query="", headers=headers) == "CopyObject"


def test_a_service_that_botocore_does_not_know_has_no_actions() -> None:
    assert rest_action("nothing", method="GET", path="/", query="", headers=[]) is None

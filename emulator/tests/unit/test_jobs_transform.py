"""Batch transform without S3 and workers: how objects are cut, filtered, joined and assembled."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from emulator.containers.transform_paths import BadPath, JsonPath, NotInRecord
from emulator.containers.transform_payloads import (
    Association,
    Cut,
    UnusableRecord,
    assembled,
)


def a_cut(**changes: Any) -> Cut:
    return Cut(
        **{"by_line": True, "single": False, "limit_bytes": 8, "compressed": False} | changes
    )


def batches(tmp_path: Path, content: bytes, cut: Cut) -> list[bytes]:
    path = tmp_path / "object"
    path.write_bytes(content)
    return [cut.payload(records) for records in cut.batches(path)]


@pytest.mark.parametrize(
    ("changes", "payloads"),
    [
        ({}, [b"1,2\n3,4\n", b"5,6"]),
        ({"single": True}, [b"1,2", b"3,4", b"5,6"]),
        ({"by_line": False, "limit_bytes": 100}, [b"1,2\n3,4\n5,6"]),
        ({"limit_bytes": 100}, [b"1,2\n3,4\n5,6"]),
    ],
)
def test_an_object_becomes_payloads_within_the_limit(
    tmp_path: Path, changes: dict[str, Any], payloads: list[bytes]
) -> None:
    assert batches(tmp_path, b"1,2\n3,4\n5,6", a_cut(**changes)) == payloads


@pytest.mark.parametrize("by_line", [True, False])
def test_a_record_beyond_the_limit_is_refused(tmp_path: Path, by_line: bool) -> None:
    with pytest.raises(UnusableRecord, match="Too much data for max payload size"):
        batches(tmp_path, b"123456789", a_cut(by_line=by_line))


def test_a_compressed_object_is_unpacked(tmp_path: Path) -> None:
    content = gzip.compress(b"1\n2\n")
    assert batches(tmp_path, content, a_cut(compressed=True)) == [b"1\n2\n"]


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        ("$", {"id": 7, "rows": [1, 2, 3, 4]}),
        ("$.id", 7),
        ("$['id']", 7),
        ("$['id','rows']", {"id": 7, "rows": [1, 2, 3, 4]}),
        ("$.rows[0]", 1),
        ("$.rows[-1]", 4),
        ("$.rows[1:]", [2, 3, 4]),
        ("$.rows[:2]", [1, 2]),
        ("$.rows[0,2:]", [1, 3, 4]),
    ],
)
def test_a_path_selects_a_part_of_a_record(path: str, selected: Any) -> None:
    assert JsonPath(path).of({"id": 7, "rows": [1, 2, 3, 4]}) == selected


@pytest.mark.parametrize("path", ["id", "$.", "$[", "$..id", "$[a]", "$.rows[?(@>1)]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        JsonPath(path)


@pytest.mark.parametrize("path", ["$.absent", "$.rows[9]", "$[0]"])
def test_a_record_without_the_part_is_said(path: str) -> None:
    with pytest.raises(NotInRecord):
        JsonPath(path).of({"rows": [1]})


def an_association(content_type: str, **processing: Any) -> Association:
    made = Association.of(
        {
            "TransformInput": {"ContentType": content_type},
            "TransformOutput": {"Accept": content_type},
            "DataProcessing": processing,
        }
    )
    assert made is not None
    return made


def test_a_csv_row_loses_what_the_filter_leaves_out() -> None:
    assert an_association("text/csv", InputFilter="$[1:]").request(b"id,1,2\n") == b"1,2\n"


def test_answers_are_joined_to_csv_rows_and_filtered() -> None:
    made = an_association("text/csv", JoinSource="Input", OutputFilter="$[0,-1]")
    assert made.result(b"a,1,2\nb,3,4\n", b"0.5\n0.7\n") == b"a,0.5\nb,0.7\n"


def test_answers_are_joined_to_json_lines() -> None:
    made = an_association("application/jsonlines", JoinSource="Input")
    joined = made.result(b'{"id": 1}\n[2]\n', b'{"p": 0.5}\n{"p": 0.7}\n')
    assert joined.splitlines() == [
        b'{"id": 1, "SageMakerOutput": {"p": 0.5}}',
        b'{"SageMakerInput": [2], "SageMakerOutput": {"p": 0.7}}',
    ]


def test_a_json_line_ends_at_a_line_feed_only() -> None:
    line = '{"text": "one\u2028two"}'.encode()
    made = an_association("application/jsonlines", InputFilter="$.text")
    assert made.request(line) == b'"one\\u2028two"'


@pytest.mark.parametrize("row", [b"1,a\rb\n", b"1," + b"x" * 200_000 + b"\n"])
def test_a_row_that_is_no_csv_is_said(row: bytes) -> None:
    made = an_association("text/csv", InputFilter="$[1:]")
    with pytest.raises(UnusableRecord, match="not text/csv"):
        made.request(row)


def test_answers_of_another_number_cannot_be_joined() -> None:
    made = an_association("text/csv", JoinSource="Input")
    with pytest.raises(UnusableRecord, match="1 records in the answer to 2"):
        made.result(b"1\n2\n", b"1\n")


def test_a_job_without_data_processing_has_no_association() -> None:
    source: dict[str, Any] = {"TransformInput": {}, "TransformOutput": {}}
    assert Association.of({**source, "DataProcessing": {"InputFilter": "$"}}) is None


def test_assembling_with_line_ends_each_answer_once() -> None:
    assert assembled(b"a", with_line=True) == assembled(b"a\n", with_line=True) == b"a\n"
    assert assembled(b"a", with_line=False) == b"a"

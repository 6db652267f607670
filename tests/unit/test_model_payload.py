"""Requests and answers: every accepted form, every refusal, and the laws of the round trip."""

import contextlib
import csv
import io
import json
import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import NotAcceptableError, RequestError, UnsupportedContentTypeError
from model.hints import of_separators
from model.payload import (
    CSV,
    JSON,
    Payload,
    Predictions,
    frame_for,
    read_payload,
    unknown_categories,
    write_answer,
)
from pipeline.tabular.cells import Spelling, text_of
from pipeline.tabular.schema import Column

PLAIN = Spelling()
COLUMNS = (Column(name="size", kind="numeric"), Column(name="colour", kind="categorical"))
ROWS = [[1.5, "red"], [2.0, "blue"]]
SIZES = st.floats(allow_nan=False, allow_infinity=False)
COLOURS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")).filter(
    lambda text: not PLAIN.is_missing(text)
)
TABLES = st.lists(st.tuples(SIZES | st.none(), COLOURS | st.none()), min_size=1)


def parsed(body: str | bytes, content_type: str = JSON) -> list[list[Any]]:
    frame = frame_for(read_payload(body, content_type), columns=COLUMNS, spelling=PLAIN)
    return [[None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy().tolist()]


def canonical(rows: Any) -> list[list[Any]]:
    return [[size, None if colour is None else text_of(colour)] for size, colour in rows]


def csv_text(rows: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


@given(TABLES)
def test_csv_with_header_round_trips(rows: list[tuple[Any, Any]]) -> None:
    body = csv_text([("size", "colour"), *rows])
    assert parsed(body.encode(), CSV) == canonical(rows)


@given(TABLES)
def test_csv_without_header_round_trips(rows: list[tuple[Any, Any]]) -> None:
    assert parsed(csv_text(rows), "text/csv; header=absent") == canonical(rows)


@given(TABLES)
def test_json_objects_and_lists_mean_the_same(rows: list[tuple[Any, Any]]) -> None:
    objects = [{"colour": colour, "size": size} for size, colour in rows]
    expected = canonical(rows)
    assert parsed(json.dumps({"instances": objects})) == expected == parsed(json.dumps(rows))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"instances": [{"size": 1.5, "colour": "red"}, {"size": 2, "colour": "blue"}]}', JSON),
        ('{"instances": [[1.5, "red"], ["2", "blue"]]}', "application/json; charset=utf-8"),
        ('[{"size": 1.5, "colour": "red", "unknown": 1}, {"size": 2, "colour": "blue"}]', JSON),
        ('[[1.5, "red"], [2.0, "blue"]]', ""),
        ("1.5,red\n2.0,blue\n", CSV),
        ('"1.5","red"\r\n"2","blue"', CSV),
        ("colour,size\nred,1.5\nblue,2\n", CSV),
        ("id,colour,size\n1,red,1.5\n2,blue,2\n", "text/csv; header=present"),
        (b"\xef\xbb\xbfsize,colour\n1.5,red\n2,blue\n", CSV),
    ],
)
def test_accepted_forms(body: str | bytes, content_type: str) -> None:
    assert parsed(body, content_type) == ROWS


def test_a_single_object_is_one_row() -> None:
    assert parsed('{"size": 1.5, "colour": "red"}') == [[1.5, "red"]]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [('{"size": null, "colour": ""}', JSON), (",\n", CSV), ('[[NaN, "NA"]]', JSON)],
)
def test_missing_values_reach_the_model_as_missing(body: str, content_type: str) -> None:
    assert parsed(body, content_type) == [[None, None]]


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("{", JSON, "not JSON"),
        ("3", JSON, "must be"),
        ("[1.5, 2]", JSON, "Row 1 is 1.5"),
        ("[]", JSON, "no rows"),
        ('{"instances": []}', JSON, "no rows"),
        ("", CSV, "no rows"),
        ("size,colour\n", CSV, "no rows"),
        ('[{"size": 1}]', JSON, "Row 1 has no column 'colour'"),
        ('[{"size": "wide", "colour": "red"}]', JSON, "Column 'size', row 1: 'wide' is not"),
        ('[{"size": {"a": 1}, "colour": "red"}]', JSON, "Column 'size', row 1"),
        ('[{"size": 1, "colour": ["red"]}]', JSON, "Column 'colour', row 1"),
        ("[[1.5]]", JSON, "Row 1 has 1 cells, expected 2: size, colour"),
        ("1.5,red\n2\n", CSV, "CSV row 2 has 1 cells"),
        ("size,shade\n1,red\n", CSV, "'size' is not.* If row 1 is a header, it lacks 'colour'"),
        ("size,shade\n1,red\n", "text/csv; header=present", "no column 'colour'"),
        ("size,colour,size\n1,red,2\n", CSV, "header names 'size' twice"),
        ("size,colour\n1,red\n", "text/csv; header=yes", "'yes'; it is present or absent"),
        ('"1.5,red', CSV, "Not readable as CSV"),
        (b"\xff\xfe", CSV, "not UTF-8"),
        ("1.5,gr\ufffdn\n", CSV, "not UTF-8 text: '1.5,gr\ufffdn"),
        ("[" * 100_000, JSON, "not JSON"),
    ],
)
def test_a_bad_body_says_what_is_wrong(body: str | bytes, content_type: str, text: str) -> None:
    with pytest.raises(RequestError, match=text) as caught:
        parsed(body, content_type)
    assert caught.value.status == 400


FLOWER = tuple(Column(name=name, kind="numeric") for name in ("a", "b", "c", "d"))
AS_SENT = "5.1,3.5,1.4,0.2"


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        ("5.1;3.5;1.4;0.2\n", CSV, f"semicolons between its cells; send commas: {AS_SENT}"),
        ("5,1;3,5;1,4;0,2\n", CSV, f"semicolons between its cells; send commas: {AS_SENT}"),
        ("5.1\t3.5\t1.4\t0.2\n", CSV, f"tabs between its cells; send commas: {AS_SENT}"),
        ("5.1|3.5|1.4|0.2\n", CSV, f"bars between its cells; send commas: {AS_SENT}"),
        ("a;b;c;d\n5.1;3.5;1.4;0.2\n", CSV, "semicolons .* send commas: a,b,c,d"),
        ("a;b;c;d\n1;2;3;4\n", "text/csv; header=present", "semicolons .* commas: a,b,c,d"),
        ("5,1,3,5,1,4,0,2\n", CSV, f"If its numbers have decimal commas, send: {AS_SENT}"),
        ("[[5,1,3,5,1,4,0,2]]", JSON, f"If its numbers have decimal commas, send: {AS_SENT}"),
        ("a,b,c,d\n5,1,3,5,1,4,0,2\n", CSV, "with a comma in it stands between quotes"),
        ('"5,1","3,5","1,4","0,2"\n', CSV, "Column 'a', row 1: '5,1' .* number; write it 5.1"),
        ('[{"a": 1, "b": "3,5", "c": 1, "d": 2}]', JSON, "'b', row 1: '3,5' .*; write it 3.5"),
        (f"{AS_SENT}\n", JSON, "is not JSON: .* Send CSV with the content type text/csv"),
    ],
)
def test_a_row_by_another_countrys_marks_is_shown_as_it_must_be_sent(
    body: str, content_type: str, said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        frame_for(read_payload(body, content_type), columns=FLOWER, spelling=PLAIN)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("5.1;3.5;1.4;0.2\n", '"5,1","3,5","1,4","0,2"'),
        ("5,1,3,5,1,4,0,2\n", '"5,1","3,5","1,4","0,2"'),
        ("5.1,3.5,1.4,0.2\n", "'5.1' is not a finite number; write it 5,1"),
    ],
)
def test_a_model_of_decimal_commas_is_sent_decimal_commas(body: str, said: str) -> None:
    commas = Spelling(decimal=",")
    with pytest.raises(RequestError, match=said):
        frame_for(read_payload(body, CSV), columns=FLOWER, spelling=commas)
    right = '"5,1","3,5","1,4","0,2"\n'
    assert frame_for(read_payload(right, CSV), columns=FLOWER, spelling=commas).shape == (1, 4)


@given(
    st.lists(SIZES.map(str) | st.text(), max_size=9),
    st.sampled_from([PLAIN, Spelling(decimal=",")]),
)
def test_what_is_shown_to_be_sent_can_be_sent(cells: list[str], spelling: Spelling) -> None:
    """A row of any cells gets no hint, or one that is a row of the model's width."""
    hint = of_separators(cells, FLOWER, spelling)
    if hint and not hint.endswith("..."):
        sent = hint.partition("send commas: ")[2] or hint.partition(", send: ")[2]
        (row,) = csv.reader(io.StringIO(sent, newline=""))
        assert len(row) == len(FLOWER)


@given(st.binary() | st.text())
def test_any_body_is_read_or_refused(body: str | bytes) -> None:
    for content_type in (JSON, CSV):
        with contextlib.suppress(RequestError):
            assert parsed(body, content_type)


def test_other_content_types_are_refused() -> None:
    with pytest.raises(UnsupportedContentTypeError, match="'application/x-npy' is not supported"):
        read_payload(b"", "application/x-npy")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/plain, text/csv;q=0.5", CSV),
        ("Application/JSON; verbose=true", JSON),
    ],
)
def test_the_answer_has_an_accepted_type(accept: str, content_type: str) -> None:
    assert write_answer(Predictions(predictions=["a"]), accept)[1] == content_type


def test_an_answer_nobody_can_write_is_refused() -> None:
    with pytest.raises(NotAcceptableError, match="image/png"):
        write_answer(Predictions(predictions=["a"]), "image/png")


def test_json_answer_carries_probabilities_in_label_order() -> None:
    answer = Predictions(predictions=["b"], labels=["a", "b"], probabilities=[[0.25, math.nan]])
    document = json.loads(write_answer(answer, JSON)[0])
    expected = {"predictions": ["b"], "probabilities": [[0.25, None]], "labels": ["a", "b"]}
    assert document == expected


@given(st.lists(COLOURS.filter(bool), min_size=1))
def test_csv_answer_has_one_label_per_record(labels: list[str]) -> None:
    body, _ = write_answer(Predictions(predictions=labels), CSV)
    assert [row[0] for row in csv.reader(io.StringIO(body, newline=""))] == labels


NUMERALS = tuple(Column(name=str(number), kind="numeric") for number in range(4))
WORDS = (Column(name="shape", kind="categorical"), Column(name="colour", kind="categorical"))
SIZED = (Column(name="size", kind="numeric"), Column(name="9", kind="numeric"))


@pytest.mark.parametrize(
    ("columns", "first", "is_header"),
    [
        # A row of data that holds the names of columns that are called by numbers
        (NUMERALS, "1,2,3,0", False),
        (NUMERALS, "0,1,2,2", False),
        (NUMERALS, "0,1,3,2", False),
        (NUMERALS, "0,1,2,3", True),
        (NUMERALS, "3,0,1,2,9", True),
        (WORDS, "shape,colour", True),
        (WORDS, "colour,shape", True),
        (WORDS, "id,colour,shape", True),
        (WORDS, " shape ,colour", True),
        (WORDS, "shape,red", False),
        (WORDS, "Shape,Colour", False),
        (SIZED, "9,size", True),
    ],
)
def test_only_a_row_of_all_names_is_a_header(
    columns: tuple[Column, ...], first: str, is_header: bool
) -> None:
    names = first.split(",") if is_header else [column.name for column in columns]
    second = ",".join("7" for _ in names)
    payload = read_payload(f"{first}\n{second}\n", "text/csv")
    frame = frame_for(payload, columns=columns, spelling=PLAIN)
    assert len(frame) == (1 if is_header else 2)


@pytest.mark.parametrize("columns", [NUMERALS, WORDS])
def test_what_the_caller_says_of_the_header_decides(columns: tuple[Column, ...]) -> None:
    body = ",".join(column.name for column in columns)
    body = f"{body}\n{body}\n"
    for header, rows in (("absent", 2), ("present", 1)):
        payload = read_payload(body, f"text/csv; header={header}")
        assert len(frame_for(payload, columns=columns, spelling=PLAIN)) == rows


@pytest.mark.parametrize(
    "row", [{"size": 1, "colour": "red", "id": 7}, {" size": 1, "colour": "red"}]
)
def test_what_was_left_out_may_come_by_name(row: dict[str, Any]) -> None:
    assert parsed(json.dumps(row)) == [[1.0, "red"]]


def test_a_row_of_cells_with_what_was_left_out_names_it() -> None:
    payload = read_payload('[[7, 1.5, "red"]]', JSON)
    with pytest.raises(RequestError, match=r"expected 2: size, colour \(without 'id'\)"):
        frame_for(payload, columns=COLUMNS, spelling=PLAIN, left_out=("id",))


@pytest.mark.parametrize(
    ("texts", "counts"),
    [
        (["red", "blue"], {}),
        (["red", "violet", "Red", None], {"colour": 2}),
        (["", "NA"], {}),
    ],
)
def test_texts_that_the_model_never_saw_are_counted(
    texts: list[str | None], counts: dict[str, int]
) -> None:
    rows = [[1.0, text] for text in texts]
    frame = frame_for(Payload(rows=rows), columns=COLUMNS, spelling=PLAIN)
    assert unknown_categories(frame, {"colour": ("blue", "red")}) == counts


def test_a_json_answer_says_how_many_texts_were_unknown() -> None:
    answer = Predictions(predictions=["a"], unknown_categories={"colour": 1})
    assert json.loads(write_answer(answer, JSON)[0])["unknown_categories"] == {"colour": 1}


@pytest.mark.parametrize("header", ['" size ","colour"', "size,colour"])
def test_names_may_have_outer_spaces(header: str) -> None:
    frame = frame_for(read_payload(f"{header}\n1,red\n", CSV), columns=COLUMNS, spelling=PLAIN)
    assert frame.to_numpy().tolist() == [[1.0, "red"]]

"""Dividing a data set: laws of the split, and every file that is refused."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import UsageError
from pipeline.split import (
    Split,
    check_numbers,
    held_out_rows,
    parse_table,
    plain_label,
    split,
    write_csv,
)

IRIS = Path(__file__).parents[2] / "data" / "iris.csv"
CELLS = st.text(st.characters(exclude_categories=["Cs"]))


def a_csv(labels: Sequence[str], *, header: str = "n,label") -> bytes:
    rows = "".join(f"{number},{label}\n" for number, label in enumerate(labels))
    return f"{header}\n{rows}".encode()


def halves(content: bytes, *, test_fraction: float = 0.5, seed: int = 0) -> Split:
    return split(parse_table(content), target="label", test_fraction=test_fraction, seed=seed)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_a_written_table_reads_back_unchanged(rows: list[tuple[str, str]]) -> None:
    assert parse_table(write_csv(("a", "b"), rows)).rows == tuple(rows)


@given(
    counts=st.lists(st.integers(4, 12), min_size=2, max_size=5),
    fraction=st.sampled_from([0.4, 0.5]),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_row_is_in_exactly_one_half_and_classes_keep_their_share(
    counts: list[int], fraction: float, seed: int
) -> None:
    labels = [f"c{index}" for index, count in enumerate(counts) for _ in range(count)]
    result = halves(a_csv(labels), test_fraction=fraction, seed=seed)
    train, test = parse_table(result.train_csv), parse_table(result.test_csv)
    assert sorted(train.rows + test.rows) == sorted(parse_table(a_csv(labels)).rows)
    for index, count in enumerate(counts):
        held_out = Counter(test.cells("label"))[f"c{index}"]
        assert abs(held_out - count * fraction) <= 1


def test_same_input_gives_the_same_bytes_and_another_seed_others() -> None:
    content = a_csv(["a", "b"] * 20)
    assert halves(content) == halves(content)
    assert halves(content, seed=1).test_csv != halves(content).test_csv


def test_iris_is_held_out_by_half() -> None:
    table = parse_table(IRIS.read_bytes())
    result = split(table, target="species", test_fraction=0.5, seed=3)
    assert (result.train_rows, result.test_rows) == (75, 75)
    assert (result.columns, result.labels) == (
        table.columns[:-1],
        ("setosa", "versicolor", "virginica"),
    )
    assert set(Counter(held_out_rows(result.test_csv, target="species").labels).values()) == {25}


def test_digests_are_those_of_the_bytes() -> None:
    content = a_csv(["a", "b"] * 10)
    result = halves(content)
    digests = (result.source_sha256, result.train_sha256, result.test_sha256)
    files = (content, result.train_csv, result.test_csv)
    assert digests == tuple(hashlib.sha256(file).hexdigest() for file in files)


def test_held_out_rows_leave_the_label_out_wherever_it_stands() -> None:
    seen = held_out_rows(b"a,label,b\n1,yes,2\n3,no,4\n", target="label")
    assert (seen.columns, seen.rows) == (("a", "b"), (("1", "2"), ("3", "4")))
    assert seen.labels == ("yes", "no")


@pytest.mark.parametrize(("cell", "label"), [("3.0", "3"), (3, "3"), (3.0, "3"), ("x.0", "x.0")])
def test_a_label_is_the_same_in_csv_and_json(cell: object, label: str) -> None:
    assert plain_label(cell) == label


def test_numeric_classes_are_classes() -> None:
    assert halves(a_csv(["0", "1", "2"] * 6)).labels == ("0", "1", "2")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is empty"),
        (b"n,label\n", "header but no rows"),
        (b"n,n\n1,2\n", "names the columns 'n' twice"),
        (b"n,label\n1\n", "Line 2 of the data file has 1 cells, not 2"),
        (b"\xff\xfe\x00", "not readable as CSV"),
        (b'n,label\n"1,a\n', "not readable as CSV"),
        (b"label\na\n", "no column besides 'label'"),
        (b"n,labels\n1,a\n", "no column 'label'; it has n, labels.*Did you mean 'labels'"),
        (a_csv(["a", "", "b", "NA"]), "2 rows have no 'label', the first is row 2"),
        (a_csv(["a"] * 9), "one class only, 'a'"),
        (a_csv(["a"] * 9 + ["b"]), "class 'b' of 'label' has one row"),
        (a_csv(["a"] * 9 + ["b"] * 2), "class 'b' .* 2 rows, 1 of them to train with"),
        (a_csv([f"{n / 7}" for n in range(60)]), "60 different numbers.*classifiers only"),
        (a_csv(["a", "b"] * 2), "class 'a' of 'label' has 2 rows, 1 of them"),
    ],
)
def test_a_data_file_that_cannot_be_used_is_refused(content: bytes, text: str) -> None:
    with pytest.raises(UsageError, match=text) as caught:
        halves(content)
    assert (caught.value.exit_code, caught.value.code) == (2, "DataRefused")


@pytest.mark.parametrize("test_fraction", [0.05, 0.95])
def test_a_half_too_small_for_its_classes_is_refused(test_fraction: float) -> None:
    with pytest.raises(UsageError, match=f"test_fraction {test_fraction}"):
        halves(a_csv(["a", "b", "c"] * 4), test_fraction=test_fraction)


@pytest.mark.parametrize("cell", ["unknown", "inf", "1e400", "1_000"])
def test_a_held_out_cell_that_is_no_number_among_numbers_is_refused(cell: str) -> None:
    rows = [(str(n), str(n % 2)) for n in range(8)]
    table = parse_table(write_csv(("size", "y"), [*rows, (cell, "0"), ("9", "1")]))
    with pytest.raises(UsageError, match=f"Column 'size' holds numbers, but row 9 '{cell}'"):
        check_numbers(table, range(8), range(8, 10), target="y")


def test_a_column_with_text_among_the_training_rows_is_no_column_of_numbers() -> None:
    table = parse_table(write_csv(("size", "y"), [("unknown", "0"), ("1", "1"), ("many", "0")]))
    check_numbers(table, range(2), range(2, 3), target="y")

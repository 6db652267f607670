"""Dividing a decided file: laws of the split, and classes that are too small for it."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import UsageError
from pipeline.material.dividing import held_out_rows, least_kept
from pipeline.material.reading import parse_table
from pipeline.tabular.cells import label_of
from tests.support.decided import halves

IRIS = Path(__file__).parents[2] / "data" / "iris.csv"
COUNTS = st.lists(st.integers(4, 12), min_size=2, max_size=5)


def a_csv(labels: Sequence[str]) -> bytes:
    rows = "".join(f"{number / 8},{label}\n" for number, label in enumerate(labels))
    return f"n,kind\n{rows}".encode()


@settings(max_examples=50)
@given(counts=COUNTS, fraction=st.sampled_from([0.4, 0.5]), seed=st.integers(0, 2**32 - 1))
def test_every_row_is_in_exactly_one_half_and_classes_keep_their_share(
    counts: list[int], fraction: float, seed: int
) -> None:
    labels = [f"c{index}" for index, count in enumerate(counts) for _ in range(count)]
    result = halves(a_csv(labels), test_fraction=fraction, seed=seed)
    train, test = parse_table(result.train_csv), parse_table(result.test_csv)
    assert sorted(train.rows + test.rows) == sorted(parse_table(a_csv(labels)).rows)
    for index, count in enumerate(counts):
        held_out = Counter(test.cells("kind"))[f"c{index}"]
        assert abs(held_out - count * fraction) <= 1


@settings(max_examples=25)
@given(
    counts=st.lists(st.integers(2, 12), min_size=2, max_size=5),
    fraction=st.floats(0.2, 0.8),
    seeds=st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3),
)
def test_no_seed_decides_whether_a_file_can_be_divided(
    counts: list[int], fraction: float, seeds: list[int]
) -> None:
    labels = [f"c{index}" for index, count in enumerate(counts) for _ in range(count)]

    def ending(seed: int) -> str:
        try:
            result = halves(a_csv(labels), test_fraction=fraction, seed=seed)
        except UsageError as refused:
            return str(refused)
        kept = Counter(parse_table(result.train_csv).cells("kind"))
        least = least_kept(Counter(labels), training_rows=result.train_rows)
        assert all(kept[label] >= count >= 2 for label, count in least.items())
        return "divided"

    assert len({ending(seed) for seed in seeds}) == 1


def test_same_input_gives_the_same_bytes_and_another_seed_others() -> None:
    content = a_csv(["a", "b"] * 20)
    assert halves(content) == halves(content)
    assert halves(content, seed=1).test_csv != halves(content).test_csv


def test_iris_is_held_out_by_half() -> None:
    table = parse_table(IRIS.read_bytes())
    result = halves(IRIS.read_bytes(), target="species", seed=3)
    assert (result.train_rows, result.test_rows) == (75, 75)
    assert (result.columns, result.labels) == (
        table.columns[:-1],
        ("setosa", "versicolor", "virginica"),
    )
    assert set(Counter(held_out_rows(result.test_csv, target="species").labels).values()) == {25}


def test_digests_tell_what_was_read_and_what_was_made_of_it() -> None:
    content = a_csv(["a", "b"] * 10)
    result = halves(content)
    assert result.source_sha256 == hashlib.sha256(content).hexdigest()
    as_text = halves(content, columns={"n": "text"})
    assert as_text.train_csv == result.train_csv
    assert as_text.sha256 != result.sha256


def test_held_out_rows_leave_the_label_out_wherever_it_stands() -> None:
    seen = held_out_rows(b"a,label,b\n1, yes,2\n3,no,4\n", target="label")
    assert (seen.columns, seen.rows) == (("a", "b"), (("1", "2"), ("3", "4")))
    assert seen.labels == ("yes", "no")


@pytest.mark.parametrize("cell", ["3", "3.0", " 3 ", 3, 3.0])
def test_a_label_is_the_same_in_csv_and_json(cell: object) -> None:
    assert label_of(cell) == "3"


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["a"] * 9 + ["b"] * 2, "class 'b' of 'kind' has 2 rows, 1 of them to train with"),
        (["a", "b"] * 2, "class 'a' of 'kind' has 2 rows, 1 of them to train with"),
        # Which of the two odd classes gives a row more depends on the seed
        (["a"] * 3 + ["b"] * 3, "class 'a' of 'kind' has 3 rows, 1 of them to train with"),
    ],
)
def test_a_class_too_small_for_some_seed_is_refused_for_every_seed(
    labels: list[str], text: str
) -> None:
    for seed in range(5):
        with pytest.raises(UsageError, match=text) as caught:
            halves(a_csv(labels), seed=seed)
        assert (caught.value.exit_code, caught.value.code) == (2, "DataRefused")


@pytest.mark.parametrize("test_fraction", [0.05, 0.95])
def test_a_half_too_small_for_its_classes_is_refused(test_fraction: float) -> None:
    with pytest.raises(UsageError, match=f"test_fraction {test_fraction}"):
        halves(a_csv(["a", "b", "c"] * 4), test_fraction=test_fraction)


def test_columns_that_are_left_out_are_in_neither_half() -> None:
    rows = [f"{n},id-{n},{n / 8},{'ab'[n % 2]}" for n in range(24)]
    result = halves("\n".join([",code,n,kind", *rows]).encode())
    assert parse_table(result.train_csv).columns == ("n", "kind")
    assert (result.columns, result.schema.left_out) == (("n",), ("", "code"))

"""Dividing a decided file: laws of the split, and classes that are too small for it."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import UsageError
from pipeline.material.dividing import held_out_rows
from pipeline.material.reading import parse_table, write_csv
from pipeline.tabular.cells import label_of
from tests.support.decided import halves

IRIS = Path(__file__).parents[2] / "data" / "iris.csv"
COUNTS = st.lists(st.integers(3, 12), min_size=2, max_size=5)
SEEDS = st.integers(0, 2**32 - 1)
# Without this a column of few different numbers might be taken for one of classes or row numbers
AS_THEY_ARE = {"n": "number"}
# Of each class so many rows that none has to be moved
ENOUGH = [(f"{number / 8 + 100}", "ab"[number % 2]) for number in range(48)]

Rows = Counter[tuple[str, ...]]


def a_csv(labels: Sequence[str]) -> bytes:
    rows = "".join(f"{number / 8},{label}\n" for number, label in enumerate(labels))
    return f"n,kind\n{rows}".encode()


def sides(content: bytes, *, fraction: float = 0.5, seed: int = 0) -> tuple[Rows, Rows]:
    result = halves(content, test_fraction=fraction, seed=seed, columns=AS_THEY_ARE)
    return Counter(parse_table(result.train.read()).rows), Counter(
        parse_table(result.test.read()).rows
    )


def a_table(rows: Sequence[tuple[str, ...]]) -> bytes:
    return write_csv(("n", "kind"), rows)


@settings(max_examples=50)
@given(counts=COUNTS, fraction=st.floats(0.05, 0.95), seed=SEEDS)
def test_every_row_is_in_exactly_one_half_and_every_class_in_both(
    counts: list[int], fraction: float, seed: int
) -> None:
    labels = [f"c{index}" for index, count in enumerate(counts) for _ in range(count)]
    train, test = sides(a_csv(labels), fraction=fraction, seed=seed)
    assert train + test == Counter(parse_table(a_csv(labels)).rows)
    for label in set(labels):
        assert sum(count for (_, kind), count in train.items() if kind == label) >= 2
        assert sum(count for (_, kind), count in test.items() if kind == label) >= 1


@settings(max_examples=50)
@given(numbers=st.lists(st.integers(0, 60), max_size=40), seed=SEEDS, data=st.data())
def test_added_rows_move_no_row_and_their_order_says_nothing(
    numbers: list[int], seed: int, data: st.DataObject
) -> None:
    """Also rows that occur dozens of times, and rows that are there with another label."""
    before = [*ENOUGH, *((f"{number // 4}.5", "ab"[number % 2]) for number in numbers)]
    added = [*data.draw(st.lists(st.sampled_from(before), max_size=40)), ("77", "a"), ("78", "b")]
    train, test = sides(a_table(before), seed=seed)
    after = data.draw(st.permutations(before + added))
    train_after, test_after = sides(a_table(after), seed=seed)
    assert train <= train_after
    assert test <= test_after


@settings(max_examples=25)
@given(seed=SEEDS, copies=st.integers(1, 10))
def test_equal_rows_are_on_one_side_in_every_spelling_and_with_every_label(
    seed: int, copies: int
) -> None:
    spellings = ["7", "7.0", " 7", "7e0", "+7"]
    rows = [(spelling, "ab"[n % 2]) for n in range(copies) for spelling in spellings[: n % 5 + 1]]
    equal = [*rows[:10], ("7.00", "a")]
    train, test = sides(a_table([*ENOUGH, *equal]), seed=seed)
    where = {
        side for side, half in enumerate((train, test)) for number, _ in half if float(number) == 7
    }
    assert len(where) == 1


def test_a_row_that_is_a_common_value_is_on_both_sides() -> None:
    rows = [*ENOUGH, *[("7", "a")] * 400]
    _, test = sides(a_table(rows))
    assert 100 < test["7", "a"] < 300


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.8])
def test_the_share_that_is_held_out_is_about_the_one_that_is_asked_for(fraction: float) -> None:
    labels = ["a", "b"] * 2_000
    shares = []
    for seed in range(5):
        result = halves(a_csv(labels), test_fraction=fraction, seed=seed)
        shares.append(result.test_rows / len(labels))
        by_class = Counter(held_out_rows(result.test.read(), target="kind").labels)
        # Four standard deviations of 2,000 rows
        assert all(abs(held / 2_000 - fraction) < 0.045 for held in by_class.values())
    assert sum(shares) / len(shares) == pytest.approx(fraction, abs=0.015)


@settings(max_examples=25)
@given(
    counts=st.lists(st.integers(2, 12), min_size=2, max_size=5),
    fraction=st.floats(0.05, 0.95),
    seeds=st.lists(SEEDS, min_size=3, max_size=3),
)
def test_no_seed_decides_whether_a_file_can_be_divided(
    counts: list[int], fraction: float, seeds: list[int]
) -> None:
    labels = [f"c{index}" for index, count in enumerate(counts) for _ in range(count)]

    def ending(seed: int) -> str:
        try:
            halves(a_csv(labels), test_fraction=fraction, seed=seed)
        except UsageError as refused:
            return str(refused)
        return "divided"

    assert {ending(seed) for seed in seeds} == {ending(0)}
    assert (ending(0) == "divided") == (min(counts) > 2)


def test_a_class_whose_rows_were_moved_is_told() -> None:
    content = a_csv(["a"] * 40 + ["b"] * 3)
    told = [halves(content, test_fraction=0.02, seed=seed).warnings for seed in range(8)]
    said = "rows of 'b' were moved across the split"
    assert all(any(said in warning for warning in warnings) for warnings in told[:3])
    assert not halves(a_csv(["a", "b"] * 40)).warnings


def test_same_input_gives_the_same_bytes_and_another_seed_others() -> None:
    content = a_csv(["a", "b"] * 20)
    assert halves(content) == halves(content)
    assert halves(content, seed=1).test.read() != halves(content).test.read()


def test_iris_is_held_out_by_about_half() -> None:
    table = parse_table(IRIS.read_bytes())
    result = halves(IRIS.read_bytes(), target="species", seed=43)
    assert (result.train_rows, result.test_rows) == (83, 67)
    assert (result.columns, result.labels) == (
        table.columns[:-1],
        ("setosa", "versicolor", "virginica"),
    )
    held_out = Counter(held_out_rows(result.test.read(), target="species").labels)
    assert held_out == {"setosa": 21, "versicolor": 22, "virginica": 24}


def test_digests_tell_what_was_read_and_what_was_made_of_it() -> None:
    content = a_csv(["a", "b"] * 10)
    result = halves(content)
    assert result.source_sha256 == hashlib.sha256(content).hexdigest()
    as_text = halves(content, columns={"n": "text"})
    assert as_text.train.read() == result.train.read()
    assert as_text.sha256 != result.sha256


def test_held_out_rows_leave_the_label_out_wherever_it_stands() -> None:
    seen = held_out_rows(b"a,label,b\n1, yes,2\n3,no,4\n", target="label")
    assert (seen.columns, seen.rows) == (("a", "b"), (("1", "2"), ("3", "4")))
    assert seen.labels == ("yes", "no")


@pytest.mark.parametrize("cell", ["3", "3.0", " 3 ", 3, 3.0])
def test_a_label_is_the_same_in_csv_and_json(cell: object) -> None:
    assert label_of(cell) == "3"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([("1", "a"), ("2", "a"), ("3", "a"), ("4", "b"), ("5", "b")], "class 'b' of 'kind' has 2"),
        # Nine copies of one row are on one side
        ([("1", "a"), ("2", "a"), ("3", "a"), *[("4", "b")] * 9], "9 rows, 1 of them different"),
    ],
)
def test_a_class_of_too_few_different_rows_is_refused_for_every_seed(
    rows: list[tuple[str, str]], text: str
) -> None:
    for seed in range(5):
        with pytest.raises(UsageError, match=text) as caught:
            sides(a_table(rows), seed=seed)
        assert (caught.value.exit_code, caught.value.code) == (2, "DataRefused")


def test_columns_that_are_left_out_are_in_neither_half() -> None:
    rows = [f"{n},id-{n},{n / 8},{'ab'[n % 2]}" for n in range(24)]
    result = halves("\n".join([",code,n,kind", *rows]).encode())
    assert parse_table(result.train.read()).columns == ("n", "kind")
    assert (result.columns, result.schema.left_out) == (("n",), ("", "code"))

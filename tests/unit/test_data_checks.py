"""What is found in the data before training, what becomes of it, and what must never be found."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.data_checks import (
    CheckName,
    CheckOutcome,
    ColumnProfile,
    DataProfile,
    Found,
    compared,
    judged,
    not_compared,
)
from pipeline.core.errors import UsageError
from pipeline.material import checking
from pipeline.material.checking import look_at, profile_of
from pipeline.material.dividing import split
from pipeline.material.leaking import tells_class, tells_number
from pipeline.material.reading import write_csv
from pipeline.material.stored import Written
from pipeline.steps.check_data import check_data, conclude
from tests.support.decided import decided
from tests.unit.config_files import Load, load
from tests.unit.test_gather import context_of, gathered

__all__ = ["load"]

RANDOM = random.Random(7)
LABELS = [RANDOM.choice("abc") for _ in range(200)]
NOISE = [f"{RANDOM.gauss(0, 1):.5f}" for _ in LABELS]
SORTED_NOISE = [f"{value:.5f}" for value in sorted(map(float, NOISE))]


def found_in(
    columns: Mapping[str, Sequence[str]], labels: Sequence[str] = LABELS
) -> dict[CheckName, Found]:
    rows = list(zip(*columns.values(), labels, strict=True))
    made = decided(write_csv([*columns, "kind"], rows), separator=",")
    divided = split(made, test_fraction=0.5, seed=1)
    return {each.name: each for each in look_at(made, divided, wanted=frozenset(CheckName))}


def code(label: str, index: int) -> str:
    del index
    return str("abc".index(label))


LEAKS: dict[str, Callable[[str, int], str]] = {
    "the class as a number": code,
    "the class by another name": lambda label, _: f"was {label}",
    "the class with a digit of noise": lambda label, n: f"{'abc'.index(label) + n % 7 / 10:.1f}",
    "all numbers different, in a range for each class": lambda label, n: (
        f"{'abc'.index(label) * 1000 + (n * 37) % 211 + 0.5}"
    ),
    "a date after the fact, in a year for each class": lambda label, n: (
        f"{2000 + 'abc'.index(label)}-0{1 + n % 9}-1{n % 10}"
    ),
    "missing for one class, a code for the others": lambda label, _: "" if label == "a" else label,
    "several spellings for each class": lambda label, n: f"{label}{n % 20}",
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_column_that_gives_the_target_away_is_named(name: str) -> None:
    leak = [LEAKS[name](label, n) for n, label in enumerate(LABELS)]
    found = found_in({"noise": NOISE, "leak": leak})[CheckName.LEAK]
    assert (found.is_well, found.columns) == (False, ("leak",))
    assert found.sentence == (
        "Alone 'leak' predicts 'kind' without a fault: it may be known only together with it."
    )


HONEST: dict[str, Sequence[str]] = {
    "noise": NOISE,
    "noise of few values": [str(RANDOM.randrange(4)) for _ in LABELS],
    "texts nobody shares": [f"user-{n:04}-{RANDOM.random()}" for n in range(len(LABELS))],
    "texts that few share": [f"group {n % 60}" for n in range(len(LABELS))],
    "one value": ["1.5"] * len(LABELS),
    "right for nine rows of ten": [
        label if n % 10 else RANDOM.choice("abc") for n, label in enumerate(LABELS)
    ],
}


@pytest.mark.parametrize("name", HONEST)
def test_what_tells_nothing_or_not_all_is_no_leak(name: str) -> None:
    columns = {"noise": NOISE, "column": HONEST[name]}
    assert found_in(columns)[CheckName.LEAK].is_well


@pytest.mark.parametrize("rows", [12, 20, 40])
@pytest.mark.parametrize("ordered", [True, False])
def test_identifiers_of_few_rows_are_no_leak(rows: int, *, ordered: bool) -> None:
    """Of 500 columns with other values in every row, none predicts a class by chance."""
    draw = np.random.default_rng(rows)
    classes = (np.arange(rows) % 2).astype(np.int64)
    assert not any(
        tells_class(draw.permutation(rows).astype(float), classes, ordered=ordered)
        for _ in range(500)
    )


def test_ten_rows_of_a_rare_class_are_what_a_leak_has_to_get_right() -> None:
    for rare, told in ((9, False), (10, True)):
        classes = np.array([0] * 90 + [1] * rare)
        assert tells_class(classes.astype(float), classes, ordered=False) is told


NUMBERS = np.random.default_rng(3).normal(size=300)
OF_NUMBERS: dict[str, tuple[np.ndarray, bool, bool]] = {
    "the target itself": (NUMBERS, True, True),
    "the target in another unit": (NUMBERS * 1.8 + 32, True, True),
    "a curve of the target": (np.exp(NUMBERS), True, True),
    "the target with a tenth of its spread as noise": (
        NUMBERS + np.random.default_rng(4).normal(scale=0.1, size=300),
        True,
        False,
    ),
    "something else": (np.random.default_rng(5).normal(size=300), True, False),
    "an identifier": (np.arange(300.0), False, False),
    "nothing": (np.full(300, np.nan), True, False),
}


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_column_that_tells_a_number_gives_it_away(name: str) -> None:
    values, ordered, told = OF_NUMBERS[name]
    order = np.random.default_rng(6).permutation(len(values))
    assert tells_number(values[order], NUMBERS[order], ordered=ordered) is told


def test_a_code_that_stands_for_one_number_gives_it_away() -> None:
    codes = np.arange(300) % 60
    assert tells_number(codes.astype(float), NUMBERS[:60][codes], ordered=False)


def test_of_many_rows_a_part_is_looked_at_whatever_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "_MOST_ROWS", 60)
    leak = [code(label, 0) for label in LABELS]
    assert not found_in({"noise": NOISE, "leak": leak})[CheckName.LEAK].is_well
    assert found_in({"noise": NOISE, "other": NOISE[::-1]})[CheckName.LEAK].is_well


@pytest.mark.parametrize(
    ("columns", "is_well", "named"),
    [
        ({"noise": NOISE, "same": ["7"] * 200}, False, ("same",)),
        ({"noise": NOISE, "same": ["7", "7.0"] * 100}, False, ("same",)),
        ({"noise": NOISE, "nearly": ["7"] * 199 + ["8"]}, True, ()),
        ({"noise": NOISE, "gaps": ["7", ""] * 100}, True, ()),
    ],
)
def test_a_column_with_one_value_is_named(
    columns: Mapping[str, Sequence[str]], named: tuple[str, ...], *, is_well: bool
) -> None:
    found = found_in(columns)[CheckName.CONSTANT]
    assert (found.is_well, found.columns) == (is_well, named)


COPIES = {
    "none": (["1", "2", "3"] * 20, ["4", "5", "6"] * 20, 0),
    "one, which may be chance": ([str(n) for n in range(60)], ["1", *["x"] * 59], 1),
    "each row again": ([str(n) for n in range(60)], [str(n) for n in range(60)], 60),
    "a value that many rows have": (["red"] * 60, ["red"] * 60, 0),
}


def written(content: bytes) -> Written:
    half = Written()
    half.write(content.decode())
    return half


@pytest.mark.parametrize("name", COPIES)
def test_held_out_rows_that_are_copies_of_training_rows_are_counted(name: str) -> None:
    train, test, copies = COPIES[name]
    made = decided(write_csv(["a", "kind"], list(zip(NOISE, LABELS, strict=True))), separator=",")
    divided = replace(
        split(made, test_fraction=0.5, seed=1),
        train=written(write_csv(["a", "kind"], [(cell, "a") for cell in train])),
        test=written(write_csv(["kind", "a"], [("b", cell) for cell in test])),
        test_rows=60,
    )
    (found,) = look_at(made, divided, wanted={CheckName.DUPLICATES})
    assert found.is_well is (copies < 2)
    assert found.sentence.startswith(f"{copies} of 60 held-out rows are copies of a training row")


def test_the_division_by_content_leaves_no_copy() -> None:
    twice = [*NOISE[:100], *NOISE[:100]]
    assert found_in({"noise": twice}, labels=LABELS)[CheckName.DUPLICATES].is_well


THEN = DataProfile(
    rows=1000,
    target="kind",
    label_kind="text",
    columns={
        "age": ColumnProfile(kind="numeric", missing=0.1),
        "city": ColumnProfile(kind="categorical", missing=0.0),
    },
    classes={"a": 500, "b": 500},
)


def like_then(**changes: Any) -> DataProfile:
    known = {name: getattr(THEN, name) for name in THEN.__dataclass_fields__}
    return DataProfile(**{**known, **changes})


def with_columns(**columns: ColumnProfile) -> DataProfile:
    return like_then(columns={**THEN.columns, **columns})


DIFFERENCES: dict[str, tuple[DataProfile, CheckName, tuple[str, ...], str]] = {
    "a new column": (
        with_columns(zip=ColumnProfile(kind="categorical", missing=0.0)),
        CheckName.COLUMNS,
        ("zip",),
        "Columns differ from those of r-1: new: 'zip'.",
    ),
    "a lost column": (
        like_then(columns={"age": THEN.columns["age"]}),
        CheckName.COLUMNS,
        ("city",),
        "Columns differ from those of r-1: not used any more: 'city'.",
    ),
    "a column of another kind": (
        with_columns(age=ColumnProfile(kind="categorical", missing=0.1)),
        CheckName.COLUMNS,
        ("age",),
        "Columns differ from those of r-1: 'age' was numeric, is categorical.",
    ),
    "a target of another kind": (
        like_then(label_kind="integer"),
        CheckName.COLUMNS,
        ("kind",),
        "Columns differ from those of r-1: the target 'kind' was text, is integer.",
    ),
    "a class that was never seen": (
        like_then(classes={"a": 1, "b": 1, "c": 1}),
        CheckName.CLASSES,
        ("kind",),
        "Classes of 'kind' differ from those of r-1: never seen there: 'c'.",
    ),
    "a class that is gone": (
        like_then(classes={"a": 1}),
        CheckName.CLASSES,
        ("kind",),
        "Classes of 'kind' differ from those of r-1: gone: 'b'.",
    ),
    "many more missing cells": (
        with_columns(age=ColumnProfile(kind="numeric", missing=0.25)),
        CheckName.MISSING,
        ("age",),
        "Shares of missing cells differ from r-1: 'age' from 10.0% to 25.0%.",
    ),
    "no missing cells any more": (
        with_columns(age=ColumnProfile(kind="numeric", missing=0.0)),
        CheckName.MISSING,
        ("age",),
        "Shares of missing cells differ from r-1: 'age' from 10.0% to 0.0%.",
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_from_the_last_release_is_found_and_named(name: str) -> None:
    now, check, columns, sentence = DIFFERENCES[name]
    differing = [each for each in compared(THEN, now, release="r-1") if not each.is_well]
    assert [(each.name, each.columns, each.sentence) for each in differing] == [
        (check, columns, sentence)
    ]


@pytest.mark.parametrize(
    ("rows", "missing"), [(1000, 0.12), (1000, 0.149), (20, 0.25), (1_000_000, 0.14)]
)
def test_what_sampling_explains_or_does_not_matter_is_no_finding(rows: int, missing: float) -> None:
    now = like_then(
        rows=rows,
        columns={**THEN.columns, "age": ColumnProfile(kind="numeric", missing=missing)},
    )
    assert all(each.is_well for each in compared(THEN, now, release="r-1"))


def test_many_names_are_counted() -> None:
    wide = with_columns(**{f"x{n}": ColumnProfile(kind="numeric", missing=0.0) for n in range(9)})
    (found, *_) = compared(THEN, wide, release="r-1")
    assert found.sentence.endswith("new: 'x0', 'x1', 'x2', 'x3', 'x4', 4 more.")
    assert len(found.columns) == 9


CELLS = st.sampled_from(["", "1", "2.5", "NA", "red", "blue", "2020-01-02"])
ROWS = st.lists(st.tuples(CELLS, CELLS, st.sampled_from(["yes", "no"])), min_size=8, max_size=40)


@given(rows=ROWS, seed=st.integers(0, 99))
def test_neither_the_order_of_rows_nor_the_same_data_again_is_a_finding(
    rows: list[tuple[str, str, str]], seed: int
) -> None:
    shuffled = rows.copy()
    random.Random(seed).shuffle(shuffled)
    try:
        one, other = (
            decided(write_csv(["a", "b", "kind"], each), separator=",") for each in (rows, shuffled)
        )
        divided = split(one, test_fraction=0.5, seed=1)
    except UsageError:
        return
    assert profile_of(one) == profile_of(other)
    assert all(
        each.is_well is not False
        for each in compared(profile_of(one), profile_of(other), release="r")
    )
    wanted = {CheckName.CONSTANT, CheckName.LEAK}
    assert look_at(one, divided, wanted=wanted) == look_at(other, divided, wanted=wanted)


@given(
    profile=st.builds(
        lambda share: like_then(columns={"a": ColumnProfile(kind="numeric", missing=share)}),
        st.floats(0, 1),
    )
)
def test_a_profile_reads_back_as_it_was_written(profile: DataProfile) -> None:
    assert DataProfile.from_json(profile.to_json()) == profile


BAD = Found(name=CheckName.LEAK, is_well=False, columns=("x",), sentence="Alone 'x' predicts.")


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        ("warn", CheckOutcome.WARNED),
        ("refuse", CheckOutcome.REFUSED),
        ("off", CheckOutcome.SKIPPED),
    ],
)
def test_the_configuration_says_what_becomes_of_a_finding(policy: Any, outcome: Any) -> None:
    policies = dict.fromkeys(CheckName, policy)
    records = judged((BAD, *not_compared("Nothing.")), policies)
    assert [each.name for each in records] == list(CheckName)
    by_name = {each.name: each for each in records}
    assert by_name[CheckName.LEAK].outcome is outcome
    assert by_name[CheckName.COLUMNS].outcome is CheckOutcome.SKIPPED


def test_a_refusal_is_recorded_said_and_before_anything_changes(
    load: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "birds.csv"
    leak = [code(label, 0) for label in LABELS]
    file.write_bytes(
        write_csv(["noise", "ring", "kind"], list(zip(NOISE, leak, LABELS, strict=True)))
    )
    context = context_of(load, file)
    settings = load(training={"data": str(file), "target": "kind"}, data_checks={"leak": "refuse"})
    material, _ = gathered(load, file)
    object.__setattr__(context, "settings", settings)
    with caplog.at_level(logging.WARNING), pytest.raises(UsageError) as refused:
        check_data(context, None, material)
    assert refused.value.code == "DataRefused"
    assert "Alone 'ring' predicts 'kind'" in refused.value.message
    assert "set `data_checks.leak` to warn" in refused.value.remedy
    outcomes = {each.name: each.outcome for each in context.recorder.part("data_checks")}
    assert outcomes[CheckName.LEAK] is CheckOutcome.REFUSED
    assert outcomes[CheckName.COLUMNS] is CheckOutcome.SKIPPED
    assert any("check=leak outcome=refused" in message for message in caplog.messages)


def test_a_check_that_is_off_is_not_even_looked_at(load: Load, tmp_path: Path) -> None:
    settings = load(data_checks={"leak": "off", "constant": "off"})
    assert settings.data_checks.wanted == frozenset(CheckName) - {
        CheckName.LEAK,
        CheckName.CONSTANT,
    }
    file = tmp_path / "birds.csv"
    file.write_bytes(write_csv(["noise", "kind"], list(zip(NOISE, LABELS, strict=True))))
    context = context_of(load, file)
    conclude(context, ())
    assert {each.outcome for each in context.recorder.part("data_checks")} == {CheckOutcome.SKIPPED}


def test_a_target_that_is_a_number_has_no_classes_and_leaks_by_its_value() -> None:
    prices = [f"{RANDOM.gauss(100, 20):.3f}" for _ in LABELS]
    cents = [f"{100 * float(price) + 7:.1f}" for price in prices]
    columns = {"cents": cents, "noise": NOISE}
    assert found_in(columns, prices)[CheckName.LEAK].columns == ("cents",)
    rows = write_csv(("noise", "kind"), list(zip(NOISE, prices, strict=True)))
    profile = profile_of(decided(rows))
    assert (profile.label_kind, profile.classes) == ("number", {})

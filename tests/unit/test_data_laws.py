"""Laws of the decision: no seed and no order of rows matters; a row means one thing everywhere."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import UsageError
from pipeline.material.reading import parse_table, write_csv
from tests.support.decided import decided, halves, outcome

COLUMNS = ("a", "b", "kind")
CELLS = st.sampled_from(
    [
        *("1", "1.0", "01", "2.5", "2,5", "1,234", "?", "", "NA", "red", "true", "12%", "7"),
        *("2020-12-31", "03/04/2020", "31/12/2020", "12/31/2020", "31/12/20", "id-1", "id-2"),
    ]
)
LABELS = st.sampled_from(["yes", "no", "no ", "None", "", "1", "2.5"])
ROWS = st.lists(st.tuples(CELLS, CELLS, LABELS), min_size=4, max_size=30)


def ending(rows: list[tuple[str, ...]], **choices: Any) -> str:
    """Return the schema of a file, or that it is refused."""
    try:
        return decided(write_csv(COLUMNS, rows), separator=",", **choices).schema.to_json()
    except UsageError as refused:
        return f"{refused.code} {refused.message.split()[0]}"


@settings(max_examples=100)
@given(rows=ROWS, seed=st.integers(0, 99))
def test_the_order_of_the_rows_decides_nothing(rows: list[tuple[str, ...]], seed: int) -> None:
    shuffled = rows.copy()
    random.Random(seed).shuffle(shuffled)
    for choices in ({}, {"decimal": "."}, {"missing_values": ("?", "red")}):
        found = ending(rows, **choices)
        assert found == ending(shuffled, **choices)
        assert found.startswith(("{", "DataRefused birds.csv"))


NUMBERED = [(str(n), f"{n % 9}.5", "yn"[n % 2]) for n in range(40)]
WITH_A_STRAY = [("?" if n == 7 else f"{n % 9}.5", f"{n % 5}", "yn"[n % 2]) for n in range(40)]
DATED = [(f"2020-01-{n % 28 + 1:02}", f"{n % 5}", "yn"[n % 2]) for n in range(40)]


@pytest.mark.parametrize("rows", [NUMBERED, WITH_A_STRAY, DATED])
def test_neither_seed_nor_order_changes_what_a_column_is(rows: list[tuple[str, ...]]) -> None:
    """Row numbers are known also when they are shuffled, a stray cell in whichever half it is."""
    endings = set()
    for seed in range(8):
        shuffled = rows.copy()
        random.Random(seed).shuffle(shuffled)
        try:
            schema = halves(write_csv(COLUMNS, shuffled), seed=seed).schema
            endings.add(schema.to_json())
        except UsageError as refused:
            endings.add(refused.remedy)
    assert len(endings) == 1


def everything() -> bytes:
    """Return a file of every kind of column, of which text and flag decide the class."""
    rows = []
    for n in range(120):
        good = n % 2 == 0
        day = f"{n % 28 + 1:02}.{n % 12 + 1:02}.{2019 + n % 3}"
        rows.append(
            (
                str(n),
                f"{n % 7},5",
                str(n % 3),
                "TRUE" if good else "False",
                f"{'0' if good else ''}{n % 5 + 1}",
                " caf\u00e9" if n % 3 else "bar ",
                day,
                "yes" if good else "no ",
            )
        )
    names = ("", "size", "count", "flag", "code", "place", "seen", "kind")
    return "\n".join(";".join(row) for row in (names, *rows)).encode("utf-16")


# One row, spelt as its callers may spell it: each must get the answer of the others
SPELLINGS: dict[str, list[Any]] = {
    "size": ["1,5", " 1,50", 1.5, "+1,5"],
    "count": ["2", "2,0", 2, 2.0, " 2 "],
    "flag": ["true", "TRUE", True, " True"],
    "code": ["01", " 01 "],
    "place": ["caf\u00e9", "cafe\u0301", "caf\u00e9 ", "\u00a0caf\u00e9"],
    "seen": ["03.04.2020", "2020-04-03", "3.4.2020", "2020-04-03T00:00:00Z", "3 Apr 2020"],
}


@pytest.fixture(scope="module")
def served() -> Any:
    return outcome(halves(everything()))


def test_every_kind_of_column_is_learned(served: Any) -> None:
    kinds = {column.name: column.kind for column in served.manifest.columns}
    assert kinds == {
        **{"size": "numeric", "count": "numeric", "flag": "categorical"},
        **{"code": "categorical", "place": "categorical", "seen": "date"},
    }
    assert served.manifest.left_out == ("",)
    assert served.accuracy == 1.0


@pytest.mark.parametrize("column", SPELLINGS)
def test_a_row_is_answered_alike_in_every_spelling_of_csv_and_json(
    served: Any, column: str
) -> None:
    plain = {name: spellings[0] for name, spellings in SPELLINGS.items()}
    answers = [
        served.ask(json.dumps({"instances": [{**plain, column: spelling}]}), "application/json")
        for spelling in SPELLINGS[column]
    ]
    texts = [spelling for spelling in SPELLINGS[column] if isinstance(spelling, str)]
    for text in texts:
        row = {**plain, column: text}
        answers.append(served.ask(write_csv(tuple(row), [tuple(row.values())]), "text/csv"))
        answers.append(served.ask(json.dumps([list(row.values())]), "application/json"))
    assert all(answer == answers[0] for answer in answers)
    assert "unknown_categories" not in answers[0]


@pytest.mark.parametrize(
    ("column", "cell", "is_unknown"),
    [
        *(("flag", "yes", True), ("flag", 1, True), ("code", "1 ", False), ("code", 1, False)),
        *(("code", "001", True), ("place", "Caf\u00e9", True), ("place", None, False)),
        *(("code", "1,0", True), ("flag", "", False)),
    ],
)
def test_a_text_that_was_never_seen_is_counted_and_another_spelling_is_not(
    served: Any, column: str, cell: Any, is_unknown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {name: spellings[0] for name, spellings in SPELLINGS.items()} | {column: cell}
    answer = served.ask(json.dumps(row), "application/json")
    assert answer.get("unknown_categories") == ({column: 1} if is_unknown else None)
    line = f"unknown_categories=1 columns={column}\n"
    assert capsys.readouterr().out == (line if is_unknown else "")


def test_a_held_out_row_is_spelt_as_in_the_file() -> None:
    divided = halves(everything())
    assert "TRUE" in parse_table(divided.test.read(), separator=",").cells("flag")

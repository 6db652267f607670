"""Files that once trained and deployed without a word although something in them was misread."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.core.errors import UsageError
from pipeline.material.reading import write_csv
from tests.support.decided import decided, halves, outcome

NAMES = ("a", "b", "colour", "kind")
Row = list[str]


def measured(*, rows: int = 120, seed: int = 0) -> list[Row]:
    """Return rows of two numbers, a colour and a class that the numbers tell, with some noise."""
    chance = random.Random(seed)
    made = []
    for n in range(rows):
        good = n % 2
        a, b = chance.gauss(2.0 * good, 1.1), chance.gauss(-1.2 * good, 1.1)
        made.append([f"{a:.2f}", f"{b:.2f}", chance.choice(["red", "green", "blue"]), "ny"[good]])
    return made


def a_file(rows: list[Row], *, names: tuple[str, ...] = NAMES) -> bytes:
    return write_csv(names, rows)


def accuracy(content: bytes, *, seed: int = 0, **choices: Any) -> float:
    return outcome(halves(content, seed=seed, **choices)).accuracy


def with_question_marks() -> list[Row]:
    rows = measured()
    for n in (5, 17, 80):
        rows[n][0] = "?"
    return rows


@pytest.mark.parametrize("seed", range(6))
def test_a_question_mark_among_numbers_is_named_for_every_seed(seed: int) -> None:
    with pytest.raises(UsageError, match=r"column 'a' holds numbers.*'\?' on line 7 and 2 more"):
        halves(a_file(with_question_marks()), seed=seed)


def test_a_question_mark_that_means_missing_costs_nothing() -> None:
    rows = with_question_marks()
    blank = [["" if cell == "?" else cell for cell in row] for row in rows]
    assert accuracy(a_file(rows), missing_values=("?",)) == accuracy(a_file(blank))
    assert accuracy(a_file(rows), missing_values=("?",)) > 0.8


def quoted_commas() -> bytes:
    return a_file([[cell.replace(".", ",") for cell in row] for row in measured()])


def semicolons() -> bytes:
    rows = [[cell.replace(".", ",") for cell in row] for row in measured()]
    return "\n".join(";".join(row) for row in [list(NAMES), *rows]).encode()


@pytest.mark.parametrize("make", [quoted_commas, semicolons])
def test_decimal_commas_are_numbers(make: Callable[[], bytes]) -> None:
    assert accuracy(make()) == accuracy(a_file(measured())) > 0.8


def test_leading_zeros_decide_the_class() -> None:
    rows = [[f"{'0' if n % 2 else ''}{n % 5 + 1}", str(n * 7 % 23), "ny"[n % 2]] for n in range(80)]
    content = a_file(rows, names=("code", "n", "kind"))
    done = outcome(halves(content))
    assert done.accuracy == 1.0
    asked = [["01", 0], ["1", 0], [1, 0]]
    assert done.ask(json.dumps(asked), "application/json")["predictions"] == ["y", "n", "n"]


def test_labels_with_spaces_are_no_classes_of_their_own() -> None:
    rows = measured()
    for n in (0, 1, 12, 13):
        rows[n][-1] += " "
    divided = halves(a_file(rows))
    assert divided.labels == ("n", "y")
    assert any("'n ' on line 2; it is read as 'n'" in warning for warning in divided.warnings)
    assert outcome(divided).accuracy == accuracy(a_file(measured()))


def test_a_class_called_none_says_how_to_be_one() -> None:
    rows = [[*row[:-1], "None" if row[-1] == "n" else "Mild"] for row in measured()]
    with pytest.raises(UsageError, match=r"60 rows have no 'kind'.*'None' 60 times") as caught:
        halves(a_file(rows))
    assert '"present_values": ["None"]' in caught.value.remedy
    divided = halves(a_file(rows), present_values=("None",))
    assert divided.labels == ("Mild", "None")
    assert outcome(divided).accuracy > 0.8


def test_a_boolean_is_the_same_in_json_and_csv() -> None:
    rows = [["true" if n % 2 else "false", str(n % 5), "ny"[n % 2]] for n in range(80)]
    done = outcome(halves(a_file(rows, names=("active", "n", "kind"))))
    as_csv = done.ask("true,1\nfalse,1\n", "text/csv")
    as_json = done.ask('[{"active": true, "n": 1}, {"active": false, "n": 1}]', "application/json")
    assert as_csv == as_json
    assert as_json["predictions"] == ["y", "n"]


def an_index(rows: list[Row]) -> bytes:
    ordered = sorted(rows, key=lambda row: row[-1])
    return a_file([[str(n), *row] for n, row in enumerate(ordered)], names=("", *NAMES))


def test_the_index_of_a_sorted_file_teaches_nothing() -> None:
    divided = halves(an_index(measured()))
    assert "column 1, which has no name, is left out" in divided.warnings[0]
    done = outcome(divided)
    assert 0.8 < done.accuracy < 1.0
    answers = [
        done.ask('{"a": 1.5, "b": 0.5, "colour": "red"}', "application/json"),
        done.ask('{"": 7, "a": 1.5, "b": 0.5, "colour": "red"}', "application/json"),
        done.ask(",a,b,colour\n7,1.5,0.5,red\n", "text/csv"),
        done.ask("1.5,0.5,red\n", "text/csv"),
    ]
    assert all(answer == answers[0] for answer in answers)


def test_a_short_row_after_line_breaks_is_named_by_its_line() -> None:
    rows = [[*row[:2], f"{row[2]}\nshade", row[3]] for row in measured(rows=20)]
    content = a_file(rows) + b"3.59,-1.61,red\n"
    with pytest.raises(UsageError, match=r"line 42 has 3 cells, not 4; its first is '3.59'"):
        decided(content)


def letters() -> bytes:
    chance = random.Random(0)
    rows = [[f"{n % 26 + chance.gauss(0, 0.05):.4f}", str(n % 26 + 1)] for n in range(312)]
    return a_file(rows, names=("a", "letter"))


def test_many_numeric_classes_say_how_to_be_classes_and_are_learned() -> None:
    (told,) = (each for each in decided(letters(), target="letter").warnings if "26" in each)
    assert '"problem_type": "classification"' in told
    divided = halves(letters(), target="letter", problem_type="classification")
    done = outcome(divided, hyperparameters={"candidates": "random_forest"})
    assert done.accuracy > 0.95
    assert done.ask("3.0\n", "text/csv")["predictions"] == [4]


def test_a_date_tells_more_than_its_text() -> None:
    rows = [
        [f"{2010 + n % 12}-{n % 12 + 1:02}-{n // 12 + 1:02}", "ny"[n % 12 >= 6]] for n in range(240)
    ]
    content = a_file(rows, names=("seen", "kind"))
    done = outcome(halves(content))
    assert done.accuracy == 1.0
    assert done.manifest.inputs[:2] == ("seen.year", "seen.month")
    answer = done.ask('[{"seen": "2011-01-05"}, {"seen": "2025-05-31T10:00:00"}]', "")
    assert answer["predictions"] == ["n", "y"]


def test_numbers_as_names_drop_no_row() -> None:
    rows = [[*(str(n * k % 4) for k in (1, 3, 5)), str(n % 4), "ny"[n % 2]] for n in range(80)]
    done = outcome(halves(a_file(rows, names=("0", "1", "2", "3", "kind"))))
    assert len(done.ask("1,2,3,0\n1,1,1,1\n", "text/csv")["predictions"]) == 2

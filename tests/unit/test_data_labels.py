"""The target column: which spellings are one class, what is missing, what is no class."""

from collections.abc import Sequence

import pytest

from pipeline.core.errors import UsageError
from pipeline.core.records import ModelKind
from pipeline.material.deciding import Decided
from tests.support.decided import decided, halves


def a_csv(labels: Sequence[str], *, header: str = "n,kind") -> bytes:
    rows = "".join(f'{number / 8},"{label}"\n' for number, label in enumerate(labels))
    return f"{header}\n{rows}".encode()


def read(*labels: str, times: int = 5) -> Decided:
    """Return what a file is decided to be that holds each label so many times."""
    return decided(a_csv(labels * times))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (("no", "yes", "no ", " yes"), ("no", "yes")),
        (("no", "yes", "no\u00a0", "\u200byes"), ("no", "yes")),
        (("no", "caf\u00e9", "cafe\u0301"), ("caf\u00e9", "no")),
        (("0", "1", "1.0", " 0"), ("0", "1")),
        (("01", "1"), ("01", "1")),
        (("1.5", "2"), ("1.5", "2")),
        (("True", "False"), ("False", "True")),
    ],
)
def test_spellings_of_one_class_are_one(labels: tuple[str, ...], classes: tuple[str, ...]) -> None:
    assert read(*labels).labels.classes == classes


@pytest.mark.parametrize("spelling", ["no ", " no", "no\t", "no\u00a0", "\u200bno"])
def test_labels_with_outer_spaces_are_named_with_their_line(spelling: str) -> None:
    (warning,) = read("no", "yes", spelling, "yes").warnings
    assert warning == (
        "birds.csv (cells divided by a comma), column 'kind': 5 labels have outer spaces or are "
        f"composed otherwise, the first is {spelling!r} on line 4; it is read as 'no'."
    )


@pytest.mark.parametrize("other", ["YES", "yes", "Yes  sir"])
def test_classes_that_differ_by_case_only_are_told(other: str) -> None:
    found = read("Yes", "no", "Yes sir", other).warnings
    assert [other in warning for warning in found] == [True]
    assert "differ by case or inner spaces only" in found[0]


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (("0", "1"), "integer"),
        (("1.0", "2.0"), "integer"),
        (("-1", "1"), "integer"),
        (("007", "1"), "text"),
        (("1.5", "2"), "text"),
        (("yes", "no"), "text"),
        (("1234567890123456", "1"), "text"),
    ],
)
def test_kind_of_labels(labels: tuple[str, ...], kind: str) -> None:
    assert read(*labels).schema.label_kind == kind


@pytest.mark.parametrize("spelling", ["None", "NA", "N/A", "null", "nan", "<NA>", "NULL", " None "])
def test_a_label_that_counts_as_missing_says_by_which_spelling(spelling: str) -> None:
    with pytest.raises(UsageError) as caught:
        read("mild", spelling)
    bare = spelling.strip()
    assert "5 rows have no 'kind', the first is on line 3" in caught.value.message
    assert f"{bare!r} 5 times" in caught.value.message
    assert f'set "present_values": ["{bare}"] in the section `training`' in caught.value.remedy
    said = decided(a_csv(["mild", spelling] * 5), present_values=(bare,))
    assert said.labels.classes == tuple(sorted({"mild", bare}))


@pytest.mark.parametrize("spelling", ["", " ", "\u00a0", "\t"])
def test_a_blank_label_is_refused(spelling: str) -> None:
    with pytest.raises(UsageError, match=r"first is on line 3.*: blank 5 times") as caught:
        read("mild", spelling)
    assert caught.value.remedy == "Remove these rows or label them."


def test_a_spelling_that_was_made_missing_is_missing_in_the_target_too() -> None:
    with pytest.raises(UsageError, match=r"'\?' 5 times"):
        decided(a_csv(["mild", "?"] * 5), missing_values=("?",))


@pytest.mark.parametrize(
    "labels",
    [
        [f"{n / 7}" for n in range(60)],
        [f"{1290 + 35 * n}" for n in range(18)],
        [f"{1290 + 35 * n}" for n in range(3)],
        [str(n % 26) for n in range(26 * 12)],
        [f"{n}e3" for n in range(1, 25)],
    ],
)
def test_a_target_of_measurements_is_one_and_says_how_to_say_otherwise(labels: list[str]) -> None:
    found = decided(a_csv(labels))
    assert (found.schema.label_kind, found.labels.classes) == ("number", ())
    assert [float(label) for label in found.labels.labels] == [float(label) for label in labels]
    (told,) = (each for each in found.warnings if "regression" in each)
    assert '"problem_type": "classification" in the section' in told
    assert f"{len(set(labels))} different numbers in {len(labels)} rows" in told
    set_so = decided(a_csv(labels), problem_type="regression")
    assert set_so.labels.labels == found.labels.labels
    assert not any("regression" in each for each in set_so.warnings)


def test_a_few_numbers_are_measurements_where_they_are_said_to_be() -> None:
    labels = [str(n % 3) for n in range(60)]
    assert decided(a_csv(labels)).schema.label_kind == "integer"
    assert decided(a_csv(labels), problem_type="regression").schema.label_kind == "number"


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (["1", "2", "many", "4"] * 10, "is 'many', which is no finite number .10 such rows"),
        (["7"] * 40, "is 7.0 in every row"),
        (["1", ""] * 20, "20 rows have no"),
        (["1e999", "2"] * 20, "is '1e999', which is no finite number"),
    ],
)
def test_what_is_no_number_cannot_be_predicted_as_one(labels: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        decided(a_csv(labels), problem_type="regression")


def test_numbers_are_divided_without_regard_to_their_values() -> None:
    content = a_csv([f"{n / 7}" for n in range(200)])
    result = halves(content, problem_type="regression")
    assert (result.kind, result.labels) == (ModelKind.REGRESSION, ())
    assert 60 < result.train_rows < 140
    assert result.train_rows + result.test_rows == 200


def test_measurements_with_a_decimal_comma_are_measurements() -> None:
    rows = "".join(f"{n % 3};{n},5\n" for n in range(30))
    found = decided(f"n;kind\n{rows}".encode())
    assert found.schema.label_kind == "number"
    assert found.labels.labels[:2] == ("0.5", "1.5")


@pytest.mark.parametrize("count", [21, 26, 100])
def test_any_number_of_numeric_classes_is_trained_on_when_they_are_said_to_be_classes(
    count: int,
) -> None:
    content = a_csv([str(n % count) for n in range(count * 6)])
    result = halves(content, problem_type="classification")
    assert len(result.labels) == count


@pytest.mark.parametrize(
    "labels",
    [["0", "1", "2"] * 6, [str(n % 20) for n in range(80)], ["1", "2"], ["a", "b", "c"] * 9],
)
def test_few_numbers_are_classes_by_themselves(labels: list[str]) -> None:
    counts = {label: labels.count(label) for label in labels}
    content = a_csv(labels * 2)
    assert len(decided(content).labels.classes) == len(counts)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"kind\na\n", "no column besides 'kind'"),
        (b"n,kinds\n1,a\n", "no column 'kind'; it has 'n', 'kinds'.*Did you mean 'kinds'"),
        (a_csv(["a"] * 9), "one class only, 'a'"),
        (a_csv(["a"] * 9 + ["b"]), "line 11: the class 'b' of 'kind' has one row"),
        (a_csv([f"name {n}" for n in range(9)]), r"line 2: .* has one row \(9 such classes\)"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(content: bytes, text: str) -> None:
    with pytest.raises(UsageError, match=f"^birds.csv .cells divided by a comma.*{text}") as caught:
        decided(content)
    assert (caught.value.exit_code, caught.value.code) == (2, "DataRefused")


def test_a_target_is_found_whatever_its_outer_spaces() -> None:
    content = a_csv(["a", "b"] * 4, header="n, kind ")
    assert decided(content, target="kind ").schema.target == "kind"

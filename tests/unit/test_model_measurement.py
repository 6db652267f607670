"""Numbers out of predictions, and which numbers of a user are taken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.measurement import Classes, Measurement, checked_metrics, merge_metrics
from tests.support.in_parts import fed

LABELS = st.sampled_from(["a", "b", "c"])


def measure(predicted: np.ndarray, actual: np.ndarray, *, labels: tuple[str, ...]) -> Measurement:
    found: Measurement = fed(Classes(labels), predicted, actual).measurement()
    return found


def an_array(*values: object) -> np.ndarray:
    return np.array(values, dtype=object)


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1))
def test_the_matrix_counts_every_row_once_and_its_diagonal_is_the_accuracy(
    pairs: list[tuple[str, str]],
) -> None:
    actual, predicted = (an_array(*side) for side in zip(*pairs, strict=True))
    seen = measure(predicted, actual, labels=("a", "b", "c"))
    matrix = np.array(seen.confusion_matrix)
    assert matrix.sum() == len(pairs) == seen.rows
    assert np.trace(matrix) == pytest.approx(seen.measured["accuracy"] * len(pairs))
    assert seen.classification_report["accuracy"] == pytest.approx(seen.measured["accuracy"])


def test_rows_of_the_matrix_are_true_labels_in_the_order_of_training() -> None:
    seen = measure(an_array("b", "b"), an_array("a", "b"), labels=("b", "a"))
    assert (seen.labels, seen.confusion_matrix) == (("b", "a"), [[1, 0], [1, 0]])


def test_labels_training_never_saw_are_counted_as_wrong() -> None:
    seen = measure(an_array("a", "a"), an_array("a", "new"), labels=("a", "b"))
    assert (seen.labels, seen.measured["accuracy"]) == (("a", "b", "new"), 0.5)


def test_predictions_of_another_type_are_wrong_not_a_crash() -> None:
    assert measure(np.array([0, 1]), an_array("a", "b"), labels=("a", "b")).measured == {
        "accuracy": 0.0
    }


def test_predictions_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(1,\) for 2 rows"):
        Classes(("a", "b")).add(an_array("a"), an_array("a", "b"))


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1), st.integers(0, 99))
def test_answers_come_back_row_by_row_and_the_order_of_classes_is_that_of_all_rows(
    pairs: list[tuple[str, str]], seed: int
) -> None:
    actual, predicted = (an_array(*side) for side in zip(*pairs, strict=True))
    classes = fed(Classes(("a",)), predicted, actual, seed=seed)
    assert list(classes.answers()) == predicted.tolist()
    assert classes.measurement() == fed(Classes(("a",)), predicted, actual).measurement()
    seen = tuple(dict.fromkeys(["a", *actual.tolist(), *predicted.tolist()]))
    assert classes.measurement().labels == seen


def test_metrics_become_plain_floats_and_null() -> None:
    given_metrics = {"a": np.float32(0.5), "b": 1, "c": float("nan"), "d": float("inf")}
    expected = {"a": 0.5, "b": 1.0, "c": None, "d": None}
    assert checked_metrics(given_metrics, source="s") == expected


@pytest.mark.parametrize("value", ["0.9", None, True, [0.9], np.array([1.0, 2.0])])
def test_a_metric_that_is_no_number_is_named(value: object) -> None:
    with pytest.raises(TypeError, match=r"mine:f: metric 'f1' is .*, not a number"):
        checked_metrics({"f1": value}, source="mine:f")


@pytest.mark.parametrize("metrics", [0.9, None, {1: 0.9}, {"": 0.9}])
def test_metrics_without_names_are_refused(metrics: object) -> None:
    with pytest.raises(TypeError, match="mine:f returned"):
        checked_metrics(metrics, source="mine:f")


def test_a_measured_metric_cannot_be_replaced() -> None:
    assert merge_metrics({"accuracy": 0.9}, {"accuracy": 0.9, "f1": 1.0}).keys() == {
        "accuracy",
        "f1",
    }
    with pytest.raises(ValueError, match=r"measured as 0\.9 and given as 1\.0"):
        merge_metrics({"accuracy": 0.9}, {"accuracy": 1.0})

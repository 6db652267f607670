"""Limits for classes are refused beside a number, with what to set instead; its own are obeyed."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.configuration.rules import require_fitting_limits
from pipeline.core.errors import ConfigError, UsageError
from pipeline.core.records import ModelKind
from pipeline.material.dividing import HeldOutRows
from pipeline.steps import probe
from tests.unit.config_files import Load, load, problem_lines
from tests.unit.core_builders import an_evaluation, some_limits
from tests.unit.test_gather import gathered

__all__ = ["load"]

LIMITS: list[tuple[dict[str, Any], str]] = [
    ({"accuracy_threshold": 0.9}, "accuracy_threshold = 0.9: is for classes, but this target is a"),
    ({"minimum_accuracy": 0.8}, "minimum_accuracy = 0.8: is for classes"),
    ({"gates": {"accuracy": {"bound": "lower"}}}, "gates.accuracy = "),
    (
        {"testing": {"minimum_prediction_accuracy": 0.8}},
        "testing.minimum_prediction_accuracy = 0.8: is for classes",
    ),
]


@pytest.mark.parametrize(("keys", "line"), LIMITS)
def test_what_is_for_classes_is_refused_as_soon_as_the_kind_is_known(
    load: Load, keys: dict[str, Any], line: str
) -> None:
    settings = load(**keys)
    require_fitting_limits(settings, ModelKind.BINARY)
    with pytest.raises(ConfigError) as found:
        require_fitting_limits(settings, ModelKind.REGRESSION)
    (problem,) = problem_lines(found)
    assert problem.startswith(line)
    assert "set " in problem


@pytest.mark.parametrize(("keys", "line"), [each for each in LIMITS if "gates" not in each[0]])
def test_a_configuration_that_says_regression_is_refused_before_any_data(
    load: Load, keys: dict[str, Any], line: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(**keys, training={"problem_type": "regression"})
    assert any(each.startswith(line) for each in problem_lines(refused))


def test_defaults_of_a_classifier_do_not_stand_in_the_way(load: Load) -> None:
    settings = load(training={"problem_type": "regression"}, gates={"rmse": {"maximum": 3}})
    require_fitting_limits(settings, ModelKind.REGRESSION)
    assert list(settings.gate_policy.gates) == ["rmse"]


@pytest.mark.parametrize(
    ("own", "kind", "limit"),
    [
        (None, ModelKind.REGRESSION, 2.002),
        (5.0, ModelKind.REGRESSION, 5.0),
        (None, ModelKind.BINARY, None),
    ],
)
def test_the_endpoint_may_not_answer_worse_than_was_measured(
    load: Load, own: float | None, kind: ModelKind, limit: float | None
) -> None:
    settings = load(testing={} if own is None else {"maximum_prediction_rmse": own})
    measured = an_evaluation(kind=kind, metrics={"rmse": 2.0})
    assert settings.test_limits_for(measured).maximum_prediction_rmse == pytest.approx(limit)


ROWS = HeldOutRows(columns=("a",), rows=(("1",), ("2",)), labels=("1", "3"), numbers=(1.0, 3.0))


@pytest.mark.parametrize(
    ("answers", "limit", "passed", "detail"),
    [
        (["1", "3"], 0.0, True, "is 0, at most 0 is asked"),
        (["1", "5"], 1.5, True, "is 1.41421, at most 1.5 is asked"),
        (["1", "5"], 1.4, False, "is 1.41421, at most 1.4 is asked"),
        (["1", "5"], None, False, "no limit is known"),
        (["1", "many"], 9.0, False, "not answer each of 2 held-out rows with a finite number"),
        (["1"], 9.0, False, "not answer each of 2 held-out rows"),
        (["1", "1e200"], 9.0, False, "or some are too far off to be measured"),
        (["1e154", "1e154"], 9.0, False, "or some are too far off to be measured"),
    ],
)
def test_the_endpoint_test_of_a_number_measures_its_error(
    answers: list[str], limit: float | None, passed: bool, detail: str
) -> None:
    limits = some_limits(maximum_prediction_rmse=limit)
    found = probe._judged_numbers(answers, ROWS, limits, started=0.0)
    assert (found.case.name, found.case.passed) == ("prediction_error", passed)
    assert detail in found.case.detail


@pytest.mark.parametrize(
    ("slices", "why"),
    [
        ([{"column": "colour"}], "names 'colour', which is no feature"),
        ([{"column": "who", "bins": [1]}], "has bins for 'who', which is no number"),
        ([{"column": "day"}], "names 'day', which is a date"),
    ],
)
def test_what_cannot_be_sliced_is_said_before_anything_is_trained(
    load: Load, tmp_path: Path, slices: list[dict[str, Any]], why: str
) -> None:
    file = tmp_path / "rows.csv"
    rows = "".join(
        f"{n / 3:.3f},{'xyz'[n % 3]},2020-0{1 + n % 9}-1{n % 7},{'ab'[n % 2]}\n" for n in range(60)
    )
    file.write_text(f"size,who,day,kind\n{rows}")
    with pytest.raises(UsageError, match=why):
        gathered(lambda **keys: load(**keys, evaluation={"slices": slices}), file)

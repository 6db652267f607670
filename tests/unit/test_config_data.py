"""The keys of `training` that say what the cells of a data file are."""

from typing import Any

import pytest

from pipeline.core.errors import ConfigError
from pipeline.steps.data_source import choices
from tests.unit.config_files import Load, load, problem_lines

__all__ = ["load"]


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("separator", ";", ";"),
        ("separator", "|", "|"),
        ("separator", "\t", "\t"),
        ("separator", "tab", "\t"),
        ("decimal", ",", ","),
        ("encoding", "cp1252", "cp1252"),
        ("encoding", "UTF-16-LE", "UTF-16-LE"),
        ("missing_values", ["?", "-999"], ("?", "-999")),
        ("present_values", ["None"], ("None",)),
        ("columns", {"a b": "drop", "": "use", "c.d": "text"}, None),
        ("problem_type", "classification", "classification"),
    ],
)
def test_what_is_said_of_a_file_is_accepted(load: Load, key: str, value: Any, meant: Any) -> None:
    training = load(training={key: value}).training
    assert getattr(training, key) == (value if meant is None else meant)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("separator", "", "must be a comma, a semicolon, a vertical bar, or the word tab"),
        ("separator", ":", "must be a comma, a semicolon"),
        ("decimal", "comma", "must be a point or a comma"),
        ("encoding", "utf-99", "must be an encoding that Python knows"),
        ("encoding", "base64", "must be an encoding that Python knows"),
        ("missing_values", "?", "must be a list of texts that are not empty"),
        ("missing_values", [""], "must be a list of texts that are not empty"),
        ("present_values", [1], "must be a list of texts that are not empty"),
        ("columns", {"a": "skip"}, "must be an object of column names, each with use, drop"),
        ("columns", ["a"], "must be an object of column names, each with use, drop"),
        ("problem_type", "ranking", "must be auto, classification or regression"),
    ],
)
def test_what_cannot_be_said_of_a_file_is_refused(
    load: Load, key: str, value: Any, allowed: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(training={key: value})
    (line,) = problem_lines(refused)
    assert line.startswith(f"training.{key}")
    assert allowed in line


def test_variables_say_it_too(load: Load) -> None:
    variables = {
        "MLOPS_TRAINING__COLUMNS": '{"id": "drop"}',
        "MLOPS_TRAINING__MISSING_VALUES": "?,-999",
        "MLOPS_TRAINING__SEPARATOR": "tab",
        "MLOPS_TRAINING__DECIMAL": ",",
    }
    training = load(variables).training
    assert (training.columns, training.separator, training.decimal) == ({"id": "drop"}, "\t", ",")
    assert choices(training).missing_values == ("?", "-999")

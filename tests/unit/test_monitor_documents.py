"""The three reports of Model Monitor, in the forms that Studio and the SDK read."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from pipeline.core.drift import DriftLimits, judge_drift
from pipeline.core.monitor_documents import constraints, statistics, violations
from tests.unit.monitoring_builders import a_baseline, count_frame, known

RNG = np.random.default_rng(4)
X = pd.DataFrame(
    {
        "size": RNG.normal(5, 2, 1_000).round(3),
        "count": RNG.integers(0, 500, 1_000).astype(float),
        "kind": RNG.choice(["a", "b"], 1_000).astype(object),
        "none": np.full(1_000, np.nan),
    }
)
LAID = a_baseline(X)
BASELINE = known(LAID)
LIMITS = DriftLimits()


def test_statistics_are_those_of_the_rows() -> None:
    described = {each["name"]: each for each in statistics(BASELINE)["features"]}
    size = described["size"]["numerical_statistics"]
    assert size["common"] == {"num_present": 1_000, "num_missing": 0}
    for name, expected in {
        "mean": X["size"].mean(),
        "sum": X["size"].sum(),
        "std_dev": X["size"].std(ddof=0),
        "min": X["size"].min(),
        "max": X["size"].max(),
    }.items():
        assert size[name] == pytest.approx(expected)
    buckets = size["distribution"]["kll"]["buckets"]
    assert sum(each["count"] for each in buckets) == 1_000
    assert [each["upper_bound"] for each in buckets[:-1]] == [
        each["lower_bound"] for each in buckets[1:]
    ]
    text = described["kind"]["string_statistics"]["distribution"]["categorical"]["buckets"]
    assert {each["value"]: each["count"] for each in text} == {
        **X["kind"].value_counts().to_dict(),
        "other": 0,
    }


def test_each_column_has_the_guides_word_for_what_it_holds() -> None:
    named = {
        each["name"]: each["inferred_type"] for each in constraints(BASELINE, LIMITS)["features"]
    }
    assert named == {
        "size": "Fractional",
        "count": "Integral",
        "kind": "String",
        "none": "Unknown",
    }


def test_constraints_say_what_is_expected() -> None:
    document = constraints(BASELINE, LIMITS)
    size, _, kind, none = document["features"]
    assert size["num_constraints"] == {"is_non_negative": bool((X["size"] >= 0).all())}
    assert kind["string_constraints"] == {"domains": ["a", "b"]}
    assert (size["completeness"], none["completeness"]) == (1.0, 0.0)


def test_violations_have_words_that_tools_look_for() -> None:
    moved = X.assign(size=X["size"] + 2)
    verdict = judge_drift(BASELINE, count_frame(LAID, moved), LIMITS)
    (found,) = violations(verdict, LIMITS)["violations"]
    assert (found["feature_name"], found["constraint_check_type"]) == (
        "size",
        "baseline_drift_check",
    )
    distance = re.search(r"distance: ([\d.]+) exceeds threshold: ([\d.]+)", found["description"])
    assert distance is not None
    assert float(distance[1]) > float(distance[2]) == 0.2


def test_a_fault_is_among_the_violations() -> None:
    broken = X.assign(kind=["c"] * 1_000)
    verdict = judge_drift(BASELINE, count_frame(LAID, broken), LIMITS)
    kinds = [each["constraint_check_type"] for each in violations(verdict, LIMITS)["violations"]]
    assert kinds == ["categorical_values_check"]


def test_a_window_without_rows_can_be_described() -> None:
    window = BASELINE.empty_window("0")
    text = json.dumps(statistics(BASELINE, window), allow_nan=False)
    assert json.loads(text)["dataset"] == {"item_count": 0}

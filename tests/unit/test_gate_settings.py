"""What a configuration says of gates becomes limits; how all of them work is no metric."""

from dataclasses import replace

import pytest

from pipeline.core.champion import ChampionLimits, Rule
from pipeline.core.errors import ConfigError
from pipeline.core.explained import gate_lines
from pipeline.core.gate import Limits, accuracy_limits, decided, judge_one
from tests.unit.config_files import Load, load

__all__ = ["load"]

DRY_RUN = {"MLOPS_GATES__MODE": "dry_run"}
MODE = {"mode": "dry_run", "f1": {"minimum": 0.9}}


def test_a_mode_in_words_is_no_metric_and_an_object_is(load: Load) -> None:
    worded = load(gates=MODE).gate_policy
    assert (worded.dry_run, list(worded.gates)) == (True, ["f1"])
    metric = load(gates={"mode": {"minimum": 0.9}}).gate_policy
    assert (metric.dry_run, list(metric.gates)) == (False, ["mode"])


def test_the_mode_may_come_from_the_environment(load: Load) -> None:
    policy = load(DRY_RUN, gates={"f1": {"minimum": 0.9}}).gate_policy
    assert (policy.dry_run, list(policy.gates)) == (True, ["f1"])


def test_in_production_only_the_file_lets_the_gates_block_nothing(load: Load) -> None:
    assert load(environment="production", gates=MODE).gate_policy.dry_run
    for gates in ({}, {"f1": {"minimum": 0.9}}):
        with pytest.raises(ConfigError, match="only the file may let the gates block nothing"):
            load(DRY_RUN, environment="production", gates=gates)


def test_the_bound_of_accuracy_stands_beside_its_two_limits(load: Load) -> None:
    policy = load(gates={"accuracy": {"bound": "lower"}}).gate_policy
    assert policy.thresholds == accuracy_limits(0.95, 0.90, bound="lower")
    assert policy.gates == {}


def test_a_slice_without_limits_is_measured_and_not_judged(load: Load) -> None:
    slices = [{"column": "a"}, {"column": "b", "bins": [1, 2.5], "minimum": 0.5}]
    policy = load(evaluation={"slices": slices}).gate_policy
    assert [each.limits for each in policy.slices] == [None, Limits(minimum=0.5)]


@pytest.mark.parametrize(
    ("retraining", "champion", "own", "asked"),
    [
        ({}, {}, Rule.NOT_WORSE, Rule.BETTER),
        ({}, {"rule": "off"}, Rule.OFF, Rule.BETTER),
        ({"champion_rule": "not_worse"}, {"rule": "better"}, Rule.BETTER, Rule.NOT_WORSE),
        ({"champion_rule": "off"}, {}, Rule.NOT_WORSE, Rule.OFF),
    ],
)
def test_a_retraining_that_was_asked_for_has_a_rule_of_its_own_and_all_other_limits(
    load: Load, retraining: dict[str, str], champion: dict[str, str], own: Rule, asked: Rule
) -> None:
    shared = {"margin": 0.02, "minimum_rows": 40}
    settings = load(retraining=retraining, champion={**shared, **champion})
    usual, answer = settings.gate_policy, settings.retraining_policy
    assert usual.champion == ChampionLimits(rule=own, margin=0.02, minimum_rows=40)
    assert answer.champion == replace(usual.champion, rule=asked, doubt_keeps=True)
    assert answer.without_champion == usual.without_champion


def test_each_gate_is_explained_with_value_interval_limits_and_outcome() -> None:
    limits = accuracy_limits(0.95, 0.9)
    gates = [
        judge_one("accuracy", 0.96, limits=limits, rows=75),
        judge_one("rmse", 2.5, limits=Limits(maximum=3.0, threshold=2.0)),
        judge_one("f1", None, limits=Limits(minimum=0.9)),
    ]
    assert tuple(gate_lines(decided(gates))) == (
        "Gate accuracy: passed; value 0.96; 95 % interval 0.8889 to 0.9863 of 75 rows; "
        "minimum 0.9; threshold 0.95",
        "Gate rmse: held; value 2.5; maximum 3; threshold 2; rmse 2.5 is above its threshold 2.0 "
        "but is within its maximum 3.0",
        "Gate f1: FAILED; no value; minimum 0.9; f1 is missing; it must be a number from 0 to 1",
        "Gates: reject",
    )

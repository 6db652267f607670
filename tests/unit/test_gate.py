"""The gate never deploys in doubt, and a better metric never makes a worse verdict."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.gate import VERDICTS, Limits, accuracy_limits, decided, judge_one
from pipeline.core.intervals import wilson
from pipeline.core.records import Decision, Outcome, Verdict

LIMITS = accuracy_limits(0.95, 0.90)
RANK = {Verdict.REJECT: 0, Verdict.HOLD: 1, Verdict.DEPLOY: 2}
shares = st.floats(0, 1)
no_numbers = st.one_of(
    st.none(),
    st.booleans(),
    st.text(),
    st.just(math.nan),
    st.floats().filter(lambda value: not 0 <= value <= 1),
    st.integers().filter(lambda value: value not in (0, 1)),
)


def judge(
    metrics: Mapping[str, object],
    thresholds: Limits,
    *,
    gates: Mapping[str, Limits],
    rows: int | None = None,
) -> Decision:
    """Judge accuracy by the thresholds, every other gate by its own limits, and all of them."""
    asked = {"accuracy": thresholds, **gates}
    return decided(
        [judge_one(name, metrics.get(name), limits=each, rows=rows) for name, each in asked.items()]
    )


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    minimum, threshold = sorted((draw(shares), draw(shares)))
    return Limits(minimum=minimum, threshold=draw(st.sampled_from([threshold, None])))


@pytest.mark.parametrize(
    ("accuracy", "verdict"),
    [
        (1.0, Verdict.DEPLOY),
        (1, Verdict.DEPLOY),
        (0.95, Verdict.DEPLOY),
        (math.nextafter(0.95, 0), Verdict.HOLD),
        (0.90, Verdict.HOLD),
        (math.nextafter(0.90, 0), Verdict.REJECT),
        (0, Verdict.REJECT),
    ],
)
def test_two_thresholds_make_three_verdicts(accuracy: float, verdict: Verdict) -> None:
    assert judge({"accuracy": accuracy}, LIMITS, gates={}).verdict is verdict


@given(no_numbers)
def test_what_is_no_share_is_rejected(value: object) -> None:
    assert judge({"accuracy": value}, LIMITS, gates={}).verdict is Verdict.REJECT
    gates = {"f1_score": Limits(minimum=0)}
    assert judge({"accuracy": 1.0, "f1_score": value}, LIMITS, gates=gates).verdict is (
        Verdict.REJECT
    )


def test_a_missing_metric_is_rejected_and_named() -> None:
    decision = judge({"accuracy": 0.99}, LIMITS, gates={"f1_score": Limits(minimum=0.9)})
    assert decision.verdict is Verdict.REJECT
    assert decision.reasons == (
        "accuracy 0.99 reaches accuracy_threshold 0.95.",
        "f1_score is missing; it must be a number from 0 to 1.",
    )


@pytest.mark.parametrize(
    ("f1_score", "gate", "verdict"),
    [
        (0.9, Limits(minimum=0.9), Verdict.DEPLOY),
        (0.89, Limits(minimum=0.9), Verdict.REJECT),
        (0.9, Limits(minimum=0.9, threshold=0.95), Verdict.HOLD),
        (0.95, Limits(minimum=0.9, threshold=0.95), Verdict.DEPLOY),
    ],
)
def test_a_custom_gate_judges_its_own_metric(
    f1_score: float, gate: Limits, verdict: Verdict
) -> None:
    metrics = {"accuracy": 1.0, "f1_score": f1_score}
    assert judge(metrics, LIMITS, gates={"f1_score": gate}).verdict is verdict


def test_a_reason_names_metric_value_and_limit() -> None:
    assert judge({"accuracy": 0.8733}, LIMITS, gates={}).reasons == (
        "accuracy 0.8733 is below minimum_accuracy 0.9.",
    )
    assert judge({"accuracy": 0.93}, LIMITS, gates={}).reasons == (
        "accuracy 0.93 is below accuracy_threshold 0.95 but reaches minimum_accuracy 0.9.",
    )


@given(shares, shares, shares, limits(), limits())
def test_a_better_metric_never_makes_a_worse_verdict(
    one: float, other: float, f1_score: float, thresholds: Limits, gate: Limits
) -> None:
    low, high = sorted((one, other))
    verdicts = [
        judge(
            {"accuracy": value, "f1_score": f1_score}, thresholds, gates={"f1_score": gate}
        ).verdict
        for value in (low, high)
    ]
    assert RANK[verdicts[0]] <= RANK[verdicts[1]]


@given(shares, st.dictionaries(st.sampled_from("abc"), shares), limits(), limits())
def test_nothing_below_a_threshold_is_deployed(
    accuracy: float, others: dict[str, float], thresholds: Limits, gate: Limits
) -> None:
    gates = dict.fromkeys(others, gate)
    decision = judge({"accuracy": accuracy, **others}, thresholds, gates=gates)
    all_reached = accuracy >= thresholds.deploy_from and all(
        value >= gate.deploy_from for value in others.values()
    )
    assert (decision.verdict is Verdict.DEPLOY) == all_reached
    assert len(decision.reasons) == 1 + len(gates)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"minimum": 0.9, "threshold": 0.8}, "minimum <= threshold"),
        ({"minimum": math.nan, "threshold": 1}, "minimum <= threshold"),
        ({"maximum": 2.0, "threshold": 3.0}, "threshold <= maximum"),
        ({"maximum": math.nan}, "threshold <= maximum"),
        ({"minimum": 0.1, "maximum": 0.9}, "a minimum or a maximum"),
        ({"threshold": 0.9}, "a minimum or a maximum"),
        ({"minimum": 0.9, "bound": "upper"}, "a minimum is for the lower bound"),
        ({"maximum": 0.9, "bound": "lower"}, "a maximum for the upper"),
    ],
)
def test_limits_that_contradict_themselves_cannot_be_made(limits: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Limits(**limits)


@pytest.mark.parametrize(
    ("value", "outcome", "reason"),
    [
        (2.0, Outcome.PASSED, "rmse 2 is within its threshold 2.0."),
        (2.5, Outcome.HELD, "rmse 2.5 is above its threshold 2.0 but is within its maximum 3.0."),
        (3.0, Outcome.HELD, "rmse 3 is above its threshold 2.0 but is within its maximum 3.0."),
        (3.5, Outcome.FAILED, "rmse 3.5 is above its maximum 3.0."),
        (None, Outcome.FAILED, "rmse is missing; it must be a finite number."),
        (math.inf, Outcome.FAILED, "rmse is inf; it must be a finite number."),
    ],
)
def test_of_an_error_less_is_better(value: float | None, outcome: Outcome, reason: str) -> None:
    found = judge_one("rmse", value, limits=Limits(maximum=3.0, threshold=2.0))
    assert (found.outcome, found.reason) == (outcome, reason)
    assert (found.maximum, found.threshold, found.minimum) == (3.0, 2.0, None)


@pytest.mark.parametrize(
    ("right", "rows", "verdict"),
    [(72, 75, Verdict.HOLD), (960, 1000, Verdict.HOLD), (9600, 10_000, Verdict.DEPLOY)],
)
def test_the_lower_bound_asks_for_rows_as_well(right: int, rows: int, verdict: Verdict) -> None:
    bounded = accuracy_limits(0.95, 0.85, bound="lower")
    decision = judge({"accuracy": right / rows}, bounded, gates={}, rows=rows)
    (gate,) = decision.gates
    assert decision.verdict is verdict
    assert gate.interval == wilson(right, rows)
    assert (gate.value, gate.rows, gate.bound) == (right / rows, rows, "lower")
    assert gate.reason.startswith(f"the lower bound of accuracy (0.96 on {rows} rows), 0.")


def test_the_bound_of_a_number_without_an_interval_is_rejected() -> None:
    gates = {"f1": Limits(minimum=0.5, bound="lower")}
    decision = judge({"accuracy": 1.0, "f1": 0.9}, LIMITS, gates=gates, rows=75)
    assert decision.verdict is Verdict.REJECT
    assert "f1 has no lower bound" in decision.reasons[1]


@given(st.dictionaries(st.sampled_from("abc"), shares), limits(), st.integers(1, 10_000))
def test_every_gate_leaves_one_outcome_with_its_reason(
    values: dict[str, float], gate: Limits, rows: int
) -> None:
    decision = judge(values, LIMITS, gates=dict.fromkeys("abc", gate), rows=rows)
    assert [each.name for each in decision.gates] == ["accuracy", "a", "b", "c"]
    assert decision.reasons == tuple(each.reason for each in decision.gates)
    assert decision.verdict is min(
        (VERDICTS[g.outcome] for g in decision.gates), key=RANK.__getitem__
    )


def test_a_dry_run_tells_the_verdict_and_blocks_nothing() -> None:
    failed = judge_one("accuracy", 0.5, limits=LIMITS)
    decision = decided([failed], dry_run=True)
    assert decision.verdict is Verdict.DEPLOY
    assert decision.gates == (failed,)
    assert decision.reasons[-1] == (
        "gates.mode is dry_run: no gate blocks, the verdict would be reject."
    )

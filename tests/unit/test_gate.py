"""The gate never deploys in doubt, and a better metric never makes a worse verdict."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.gate import Limits, accuracy_limits, judge
from pipeline.core.records import Verdict

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
    ("minimum", "threshold"), [(0.9, 0.8), (-0.1, 0.5), (0.5, 1.1), (math.nan, 1)]
)
def test_limits_that_contradict_themselves_cannot_be_made(minimum: float, threshold: float) -> None:
    with pytest.raises(ValueError, match="minimum <= threshold"):
        Limits(minimum=minimum, threshold=threshold)

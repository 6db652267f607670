"""A candidate passes only where its container answers as well as it was measured."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.gate import accuracy_limits, judge
from pipeline.core.records import Verdict
from pipeline.core.serving_gate import judge_candidate
from tests.unit.core_builders import a_serving_check, an_evaluation

LIMITS = accuracy_limits(0.95, 0.90)
SHARES = st.floats(0, 1)


def verdict(measured: float = 0.97, *, measured_rows: int = 50, **check: Any) -> Verdict:
    evaluation = an_evaluation(
        metrics={"accuracy": measured},
        row_count=measured_rows,
        serving=a_serving_check(**check),
    )
    return judge_candidate(evaluation, LIMITS, gates={}).verdict


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({}, Verdict.DEPLOY),
        ({"accuracy": 0.98}, Verdict.DEPLOY),
        ({"accuracy": 0.96}, Verdict.REJECT),
        ({"accuracy": None, "failure": "`serve` ended with exit code 1"}, Verdict.REJECT),
        ({"measured": 0.92, "accuracy": 0.92}, Verdict.HOLD),
        ({"measured": 0.80, "accuracy": 0.80}, Verdict.REJECT),
        ({"measured_rows": 40, "accuracy": 0.91}, Verdict.DEPLOY),
        ({"measured_rows": 40, "accuracy": 0.89}, Verdict.REJECT),
    ],
)
def test_a_candidate_is_judged_by_its_metrics_and_by_its_container(
    case: dict[str, Any], expected: Verdict
) -> None:
    assert verdict(**case) is expected


def test_a_candidate_whose_container_nobody_asked_is_rejected_with_what_to_type() -> None:
    decision = judge_candidate(an_evaluation(serving=None), LIMITS, gates={})
    assert decision.verdict is Verdict.REJECT
    command = "--mode evaluation --training-job iris-classifier-20260102-120000"
    assert command in decision.reasons[-1]


def test_the_reason_says_why_a_container_cannot_serve() -> None:
    check = a_serving_check(accuracy=None, failure="`serve` ended with exit code 1: no such file")
    decision = judge_candidate(an_evaluation(serving=check), LIMITS, gates={})
    assert "no such file" in decision.reasons[-1]


@given(measured=SHARES, served=SHARES, rows=st.sampled_from([50, 60]))
def test_what_the_container_answers_never_makes_a_verdict_better(
    measured: float, served: float, rows: int
) -> None:
    alone = judge({"accuracy": measured}, LIMITS, gates={}).verdict
    assert verdict(measured, accuracy=served, rows=rows) in (alone, Verdict.REJECT)

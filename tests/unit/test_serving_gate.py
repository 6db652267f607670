"""A candidate passes only where its container answers as well as it was measured."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.gate import VERDICTS, GatePolicy, Limits, SliceLimits, accuracy_limits, judge_one
from pipeline.core.measures import R2, RMSE
from pipeline.core.records import Evaluation, ModelKind, Outcome, Slice, Verdict
from pipeline.core.serving_gate import judge_candidate, limits_by_name
from tests.unit.core_builders import a_serving_check, an_evaluation

LIMITS = accuracy_limits(0.95, 0.90)
POLICY = GatePolicy(thresholds=LIMITS)
SHARES = st.floats(0, 1)


def verdict(measured: float = 0.97, *, measured_rows: int = 50, **check: Any) -> Verdict:
    evaluation = an_evaluation(
        metrics={"accuracy": measured},
        row_count=measured_rows,
        serving=a_serving_check(**check),
    )
    return judge_candidate(evaluation, POLICY).verdict


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
        ({"differing": 0}, Verdict.DEPLOY),
        ({"differing": 1}, Verdict.REJECT),
    ],
)
def test_a_candidate_is_judged_by_its_metrics_and_by_its_container(
    case: dict[str, Any], expected: Verdict
) -> None:
    assert verdict(**case) is expected


def test_a_candidate_whose_container_nobody_asked_is_rejected_with_what_to_type() -> None:
    decision = judge_candidate(an_evaluation(serving=None), POLICY)
    assert decision.verdict is Verdict.REJECT
    command = "--mode evaluation --training-job iris-classifier-20260102-120000"
    assert command in decision.reasons[-1]


def test_the_reason_says_why_a_container_cannot_serve() -> None:
    check = a_serving_check(accuracy=None, failure="`serve` ended with exit code 1: no such file")
    decision = judge_candidate(an_evaluation(serving=check), POLICY)
    assert "no such file" in decision.reasons[-1]


@given(measured=SHARES, served=SHARES, rows=st.sampled_from([50, 60]))
def test_what_the_container_answers_never_makes_a_verdict_better(
    measured: float, served: float, rows: int
) -> None:
    alone = VERDICTS[judge_one("accuracy", measured, limits=LIMITS).outcome]
    assert verdict(measured, accuracy=served, rows=rows) in (alone, Verdict.REJECT)


def regression(**changes: Any) -> Evaluation:
    return an_evaluation(
        **{
            "kind": ModelKind.REGRESSION,
            "metrics": {"rmse": 2.0, "mae": 1.5, "r2": 0.8},
            "baseline": {"rmse": 4.0, "mae": 3.0, "r2": 0.0},
            "labels": (),
            "confusion_matrix": (),
            "classification_report": {},
            "serving": a_serving_check(accuracy=None, rmse=2.0, differing=0),
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("gates", "changes", "expected"),
    [
        ({}, {}, Verdict.DEPLOY),
        ({}, {"metrics": {"rmse": 2.0, "r2": 0.4}}, Verdict.REJECT),
        ({"rmse": Limits(maximum=2.5)}, {"metrics": {"rmse": 2.0, "r2": 0.4}}, Verdict.DEPLOY),
        ({"rmse": Limits(maximum=2.5, threshold=1.9)}, {}, Verdict.HOLD),
        ({"mae": Limits(maximum=1.0)}, {}, Verdict.REJECT),
        ({"held_out_rows": Limits(minimum=50)}, {}, Verdict.DEPLOY),
        ({"held_out_rows": Limits(minimum=51)}, {}, Verdict.REJECT),
        ({}, {"serving": a_serving_check(accuracy=None, rmse=2.1)}, Verdict.REJECT),
        ({}, {"serving": a_serving_check(accuracy=None)}, Verdict.REJECT),
        (
            {},
            {"row_count": 40, "serving": a_serving_check(accuracy=None, rmse=3.9)},
            Verdict.DEPLOY,
        ),
        (
            {},
            {"row_count": 40, "serving": a_serving_check(accuracy=None, rmse=4.1)},
            Verdict.REJECT,
        ),
    ],
)
def test_a_number_is_judged_by_its_errors(
    gates: dict[str, Limits], changes: dict[str, Any], expected: Verdict
) -> None:
    policy = GatePolicy(thresholds=LIMITS, gates=gates)
    assert judge_candidate(regression(**changes), policy).verdict is expected


def test_a_regression_is_never_without_a_limit_of_its_quality() -> None:
    budget = GatePolicy(thresholds=LIMITS, gates={"artifact_mb": Limits(maximum=500)})
    assert list(limits_by_name(ModelKind.REGRESSION, budget)) == [R2, "artifact_mb"]
    own = GatePolicy(thresholds=LIMITS, gates={"euros_lost": Limits(maximum=500)})
    assert list(limits_by_name(ModelKind.REGRESSION, own)) == ["euros_lost"]
    assert list(limits_by_name(ModelKind.BINARY, own)) == ["accuracy", "euros_lost"]


@pytest.mark.parametrize(
    ("name", "limits", "expected"),
    [
        ("artifact_mb", Limits(maximum=1.5), Verdict.DEPLOY),
        ("artifact_mb", Limits(maximum=1.4), Verdict.REJECT),
        ("serving_latency_p95_ms", Limits(maximum=4.0), Verdict.DEPLOY),
        ("serving_latency_p95_ms", Limits(maximum=3.0), Verdict.REJECT),
        ("serving_start_s", Limits(maximum=1.0), Verdict.REJECT),
        ("serving_skew", Limits(maximum=0.1), Verdict.DEPLOY),
    ],
)
def test_size_latency_and_skew_have_budgets(name: str, limits: Limits, expected: Verdict) -> None:
    evaluation = an_evaluation(artifact_bytes=1_500_000, serving=a_serving_check(differing=4))
    gates = {"serving_skew": Limits(maximum=1.0), name: limits}
    decision = judge_candidate(evaluation, GatePolicy(thresholds=LIMITS, gates=gates))
    assert decision.verdict is expected
    assert [each.name for each in decision.gates].count(name) == 1


SLICES = (
    Slice(column="region", value="is north", rows=40, metrics={"accuracy": 0.95}),
    Slice(column="region", value="is south", rows=40, metrics={"accuracy": 0.5}),
    Slice(column="region", value="is east", rows=4, metrics={"accuracy": 0.0}),
)


@pytest.mark.parametrize(
    ("limits", "minimum_rows", "outcomes"),
    [
        (Limits(minimum=0.5), 30, (Outcome.PASSED, Outcome.PASSED, Outcome.SKIPPED)),
        (Limits(minimum=0.6), 30, (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)),
        (Limits(minimum=0.5), 4, (Outcome.PASSED, Outcome.PASSED, Outcome.FAILED)),
        (Limits(minimum=0.5, bound="lower"), 30, (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)),
        (None, 30, ()),
    ],
)
def test_each_slice_with_enough_rows_has_to_reach_the_limit(
    limits: Limits | None, minimum_rows: int, outcomes: tuple[Outcome, ...]
) -> None:
    asked = SliceLimits(column="region", limits=limits, minimum_rows=minimum_rows)
    policy = GatePolicy(thresholds=LIMITS, slices=(asked,))
    gates = judge_candidate(an_evaluation(slices=SLICES), policy).gates
    found = tuple(each.outcome for each in gates if "region" in each.name)
    assert found == outcomes


def test_a_slice_that_was_not_measured_is_rejected_with_what_to_type() -> None:
    asked = SliceLimits(column="region", limits=Limits(minimum=0.5))
    policy = GatePolicy(thresholds=LIMITS, slices=(asked,))
    decision = judge_candidate(an_evaluation(), policy)
    assert decision.verdict is Verdict.REJECT
    assert "--mode evaluation --training-job" in " ".join(decision.reasons)


def test_a_dry_run_lets_even_what_cannot_serve_pass() -> None:
    check = a_serving_check(accuracy=None, failure="no such file")
    policy = GatePolicy(thresholds=LIMITS, dry_run=True)
    decision = judge_candidate(an_evaluation(serving=check), policy)
    assert decision.verdict is Verdict.DEPLOY
    assert decision.gates[-1].outcome is Outcome.FAILED


def test_an_error_as_served_is_told_where_it_was_measured() -> None:
    decision = judge_candidate(regression(), GatePolicy(thresholds=LIMITS))
    assert [each.name for each in decision.gates] == [R2, f"{RMSE}_as_served", "serving_skew"]

"""What is concluded from an endpoint's answers while two fleets give them; what a move needs."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import naming, records
from pipeline.core.bake import Mixture, instances_at_once, is_too_many, objection, share_at_most
from pipeline.core.head import DeploymentConfig, Strategy
from pipeline.steps.quota import shortage

LIMITS = records.TestLimits(
    minimum_prediction_accuracy=0.9, minimum_success_rate=0.99, maximum_latency_p95_ms=500.0
)
KEY = "r-20260102-120000-aaaaaa-n2"


def a_shift(strategy: Strategy, step: int | None) -> DeploymentConfig:
    return DeploymentConfig(
        strategy=strategy,
        step_percentage=step,
        wait_interval_s=60,
        termination_wait_s=60,
        maximum_execution_timeout_s=1800,
        alarm_names=naming.rollback_alarm_names("iris-model-staging", KEY),
    )


@pytest.mark.parametrize(
    ("seen", "share", "objects"),
    [
        (Mixture(), 0.1, False),
        (Mixture(asked=75), 0.1, False),
        (Mixture(asked=75, failed=1), 0.1, False),
        (Mixture(asked=75, failed=8), 0.1, True),  # it fails always, and has a tenth
        (Mixture(asked=75, failed=38), 0.5, True),
        (Mixture(asked=75, newly_wrong=3), 0.5, False),  # what a good model may answer otherwise
        (Mixture(asked=75, newly_wrong=25), 0.5, True),
        (Mixture(asked=375, newly_wrong=36), 0.1, True),
        (Mixture(asked=75, newly_wrong=75), 1.0, True),
    ],
)
def test_a_part_of_the_traffic_tells_a_bad_fleet_from_a_good_one(
    seen: Mixture, share: float, objects: bool
) -> None:
    assert (objection(seen, LIMITS, share=share) is not None) is objects


@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_a_fleet_at_its_very_limits_is_hardly_ever_objected_to(seed: int, share: float) -> None:
    draw = random.Random(seed)
    of_the_new = sum(draw.random() < share for _ in range(300))
    seen = Mixture(
        asked=300,
        failed=sum(draw.random() < 0.01 for _ in range(of_the_new)),
        newly_wrong=sum(draw.random() < 0.05 for _ in range(of_the_new)),
    )
    assert objection(seen, LIMITS, share=share) is None


@given(count=st.integers(0, 60), asked=st.integers(60, 200), probability=st.floats(0, 1))
def test_more_misses_never_speak_less_against_a_fleet(
    count: int, asked: int, probability: float
) -> None:
    if is_too_many(count, asked, probability):
        assert is_too_many(count + 1, asked + 1, probability)


def test_not_one_failure_is_allowed_where_none_is() -> None:
    assert is_too_many(1, 1000, 0.0)
    assert not is_too_many(1000, 1000, 1.0)


@pytest.mark.parametrize(
    ("strategy", "step", "count", "share"),
    [
        (Strategy.CANARY, 10, 10, 0.1),
        (Strategy.CANARY, 10, 2, 0.5),  # whole instances
        (Strategy.LINEAR, 10, 10, 1.0),
        (Strategy.ROLLING, 25, 4, 1.0),
        (Strategy.ALL_AT_ONCE, None, 2, 1.0),
    ],
)
def test_the_largest_share_before_the_last_step(
    strategy: Strategy, step: int | None, count: int, share: float
) -> None:
    assert share_at_most(a_shift(strategy, step), count) == pytest.approx(share)


@pytest.mark.parametrize(
    ("strategy", "step", "needed"),
    [
        (Strategy.ALL_AT_ONCE, None, 8),
        (Strategy.CANARY, 25, 8),
        (Strategy.ROLLING, 25, 5),
        (Strategy.ROLLING, 5, 5),
        (Strategy.ROLLING, 50, 6),
    ],
)
def test_a_move_needs_the_instances_of_both_fleets_at_once(
    strategy: Strategy, step: int | None, needed: int
) -> None:
    assert instances_at_once(strategy, step, 4) == needed
    shift, name = a_shift(strategy, step), "ml.m5.large for endpoint usage"
    assert shortage(shift, float(needed), name=name, instance_count=4) is None
    assert shortage(shift, None, name=name, instance_count=4) is None
    told = shortage(shift, needed - 1.0, name=name, instance_count=4)
    assert told is not None
    assert f"needs {needed} instances" in told

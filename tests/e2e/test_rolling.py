"""A rolling move from outside: batch by batch, again, back, and taken back by an alarm."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.three import Three
from tests.e2e.under_load import ringing_for_the_next, under_load

ROLLING = {
    "MLOPS_DEPLOYMENT__INSTANCE_COUNT": "2",
    "MLOPS_DEPLOYMENT__MINIMUM_INSTANCE_COUNT": "2",
    "MLOPS_DEPLOYMENT__STEP_PERCENTAGE": "50",
    "MLOPS_DEPLOYMENT__STRATEGY": "rolling",
}
WATCHED = {**ROLLING, "MLOPS_DEPLOYMENT__WAIT_INTERVAL_S": "60"}


def another(number: int) -> dict[str, str]:
    """Return a setting that makes the same model another content."""
    return {"MLOPS_DEPLOYMENT__STARTUP_TIMEOUT_S": str(400 + number)}


def rolling_policy(three: Three) -> Mapping[str, Any]:
    policy: Mapping[str, Any] = three.described()["LastDeploymentConfig"]["RollingUpdatePolicy"]
    return policy


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_rolling_endpoint_moves_forth_and_back_and_is_taken_back_by_an_alarm(
    three: Three,
) -> None:
    with under_load(three) as load:
        moved = load.deploy("rolling", {**ROLLING, **another(1)}).outcome
        first = moved.release
        assert three.serves(first)
        assert rolling_policy(three)["MaximumBatchSize"] == {
            "Type": "CAPACITY_PERCENT",
            "Value": 50,
        }

        same = load.deploy("the same again", {**ROLLING, **another(1)}).outcome
        assert same.deployment["deployment_results"]["status"] == "nothing_to_do"
        assert three.run("--mode", "plan", **ROLLING, **another(1)).exit_code == 0

        second = load.deploy("rolling again", {**ROLLING, **another(2)}).outcome.release
        assert three.serves(second)
        load.run("rollback", "--mode", "rollback", "--reason", "a story")
        assert three.serves(first)

        with ringing_for_the_next(three):
            taken_back = load.deploy("alarm", {**WATCHED, **another(3)}, exit_code=5)
        assert three.serves(first)
        assert taken_back.outcome.deployment["deployment_results"]["rolled_back_to"] == first
    for stretch in load.stretches:
        assert stretch.during.failures == [], stretch.what

"""What callers see of deployments, rollbacks and bad models: requests, failures, latency.

The long one prints the table that docs/evidence.md keeps.
"""

import re
import sys
from typing import Any

import pytest

from tests.e2e.three import FOURTH, Three
from tests.e2e.under_load import ringing_for_the_next, spoiling_the_next, under_load

ROLLBACK = ("--mode", "rollback", "--reason", "a story")
TWO = {
    "MLOPS_DEPLOYMENT__INSTANCE_COUNT": "2",
    "MLOPS_DEPLOYMENT__MINIMUM_INSTANCE_COUNT": "2",
}
STEPS = {**TWO, "MLOPS_DEPLOYMENT__STEP_PERCENTAGE": "50"}
STRATEGIES: dict[str, dict[str, str]] = {
    "all_at_once": TWO,
    "canary": {**STEPS, "MLOPS_DEPLOYMENT__STRATEGY": "canary"},
    "linear": {**STEPS, "MLOPS_DEPLOYMENT__STRATEGY": "linear"},
    "rolling": {**STEPS, "MLOPS_DEPLOYMENT__STRATEGY": "rolling"},
}
CANARY_SHARE = 0.5
BAKES = {
    **STRATEGIES["canary"],
    "MLOPS_DEPLOYMENT__WAIT_INTERVAL_S": "60",
    "MLOPS_DEPLOYMENT__TERMINATION_WAIT_S": "60",
}
BAD_MODELS: dict[str, dict[str, Any]] = {
    "wrong": {"fault": "wrong_answers", "share": 1},
    "crashing": {"fault": "crash_after", "requests": 1},
    "failing": {"fault": "error_share", "share": 1},
}


_REASON = re.compile(r"during the bake|-n2-errors\b")


def _reasons(what: str) -> set[str]:
    """Callers notice errors as the tests do, and whose alarm rings first takes the release back.

    A wrong answer is no error: only the tests see it.
    """
    return {"during the bake"} if what.startswith("wrong") else {"during the bake", "-n2-errors"}


def another(number: int) -> dict[str, str]:
    """Return a setting that makes the same model another content."""
    return {"MLOPS_DEPLOYMENT__STARTUP_TIMEOUT_S": str(400 + number)}


@pytest.mark.soak
def test_callers_see_nothing_of_a_deployment_and_a_rollback(three: Three) -> None:
    with under_load(three) as load:
        load.deploy("deployment", FOURTH)
        load.run("rollback", *ROLLBACK)
    sys.stdout.write(f"{load.table()}\n")
    for stretch in load.stretches:
        assert stretch.during.failures == []
        assert len(stretch.during.asked) > 50


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_callers_see_nothing_of_moves_and_a_canarys_share_of_bad_models(three: Three) -> None:
    with under_load(three) as load:
        for number in range(10):
            strategy = list(STRATEGIES)[number % len(STRATEGIES)]
            what = f"deployment, {strategy}"
            load.deploy(what, {**STRATEGIES[strategy], **another(number)})
            if number % 2:
                load.run("rollback", *ROLLBACK)
        for number in range(3):
            with ringing_for_the_next(three):
                load.deploy("alarm rollback", {**BAKES, **another(20 + number)}, exit_code=5)
        unseen = len(load.stretches)
        for number, (name, rule) in enumerate(BAD_MODELS.items()):
            with spoiling_the_next(three, **rule):
                load.deploy(f"{name} model", {**BAKES, **another(30 + number)}, exit_code=5)
    sys.stdout.write(f"{load.table()}\n")
    for stretch in load.stretches[:unseen]:
        assert stretch.during.failures == [], stretch.what
    for stretch in load.stretches[unseen:]:
        assert len(stretch.during.failures) > 0, stretch.what
        assert len(stretch.during.failures) <= CANARY_SHARE * len(stretch.during.asked)
        assert _reasons(stretch.what) & set(_REASON.findall(stretch.outcome.error)), stretch.what
    done = load.stretches[-1].outcome.deployment["deployment_results"]
    assert three.serves(done["rolled_back_to"])

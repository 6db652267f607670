"""Updates that SageMaker rolls back, cannot even roll back, or does not get done."""

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agreement import require_agreement
from tests.e2e.moments import updating, wait_for
from tests.e2e.surrounded import SCALED, what_surrounds
from tests.e2e.test_surroundings import OTHER_TYPE
from tests.e2e.three import FOURTH, Three

pytestmark = pytest.mark.soak

BACK = ("--mode", "rollback", "--reason", "a story")
DOES_NOT_START: dict[str, dict[str, Any]] = {
    "hosting": {"endpoint_config": "*", "fault": "ping_fail"}
}


def fail_to_deploy(three: Three, **variables: Any) -> str:
    """Deploy what never passes /ping; return its release."""
    three.aws.add_fault(DOES_NOT_START)
    failed = three.deploy_d(**variables)
    three.aws.clear_faults()
    assert failed.exit_code == 5, failed.stdout
    return failed.release


def test_pruning_after_an_update_that_sagemaker_rolled_back(three: Three, tmp_path: Path) -> None:
    barred = fail_to_deploy(three)
    require_agreement(three, tmp_path, serves=three.c, barred=(barred,))
    pruned = three.run("--mode", "prune")
    assert pruned.exit_code == 0, pruned.stdout
    assert f"Removed: {barred}" in pruned.stdout
    require_agreement(three, tmp_path, serves=three.c, barred=(barred,))


def test_scaling_is_on_again_after_a_failed_change_of_the_instance_type(
    three: Three, tmp_path: Path
) -> None:
    scaled = three.deploy(three.job, **SCALED, **FOURTH)
    assert scaled.exit_code == 0, scaled.stdout
    assert what_surrounds(three)["bounds"] == [(1, 4)]

    three.aws.add_fault(DOES_NOT_START)
    failed = three.deploy(three.job, **SCALED, **OTHER_TYPE)
    three.aws.clear_faults()
    assert failed.exit_code == 5, failed.stdout
    assert what_surrounds(three)["bounds"] == [(1, 4)]
    require_agreement(three, tmp_path, serves=scaled.release, barred=(failed.release,))


def test_an_update_whose_rollback_failed_too_is_followed_by_a_way_back(
    three: Three, tmp_path: Path
) -> None:
    three.aws.add_fault({"rollback": {"ends": "failed"}})
    three.aws.add_fault({"hosting": {**DOES_NOT_START["hosting"], "times": 1}})
    failed = three.deploy_d()
    assert failed.exit_code == 5, failed.stdout
    require_agreement(three, tmp_path, serves=three.c, barred=(failed.release,))


def test_an_update_by_hand_that_takes_long_is_waited_for(three: Three, tmp_path: Path) -> None:
    three.aws.add_fault({"update": {"endpoint": three.endpoint, "stay_s": 20, "times": 1}})
    three.aws.sagemaker.update_endpoint(
        EndpointName=three.endpoint, EndpointConfigName=three.config_of(three.b)
    )
    status = three.run("--mode", "status")
    assert status.exit_code == 0, status.stdout
    assert f"under way to {three.config_of(three.b)}" in status.stdout
    deployed = three.deploy_d()
    assert deployed.exit_code == 0, deployed.stdout
    require_agreement(three, tmp_path, serves=deployed.release)


def test_an_update_of_ours_that_takes_long_is_waited_for(three: Three, tmp_path: Path) -> None:
    three.aws.add_fault({"update": {"endpoint": three.endpoint, "stay_s": 3600, "times": 1}})
    running = three.begin(*BACK)
    wait_for(three, running, updating)
    status = three.run("--mode", "status")
    assert ": was begun" in status.stdout
    three.aws.clear_faults()
    assert running.ended().exit_code == 0
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))


def test_the_alarms_of_where_a_rollback_goes_do_not_hold_it_up(
    three: Three, tmp_path: Path
) -> None:
    with Ringing(three, three.b):
        back = three.run(*BACK)
    assert back.exit_code == 0, back.stdout
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))


class Ringing:
    """Keeps a release's own alarms in ALARM, however often CloudWatch looks at them."""

    def __init__(self, three: Three, release: str) -> None:
        self._cloudwatch = three.aws.client("cloudwatch")
        config = three.config_of(release)
        self._names = (f"{config}-errors", f"{config}-latency")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ring)

    def __enter__(self) -> None:
        self._set()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ring(self) -> None:
        while not self._stop.wait(0.5):
            self._set()

    def _set(self) -> None:
        for name in self._names:
            self._cloudwatch.set_alarm_state(
                AlarmName=name, StateValue="ALARM", StateReason="a story"
            )

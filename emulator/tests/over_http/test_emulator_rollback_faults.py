"""How a rolled-back update ends, as fault rules want it; and updates that take long."""

import time
from typing import Any

import pytest

from emulator.tests.over_http.test_emulator_endpoints import BLUE_GREEN, update
from emulator.tests.support.embedded import Embedded, eventually, refusal

pytestmark = pytest.mark.emulated

_FIRST = {"BlueGreenUpdatePolicy": {**BLUE_GREEN, "TerminationWaitInSeconds": 0}}
_SECOND = {"BlueGreenUpdatePolicy": {**BLUE_GREEN, "TerminationWaitInSeconds": 1}}


def rolled_back(embedded: Embedded, **rollback: Any) -> tuple[str, dict[str, Any]]:
    """Return an endpoint deployed by _FIRST whose update by _SECOND failed, and what it shows."""
    endpoint = embedded.an_endpoint(embedded.a_config(), DeploymentConfig=_FIRST)
    new = embedded.a_config()
    embedded.add_fault({"hosting": {"endpoint_config": new, "fault": "ping_fail", "times": 1}})
    embedded.add_fault({"rollback": rollback})
    update(embedded, endpoint, config=new, DeploymentConfig=_SECOND)
    return endpoint, embedded.settled(endpoint)


@pytest.mark.parametrize(
    ("rollback", "shown"),
    [
        ({}, _FIRST),
        ({"last_deployment_config": "old"}, _FIRST),
        ({"last_deployment_config": "new"}, _SECOND),
    ],
)
def test_the_last_deployment_config_after_a_rollback_is_old_or_new(
    embedded: Embedded, rollback: dict[str, Any], shown: dict[str, Any]
) -> None:
    _, after = rolled_back(embedded, **rollback)
    assert (after["EndpointStatus"], after["LastDeploymentConfig"]) == ("InService", shown)


def test_a_rollback_that_fails_leaves_the_old_fleet_serving(embedded: Embedded) -> None:
    endpoint, after = rolled_back(embedded, ends="failed")
    assert after["EndpointStatus"] == "UpdateRollbackFailed"
    assert after["FailureReason"].startswith("The update and its rollback failed. The primary")
    assert "PendingDeploymentSummary" not in after
    assert embedded.answer(endpoint) == "one"


def test_after_a_failed_rollback_an_update_brings_the_endpoint_back(embedded: Embedded) -> None:
    endpoint, _ = rolled_back(embedded, ends="failed")
    new = embedded.a_config(model=embedded.a_model(answer="new"))
    update(embedded, endpoint, config=new)
    after = embedded.settled(endpoint)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", new)
    assert "FailureReason" not in after
    assert embedded.answer(endpoint) == "new"


def test_after_a_failed_rollback_nothing_scales_but_the_endpoint_can_go(embedded: Embedded) -> None:
    endpoint, _ = rolled_back(embedded, ends="failed")
    code, message = refusal(
        embedded.sagemaker.update_endpoint_weights_and_capacities,
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "primary", "DesiredInstanceCount": 2}],
    )
    assert (code, "in status UpdateRollbackFailed" in message) == ("ValidationException", True)
    embedded.sagemaker.delete_endpoint(EndpointName=endpoint)
    eventually(
        lambda: embedded.sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"],
        lambda found: found == [],
    )


def test_an_update_stays_updating_as_long_as_the_rule_says(embedded: Embedded) -> None:
    old, new = embedded.a_config(), embedded.a_config(model=embedded.a_model(answer="new"))
    endpoint = embedded.an_endpoint(old)
    embedded.add_fault({"update": {"endpoint": endpoint, "stay_s": 3, "times": 1}})
    update(embedded, endpoint, config=new)
    time.sleep(2)
    during = embedded.endpoint(endpoint)
    assert (during["EndpointStatus"], during["EndpointConfigName"]) == ("Updating", old)
    assert during["PendingDeploymentSummary"]["EndpointConfigName"] == new
    assert embedded.answer(endpoint) == "one"
    assert embedded.settled(endpoint)["EndpointConfigName"] == new


def test_an_update_that_is_held_goes_on_when_the_rules_are_removed(embedded: Embedded) -> None:
    endpoint, new = embedded.an_endpoint(embedded.a_config()), embedded.a_config()
    embedded.add_fault({"update": {"endpoint": endpoint, "stay_s": 3600}})
    update(embedded, endpoint, config=new)
    assert embedded.endpoint(endpoint)["EndpointStatus"] == "Updating"
    embedded.clear_faults()
    assert embedded.settled(endpoint)["EndpointConfigName"] == new

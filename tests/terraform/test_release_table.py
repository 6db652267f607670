"""The exact actions that the real Terraform and provider plan for every kind of move.

Everything else stands on this table: if a provider or a change of terraform/serving plans anything
else, a rollback may rebuild or delete what serves. Each move ends with a plan that is empty.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.support.embedded_aws import admin
from tests.terraform.serving_stack import (
    ENDPOINT,
    MOVE_ONLY,
    ServingStack,
    Wanted,
    config_and_alarms,
    first_release,
    model,
    planned_and_applied,
)
from tests.terraform.stacks import all_of

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]

R1, R2, R3, BAD = (f"r-20260101-00000{n}-aaaaa{n}" for n in range(4))


@pytest.fixture(scope="module")
def stack(
    cloud: Cloud,
    engine: Engine,
    attached_environment: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> ServingStack:
    return ServingStack(
        "table", cloud, engine, attached_environment, tmp_path_factory.mktemp("table")
    )


def test_the_life_of_an_endpoint_plans_exactly_these_actions(
    stack: ServingStack, cloud: Cloud
) -> None:
    first = first_release("table", R1)
    assert planned_and_applied(stack, first) == all_of(
        "create", model(R1), *config_and_alarms(f"{R1}-n1"), ENDPOINT
    )

    second = first.with_release(R2).moved_to(f"{R2}-n1")
    new_release = all_of("create", model(R2), *config_and_alarms(f"{R2}-n1"))
    assert planned_and_applied(stack, second) == new_release | MOVE_ONLY

    back = second.moved_to(f"{R1}-n1")
    assert planned_and_applied(stack, back) == MOVE_ONLY

    forth = back.moved_to(f"{R2}-n1")
    assert planned_and_applied(stack, forth) == MOVE_ONLY

    other_count = forth.with_release(R2, count=2).moved_to(f"{R2}-n2")
    new_config = all_of("create", *config_and_alarms(f"{R2}-n2"))
    assert planned_and_applied(stack, other_count) == new_config | MOVE_ONLY

    one_more_retained = other_count.with_release(R3, count=2)
    assert planned_and_applied(stack, one_more_retained) == all_of(
        "create", model(R3), *config_and_alarms(f"{R3}-n2")
    )

    other_strategy = one_more_retained.moved_to(f"{R3}-n2", strategy="canary", step_percentage=50)
    assert planned_and_applied(stack, other_strategy) == MOVE_ONLY

    bad = other_strategy.with_release(BAD, count=2).moved_to(f"{BAD}-n2")
    silent_rollback_keeps_what_serves(stack, cloud, bad, served=f"{R3}-n2")
    back_from_bad = bad.moved_to(f"{R3}-n2", strategy="canary", step_percentage=50)
    assert planned_and_applied(stack, back_from_bad) == {}

    pruned = back_from_bad.without(R1, BAD)
    gone = [model(R1), *config_and_alarms(f"{R1}-n1"), model(BAD), *config_and_alarms(f"{BAD}-n2")]
    assert planned_and_applied(stack, pruned) == all_of("delete", *gone)


def silent_rollback_keeps_what_serves(
    stack: ServingStack, cloud: Cloud, bad: Wanted, *, served: str
) -> None:
    """SageMaker ends InService on the old config: the apply must fail and delete nothing."""
    fault = {"hosting": {"endpoint_config": f"table-{bad.live}", "fault": "ping_fail"}}
    admin(str(cloud.endpoint_url), "faults", method="POST", body=fault)
    stack.plan(bad)
    applied = stack.apply()
    admin(str(cloud.endpoint_url), "faults", method="DELETE")
    assert applied.exit_code == 1
    assert "SageMaker rolled the update back" in applied.stderr
    assert stack.serves() == served
    assert stack.describe()["EndpointStatus"] == "InService"
    cloud.client("sagemaker").describe_endpoint_config(EndpointConfigName=f"table-{served}")


def test_a_first_create_that_fails_is_replaced_by_the_next_apply(
    cloud: Cloud, engine: Engine, attached_environment: Mapping[str, str], tmp_path: Path
) -> None:
    stack = ServingStack("unborn", cloud, engine, attached_environment, tmp_path)
    bad = first_release("unborn", BAD)
    fault = {"hosting": {"endpoint_config": "unborn-*", "fault": "ping_fail"}}
    admin(str(cloud.endpoint_url), "faults", method="POST", body=fault)
    stack.plan(bad)
    applied = stack.apply()
    admin(str(cloud.endpoint_url), "faults", method="DELETE")

    assert applied.exit_code == 1
    assert stack.describe()["EndpointStatus"] == "Failed"
    good = bad.with_release(R1).moved_to(f"{R1}-n1")
    expected = all_of("create", model(R1), *config_and_alarms(f"{R1}-n1"))
    assert planned_and_applied(stack, good) == expected | {ENDPOINT: "replace"}

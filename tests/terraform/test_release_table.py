"""The exact actions that the real Terraform and provider plan for every kind of move.

Everything else stands on this table: if a provider or a change of terraform/serving plans anything
else, a rollback may rebuild or delete what serves. Each move ends with a plan that is empty. What
Terraform asks of AWS for it is in recorded_calls.py. Accidents are in test_release_accidents.py.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from emulator.tests.support.embedded_aws import admin
from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.recorded_calls import RECORDED, calls_of, respects
from tests.terraform.recorder import Recorder
from tests.terraform.serving_stack import (
    ENDPOINT,
    MOVE_ONLY,
    QUIET,
    RecordedStack,
    ServingStack,
    Wanted,
    config_and_alarms,
    first_release,
    model,
    planned_and_applied,
)
from tests.terraform.stacks import all_of

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]

R1, R2, R3, BAD = "r1", "r2", "r3", "bad"


@pytest.fixture
def recorded(
    cloud: Cloud,
    engine: Engine,
    recorded_environment: Mapping[str, str],
    recorder: Recorder,
    tmp_path: Path,
) -> Iterator[RecordedStack]:
    name = tmp_path.name.replace("_", "-")
    yield RecordedStack(name, cloud, engine, recorded_environment, tmp_path, recorder=recorder)
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


def moved(stack: RecordedStack, wanted: Wanted, row: str) -> dict[str, str]:
    """Return the planned actions of a move that sends the calls of a row, and no others."""
    planned = planned_and_applied(stack, wanted)
    calls = calls_of(stack)
    assert respects(calls, RECORDED[row]), calls
    return planned


def deployed_twice_and_back(recorded: RecordedStack) -> Wanted:
    first = first_release(recorded.endpoint, R1)
    assert moved(recorded, first, "first deploy") == all_of(
        "create", model(R1), *config_and_alarms(f"{R1}-n1"), QUIET, ENDPOINT
    )

    second = first.with_release(R2).moved_to(f"{R2}-n1")
    new_release = all_of("create", model(R2), *config_and_alarms(f"{R2}-n1"))
    assert moved(recorded, second, "next") == new_release | MOVE_ONLY

    back = second.rolled_back_to(f"{R1}-n1")
    assert moved(recorded, back, "back") == MOVE_ONLY
    return back


def taken_back_and_removed(
    recorded: RecordedStack, cloud: Cloud, live: Wanted, *, served: str
) -> None:
    """A release that SageMaker takes back by itself leaves nothing to do but its removal."""
    count = live.configs[served]
    retained = live.with_release(BAD, count)
    bad = retained.moved_to(f"{BAD}-n{count}")
    silent_rollback_keeps_what_serves(recorded, cloud, bad, served=served)
    assert planned_and_applied(recorded, retained) == {}
    gone = all_of("delete", model(BAD), *config_and_alarms(f"{BAD}-n{count}"))
    assert planned_and_applied(recorded, live) == gone


def test_a_release_its_way_back_and_a_bad_one_plan_exactly_these_actions(
    recorded: RecordedStack, cloud: Cloud
) -> None:
    back = deployed_twice_and_back(recorded)
    taken_back_and_removed(recorded, cloud, back, served=f"{R1}-n1")


@pytest.mark.soak
def test_the_life_of_an_endpoint_plans_exactly_these_actions(
    recorded: RecordedStack, cloud: Cloud
) -> None:
    back = deployed_twice_and_back(recorded)

    forth = back.moved_to(f"{R2}-n1")
    assert planned_and_applied(recorded, forth) == MOVE_ONLY
    assert calls_of(recorded) == ["UpdateEndpoint r2-n1"]

    other_count = forth.with_release(R2, count=2).moved_to(f"{R2}-n2")
    new_config = all_of("create", *config_and_alarms(f"{R2}-n2"))
    assert moved(recorded, other_count, "count change") == new_config | MOVE_ONLY

    pruned = other_count.without(R1)
    gone = all_of("delete", model(R1), *config_and_alarms(f"{R1}-n1"))
    assert moved(recorded, pruned, "prune") == gone

    one_more_retained = pruned.with_release(R3, count=2)
    assert planned_and_applied(recorded, one_more_retained) == all_of(
        "create", model(R3), *config_and_alarms(f"{R3}-n2")
    )

    other_strategy = one_more_retained.moved_to(f"{R3}-n2", strategy="canary", step_percentage=50)
    assert planned_and_applied(recorded, other_strategy) == MOVE_ONLY

    taken_back_and_removed(recorded, cloud, other_strategy, served=f"{R3}-n2")


@pytest.mark.soak
def test_one_apply_that_moves_and_removes_deletes_last(
    recorded: RecordedStack, cloud: Cloud
) -> None:
    """In one apply, which the runner never does: what served goes after the move, or not at all."""
    first = first_release(recorded.endpoint, R1).with_release(R2)
    planned_and_applied(recorded, first)

    bad = first.with_release(BAD).moved_to(f"{BAD}-n1").without(R1)
    silent_rollback_keeps_what_serves(recorded, cloud, bad, served=f"{R1}-n1")
    assert [each for each in calls_of(recorded) if each.startswith("Delete")] == []

    both = first.with_release(BAD).moved_to(f"{R2}-n1").without(R1)
    gone = all_of("delete", model(R1), *config_and_alarms(f"{R1}-n1"))
    assert planned_and_applied(recorded, both) == gone | MOVE_ONLY
    calls = calls_of(recorded)
    assert respects(calls, RECORDED["move and remove"]), calls


def silent_rollback_keeps_what_serves(
    stack: ServingStack, cloud: Cloud, bad: Wanted, *, served: str
) -> None:
    """SageMaker ends InService on the old config: the apply must fail and delete nothing."""
    config = f"{stack.endpoint}-{bad.live}"
    fault = {"hosting": {"endpoint_config": config, "fault": "ping_fail"}}
    admin(str(cloud.endpoint_url), "faults", method="POST", body=fault)
    stack.plan(bad)
    applied = stack.apply()
    admin(str(cloud.endpoint_url), "faults", method="DELETE")
    assert applied.exit_code == 1
    assert "SageMaker rolled the update back" in applied.stderr
    assert stack.serves() == served
    assert stack.describe()["EndpointStatus"] == "InService"
    sagemaker = cloud.client("sagemaker")
    sagemaker.describe_endpoint_config(EndpointConfigName=f"{stack.endpoint}-{served}")


def test_a_failed_endpoint_is_created_anew_before_the_old_one_is_gone(
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
    assert stack.plan(good) == expected | {ENDPOINT: "replace"}
    applied = stack.apply()
    assert applied.exit_code == 1
    assert "Cannot create already existing endpoint" in " ".join(applied.stderr.split())
    stack.wait_until_gone()
    assert planned_and_applied(stack, good)[ENDPOINT] == "create"

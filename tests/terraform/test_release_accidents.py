"""What the real Terraform does when somebody went past it, or asks it for what may not be.

One endpoint with two releases, the first one live; each test leaves it so. Nothing here may delete
or replace what serves.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from emulator.tests.support.embedded_aws import admin
from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.recorded_calls import calls_of
from tests.terraform.recorder import Recorder
from tests.terraform.serving_stack import (
    ENDPOINT,
    MOVE_ONLY,
    RecordedStack,
    config_and_alarms,
    first_release,
    model,
    planned_and_applied,
)
from tests.terraform.stacks import all_of

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]

NAME = "accident"
SERVED = first_release(NAME, "r1").with_release("r2")
MODEL = model("r1")
CONFIG, ERRORS, *_ = config_and_alarms("r1-n1")


@pytest.fixture(scope="module")
def life(
    cloud: Cloud,
    engine: Engine,
    recorded_environment: Mapping[str, str],
    recorder: Recorder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RecordedStack]:
    folder = tmp_path_factory.mktemp(NAME)
    stack = RecordedStack(NAME, cloud, engine, recorded_environment, folder, recorder=recorder)
    planned_and_applied(stack, SERVED)
    yield stack
    cloud.client("sagemaker").delete_endpoint(EndpointName=NAME)


@pytest.fixture
def stack(life: RecordedStack) -> Iterator[RecordedStack]:
    calls_of(life)
    yield life
    if life.serves() != SERVED.live:
        planned_and_applied(life, SERVED)


def refused(stack: RecordedStack, *sentences: str) -> None:
    """Apply what cannot be, and lose nothing."""
    applied = stack.apply()
    assert applied.exit_code == 1
    assert all(each in " ".join(applied.stderr.split()) for each in sentences), applied.stderr
    assert stack.serves() == SERVED.live
    assert not [each for each in calls_of(stack) if each.startswith("Delete")]


def test_an_edit_of_a_live_key_fails_before_it_deletes(stack: RecordedStack) -> None:
    assert stack.plan(replace(SERVED, instance_types={"r1": "ml.m5.xlarge"})) == {CONFIG: "replace"}
    refused(stack, "Cannot create already existing endpoint configuration")


@pytest.mark.soak  # the provider tries CreateModel for two minutes, whatever is not valid
def test_an_edit_of_a_live_release_fails_before_it_deletes(stack: RecordedStack) -> None:
    assert stack.plan_values(with_another_image(SERVED.tfvars())) == {MODEL: "replace"}
    refused(stack, "Cannot create already existing model")


def with_another_image(values: dict[str, Any]) -> dict[str, Any]:
    live = values["releases"]["r1"]
    edited = {**live, "image_uri": live["image_uri"].replace("1.9-0", "1.2-1")}
    return {**values, "releases": {**values["releases"], "r1": edited}}


def test_a_mark_for_replacement_is_taken_back_by_untaint(stack: RecordedStack) -> None:
    """A create whose answer cannot be read leaves such a mark on what is there and whole."""
    stack.by_name("taint", CONFIG)
    assert stack.plan(SERVED) == {CONFIG: "replace"}
    refused(stack, "Cannot create already existing endpoint configuration")
    stack.by_name("untaint", CONFIG)
    assert stack.plan(SERVED) == {}


def test_an_alarm_that_is_marked_is_made_and_then_deleted(stack: RecordedStack) -> None:
    """CloudWatch writes over an alarm of the same name, so the old one that goes is the new one."""
    stack.by_name("taint", ERRORS)
    assert stack.plan(SERVED) == {ERRORS: "replace"}
    assert stack.apply().exit_code == 0
    assert calls_of(stack) == ["PutMetricAlarm r1-n1-errors", "DeleteAlarms r1-n1-errors"]
    assert planned_and_applied(stack, SERVED) == {ERRORS: "create"}


def test_update_by_hand_to_the_target_is_healed_by_a_plan_without_refresh(
    stack: RecordedStack, cloud: Cloud
) -> None:
    """AWS forgets the deployment config of a request that has none (API reference, UpdateEndpoint,
    RetainDeploymentConfig), and the provider replaces the endpoint for a block that is missing.

    The target serves already and is asked for again: nothing in that reference forbids it.
    """
    update_by_hand(stack, cloud, "r2-n1")
    target = SERVED.moved_to("r2-n1")
    assert stack.plan(target) == {ENDPOINT: "replace"}
    assert stack.plan(target, "-refresh=false") == MOVE_ONLY
    heals(stack, "UpdateEndpoint r2-n1", serving="r2-n1")
    assert stack.plan(target) == {}


@pytest.mark.soak
def test_update_by_hand_to_something_else_is_healed_by_a_plan_without_refresh(
    stack: RecordedStack, cloud: Cloud
) -> None:
    update_by_hand(stack, cloud, "r2-n1")
    assert stack.plan(SERVED) == {ENDPOINT: "replace"}
    # The state says that this is so already: only another deployment is a difference.
    assert stack.plan(SERVED, "-refresh=false") == {}
    target = SERVED.rolled_back_to("r1-n1")
    assert stack.plan(target, "-refresh=false") == MOVE_ONLY
    heals(stack, "UpdateEndpoint r1-n1", serving="r1-n1")
    assert stack.plan(target) == {}
    assert planned_and_applied(stack, SERVED) == MOVE_ONLY


def update_by_hand(stack: RecordedStack, cloud: Cloud, config: str) -> None:
    cloud.client("sagemaker").update_endpoint(
        EndpointName=stack.endpoint, EndpointConfigName=f"{stack.endpoint}-{config}"
    )
    stack.wait_until_in_service()
    assert "LastDeploymentConfig" not in stack.describe()


def heals(stack: RecordedStack, call: str, *, serving: str) -> None:
    applied = stack.apply()
    assert applied.exit_code == 0, applied.stderr
    assert calls_of(stack) == [call]
    assert stack.serves() == serving
    assert "LastDeploymentConfig" in stack.describe()


@pytest.mark.soak
def test_a_lost_answer_is_asked_for_again_and_the_update_refused_though_taken(
    stack: RecordedStack, cloud: Cloud
) -> None:
    """The one way to "in-progress" in one apply; nothing is left to do when the first has ended."""
    target = SERVED.moved_to("r2-n1")
    assert stack.plan(target) == MOVE_ONLY
    lost = {"service": "sagemaker", "action": "UpdateEndpoint", "fault": "lost_answer", "times": 1}
    admin(str(cloud.endpoint_url), "faults", method="POST", body=lost)
    applied = stack.apply()
    admin(str(cloud.endpoint_url), "faults", method="DELETE")
    assert applied.exit_code == 1
    assert "Cannot update in-progress endpoint" in applied.stderr
    assert [each["status"] for each in stack.calls("UpdateEndpoint")[-2:]] == [200, 400]
    stack.wait_until_in_service()
    assert stack.serves() == target.live
    assert stack.plan(target) == {}


def test_what_the_state_forgot_is_imported_by_name(stack: RecordedStack) -> None:
    """Tags and all: the plan is empty. An apply must follow before anything is taken away.

    Only then does the state say of what was imported last that it is deleted after the endpoint
    has moved. In any order: a postcondition is also judged while others are not imported yet.
    """
    forgotten = {MODEL: f"{NAME}-r1", ENDPOINT: NAME, CONFIG: f"{NAME}-r1-n1"}
    stack.by_name("state", "rm", *forgotten)
    assert stack.plan(SERVED) == all_of("create", *forgotten)
    for address, name in forgotten.items():
        stack.by_hand("import", "-no-color", address, name)
    assert CONFIG not in deleted_last(stack)
    assert stack.plan(SERVED) == {}
    assert stack.apply().exit_code == 0
    assert {MODEL, CONFIG, ERRORS} <= deleted_last(stack)
    assert calls_of(stack) == []


def deleted_last(stack: RecordedStack) -> set[str]:
    """Return what the state has down as create_before_destroy, which orders deletions."""
    state = json.loads(stack.by_name("state", "pull"))
    return {
        f"{each['module']}.{each['type']}.{each['name']}[{json.dumps(instance['index_key'])}]"
        for each in state["resources"]
        for instance in each["instances"]
        if instance.get("create_before_destroy")
    }

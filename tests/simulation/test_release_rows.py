"""The model of Terraform against what the real one was seen to plan and to ask of AWS.

The rows are those of tests/terraform/test_release_table.py and test_release_accidents.py, which
hold the real Terraform to them. A row that the model cannot do fails here.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from pipeline.core.outcomes import EndpointStatus
from pipeline.gateways.ports import Applied, SavedPlan
from tests.fakes.boundary import Kind
from tests.fakes.clock import Clock
from tests.fakes.cloud import Behaviour, FakeCloud
from tests.fakes.hosting import wait_for
from tests.fakes.terraform import FakeServing, State
from tests.simulation.world import START
from tests.terraform.recorded_calls import RECORDED, respects
from tests.terraform.serving_stack import (
    ENDPOINT,
    MOVE_ONLY,
    QUIET,
    Wanted,
    config_and_alarms,
    first_release,
    model,
)
from tests.terraform.stacks import all_of

T = TypeVar("T")

NAME = "table"
R1, R2, R3, BAD = "r1", "r2", "r3", "bad"
SERVED = first_release(NAME, R1).with_release(R2)
CONFIG = config_and_alarms(f"{R1}-n1")[0]


class Recording:
    """Writes down what Terraform asks of AWS."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        if kind in (Kind.CALL, Kind.MOVE):
            action, _, name = what.partition(" ")
            self.calls.append(f"{action} {name.removeprefix(f'{NAME}-')}")
        return do()

    def unseen(self, do: Callable[[], T]) -> T:
        return do()


class Stack:
    """terraform/serving as the model has it, with a cloud of its own."""

    def __init__(self) -> None:
        self.clock = Clock(START)
        self.cloud = FakeCloud(clock=self.clock)
        self.recording = Recording()
        self.state = State()
        self.root = FakeServing(
            self.cloud, self.state, self.recording, who="somebody@here", now=self.clock.now
        )
        self._saved: SavedPlan | None = None

    def plan(self, wanted: Wanted, *, refresh: bool = True, **values: Any) -> dict[str, str]:
        variables = json.dumps({**wanted.tfvars(), **values})
        self._saved = self.root.plan(variables, refresh=refresh)
        return {each.address: each.action.value for each in self._saved.summary.changes}

    def apply(self) -> Applied:
        assert self._saved is not None
        self.recording.calls.clear()
        return self.root.apply(self._saved)

    def serves(self) -> str:
        return self.cloud.endpoints[NAME].config.removeprefix(f"{NAME}-")

    def break_release(self, release: str) -> None:
        artifact = SERVED.with_release(release).tfvars()["releases"][release]["artifact_uri"]
        self.cloud.behaviours[artifact] = Behaviour.DOES_NOT_START


@pytest.fixture
def stack() -> Stack:
    return Stack()


@pytest.fixture
def served(stack: Stack) -> Stack:
    planned_and_applied(stack, SERVED)
    return stack


def planned_and_applied(stack: Stack, wanted: Wanted) -> dict[str, str]:
    planned = stack.plan(wanted)
    if planned:
        applied = stack.apply()
        assert applied.exit_code == 0, applied.said
        calls = list(stack.recording.calls)
        assert stack.plan(wanted) == {}
        stack.recording.calls = calls
    assert stack.serves() == wanted.live
    return planned


def moved(stack: Stack, wanted: Wanted, row: str) -> dict[str, str]:
    planned = planned_and_applied(stack, wanted)
    assert respects(stack.recording.calls, RECORDED[row]), stack.recording.calls
    return planned


def test_the_life_of_an_endpoint(stack: Stack) -> None:
    first = first_release(NAME, R1)
    assert moved(stack, first, "first deploy") == all_of(
        "create", model(R1), *config_and_alarms(f"{R1}-n1"), QUIET, ENDPOINT
    )
    second = first.with_release(R2).moved_to(f"{R2}-n1")
    new_release = all_of("create", model(R2), *config_and_alarms(f"{R2}-n1"))
    assert moved(stack, second, "next") == new_release | MOVE_ONLY

    back = second.rolled_back_to(f"{R1}-n1")
    assert moved(stack, back, "back") == MOVE_ONLY

    forth = back.moved_to(f"{R2}-n1")
    assert planned_and_applied(stack, forth) == MOVE_ONLY
    assert stack.recording.calls == ["UpdateEndpoint r2-n1"]

    other_count = forth.with_release(R2, count=2).moved_to(f"{R2}-n2")
    new_config = all_of("create", *config_and_alarms(f"{R2}-n2"))
    assert moved(stack, other_count, "count change") == new_config | MOVE_ONLY

    gone = all_of("delete", model(R1), *config_and_alarms(f"{R1}-n1"))
    pruned = other_count.without(R1)
    assert moved(stack, pruned, "prune") == gone

    one_more_retained = pruned.with_release(R3, count=2)
    assert planned_and_applied(stack, one_more_retained) == all_of(
        "create", model(R3), *config_and_alarms(f"{R3}-n2")
    )
    other_strategy = one_more_retained.moved_to(f"{R3}-n2", strategy="canary", step_percentage=50)
    assert planned_and_applied(stack, other_strategy) == MOVE_ONLY

    bad = other_strategy.with_release(BAD, count=2).moved_to(f"{BAD}-n2")
    silent_rollback_keeps_what_serves(stack, bad, served=f"{R3}-n2")
    back_from_bad = bad.moved_to(f"{R3}-n2", strategy="canary", step_percentage=50)
    assert planned_and_applied(stack, back_from_bad) == {}

    gone = all_of("delete", model(BAD), *config_and_alarms(f"{BAD}-n2"))
    assert planned_and_applied(stack, back_from_bad.without(BAD)) == gone


def silent_rollback_keeps_what_serves(stack: Stack, bad: Wanted, *, served: str) -> None:
    stack.break_release(BAD)
    stack.plan(bad)
    applied = stack.apply()
    assert applied.exit_code == 1
    assert "SageMaker rolled the update back" in applied.said
    assert stack.serves() == served
    assert not [each for each in stack.recording.calls if each.startswith("Delete")]


def test_one_apply_that_moves_and_removes_deletes_last(served: Stack) -> None:
    bad = SERVED.with_release(BAD).moved_to(f"{BAD}-n1").without(R1)
    silent_rollback_keeps_what_serves(served, bad, served=f"{R1}-n1")
    both = SERVED.with_release(BAD).moved_to(f"{R2}-n1").without(R1)
    gone = all_of("delete", model(R1), *config_and_alarms(f"{R1}-n1"))
    assert moved(served, both, "move and remove") == gone | MOVE_ONLY


def test_a_failed_endpoint_is_created_anew_before_the_old_one_is_gone(stack: Stack) -> None:
    bad = first_release(NAME, BAD)
    stack.break_release(BAD)
    stack.plan(bad)
    assert stack.apply().exit_code == 1
    assert stack.cloud.endpoints[NAME].status is EndpointStatus.FAILED
    good = bad.with_release(R1).moved_to(f"{R1}-n1")
    expected = all_of("create", model(R1), *config_and_alarms(f"{R1}-n1"))
    assert stack.plan(good) == expected | {ENDPOINT: "replace"}
    applied = stack.apply()
    assert applied.exit_code == 1
    assert "Cannot create already existing endpoint" in applied.said
    wait_for(stack.cloud, NAME, timeout_s=60)
    assert planned_and_applied(stack, good)[ENDPOINT] == "create"


def test_an_edit_of_a_live_key_fails_before_it_deletes(served: Stack) -> None:
    edited = replace(SERVED, instance_types={R1: "ml.m5.xlarge"})
    assert served.plan(edited) == {CONFIG: "replace"}
    refused(served, "Cannot create already existing endpoint configuration")


def test_a_mark_for_replacement_is_taken_back_by_untaint(served: Stack) -> None:
    served.root.taint(CONFIG)
    assert served.plan(SERVED) == {CONFIG: "replace"}
    refused(served, "Cannot create already existing endpoint configuration")
    served.root.untaint(CONFIG)
    assert served.plan(SERVED) == {}


def refused(stack: Stack, sentence: str) -> None:
    applied = stack.apply()
    assert applied.exit_code == 1
    assert sentence in applied.said
    assert stack.serves() == SERVED.live
    assert not [each for each in stack.recording.calls if each.startswith("Delete")]


def test_an_alarm_that_is_marked_is_made_and_then_deleted(served: Stack) -> None:
    errors = config_and_alarms(f"{R1}-n1")[1]
    served.root.taint(errors)
    assert served.plan(SERVED) == {errors: "replace"}
    assert served.apply().exit_code == 0
    assert served.recording.calls == ["PutMetricAlarm r1-n1-errors", "DeleteAlarms r1-n1-errors"]
    assert planned_and_applied(served, SERVED) == {errors: "create"}


def test_update_by_hand_to_the_target_is_healed_by_a_plan_without_refresh(served: Stack) -> None:
    update_by_hand(served, f"{R2}-n1")
    target = SERVED.moved_to(f"{R2}-n1")
    assert served.plan(target) == {ENDPOINT: "replace"}
    assert served.plan(target, refresh=False) == MOVE_ONLY
    heals(served, "UpdateEndpoint r2-n1", serving=f"{R2}-n1")
    assert served.plan(target) == {}


def test_update_by_hand_to_something_else_is_healed_by_a_plan_without_refresh(
    served: Stack,
) -> None:
    update_by_hand(served, f"{R2}-n1")
    assert served.plan(SERVED) == {ENDPOINT: "replace"}
    assert served.plan(SERVED, refresh=False) == {}
    target = SERVED.rolled_back_to(f"{R1}-n1")
    assert served.plan(target, refresh=False) == MOVE_ONLY
    heals(served, "UpdateEndpoint r1-n1", serving=f"{R1}-n1")
    assert served.plan(target) == {}


def update_by_hand(stack: Stack, config: str) -> None:
    stack.cloud.update_endpoint(NAME, f"{NAME}-{config}", None)
    stack.clock.sleep(600)
    found = stack.cloud.endpoint(NAME)
    assert found is not None
    assert found.deployment is None


def heals(stack: Stack, call: str, *, serving: str) -> None:
    assert stack.apply().exit_code == 0
    assert stack.recording.calls == [call]
    assert stack.serves() == serving
    assert stack.cloud.endpoints[NAME].deployment is not None


def test_what_the_state_forgot_is_imported_by_the_plan(served: Stack) -> None:
    forgotten = (model(R1), CONFIG, ENDPOINT)
    known = {each: found for each, found in served.state.objects.items() if each not in forgotten}
    served.state.objects = known
    assert served.plan(SERVED) == all_of("create", *forgotten)
    imports = {"endpoint": True, "endpoint_configs": [f"{R1}-n1"], "releases": [R1]}
    assert served.plan(SERVED, imports=imports) == all_of("import", *forgotten)
    assert served.apply().exit_code == 0
    assert served.recording.calls == []
    assert served.plan(SERVED) == {}

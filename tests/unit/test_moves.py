"""How a deployment moves the endpoint, and with how many instances."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.core.head import Strategy
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.steps import moves
from tests.unit.config_files import Load, load
from tests.unit.core_builders import a_head_retaining

__all__ = ["load"]

RELEASE = "r-20260102-120000-aaaaaa"
HEAD = a_head_retaining(RELEASE)
CANARY = {
    "strategy": "canary",
    "step_percentage": 25,
    "wait_interval_s": 60,
    "termination_wait_s": 120,
    "instance_count": 2,
    "minimum_instance_count": 2,
}


def seen(status: EndpointStatus, count: int | None = None) -> EndpointObservation:
    return EndpointObservation(name=HEAD.endpoint, status=status, desired_count=count)


def a_workspace(load: Load, **deployment: Any) -> Any:
    context = SimpleNamespace(endpoint=HEAD.endpoint)
    return SimpleNamespace(context=context, settings=load(deployment=deployment))


def test_an_endpoint_in_service_is_moved_as_configured(load: Load) -> None:
    workspace = a_workspace(load, **CANARY)
    move = moves.configured(workspace, f"{RELEASE}-n2", seen(EndpointStatus.IN_SERVICE))
    assert (move.strategy, move.step_percentage) == (Strategy.CANARY, 25)
    assert (move.wait_interval_s, move.termination_wait_s) == (60, 120)
    assert len(move.alarm_names) == 2


@pytest.mark.parametrize("status", [EndpointStatus.ABSENT, EndpointStatus.FAILED])
def test_an_endpoint_that_is_only_made_has_no_traffic_to_move_in_steps(
    load: Load, status: EndpointStatus
) -> None:
    move = moves.configured(a_workspace(load, **CANARY), f"{RELEASE}-n2", seen(status))
    assert (move.strategy, move.step_percentage) == (Strategy.ALL_AT_ONCE, None)
    assert (move.wait_interval_s, move.termination_wait_s) == (0, 120)


def test_a_rollback_is_all_at_once_without_waits() -> None:
    move = moves.all_at_once(HEAD.endpoint, f"{RELEASE}-n1")
    assert (move.strategy, move.wait_interval_s) == (Strategy.ALL_AT_ONCE, 0)
    assert move.termination_wait_s == 0


@pytest.mark.parametrize(("live", "kept"), [(None, 3), (1, 2), (4, 4), (9, 5)])
def test_the_live_count_is_kept_between_the_bounds_of_scaling(
    load: Load, live: int | None, kept: int
) -> None:
    workspace = a_workspace(
        load, instance_count=3, minimum_instance_count=2, maximum_instance_count=5
    )
    key, head = moves.config_for(workspace, HEAD, RELEASE, seen(EndpointStatus.IN_SERVICE, live))
    assert key == f"{RELEASE}-n{kept}"
    assert head.endpoint_configs[key].instance_count == kept

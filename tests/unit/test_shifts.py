"""How a deployment shifts the traffic of an endpoint, and with how many instances."""

from typing import Any

import pytest

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.head import Strategy
from pipeline.core.outcomes import EndpointStatus
from pipeline.steps.deploy import configured_shift
from pipeline.steps.go_back import config_for
from tests.fakes.boundary import NoFaults
from tests.simulation.commands import Command, Mode, workspace_of
from tests.simulation.world import empty_world
from tests.unit.config_files import Load, load
from tests.unit.core_builders import a_head_retaining, an_endpoint

__all__ = ["load"]

RELEASE = "r-20260102-120000-aaaaaa"
KEY = f"{RELEASE}-n2"
HEAD = a_head_retaining(RELEASE)
CANARY = {
    "strategy": "canary",
    "step_percentage": 25,
    "wait_interval_s": 60,
    "termination_wait_s": 120,
    "instance_count": 2,
    "minimum_instance_count": 2,
}


def a_workspace(load: Load, **deployment: Any) -> Workspace:
    world = empty_world(load(deployment=deployment))
    return workspace_of(world, Command(mode=Mode.DEPLOYMENT), NoFaults())


@pytest.mark.parametrize(
    "status", [EndpointStatus.IN_SERVICE, EndpointStatus.UPDATE_ROLLBACK_FAILED]
)
def test_an_endpoint_that_serves_is_moved_as_configured(load: Load, status: EndpointStatus) -> None:
    shift = configured_shift(a_workspace(load, **CANARY), KEY, an_endpoint(KEY, status=status))
    assert (shift.strategy, shift.step_percentage) == (Strategy.CANARY, 25)
    assert (shift.wait_interval_s, shift.termination_wait_s) == (60, 120)


@pytest.mark.parametrize("status", [EndpointStatus.ABSENT, EndpointStatus.FAILED])
def test_an_endpoint_that_is_only_made_has_no_traffic_to_move_in_steps(
    load: Load, status: EndpointStatus
) -> None:
    shift = configured_shift(a_workspace(load, **CANARY), KEY, an_endpoint(status=status))
    assert (shift.strategy, shift.step_percentage) == (Strategy.ALL_AT_ONCE, None)
    assert (shift.wait_interval_s, shift.termination_wait_s) == (0, 120)


@pytest.mark.parametrize("key", [None, KEY])
def test_a_deployment_is_watched_by_the_alarms_of_its_target(load: Load, key: str | None) -> None:
    shift = configured_shift(a_workspace(load, **CANARY), KEY, an_endpoint(key))
    assert shift.alarm_names == naming.rollback_alarm_names(HEAD.endpoint, KEY)


@pytest.mark.parametrize(("live", "kept"), [(None, 3), (0, 3), (1, 2), (4, 4), (9, 5)])
def test_the_live_count_is_kept_between_the_bounds_of_scaling(
    load: Load, live: int | None, kept: int
) -> None:
    workspace = a_workspace(
        load, instance_count=3, minimum_instance_count=2, maximum_instance_count=5
    )
    key, head = config_for(workspace, HEAD, RELEASE, live)
    assert key == f"{RELEASE}-n{kept}"
    assert head.endpoint_configs[key].instance_count == kept

"""Targets, policies, alarms and activities survive stop and start, and go on scaling."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from emulator.tests.support.restarts import Server
from emulator.tests.support.scaled import Scaled

pytestmark = pytest.mark.emulated


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """A scaled endpoint after stop and start, and what was described before."""

    scaled: Scaled
    before: dict[str, Any]


def described(scaled: Scaled) -> dict[str, Any]:
    target = scaled.target()
    tags = scaled.client.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])
    actions = scaled.client.describe_scheduled_actions(**scaled.resource)
    return {
        "target": target,
        "tags": tags["Tags"],
        "policies": scaled.policies(),
        "scheduled actions": actions["ScheduledActions"],
        "activities": scaled.activities(),
        "alarms": [alarm["AlarmArn"] for alarm in scaled.alarms()],
    }


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarted]:
    server = Server(state_dir=tmp_path_factory.mktemp("autoscaling") / "state")
    cloud, _ = server.start()
    scaled = Scaled(embedded=cloud, endpoint=cloud.an_endpoint(cloud.a_config()))
    scaled.register(2, 3, Tags={"team": "ml"})
    scaled.track()
    scaled.client.put_scheduled_action(
        **scaled.resource,
        ScheduledActionName="night",
        Schedule="rate(1 day)",
        ScalableTargetAction={"MaxCapacity": 2},
    )
    scaled.reaches(2)
    before = described(scaled)
    server.command("stop")
    cloud, _ = server.start()
    yield Restarted(scaled=Scaled(embedded=cloud, endpoint=scaled.endpoint), before=before)
    server.command("stop")


def test_everything_is_described_as_before(restarted: Restarted) -> None:
    assert described(restarted.scaled) == restarted.before
    assert restarted.scaled.count() == 2


def test_an_alarm_scales_after_the_restart(restarted: Restarted) -> None:
    scaled = restarted.scaled
    scaled.ring(scaled.alarms()[0]["AlarmName"], 15.0)
    scaled.reaches(3)

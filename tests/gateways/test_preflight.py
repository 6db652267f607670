"""What a deployment looks at before anything changes, against the embedded AWS."""

from dataclasses import replace

import pytest

from emulator.tests.support.embedded import Embedded
from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.errors import PlanRefused
from pipeline.gateways.alarms import CloudWatch
from pipeline.steps.preflight import require_silence
from tests.fakes.boundary import NoFaults
from tests.gateways.gateways import cloud_of
from tests.simulation.commands import Command, Mode, workspace_of
from tests.simulation.world import empty_world
from tests.unit.core_builders import a_head_retaining

pytestmark = pytest.mark.emulated

RELEASE = "r-20260102-120000-aaaaaa"
HEAD = a_head_retaining(RELEASE)
KEY = f"{RELEASE}-n1"
ERRORS, LATENCY, TESTS = naming.rollback_alarm_names(HEAD.endpoint, KEY)


@pytest.fixture
def workspace(embedded: Embedded) -> Workspace:
    """A run that finds the three alarms of a config, of which one rings."""
    cloudwatch = embedded.client("cloudwatch")
    for name, state in ((ERRORS, "ALARM"), (LATENCY, "OK"), (TESTS, "OK")):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="Invocation5XXErrors",
            Namespace="AWS/SageMaker",
            Period=3600,
            Statistic="Average",
            Threshold=0.01,
            TreatMissingData="ignore",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")
    run = workspace_of(empty_world(), Command(mode=Mode.DEPLOYMENT), NoFaults())
    return replace(run, alarms=CloudWatch(cloud_of(embedded)))


def test_a_config_whose_alarm_rings_is_not_deployed(workspace: Workspace) -> None:
    with pytest.raises(PlanRefused, match=f"In ALARM: {ERRORS}. SageMaker would take") as refused:
        require_silence(workspace, HEAD, KEY)
    assert refused.value.exit_code == 7


def test_a_new_config_has_no_alarms_that_could_ring(workspace: Workspace) -> None:
    require_silence(workspace, HEAD, f"{RELEASE}-n2")


def test_our_alarms_are_found_by_how_they_begin_and_deleted_by_name(workspace: Workspace) -> None:
    assert workspace.alarms.named(f"{HEAD.endpoint}-r-") == {ERRORS, LATENCY, TESTS}
    workspace.alarms.delete([ERRORS, "nothing-of-this-name"])
    assert workspace.alarms.named(HEAD.endpoint) == {LATENCY, TESTS}
    assert workspace.alarms.named("other") == frozenset()


def test_more_alarms_are_deleted_than_one_call_takes(workspace: Workspace) -> None:
    workspace.alarms.delete([*(f"nothing-{number}" for number in range(150)), LATENCY])
    assert workspace.alarms.named(HEAD.endpoint) == {ERRORS, TESTS}
    workspace.alarms.delete([])

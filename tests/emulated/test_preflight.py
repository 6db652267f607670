"""What a deployment looks at before anything changes, against the embedded AWS."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.core import naming
from pipeline.core.errors import PlanRefused
from pipeline.steps.preflight import require_silence
from tests.emulated.embedded import Embedded
from tests.emulated.gateways import cloud_of
from tests.unit.core_builders import a_head_retaining

pytestmark = pytest.mark.emulated

RELEASE = "r-20260102-120000-aaaaaa"
HEAD = a_head_retaining(RELEASE)
KEY = f"{RELEASE}-n1"
ERRORS, LATENCY = naming.rollback_alarm_names(HEAD.endpoint, KEY)


@pytest.fixture
def workspace(embedded: Embedded) -> Any:
    """A run that finds both alarms of a config, of which one rings."""
    cloudwatch = embedded.client("cloudwatch")
    for name, state in ((ERRORS, "ALARM"), (LATENCY, "OK")):
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
    return SimpleNamespace(context=SimpleNamespace(cloud=cloud_of(embedded)))


def test_a_config_whose_alarm_rings_is_not_deployed(workspace: Any) -> None:
    with pytest.raises(PlanRefused, match=f"In ALARM: {ERRORS}. SageMaker would take") as refused:
        require_silence(workspace, HEAD, KEY)
    assert refused.value.exit_code == 7


def test_a_new_config_has_no_alarms_that_could_ring(workspace: Any) -> None:
    require_silence(workspace, HEAD, f"{RELEASE}-n2")

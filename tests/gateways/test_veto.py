"""A veto of the runner rings the alarm that terraform/modules/endpoint makes."""

import pytest

from emulator.tests.support.embedded import Embedded, eventually, unique
from pipeline.gateways.alarms import CloudWatch
from tests.gateways.gateways import cloud_of

pytestmark = pytest.mark.emulated


def an_alarm(embedded: Embedded, config: str) -> str:
    """Make it as the module does; a test of the module holds it to these values."""
    embedded.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{config}-tests",
        ComparisonOperator="GreaterThanThreshold",
        Dimensions=[{"Name": "EndpointConfigName", "Value": config}],
        EvaluationPeriods=1,
        MetricName="EndpointTestsFailed",
        Namespace="MLOps",
        Period=10,
        Statistic="Maximum",
        Threshold=0,
        TreatMissingData="notBreaching",
    )
    return f"{config}-tests"


def test_a_veto_rings_the_alarm_of_its_config_alone(embedded: Embedded) -> None:
    alarms = CloudWatch(cloud_of(embedded))
    bad, other = unique("config"), unique("config")
    names = [an_alarm(embedded, bad), an_alarm(embedded, other)]
    assert alarms.ringing(names) == ()
    alarms.veto(bad)
    rang = eventually(lambda: alarms.ringing(names), bool)
    assert rang == (names[0],)
    eventually(lambda: alarms.ringing(names), lambda ringing: not ringing)

"""The alarms that Terraform makes, judging what an endpoint was asked minute by minute.

They are applied once and then evaluated by the alarm engine of the embedded AWS on a clock of ours.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from emulator.containers.fleet import Variant
from emulator.containers.runtime import Invocation
from emulator.metrics.endpoint_metrics import record_invocation
from emulator.metrics.service import CloudWatch
from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.serving_stack import ServingStack, first_release
from tests.terraform.stacks import Stack
from tests.terraform.surroundings_stack import surroundings

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]

ENDPOINT, RELEASE = "rings", "r-20260101-000001-aaaaa1"
CONFIG = f"{ENDPOINT}-{RELEASE}-n1"
REGION = "us-east-1"
NO_TRAFFIC = f"{ENDPOINT}/no_traffic_minutes"
GIVEN = (
    *("AlarmName", "ComparisonOperator", "DatapointsToAlarm", "Dimensions", "EvaluationPeriods"),
    *("ExtendedStatistic", "MetricName", "Metrics", "Namespace", "Period", "Statistic"),
    *("Threshold", "TreatMissingData"),
)
VARIANT = Variant(
    endpoint_name=ENDPOINT,
    endpoint_config_name=CONFIG,
    variant_name="primary",
    region=REGION,
    image="image",
    model_data_url=None,
    environment={},
    instance_count=1,
    startup_timeout_s=60,
)
# The model's status and how many such answers in a minute, each with a latency in milliseconds
Minute = Sequence[tuple[int, int, int]]
Alarm = Mapping[str, Any]


@pytest.fixture(scope="module")
def alarms(
    cloud: Cloud,
    engine: Engine,
    attached_environment: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Alarm]:
    """Return what PutMetricAlarm was given for each alarm of an endpoint, by name."""
    folder = tmp_path_factory.mktemp("rings")
    serving = ServingStack(ENDPOINT, cloud, engine, attached_environment, folder / "serving")
    around = Stack("surroundings", ENDPOINT, engine, attached_environment, folder / "around")
    serving.plan(first_release(ENDPOINT, RELEASE))
    around.plan_values(surroundings(ENDPOINT, RELEASE, alarms={}))
    for stack in (serving, around):
        applied = stack.apply()
        assert applied.exit_code == 0, applied.stderr
    found = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=ENDPOINT)["MetricAlarms"]
    return {
        each["AlarmName"]: {name: each[name] for name in GIVEN if name in each} for each in found
    }


class Watch:
    """The alarms on a clock that is moved by hand, a second after a full minute."""

    def __init__(self, *alarms: Alarm) -> None:
        self.now = 20 * 3600 + 1.0
        self._cloudwatch = CloudWatch(
            "000000000000", actions={}, tell=lambda _: None, time_scale=1, clock=lambda: self.now
        )
        self.put(*alarms)

    def put(self, *alarms: Alarm) -> None:
        for each in alarms:
            self._cloudwatch.put_metric_alarm(dict(each), REGION)

    def minute(self, *answers: tuple[int, int, int]) -> None:
        for status, count, latency_ms in answers:
            invocation = Invocation(
                variant=VARIANT,
                status=200 if status == 200 else 424,
                model_status=status,
                model_latency_us=latency_ms * 1000,
                overhead_latency_us=1,
            )
            for _ in range(count):
                record_invocation(self._cloudwatch.store, invocation, now=self.now)
        self.now += 60
        self._cloudwatch.engine.tick()

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.minute()

    def ringing(self) -> set[str]:
        found = self._cloudwatch.book.all(REGION)
        return {
            each["AlarmName"].removeprefix(f"{CONFIG}-").removeprefix(f"{ENDPOINT}/")
            for each in found
            if each["StateValue"] == "ALARM"
        }


@pytest.mark.parametrize(
    ("minute", "ringing"),
    [
        pytest.param([(200, 100, 5)], set(), id="all is well"),
        pytest.param(
            [(200, 90, 5), (400, 5, 1), (406, 2, 1), (415, 3, 1)],
            {"client_error_rate"},
            id="a tenth is the callers' fault",
        ),
        pytest.param([(400, 50, 1)], {"client_error_rate"}, id="all is the callers' fault"),
        pytest.param([(200, 90, 5), (500, 10, 5)], {"errors", "error_rate"}, id="a tenth is a 5xx"),
        pytest.param([(200, 90, 5), (0, 10, 5)], {"errors", "error_rate"}, id="a tenth is a crash"),
        pytest.param(
            [(200, 80, 5), (400, 10, 1), (503, 10, 5)],
            {"client_error_rate", "errors", "error_rate"},
            id="both at fault",
        ),
        pytest.param([(200, 97, 5), (500, 3, 5)], {"error_rate"}, id="between the two limits"),
        pytest.param([(200, 3, 5), (500, 1, 5)], set(), id="one 5xx in a quiet minute"),
        pytest.param([(500, 9, 5)], set(), id="nothing but failures, nine"),
        pytest.param([(500, 10, 5)], {"errors", "error_rate"}, id="nothing but failures, ten"),
        pytest.param([(200, 20, 800)], {"latency", "latency_p95_ms"}, id="slow"),
        pytest.param([(200, 5, 800)], set(), id="slow in a quiet minute"),
        pytest.param([(200, 99, 5), (200, 1, 30_000)], set(), id="one of a hundred is slow"),
    ],
)
def test_who_is_at_fault_and_how_often_decides_which_alarm_rings(
    alarms: Mapping[str, Alarm], minute: Minute, ringing: set[str]
) -> None:
    watch = Watch(*alarms.values())
    for _ in range(5):
        watch.minute(*minute)
    assert watch.ringing() == ringing


def test_one_bad_minute_stops_a_move_and_asks_for_no_rollback_of_what_is_live(
    alarms: Mapping[str, Alarm],
) -> None:
    watch = Watch(*alarms.values())
    watch.minute((200, 20, 5))
    watch.minute((500, 20, 5))
    assert watch.ringing() == {"errors"}
    watch.minute((200, 20, 5))
    assert watch.ringing() == set()


def test_silence_is_no_alarm_just_after_a_deployment_with_traffic(
    alarms: Mapping[str, Alarm],
) -> None:
    watch = Watch()
    watch.minutes(5)
    watch.minute((200, 100, 5))
    watch.put(alarms[NO_TRAFFIC])
    for _ in range(59):
        watch.minute()
        assert watch.ringing() == set()
    watch.minutes(3)  # CloudWatch looks a little further back
    assert watch.ringing() == {"no_traffic_minutes"}
    watch.minute((200, 1, 5))
    assert watch.ringing() == set()


@pytest.mark.parametrize("start_minute", [0, 1, 29, 59])
def test_silence_is_counted_from_the_last_request_and_not_by_the_clock(
    alarms: Mapping[str, Alarm], start_minute: int
) -> None:
    watch = Watch(alarms[NO_TRAFFIC])
    watch.minute((200, 1, 5))
    watch.minutes(start_minute)
    for _ in range(4):
        watch.minute((200, 1, 5))
        watch.minutes(50)
        assert watch.ringing() == set()


def test_an_endpoint_that_nobody_ever_asked_has_no_traffic(alarms: Mapping[str, Alarm]) -> None:
    watch = Watch(alarms[NO_TRAFFIC])
    watch.minute()
    assert watch.ringing() == {"no_traffic_minutes"}

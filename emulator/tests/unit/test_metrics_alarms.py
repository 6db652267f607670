"""The life of an alarm under a clock of our own: states, actions, composites, snapshots."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.metrics.alarm_book import Finding, Transition
from emulator.metrics.errors import CloudWatchError
from emulator.metrics.messages import sns_message, sns_subject, state_change_event
from emulator.metrics.samples import Samples
from emulator.metrics.service import CloudWatch
from emulator.metrics.store import Datum, metric_key

REGION = "us-east-1"
TOPIC = f"arn:aws:sns:{REGION}:000000000000:topic"
SCALING = f"arn:aws:autoscaling:{REGION}:000000000000:scalingPolicy:x:policyName/p"


@dataclass(kw_only=True)
class Cloud:
    """A CloudWatch without threads; `now` is moved by hand."""

    now: float = 6_000.0
    published: list[tuple[str, str]] = field(default_factory=list)
    told: list[Transition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cloudwatch = CloudWatch(
            "000000000000",
            actions={"sns": self._publish},
            tell=self.told.append,
            time_scale=1,
            clock=lambda: self.now,
        )

    def _publish(self, arn: str, transition: Transition) -> None:
        self.published.append((arn, transition.after["StateValue"]))

    def put_alarm(self, name: str = "a", **members: Any) -> None:
        self.cloudwatch.put_metric_alarm(an_alarm(name, **members), REGION)

    def put_composite(self, name: str, rule: str, **members: Any) -> None:
        params = {"AlarmName": name, "AlarmRule": rule, **members}
        self.cloudwatch.put_composite_alarm(params, REGION)

    def measure(self, value: float, *, at: float | None = None) -> None:
        datum = Datum(
            key=metric_key("Tests", "Errors", {}),
            at=self.now if at is None else at,
            unit="None",
            samples=Samples(counts={value: 1.0}),
        )
        self.cloudwatch.store.put(REGION, [datum])

    def tick(self, *, after_s: float = 1) -> None:
        self.now += after_s
        self.cloudwatch.engine.tick()
        self.cloudwatch.actions.drain()

    def state(self, name: str = "a") -> str:
        return str(self.alarm(name)["StateValue"])

    def alarm(self, name: str = "a") -> dict[str, Any]:
        found = self.cloudwatch.book.find(REGION, name)
        assert found is not None
        return found

    def history(self) -> list[str]:
        return [entry["HistorySummary"] for entry in self.cloudwatch.book.history(REGION)]


def an_alarm(name: str, **members: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "Tests",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **members,
    }


def a_ringing(**members: Any) -> Cloud:
    cloud = Cloud()
    cloud.put_alarm(**members)
    cloud.measure(5, at=cloud.now - 30)
    cloud.tick()
    return cloud


def test_a_new_alarm_knows_nothing() -> None:
    cloud = Cloud()
    cloud.put_alarm()
    assert cloud.state() == "INSUFFICIENT_DATA"
    assert cloud.alarm()["StateReason"] == "Unchecked: Initial alarm creation"


def test_an_alarm_rings_when_the_period_has_closed_and_not_before() -> None:
    cloud = Cloud()
    cloud.put_alarm(TreatMissingData="notBreaching")
    cloud.tick()
    cloud.measure(5)
    cloud.tick(after_s=58)
    assert cloud.state() == "OK"
    cloud.tick(after_s=1)
    assert cloud.state() == "ALARM"
    assert "5.0" in cloud.alarm()["StateReason"]


def test_an_alarm_recovers_when_good_data_come() -> None:
    cloud = a_ringing()
    cloud.measure(0)
    cloud.tick(after_s=60)
    assert cloud.state() == "OK"


def test_a_changed_alarm_keeps_its_state_until_it_is_evaluated() -> None:
    cloud = a_ringing()
    cloud.now += 1
    cloud.put_alarm(Threshold=100.0)
    assert cloud.state() == "ALARM"
    cloud.tick()
    assert cloud.state() == "OK"


def test_actions_are_taken_on_transitions_only() -> None:
    cloud = a_ringing(AlarmActions=[TOPIC], OKActions=[f"{TOPIC}-ok"])
    cloud.tick(after_s=60)
    assert cloud.published == [(TOPIC, "ALARM")]
    cloud.measure(0)
    cloud.tick(after_s=60)
    assert cloud.published == [(TOPIC, "ALARM"), (f"{TOPIC}-ok", "OK")]


def test_without_actions_enabled_there_is_the_event_but_no_action() -> None:
    cloud = a_ringing(AlarmActions=[TOPIC], ActionsEnabled=False)
    assert cloud.published == []
    assert [transition.after["StateValue"] for transition in cloud.told] == ["ALARM"]


def test_an_action_without_a_receiver_fails_in_the_history_until_one_registers() -> None:
    cloud = a_ringing(AlarmActions=[SCALING])
    assert cloud.history()[-1] == f"Failed to execute action {SCALING}"
    taken: list[str] = []
    cloud.cloudwatch.actions.register("autoscaling", lambda arn, _: taken.append(arn))
    cloud.cloudwatch.actions.act(cloud.told[-1])
    assert taken == [SCALING]
    assert cloud.history()[-1] == f"Successfully executed action {SCALING}"


def test_scaling_is_asked_for_again_every_minute_and_nothing_else_is() -> None:
    cloud, asked = a_ringing(AlarmActions=[TOPIC, SCALING], TreatMissingData="ignore"), [0]
    cloud.cloudwatch.actions.register("autoscaling", lambda *_: asked.append(1))
    for _ in range(30):
        cloud.tick(after_s=10)
    assert sum(asked) == 5
    assert cloud.published == [(TOPIC, "ALARM")]
    assert len(cloud.told) == 1


def test_set_alarm_state_lasts_until_the_next_evaluation() -> None:
    cloud = Cloud()
    cloud.put_alarm(TreatMissingData="notBreaching")
    cloud.tick()
    params = {"AlarmName": "a", "StateValue": "ALARM", "StateReason": "drill"}
    cloud.cloudwatch.set_alarm_state(params, REGION)
    cloud.tick(after_s=1)
    assert cloud.state() == "ALARM"
    cloud.tick(after_s=60)
    assert cloud.state() == "OK"


def test_an_evaluation_does_not_undo_what_was_set_while_it_ran() -> None:
    cloud = a_ringing()
    looked_at = cloud.alarm()
    cloud.now += 1
    params = {"AlarmName": "a", "StateValue": "OK", "StateReason": "drill"}
    cloud.cloudwatch.set_alarm_state(params, REGION)
    late = Finding(state="ALARM", reason="what it was when the evaluation began")
    assert cloud.cloudwatch.book.find_state(REGION, looked_at, late, now=cloud.now) is None
    assert cloud.state() == "OK"


def test_a_composite_follows_its_children_in_the_same_tick() -> None:
    cloud = Cloud()
    cloud.put_alarm()
    cloud.put_composite("all", "ALARM(a)", AlarmActions=[TOPIC])
    cloud.tick()
    assert cloud.state("all") == "OK"
    cloud.measure(5, at=cloud.now)
    cloud.tick(after_s=60)
    assert cloud.state("all") == "ALARM"
    assert cloud.published == [(TOPIC, "ALARM")]


def test_a_suppressor_in_alarm_silences_a_composite() -> None:
    cloud = a_ringing()
    waits = {"ActionsSuppressorWaitPeriod": 0, "ActionsSuppressorExtensionPeriod": 0}
    cloud.put_composite("all", "ALARM(a)", AlarmActions=[TOPIC], ActionsSuppressor="a", **waits)
    cloud.tick()
    assert cloud.state("all") == "ALARM"
    assert cloud.published == []
    assert cloud.alarm("all")["ActionsSuppressedBy"] == "Alarm"


def test_a_metric_math_alarm_rings_on_its_returned_query() -> None:
    cloud = Cloud()
    stat = {"Metric": {"Namespace": "Tests", "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}
    queries = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": False},
        {"Id": "e1", "Expression": "IF(FILL(m1, 0) > 3, 1, 0)"},
    ]
    members: dict[str, Any] = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    cloud.put_alarm(Metrics=queries, Threshold=0.5, **members)
    cloud.tick()
    assert cloud.state() == "OK"
    cloud.measure(5)
    cloud.tick(after_s=60)
    assert cloud.state() == "ALARM"


def test_few_samples_leave_a_percentile_alarm_alone_when_asked() -> None:
    members: dict[str, Any] = {"Statistic": None, "ExtendedStatistic": "p95"}
    assert a_ringing(**members).state() == "ALARM"
    ignoring = a_ringing(**members, EvaluateLowSampleCountPercentile="ignore")
    assert ignoring.state() == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    "members",
    [
        {"Period": 45},
        {"DatapointsToAlarm": 2},
        {"ExtendedStatistic": "p95"},
        {"Statistic": "p95"},
        {"TreatMissingData": "perhaps"},
        {"ComparisonOperator": "Equals"},
        {"EvaluationPeriods": 20_000},
        {"Metrics": [{"Id": "e1", "Expression": "1"}]},
    ],
)
def test_an_alarm_that_makes_no_sense_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(CloudWatchError):
        Cloud().put_alarm(**members)


def test_a_composite_of_alarms_that_do_not_exist_is_refused() -> None:
    with pytest.raises(CloudWatchError, match="do not exist"):
        Cloud().put_composite("all", "ALARM(gone)")


def test_a_snapshot_keeps_alarms_states_tags_history_and_metrics() -> None:
    cloud, restored = a_ringing(Tags=[{"Key": "team", "Value": "ml"}]), Cloud()
    plain = json.loads(json.dumps(cloud.cloudwatch.snapshot()))
    restored.cloudwatch.restore(plain)
    assert restored.alarm() == cloud.alarm()
    assert restored.history() == cloud.history()
    assert restored.cloudwatch.book.tags(restored.alarm()["AlarmArn"]) == {"team": "ml"}
    restored.tick(after_s=1)
    assert restored.published == []
    assert restored.state() == "ALARM"


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 99"):
        Cloud().cloudwatch.restore({"version": 99})


def test_the_sns_message_is_the_json_that_aws_sends() -> None:
    transition = a_ringing(AlarmDescription="too many").told[-1]
    message = json.loads(sns_message(transition, account_id="000000000000"))
    assert message["NewStateValue"] == "ALARM"
    assert message["OldStateValue"] == "INSUFFICIENT_DATA"
    assert message["Region"] == "US East (N. Virginia)"
    assert message["StateChangeTime"] == "1970-01-01T01:40:01.000+0000"
    assert message["Trigger"]["Statistic"] == "SUM"
    assert sns_subject(transition) == 'ALARM: "a" in US East (N. Virginia)'


def test_the_event_tells_both_states_and_the_metric() -> None:
    event = state_change_event(a_ringing().told[-1])
    detail = json.loads(event["Detail"])
    assert event["DetailType"] == "CloudWatch Alarm State Change"
    assert (detail["previousState"]["value"], detail["state"]["value"]) == (
        "INSUFFICIENT_DATA",
        "ALARM",
    )
    assert detail["configuration"]["metrics"][0]["metricStat"]["stat"] == "Sum"


HOUR_S = 3600


def an_alarm_of_an_hour(**members: Any) -> Cloud:
    """Nobody has asked for an hour: put just after a full hour, with a request before it."""
    cloud = Cloud(now=10 * HOUR_S + 120.0)
    cloud.measure(1)
    cloud.put_alarm(
        Period=HOUR_S,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
        **members,
    )
    cloud.tick(after_s=60)
    return cloud


def test_the_periods_end_with_the_minute_and_not_with_the_hour() -> None:
    cloud = an_alarm_of_an_hour()
    assert cloud.state() == "OK"
    cloud.tick(after_s=HOUR_S - 60)
    assert cloud.state() == "OK"
    cloud.tick(after_s=2 * HOUR_S + 60)  # it looks two periods further back
    assert cloud.state() == "ALARM"


def test_an_alarm_by_the_wall_clock_looks_at_whole_hours() -> None:
    cloud = an_alarm_of_an_hour(EvaluationWindow={"WallClockWindow": {}})
    assert cloud.state() == "ALARM"


def test_a_metric_math_alarm_has_the_same_periods() -> None:
    cloud = Cloud(now=10 * HOUR_S + 120.0)
    cloud.measure(5)
    stat = {
        "Metric": {"Namespace": "Tests", "MetricName": "Errors"},
        "Period": HOUR_S,
        "Stat": "Sum",
    }
    members: dict[str, Any] = dict.fromkeys(("MetricName", "Namespace", "Statistic", "Period"))
    queries = [
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
        {"Id": "e", "Expression": "FILL(m, 0) * 2"},
    ]
    cloud.put_alarm(Metrics=queries, Threshold=9.0, **members)
    cloud.tick(after_s=60)
    assert cloud.state() == "ALARM"


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"Period": 60, "EvaluationPeriods": 1441}, "more than a day"),
        ({"Period": 1800, "EvaluationPeriods": 49}, "more than a day"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "more than seven days"),
        ({"EvaluationWindow": {"WallClockWindow": {"Timezone": "Europe/Berlin"}}}, "UTC alone"),
    ],
)
def test_an_alarm_over_too_long_a_time_is_refused(members: dict[str, Any], text: str) -> None:
    with pytest.raises(CloudWatchError, match=text):
        Cloud().put_alarm(**members)


@pytest.mark.parametrize(("period_s", "periods"), [(60, 1440), (3600, 168), (86_400, 7)])
def test_the_longest_time_is_accepted(period_s: int, periods: int) -> None:
    Cloud().put_alarm(Period=period_s, EvaluationPeriods=periods)

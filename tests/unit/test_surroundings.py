"""What the settings ask for around an endpoint, in the words of terraform/surroundings."""

from typing import Any

import pytest

from pipeline.core.surroundings import (
    NOTHING,
    Surroundings,
    fitting,
    tells_vcpus,
    without_scaling,
)
from pipeline.steps.surrounding_settings import surroundings_of
from tests.unit.config_files import NIGHT, Load, load

__all__ = ["load"]

TOPICS = {"critical": "arn:critical", "info": "arn:info", "warning": "arn:warning"}
LIMITS = {
    "client_error_rate": 0.05,
    "cpu_percent": 90,
    "data_drift": None,
    "error_rate": 0.01,
    "latency_p95_ms": 1000.0,
    "memory_percent": 90,
    "model_quality": None,
    "no_traffic_minutes": 60,
}


def asked(load: Load, **keys: Any) -> Surroundings:
    return surroundings_of(load(**keys), topic_arns=TOPICS)


def scaling(load: Load, **kinds: Any) -> Any:
    return asked(load, autoscaling={"enabled": True, **kinds}).autoscaling


def thresholds(load: Load, **keys: Any) -> Any:
    alarms = asked(load, **{"monitoring": {"enabled": True}, **keys}).alarms
    assert alarms is not None
    return alarms["thresholds"]


def test_the_default_settings_ask_for_nothing(load: Load) -> None:
    assert asked(load) == NOTHING
    assert set(NOTHING.variables("ml.m5.large").values()) == {None}


def test_what_is_described_and_not_enabled_is_not_asked_for(load: Load) -> None:
    kinds = {"target_tracking": {}, "scheduled": [NIGHT]}
    assert asked(load, autoscaling=kinds, monitoring={"latency_p95_ms": 9.0}) == NOTHING


def test_scaling_without_a_kind_is_target_tracking_between_the_bounds(load: Load) -> None:
    assert scaling(load) == {
        "invocations": {
            "enabled": True,
            "scale_in_cooldown_s": 300,
            "scale_out_cooldown_s": 60,
            "target": 1000.0,
        },
        "max_capacity": 4,
        "min_capacity": 1,
        "schedules": {},
    }


@pytest.mark.parametrize("metric", ["cpu", "memory"])
def test_steps_alone_leave_target_tracking_out(load: Load, metric: str) -> None:
    found = scaling(load, step_scaling={"metric": metric, "adjustment": 2})
    assert found["invocations"] == {"enabled": False}
    assert found[metric] == {
        "scale_out_above_percent": 70,
        "scale_out_cooldown_s": 60,
        "steps": [{"add": 2, "from_percent": 0}],
    }


def test_all_three_kinds_go_together(load: Load) -> None:
    found = scaling(load, target_tracking={"target_value": 50}, step_scaling={}, scheduled=[NIGHT])
    assert found["invocations"]["target"] == 50
    assert found["cpu"]
    assert found["schedules"] == {
        "night": {
            "max_capacity": 2,
            "min_capacity": 1,
            "schedule": "cron(0 22 * * ? *)",
            "timezone": "Europe/Berlin",
        }
    }


def test_monitoring_is_alarms_for_the_topics_a_rollback_alarm_and_a_dashboard(load: Load) -> None:
    found = asked(load, monitoring={"enabled": True})
    assert found.alarms == {"minimum_request_count": 10, "rollback": {}, "thresholds": LIMITS}
    assert (found.dashboard, found.topic_arns) == ({}, TOPICS)


def test_a_limit_of_none_turns_its_alarm_off(load: Load) -> None:
    found = thresholds(load, monitoring={"enabled": True, "cpu_percent": None})
    assert found == LIMITS | {"cpu_percent": None}


def test_drift_and_quality_are_watched_from_the_limits_of_drift_on(load: Load) -> None:
    found = thresholds(load, drift={"enabled": True, "minimum_accuracy": 0.8})
    assert found == LIMITS | {"data_drift": 0.2, "model_quality": 0.8}


@pytest.mark.parametrize("instance_type", ["ml.t2.medium", "ml.t2.2xlarge"])
def test_burstable_instances_are_not_scaled(load: Load, instance_type: str) -> None:
    both = asked(load, autoscaling={"enabled": True}, monitoring={"enabled": True})
    assert fitting(both, instance_type) == asked(load, monitoring={"enabled": True})
    assert fitting(both, "ml.m5.large") == both


@pytest.mark.parametrize(
    ("instance_type", "vcpus"),
    [("ml.m5.large", None), ("ml.c4.8xlarge", None), ("ml.t2.medium", 2), ("ml.c7g.medium", 1)],
)
def test_vcpus_are_given_where_terraform_cannot_tell_them(
    load: Load, instance_type: str, vcpus: int | None
) -> None:
    watched = asked(load, monitoring={"enabled": True})
    assert watched.variables(instance_type)["vcpus"] == vcpus
    assert tells_vcpus(instance_type)


@pytest.mark.parametrize(
    "asked_for",
    [
        NOTHING,
        Surroundings(autoscaling={"invocations": {}}),
        Surroundings(autoscaling={"cpu": None}),
        Surroundings(topic_arns=TOPICS),
    ],
)
def test_where_nothing_counts_the_cpu_no_vcpus_are_given(asked_for: Surroundings) -> None:
    assert asked_for.variables("ml.t2.medium")["vcpus"] is None


@pytest.mark.parametrize(
    "asked_for",
    [
        Surroundings(autoscaling={"cpu": {"steps": []}}),
        Surroundings(alarms={}),
        Surroundings(dashboard={}),
    ],
)
def test_whatever_counts_the_cpu_is_given_the_vcpus(asked_for: Surroundings) -> None:
    assert asked_for.variables("ml.t2.medium")["vcpus"] == 2


def test_scaling_is_turned_off_and_nothing_else() -> None:
    both = Surroundings(alarms={}, autoscaling={"cpu": None}, dashboard={}, topic_arns=TOPICS)
    assert without_scaling(both) == Surroundings(alarms={}, dashboard={}, topic_arns=TOPICS)

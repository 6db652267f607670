"""Instance counts, strategies, schedules: what cannot go together is refused in one line each."""

from typing import Any

import pytest

from pipeline.core.errors import ConfigError
from tests.unit.config_files import NIGHT, Load, load, problem_lines

__all__ = ["load"]

CANARY = {
    "strategy": "canary",
    "step_percentage": 50,
    "instance_count": 2,
    "minimum_instance_count": 2,
}

CANNOT_RING = (
    "can never ring: a move without deployment.termination_wait_s (or wait_interval_s) of 60 s or "
    "more is over before; set one, or leave it out"
)
TOO_SHORT = (
    "in which no rollback alarm can ring: they judge whole minutes, so wait 60 s or more, or not "
    "at all"
)
BETWEEN = "must be a number between 0 and 1, neither included"
ANSWERED = "must be a number of milliseconds above 0 and below 60000"


def scheduled(**changes: object) -> dict[str, Any]:
    return {"autoscaling": {"scheduled": [NIGHT | changes]}}


def deployment(**changes: object) -> dict[str, Any]:
    return {"deployment": CANARY | changes}


@pytest.mark.parametrize(
    "keys",
    [
        {"deployment": CANARY},
        deployment(strategy="linear", step_percentage=10, wait_interval_s=180),
        deployment(strategy="linear", step_percentage=10, wait_interval_s=7),
        deployment(wait_interval_s=60, rollback_alarms={"error_rate": 0.02}),
        deployment(wait_interval_s=30, termination_wait_s=30),
        {"deployment": {"termination_wait_s": 60, "rollback_alarms": {"latency_p95_ms": 200}}},
        {"deployment": {"rollback_window_s": 0}, "monitoring": {"enabled": True}},
        {"deployment": {"rollback_window_s": 180}, "monitoring": {"enabled": True}},
        {"deployment": {"rollback_window_s": 10}},
        scheduled(),
        scheduled(schedule="rate(6 hours)"),
        scheduled(schedule="at(2030-01-01T00:00:00)", timezone="UTC"),
        scheduled(schedule="cron(0 8 ? * MON-FRI *)"),
    ],
)
def test_what_goes_together_is_accepted(load: Load, keys: dict[str, Any]) -> None:
    assert load(**keys)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            {"deployment": {"strategy": "canary", "step_percentage": 50}},
            "deployment.minimum_instance_count = 1: must be 2 or more for canary, "
            "which moves a share of the instances",
        ),
        (
            {"deployment": {"rollback_alarms": {"latency_p95_ms": 200}}},
            f"deployment.rollback_alarms.latency_p95_ms = 200: {CANNOT_RING}",
        ),
        (
            {"deployment": {"rollback_alarms": {"minimum_request_count": 1}}},
            f"deployment.rollback_alarms.minimum_request_count = 1: {CANNOT_RING}",
        ),
        (
            deployment(rollback_alarms={"error_rate": 0.02}),
            f"deployment.rollback_alarms.error_rate = 0.02: {CANNOT_RING}",
        ),
        (
            {"deployment": {"termination_wait_s": 59}},
            f"deployment.termination_wait_s = 59: makes all waits together 59 s, {TOO_SHORT}",
        ),
        (
            deployment(wait_interval_s=20, termination_wait_s=39),
            f"deployment.wait_interval_s = 20: makes all waits together 59 s, {TOO_SHORT}",
        ),
        (
            deployment(strategy="linear", step_percentage=10, wait_interval_s=6),
            f"deployment.wait_interval_s = 6: makes all waits together 54 s, {TOO_SHORT}",
        ),
        (
            {"deployment": {"rollback_window_s": 179}, "monitoring": {"enabled": True}},
            "deployment.rollback_window_s = 179: must be 0 (never) or 180 or more with monitoring: "
            "its alarms need three bad minutes to ask for a rollback",
        ),
        (
            {"monitoring": {"error_rate": 1}},
            f"monitoring.error_rate = 1: {BETWEEN}",
        ),
        (
            {"monitoring": {"client_error_rate": 1}},
            f"monitoring.client_error_rate = 1: {BETWEEN}",
        ),
        (
            {"deployment": {"termination_wait_s": 60, "rollback_alarms": {"error_rate": 1}}},
            f"deployment.rollback_alarms.error_rate = 1: {BETWEEN}",
        ),
        (
            {"testing": {"maximum_latency_p95_ms": 60_000}},
            f"testing.maximum_latency_p95_ms = 60000: {ANSWERED}",
        ),
        (
            {"monitoring": {"latency_p95_ms": 60_000}},
            f"monitoring.latency_p95_ms = 60000: {ANSWERED}",
        ),
        (
            {"drift": {"minimum_accuracy": 0}},
            "drift.minimum_accuracy = 0: must be a number above 0, at most 1",
        ),
        (
            {"monitoring": {"no_traffic_minutes": 1441}},
            "monitoring.no_traffic_minutes = 1441: must be a whole number of minutes from 1 to "
            "1440",
        ),
        (
            {"monitoring": {"minimum_request_count": 0}},
            "monitoring.minimum_request_count = 0: must be a whole number from 1 to 100000",
        ),
        (
            {"deployment": {"wait_interval_s": 1}},
            "deployment.wait_interval_s = 1: is only for the strategies canary, linear and rolling",
        ),
        (
            deployment(strategy="linear", step_percentage=10, wait_interval_s=400),
            "deployment.wait_interval_s = 400: makes all waits together 3600 s: "
            "Terraform waits less than an hour",
        ),
        (
            deployment(strategy="linear", step_percentage=10, wait_interval_s=200),
            "deployment.maximum_execution_timeout_s = 1800: must be longer than all waits "
            "together, which are 1800 s",
        ),
        (
            scheduled(minimum_instance_count=3),
            "autoscaling.scheduled.0.minimum_instance_count = 3: must not be above its maximum, "
            "which is 2",
        ),
        (
            scheduled(maximum_instance_count=5),
            "autoscaling.scheduled.0.maximum_instance_count = 5: must lie between the bounds of "
            "deployment, 1 and 4",
        ),
        (
            {"autoscaling": {"scheduled": [NIGHT, NIGHT]}},
            'autoscaling.scheduled.1.name = "night": is the name of an earlier schedule',
        ),
        (
            scheduled(schedule="cron(at night)"),
            'autoscaling.scheduled.0.schedule = "cron(at night)": must be cron(...), rate(...) or '
            "at(...), as Application Auto Scaling writes it",
        ),
        (
            scheduled(schedule="cron(0 22 * * * *)"),
            'autoscaling.scheduled.0.schedule = "cron(0 22 * * * *)": must be cron(...), rate(...) '
            "or at(...), as Application Auto Scaling writes it",
        ),
        (
            scheduled(timezone="Berlin time"),
            'autoscaling.scheduled.0.timezone = "Berlin time": must be UTC or a name of the IANA '
            "database, such as Europe/Berlin",
        ),
        (
            {"autoscaling": {"step_scaling": {"adjustment": 0}}},
            "autoscaling.step_scaling.adjustment = 0: must be a whole number from 1 to 999",
        ),
        (
            {"autoscaling": {"step_scaling": {"threshold": 100}}},
            "autoscaling.step_scaling.threshold = 100: must be a whole number from 1 to 99",
        ),
        (
            {"monitoring": {"no_traffic_minutes": 0}},
            "monitoring.no_traffic_minutes = 0: must be a whole number of minutes from 1 to 1440",
        ),
        (
            {"instance_type": "ml.x9.metal", "monitoring": {"enabled": True}},
            'instance_type = "ml.x9.metal": must be a type whose size tells its vCPUs (medium, '
            "large, 2xlarge, ...) for monitoring and for scaling by cpu",
        ),
        (
            {"drift": {"schedule": "cron(0 0 * * * *)"}},
            'drift.schedule = "cron(0 0 * * * *)": must be cron(...) or rate(...), as EventBridge '
            "writes it",
        ),
    ],
)
def test_what_does_not_go_together_is_one_line(load: Load, keys: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(**keys)
    (found,) = problem_lines(refused)
    assert found.startswith(line)

"""The sections `autoscaling`, `monitoring` and `drift` as variables of terraform/surroundings."""

from collections.abc import Mapping

from pydantic import JsonValue

from pipeline.configuration.sections import (
    AutoscalingSettings,
    ScheduledScaling,
    StepScaling,
    TargetTracking,
)
from pipeline.configuration.settings import Settings
from pipeline.core.surroundings import Surroundings

Objects = dict[str, JsonValue]


def surroundings_of(settings: Settings, *, topic_arns: Mapping[str, str]) -> Surroundings:
    """Return what the settings ask for around the endpoint; `topic_arns` by severity."""
    watched = settings.monitoring.enabled
    return Surroundings(
        alarms=_alarms(settings) if watched else None,
        autoscaling=_autoscaling(settings) if settings.autoscaling.enabled else None,
        dashboard={} if watched else None,
        topic_arns=dict(topic_arns) if watched else None,
    )


def _alarms(settings: Settings) -> Objects:
    """Return the limits of the alarms by Terraform's names; null turns one off.

    Drift and quality are watched where the settings say from when on they are bad.
    """
    monitoring, drift = settings.monitoring, settings.drift
    thresholds: Objects = {
        "client_error_rate": monitoring.client_error_rate,
        "cpu_percent": monitoring.cpu_percent,
        "data_drift": drift.psi_threshold if drift.enabled else None,
        "error_rate": monitoring.error_rate,
        "latency_p95_ms": settings.latency_p95_ms(monitoring.latency_p95_ms),
        "memory_percent": monitoring.memory_percent,
        "model_quality": drift.minimum_accuracy if drift.enabled else None,
        "no_traffic_minutes": monitoring.no_traffic_minutes,
    }
    return {
        "minimum_request_count": monitoring.minimum_request_count,
        "rollback": {},
        "thresholds": thresholds,
    }


def _autoscaling(settings: Settings) -> Objects:
    scaling, deployment = settings.autoscaling, settings.deployment
    steps = scaling.step_scaling
    return {
        **({steps.metric: _steps(steps)} if steps else {}),
        "invocations": _invocations(_tracking_in(scaling)),
        "max_capacity": deployment.maximum_instance_count,
        "min_capacity": deployment.minimum_instance_count,
        "schedules": {each.name: _schedule(each) for each in scaling.scheduled},
    }


def _tracking_in(scaling: AutoscalingSettings) -> TargetTracking | None:
    """Return the target tracking that is asked for, or meant where no kind is named."""
    is_bare = scaling.step_scaling is None and not scaling.scheduled
    return scaling.target_tracking or (TargetTracking() if is_bare else None)


def _invocations(tracking: TargetTracking | None) -> Objects:
    if tracking is None:
        return {"enabled": False}
    return {
        "enabled": True,
        "scale_in_cooldown_s": tracking.scale_in_cooldown,
        "scale_out_cooldown_s": tracking.scale_out_cooldown,
        "target": tracking.target_value,
    }


def _steps(step: StepScaling) -> Objects:
    return {
        "scale_out_above_percent": step.threshold,
        "scale_out_cooldown_s": step.cooldown,
        "steps": [{"add": step.adjustment, "from_percent": 0}],
    }


def _schedule(each: ScheduledScaling) -> Objects:
    return {
        "max_capacity": each.maximum_instance_count,
        "min_capacity": each.minimum_instance_count,
        "schedule": each.schedule,
        "timezone": each.timezone,
    }

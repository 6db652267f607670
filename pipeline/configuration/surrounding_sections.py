"""The sections for what surrounds the endpoint: scaling, alarms, dashboard."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from pipeline.configuration.types import (
    Allowed,
    Count,
    Flag,
    LatencyMs,
    Minutes,
    OpenShare,
    Percentage,
    Positive,
    Requests,
    ScalingSchedule,
    ScheduleName,
    Section,
    TimeZone,
    Utilisation,
    WaitSeconds,
    as_tuple,
)


class TargetTracking(Section):
    """Keep invocations per instance and minute near `target_value`; cooldowns in seconds."""

    target_value: Positive = 1000.0
    scale_in_cooldown: WaitSeconds = 300
    scale_out_cooldown: WaitSeconds = 60


class StepScaling(Section):
    """Add `adjustment` instances while the utilisation stays above `threshold` percent."""

    metric: Annotated[Literal["cpu", "memory"], Allowed("cpu or memory")] = "cpu"
    threshold: Utilisation = 70
    adjustment: Count = 1
    cooldown: WaitSeconds = 60


class ScheduledScaling(Section):
    """From a time on, scale between other bounds."""

    name: ScheduleName
    schedule: ScalingSchedule
    minimum_instance_count: Count
    maximum_instance_count: Count
    timezone: TimeZone = "UTC"


class AutoscalingSettings(Section):
    """Between deployment.minimum_instance_count and maximum_instance_count.

    Enabled with none of the three kinds, it is target tracking with its defaults.
    """

    enabled: Flag = False
    target_tracking: TargetTracking | None = None
    step_scaling: StepScaling | None = None
    scheduled: Annotated[
        tuple[ScheduledScaling, ...], BeforeValidator(as_tuple), Allowed("a list of schedules")
    ] = ()


class MonitoringSettings(Section):
    """Alarms that notify, one that asks for a rollback, a dashboard; and what is captured.

    A limit of none turns its alarm off, but that of latency: it is `Settings.latency_p95_ms` then.
    Rates and latency count in a minute with `minimum_request_count` requests or more. Capture has a
    switch of its own: its percentage.
    """

    enabled: Flag = False
    data_capture_percentage: Percentage = 0
    latency_p95_ms: LatencyMs | None = None
    error_rate: OpenShare = 0.01
    client_error_rate: OpenShare | None = 0.05
    cpu_percent: Utilisation | None = 90
    memory_percent: Utilisation | None = 90
    minimum_request_count: Requests = 10
    no_traffic_minutes: Minutes | None = 60

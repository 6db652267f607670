"""Sections of later parts: accepted and validated, and said to be without effect as yet."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from pipeline.configuration.types import (
    Allowed,
    Count,
    Email,
    Flag,
    Percentage,
    Positive,
    PositiveShare,
    Requests,
    Schedule,
    SecretArn,
    Section,
    Share,
    Text,
    WaitSeconds,
    WholeNumber,
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
    threshold: Percentage = 70
    adjustment: WholeNumber = 1
    cooldown: WaitSeconds = 60


class ScheduledScaling(Section):
    name: Text
    schedule: Schedule
    minimum_instance_count: Count
    maximum_instance_count: Count
    timezone: Text = "UTC"


class AutoscalingSettings(Section):
    """Between deployment.minimum_instance_count and maximum_instance_count."""

    enabled: Flag = False
    target_tracking: TargetTracking | None = None
    step_scaling: StepScaling | None = None
    scheduled: Annotated[
        tuple[ScheduledScaling, ...], BeforeValidator(as_tuple), Allowed("a list of schedules")
    ] = ()


class MonitoringSettings(Section):
    """Alarms that notify and the share of requests, in percent, that is captured."""

    enabled: Flag = False
    data_capture_percentage: Percentage = 0
    latency_p95_ms: Positive = 500.0
    error_rate: PositiveShare = 0.01


class DriftSettings(Section):
    """Limits from which on a feature counts as drifted, by population stability index."""

    enabled: Flag = False
    schedule: Schedule | None = None
    psi_threshold: Positive = 0.2
    minimum_row_count: Requests = 100
    minimum_accuracy: Share | None = None


class RetrainingSettings(Section):
    enabled: Flag = False
    schedule: Schedule | None = None
    on_drift: Flag = False
    on_degradation: Flag = False


class NotificationSettings(Section):
    """Where the webhook's address is kept, who sends mail, and which runs are told about."""

    slack_webhook_secret_arn: SecretArn | None = None
    email_sender: Email | None = None
    on_success: Flag = True
    on_failure: Flag = True

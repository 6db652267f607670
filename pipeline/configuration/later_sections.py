"""Sections of later parts: accepted and validated, and said to be without effect as yet."""

from pipeline.configuration.types import (
    Email,
    Flag,
    Positive,
    PositiveShare,
    Requests,
    Schedule,
    SecretArn,
    Section,
)


class DriftSettings(Section):
    """Limits from which on a feature counts as drifted, by population stability index.

    With monitoring, the two limits are already those of alarms on the metrics of drift and quality.
    """

    enabled: Flag = False
    schedule: Schedule | None = None
    psi_threshold: Positive = 0.2
    minimum_row_count: Requests = 100
    minimum_accuracy: PositiveShare | None = None


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

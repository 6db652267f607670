"""The sections of the configuration: what each key means, its default, its limits."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, JsonValue

from pipeline.configuration import kinds
from pipeline.core.champion import Rule
from pipeline.core.data_checks import CheckName, Policy
from pipeline.core.data_words import ColumnUse, ProblemType
from pipeline.core.head import Strategy
from pipeline.core.records import Bound

_USES = "use, drop, number, text, date, date_day_first or date_month_first"


def _as_strategy(value: object) -> object:
    return Strategy(value) if isinstance(value, str) else value


class TrainingSettings(kinds.Section):
    """`data` is a CSV file or an s3:// address; relative paths in a file count from its folder.

    `source_dir` holds the user's modules (default: the folder of the configuration file).
    """

    data: kinds.Text = "data/iris.csv"
    target: kinds.Column = "species"
    problem_type: Annotated[ProblemType, kinds.allowed("auto, classification or regression")] = (
        "auto"
    )
    separator: kinds.Separator | None = None
    decimal: kinds.DecimalMark | None = None
    encoding: kinds.Encoding | None = None
    missing_values: kinds.Texts = ()
    present_values: kinds.Texts = ()
    columns: Annotated[
        Mapping[str, ColumnUse], kinds.allowed(f"an object of column names, each with {_USES}")
    ] = {}
    test_fraction: kinds.OpenShare = 0.5
    split_seed: kinds.Seed = 43
    seed: kinds.Seed = 0
    cross_validation_folds: kinds.Folds = 5
    instance_type: kinds.InstanceType = "ml.m5.large"
    max_runtime_s: kinds.JobSeconds = 3600
    source_dir: kinds.Text = "."
    requirements: kinds.Text | None = None
    training_pipeline: kinds.ModuleMember | None = None
    custom_metrics: kinds.ModuleMember | None = None
    hyperparameters: Annotated[
        Mapping[str, JsonValue], kinds.allowed("an object of names and JSON values")
    ] = {}


class GateSettings(kinds.Section):
    """Beyond `minimum` or `maximum` reject; with a `threshold`, from there on deploy.

    Between the two hold. `bound` compares an end of the interval in place of the value.
    """

    minimum: kinds.Number | None = None
    maximum: kinds.Number | None = None
    threshold: kinds.Number | None = None
    bound: Annotated[Bound, kinds.allowed("value, lower or upper")] = "value"

    @property
    def has_limit(self) -> bool:
        return self.minimum is not None or self.maximum is not None


class SliceSettings(GateSettings):
    """Measure each value of a column apart, of a number each bin, and ask for limits of its own.

    `bins` are the inner borders; without them a number falls into quarters of the held-out rows.
    """

    column: kinds.Column
    bins: kinds.Numbers = ()
    metric: (
        Annotated[Literal["accuracy", "rmse", "mae"], kinds.allowed("accuracy, rmse or mae")] | None
    ) = None
    minimum_rows: kinds.Requests = 30


class DataCheckSettings(kinds.Section):
    """What becomes of what a check of the data finds, before anything is trained or changed."""

    columns: kinds.CheckPolicy = "warn"
    classes: kinds.CheckPolicy = "warn"
    missing: kinds.CheckPolicy = "warn"
    constant: kinds.CheckPolicy = "warn"
    duplicates: kinds.CheckPolicy = "warn"
    leak: kinds.CheckPolicy = "warn"

    @property
    def policies(self) -> Mapping[CheckName, Policy]:
        return {name: getattr(self, name) for name in CheckName}

    @property
    def wanted(self) -> frozenset[CheckName]:
        return frozenset(name for name, policy in self.policies.items() if policy != "off")


class EvaluationSettings(kinds.Section):
    instance_type: kinds.InstanceType = "ml.m5.large"
    max_runtime_s: kinds.JobSeconds = 3600
    slices: Annotated[
        tuple[SliceSettings, ...],
        BeforeValidator(kinds.as_tuple),
        kinds.allowed("a list of slices"),
    ] = ()


def _as_rule(value: object) -> object:
    return Rule(value) if isinstance(value, str) else value


_Rule = Annotated[Rule, BeforeValidator(_as_rule), kinds.allowed("not_worse, better or off")]


class ChampionSettings(kinds.Section):
    """How a candidate is judged against what is live, on the same held-out rows."""

    rule: _Rule = Rule.NOT_WORSE
    margin: kinds.Share = 0.01
    minimum_rows: kinds.Requests = 30


class RollbackAlarmSettings(kinds.Section):
    """Limits of the alarms that make SageMaker shift back while a deployment waits.

    They count what the model itself did wrong, in a minute with `minimum_request_count` requests
    or more. Without `latency_p95_ms` it is `Settings.latency_p95_ms`.
    """

    latency_p95_ms: kinds.LatencyMs | None = None
    error_rate: kinds.OpenShare = 0.01
    minimum_request_count: kinds.Requests = 10


class DeploymentSettings(kinds.Section):
    strategy: Annotated[
        Strategy,
        BeforeValidator(_as_strategy),
        kinds.allowed("all_at_once, canary, linear or rolling"),
    ] = Strategy.ALL_AT_ONCE
    step_percentage: kinds.StepPercentage | None = None
    instance_count: kinds.Count = 1
    minimum_instance_count: kinds.Count = 1
    maximum_instance_count: kinds.Count = 4
    startup_timeout_s: kinds.StartupSeconds = 300
    wait_interval_s: kinds.WaitSeconds = 0
    termination_wait_s: kinds.WaitSeconds = 0
    maximum_execution_timeout_s: kinds.UpdateSeconds = 1800
    rollback_window_s: kinds.WindowSeconds = 3600
    maximum_plan_age_s: kinds.PlanAgeSeconds = 259_200
    rollback_alarms: RollbackAlarmSettings = RollbackAlarmSettings()

    @property
    def waits_s(self) -> int:
        """Seconds of all waits of a move together, starting instances apart."""
        steps = {
            Strategy.ALL_AT_ONCE: 0,
            Strategy.CANARY: 1,
            Strategy.LINEAR: math.ceil(100 / (self.step_percentage or 100)) - 1,
            Strategy.ROLLING: math.ceil(100 / (self.step_percentage or 100)),
        }[self.strategy]
        return steps * self.wait_interval_s + self.termination_wait_s


class TestingSettings(kinds.Section):
    """The endpoint tests. Without `minimum_prediction_accuracy`, minimum_accuracy is the limit.

    Of a model that predicts a number it is `maximum_prediction_rmse`, without it what the
    evaluation measured. Without `maximum_latency_p95_ms` it is `Settings.latency_p95_ms`.
    """

    request_count: kinds.Requests = 100
    concurrency: kinds.Workers = 2
    minimum_prediction_accuracy: kinds.Share | None = None
    maximum_prediction_rmse: kinds.Positive | None = None
    minimum_success_rate: kinds.Share = 0.99
    maximum_latency_p95_ms: kinds.LatencyMs | None = None


class TargetTracking(kinds.Section):
    """Keep invocations per instance and minute near `target_value`; cooldowns in seconds."""

    target_value: kinds.Positive = 1000.0
    scale_in_cooldown: kinds.WaitSeconds = 300
    scale_out_cooldown: kinds.WaitSeconds = 60


class StepScaling(kinds.Section):
    """Add `adjustment` instances while the utilisation stays above `threshold` percent."""

    metric: Annotated[Literal["cpu", "memory"], kinds.allowed("cpu or memory")] = "cpu"
    threshold: kinds.Utilisation = 70
    adjustment: kinds.Count = 1
    cooldown: kinds.WaitSeconds = 60


class ScheduledScaling(kinds.Section):
    """From a time on, scale between other bounds."""

    name: kinds.ScheduleName
    schedule: kinds.ScalingSchedule
    minimum_instance_count: kinds.Count
    maximum_instance_count: kinds.Count
    timezone: kinds.TimeZone = "UTC"


class AutoscalingSettings(kinds.Section):
    """Between deployment.minimum_instance_count and maximum_instance_count.

    Enabled with none of the three kinds, it is target tracking with its defaults.
    """

    enabled: kinds.Flag = False
    target_tracking: TargetTracking | None = None
    step_scaling: StepScaling | None = None
    scheduled: Annotated[
        tuple[ScheduledScaling, ...],
        BeforeValidator(kinds.as_tuple),
        kinds.allowed("a list of schedules"),
    ] = ()


class MonitoringSettings(kinds.Section):
    """Alarms that notify, one that asks for a rollback, a dashboard; and what is captured.

    A limit of none turns its alarm off, but that of latency: it is `Settings.latency_p95_ms` then.
    Rates and latency count in a minute with `minimum_request_count` requests or more. Capture has a
    switch of its own: its percentage.
    """

    enabled: kinds.Flag = False
    data_capture_percentage: kinds.Percentage = 0
    latency_p95_ms: kinds.LatencyMs | None = None
    error_rate: kinds.OpenShare = 0.01
    client_error_rate: kinds.OpenShare | None = 0.05
    cpu_percent: kinds.Utilisation | None = 90
    memory_percent: kinds.Utilisation | None = 90
    minimum_request_count: kinds.Requests = 10
    no_traffic_minutes: kinds.Minutes | None = 60


class DriftSettings(kinds.Section):
    """How mode monitor looks at captured traffic, and from which limits on it finds something.

    Enabled, its `schedule` starts mode monitor where the foundation asks a pipeline, and with
    monitoring the two limits are also those of alarms. A window is `window_hours` long; labels are
    waited for `label_delay_hours` more, and then judged with the requests they belong to.
    """

    enabled: kinds.Flag = False
    schedule: kinds.Schedule | None = None
    window_hours: kinds.WindowHours = 24
    psi_threshold: kinds.Positive = 0.2
    minimum_row_count: kinds.Rows = 200
    minimum_accuracy: kinds.PositiveShare | None = None
    label_delay_hours: kinds.DelayHours = 24
    instance_type: kinds.InstanceType = "ml.m5.large"
    instance_count: kinds.Count = 1
    volume_size_gb: kinds.VolumeGb = 30
    max_runtime_s: kinds.JobSeconds = 3600


class RetrainingSettings(kinds.Section):
    """What mode monitor asks a retraining for, how often at most, and what comes of it.

    There is something to learn from `minimum_new_rows` labelled rows on that the live release was
    not trained on, and from the share `minimum_new_share` of its own rows on, whichever is more.
    `merge_class` is the user's own (`TrainingSettings.source_dir`): how often each row is learnt.
    `champion_rule` takes the place of `ChampionSettings.rule` in a run that answers a request,
    whoever asked.
    """

    enabled: kinds.Flag = False
    schedule: kinds.RetrainingSchedule | None = None
    on_drift: kinds.Flag = True
    on_degradation: kinds.Flag = True
    learn_from_labels: kinds.Flag = True
    merge_class: kinds.ModuleMember | None = None
    minimum_new_rows: kinds.Rows = 200
    minimum_new_share: kinds.Share = 0.1
    cool_down_hours: kinds.DelayHours = 24
    maximum_per_month: kinds.Count = 4
    champion_rule: _Rule = Rule.BETTER


class NotificationSettings(kinds.Section):
    """Which channels there are beside topic, webhook and recipients, and who hears of what.

    A secret is given itself, best by the environment, or as the ARN of a Secrets Manager secret
    that has it. Without an `email_sender` the recipients hear by subscriptions of the topics; with
    one, by SES, or by the SMTP server where a host is named.
    """

    slack_webhook_secret_arn: kinds.SecretArn | None = None
    slack_bot_token: kinds.Secret | None = None
    slack_channel: kinds.SlackChannel | None = None
    email_sender: kinds.Email | None = None
    smtp_host: kinds.HostName | None = None
    smtp_port: kinds.Port = 587
    smtp_user: kinds.Text | None = None
    smtp_password: kinds.Secret | None = None
    webhook_url: kinds.SecretUrlOrArn | None = None
    webhook_signing_secret: kinds.Secret | None = None
    webhook_format: kinds.WebhookFormat = "cloudevents"
    chat_schema: kinds.Flag = False
    routes: Annotated[
        Mapping[kinds.EventOrSeverity, kinds.ChannelNames],
        kinds.allowed(
            "an object of events or severities, each with a list of email, slack, sns or webhook"
        ),
    ] = {}
    on_success: kinds.Flag = True
    on_failure: kinds.Flag = True

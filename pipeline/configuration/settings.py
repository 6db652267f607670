"""The settings of a run: one field per key of the configuration, with its default and limits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Discriminator, SecretStr, Tag

from pipeline.configuration import kinds
from pipeline.configuration.sections import (
    AutoscalingSettings,
    ChampionSettings,
    DataCheckSettings,
    DeploymentSettings,
    DriftSettings,
    EvaluationSettings,
    GateSettings,
    MonitoringSettings,
    NotificationSettings,
    RetrainingSettings,
    TestingSettings,
    TrainingSettings,
)
from pipeline.core.champion import ChampionLimits
from pipeline.core.document import canonical_json, sha256_of
from pipeline.core.gate import GatePolicy, Limits, SliceLimits, accuracy_limits
from pipeline.core.measures import ACCURACY, RMSE
from pipeline.core.records import Evaluation, ModelKind, RollbackAlarms, TestLimits
from pipeline.core.retraining import Rules

DEFAULT_SOURCE = "default"
FROM_ENVIRONMENT = "environment "  # and the variable's name

_LATENCY_P95_MS = 1000.0

# In `gates` a text is how all gates work, an object the limits of one: no metric's name is taken
GATE_MODE = "mode"
UNION_TAGS = ("[gate]", "[mode]")
_GateMode = Literal["enforce", "dry_run"]
_Gate = Annotated[
    Annotated[GateSettings, Tag("[gate]")] | Annotated[_GateMode, Tag("[mode]")],
    Discriminator(lambda value: "[mode]" if isinstance(value, str) else "[gate]"),
]
# Rounding of decimal digits, and of sums in another order
_SAME_ERROR = 1.001

# Where files lie differs from machine to machine; their content has digests of its own.
_NOT_IN_DIGEST = ("training.data", "training.requirements", "training.source_dir")


class Settings(kinds.Section):
    """Made by `loading.load_settings`, which also checks what no single field can know."""

    accuracy_threshold: kinds.Share = 0.95
    minimum_accuracy: kinds.Share = 0.90
    aws_region: kinds.Region = "us-east-1"
    instance_type: kinds.InstanceType = "ml.m5.large"
    auto_deploy_enabled: kinds.Flag = True
    rollback_on_failure: kinds.Flag = True
    model_name_prefix: kinds.Name = "iris-classifier"
    endpoint_prefix: kinds.Name = "iris-model"
    sns_topic_arn: kinds.TopicArn | None = None
    slack_webhook_url: kinds.SecretUrl | None = None
    email_recipients: kinds.Emails = ()
    backend: Annotated[Literal["local", "aws"], kinds.allowed("local or aws")] = "local"
    environment: kinds.Word = "staging"
    project: kinds.Word = "mlops"
    role_arn: kinds.RoleArn | None = None
    s3_bucket: kinds.Bucket | None = None
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], kinds.allowed("DEBUG, INFO, WARNING or ERROR")
    ] = "INFO"
    training: TrainingSettings = TrainingSettings()
    data_checks: DataCheckSettings = DataCheckSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    gates: Annotated[
        Mapping[kinds.MetricName, _Gate],
        kinds.allowed("an object of metric names with limits, and of mode: enforce or dry_run"),
    ] = {}
    champion: ChampionSettings = ChampionSettings()
    deployment: DeploymentSettings = DeploymentSettings()
    autoscaling: AutoscalingSettings = AutoscalingSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    testing: TestingSettings = TestingSettings()
    drift: DriftSettings = DriftSettings()
    retraining: RetrainingSettings = RetrainingSettings()
    notifications: NotificationSettings = NotificationSettings()

    def digest(self) -> str:
        """Digest of everything that decides what a run does.

        Local paths are not in, nor who is told, and by which secret.
        """
        values = self.model_dump(mode="json", exclude={"notifications", "slack_webhook_url"})
        for key in _NOT_IN_DIGEST:
            section, name = key.split(".")
            values[section].pop(name)
        return sha256_of(canonical_json(values))

    @property
    def accuracy_limits(self) -> Limits:
        own = self.gates.get(ACCURACY)
        bound = own.bound if isinstance(own, GateSettings) else "value"
        return accuracy_limits(self.accuracy_threshold, self.minimum_accuracy, bound=bound)

    @property
    def own_gates(self) -> Mapping[str, GateSettings]:
        """The user's own gates by metric, without what is said of accuracy."""
        return {
            name: gate
            for name, gate in self.gates.items()
            if isinstance(gate, GateSettings) and name != ACCURACY
        }

    @property
    def gate_policy(self) -> GatePolicy:
        return GatePolicy(
            thresholds=self.accuracy_limits,
            gates={name: _limits(gate) for name, gate in self.own_gates.items()},
            slices=tuple(
                SliceLimits(
                    column=each.column,
                    limits=_limits(each) if each.has_limit else None,
                    metric=each.metric,
                    minimum_rows=each.minimum_rows,
                )
                for each in self.evaluation.slices
            ),
            champion=ChampionLimits(**dict(self.champion)),
            dry_run=self.gates.get(GATE_MODE) == "dry_run",
        )

    @property
    def retraining_policy(self) -> GatePolicy:
        """What is asked of a model that a request was answered with; nobody waits for that one."""
        policy, rule = self.gate_policy, self.retraining.champion_rule
        return replace(policy, champion=replace(policy.champion, rule=rule, doubt_keeps=True))

    @property
    def test_limits(self) -> TestLimits:
        """What the endpoint tests ask for; without an own accuracy, minimum_accuracy."""
        testing, own = self.testing, self.testing.minimum_prediction_accuracy
        return TestLimits(
            minimum_prediction_accuracy=self.minimum_accuracy if own is None else own,
            minimum_success_rate=testing.minimum_success_rate,
            maximum_latency_p95_ms=self.latency_p95_ms(testing.maximum_latency_p95_ms),
            maximum_prediction_rmse=testing.maximum_prediction_rmse,
        )

    def test_limits_for(self, evaluation: Evaluation) -> TestLimits:
        """What the endpoint tests ask of this model; an error it was measured with may come again.

        The same rows through the endpoint have to give the same answers.
        """
        limits, measured = self.test_limits, evaluation.metrics.get(RMSE)
        if evaluation.kind is not ModelKind.REGRESSION or measured is None:
            return limits
        if limits.maximum_prediction_rmse is not None:
            return limits
        return replace(limits, maximum_prediction_rmse=measured * _SAME_ERROR)

    @property
    def rollback_alarms(self) -> RollbackAlarms:
        given = self.deployment.rollback_alarms
        return RollbackAlarms(
            latency_p95_ms=self.latency_p95_ms(given.latency_p95_ms),
            error_rate=given.error_rate,
            minimum_request_count=given.minimum_request_count,
        )

    @property
    def retraining_rules(self) -> Rules:
        """What mode monitor asks a retraining for, and how often at most."""
        given = self.retraining
        return Rules(
            enabled=given.enabled,
            on_drift=given.on_drift,
            on_degradation=given.on_degradation,
            schedule=given.schedule,
            minimum_new_rows=given.minimum_new_rows,
            minimum_new_share=given.minimum_new_share,
            cool_down=timedelta(hours=given.cool_down_hours),
            most_per_month=given.maximum_per_month,
        )

    def latency_p95_ms(self, own: float | None) -> float:
        """Return the limit of one place: its own, else the lowest of the others, else one for all.

        So that what passes the tests rings no alarm unless both were asked for.
        """
        if own is not None:
            return own
        limits = (
            self.testing.maximum_latency_p95_ms,
            self.deployment.rollback_alarms.latency_p95_ms,
            self.monitoring.latency_p95_ms,
        )
        return min((each for each in limits if each is not None), default=_LATENCY_P95_MS)


def _limits(gate: GateSettings) -> Limits:
    return Limits(
        minimum=gate.minimum, maximum=gate.maximum, threshold=gate.threshold, bound=gate.bound
    )


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Return every secret that the configuration holds itself, for what must not show them."""
    values = [*dict(settings).values(), *dict(settings.notifications).values()]
    return tuple(each.get_secret_value() for each in values if isinstance(each, SecretStr) and each)

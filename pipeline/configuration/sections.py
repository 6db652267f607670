"""The sections that a run acts on today: what each key means, its default, its limits."""

import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, JsonValue

from pipeline.configuration.types import (
    USES,
    Allowed,
    Column,
    Count,
    DecimalMark,
    Encoding,
    Folds,
    InstanceType,
    JobSeconds,
    LatencyMs,
    ModuleMember,
    OpenShare,
    Requests,
    Section,
    Seed,
    Separator,
    Share,
    StartupSeconds,
    StepPercentage,
    Text,
    Texts,
    UpdateSeconds,
    WaitSeconds,
    WindowSeconds,
    Workers,
)
from pipeline.core.data_words import ColumnUse, ProblemType
from pipeline.core.head import Strategy


def _as_strategy(value: object) -> object:
    return Strategy(value) if isinstance(value, str) else value


class TrainingSettings(Section):
    """`data` is a CSV file or an s3:// address; relative paths in a file count from its folder.

    `source_dir` holds the user's modules (default: the folder of the configuration file).
    """

    data: Text = "data/iris.csv"
    target: Column = "species"
    problem_type: Annotated[ProblemType, Allowed("auto or classification")] = "auto"
    separator: Separator | None = None
    decimal: DecimalMark | None = None
    encoding: Encoding | None = None
    missing_values: Texts = ()
    present_values: Texts = ()
    columns: Annotated[
        Mapping[str, ColumnUse], Allowed(f"an object of column names, each with {USES}")
    ] = {}
    test_fraction: OpenShare = 0.5
    split_seed: Seed = 3
    seed: Seed = 0
    cross_validation_folds: Folds = 5
    instance_type: InstanceType = "ml.m5.large"
    max_runtime_s: JobSeconds = 3600
    source_dir: Text = "."
    training_pipeline: ModuleMember | None = None
    custom_metrics: ModuleMember | None = None
    hyperparameters: Annotated[
        Mapping[str, JsonValue], Allowed("an object of names and JSON values")
    ] = {}


class EvaluationSettings(Section):
    instance_type: InstanceType = "ml.m5.large"
    max_runtime_s: JobSeconds = 3600


class GateSettings(Section):
    """Below `minimum` reject; with a `threshold`, from there on deploy and between them hold."""

    minimum: Share
    threshold: Share | None = None


class RollbackAlarmSettings(Section):
    """Limits of the alarms that make SageMaker shift back while a deployment waits.

    They count what the model itself did wrong, in a minute with `minimum_request_count` requests
    or more. Without `latency_p95_ms` it is `Settings.latency_p95_ms`.
    """

    latency_p95_ms: LatencyMs | None = None
    error_rate: OpenShare = 0.01
    minimum_request_count: Requests = 10


class DeploymentSettings(Section):
    strategy: Annotated[
        Strategy, BeforeValidator(_as_strategy), Allowed("all_at_once, canary or linear")
    ] = Strategy.ALL_AT_ONCE
    step_percentage: StepPercentage | None = None
    instance_count: Count = 1
    minimum_instance_count: Count = 1
    maximum_instance_count: Count = 4
    startup_timeout_s: StartupSeconds = 300
    wait_interval_s: WaitSeconds = 0
    termination_wait_s: WaitSeconds = 0
    maximum_execution_timeout_s: UpdateSeconds = 1800
    rollback_window_s: WindowSeconds = 3600
    rollback_alarms: RollbackAlarmSettings = RollbackAlarmSettings()

    @property
    def waits_s(self) -> int:
        """Seconds of all waits of a move together, starting instances apart."""
        steps = {
            Strategy.ALL_AT_ONCE: 0,
            Strategy.CANARY: 1,
            Strategy.LINEAR: math.ceil(100 / (self.step_percentage or 100)) - 1,
        }[self.strategy]
        return steps * self.wait_interval_s + self.termination_wait_s


class TestingSettings(Section):
    """The endpoint tests. Without `minimum_prediction_accuracy`, minimum_accuracy is the limit.

    Without `maximum_latency_p95_ms` it is `Settings.latency_p95_ms`.
    """

    request_count: Requests = 100
    concurrency: Workers = 2
    minimum_prediction_accuracy: Share | None = None
    minimum_success_rate: Share = 0.99
    maximum_latency_p95_ms: LatencyMs | None = None

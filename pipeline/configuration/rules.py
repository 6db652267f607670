"""What no single field can know: values against each other, against names, against the run."""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipeline.configuration.problems import problem
from pipeline.configuration.sections import GateSettings
from pipeline.configuration.settings import GATE_MODE, Settings
from pipeline.configuration.sources import Layer
from pipeline.core import naming
from pipeline.core.errors import ConfigError, ConfigProblem, UsageError
from pipeline.core.head import Strategy
from pipeline.core.images import runs_the_image
from pipeline.core.measures import (
    ACCURACY,
    COUNTED,
    LESS_IS_BETTER,
    MORE_IS_BETTER,
    range_of,
)
from pipeline.core.records import ModelKind
from pipeline.core.surroundings import tells_vcpus

# Names the training script gives its own hyperparameters
_RESERVED_HYPERPARAMETERS = ("code_sha256", "cv_folds", "seed", "target", "training_pipeline")
_THRESHOLDS = ("accuracy_threshold", "minimum_accuracy")
# Terraform provider 5.100: how long it waits for an endpoint
_PROVIDER_WAITS_S = 3600
# API reference, TrafficRoutingConfig and RollingUpdatePolicy
_LEAST_STEP: Mapping[Strategy, int] = {
    Strategy.CANARY: 1,
    Strategy.LINEAR: 10,
    Strategy.ROLLING: 5,
}
# API reference, CapacitySize: a share of the instances, so there must be two to have one of them
_LEAST_INSTANCES = 2
_ROLLBACK_ALARMS = "deployment.rollback_alarms."
_LAST_WAIT = "termination_wait_s"
# terraform/modules/endpoint: one minute is enough; terraform/modules/alarms: three of five
_ALARM_PERIOD_S = 60
_ASKS_AFTER_S = 180


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Settings whose fields are each valid, and where they came from.

    `committed` are the values without environment and flags: what a review has seen.
    `backend_is_chosen`: by flag, environment or the user's own file; `is_ci`: CI is set.
    """

    settings: Settings
    layer: Layer
    committed: Layer
    backend_is_chosen: bool
    is_ci: bool

    def problem(self, key: str, value: object, allowed: str) -> ConfigProblem:
        return problem(key, value, allowed, layer=self.layer)


def broken_rules(loaded: Loaded) -> tuple[ConfigProblem, ...]:
    rules = (
        _thresholds,
        _production,
        _gates,
        _slices,
        _backend,
        _names,
        _machines,
        _jobs,
        _problem_type,
        _counts,
        _steps,
        _waits,
        _watched,
        _asking,
        _schedules,
        _vcpus,
        _channels,
    )
    return tuple(broken for rule in rules for broken in rule(loaded))


def _thresholds(loaded: Loaded) -> Iterator[ConfigProblem]:
    minimum, threshold = loaded.settings.minimum_accuracy, loaded.settings.accuracy_threshold
    if minimum > threshold:
        allowed = f"must not be above accuracy_threshold, which is {threshold!r}"
        yield loaded.problem("minimum_accuracy", minimum, allowed)


def _production(loaded: Loaded) -> Iterator[ConfigProblem]:
    if loaded.settings.environment != naming.PRODUCTION:
        return
    for key in _THRESHOLDS:
        value: float = getattr(loaded.settings, key)
        committed = loaded.committed.get(key)
        default = Settings.model_fields[key].default
        reviewed = committed.value if committed else default
        if isinstance(reviewed, int | float) and value < reviewed:
            allowed = f"in production only the file may lower it below {reviewed!r}"
            yield loaded.problem(key, value, allowed)


def _gates(loaded: Loaded) -> Iterator[ConfigProblem]:
    for name, gate in loaded.settings.gates.items():
        key = f"gates.{name}"
        if not isinstance(gate, GateSettings):
            yield from _gate_mode(loaded, name, gate)
        elif name == ACCURACY:
            yield from _accuracy_gate(loaded, gate)
        elif not gate.has_limit:
            yield loaded.problem(key, _given(gate), "needs a minimum or a maximum")
        else:
            yield from _limits(loaded, key, gate, metric=name)


def _gate_mode(loaded: Loaded, name: str, mode: str) -> Iterator[ConfigProblem]:
    if name != GATE_MODE:
        yield loaded.problem(f"gates.{name}", mode, "must be an object with the metric's limits")
    elif mode == "dry_run" and loaded.settings.environment == naming.PRODUCTION:
        committed = loaded.committed.get("gates")
        gates = committed.value if committed else {}
        if f"gates.{GATE_MODE}" in loaded.layer or not isinstance(gates, Mapping):
            allowed = "in production only the file may let the gates block nothing"
            yield loaded.problem(f"gates.{GATE_MODE}", mode, allowed)


def _accuracy_gate(loaded: Loaded, gate: GateSettings) -> Iterator[ConfigProblem]:
    if gate.has_limit or gate.threshold is not None:
        allowed = (
            "is judged by accuracy_threshold and minimum_accuracy; set those instead (here only "
            "bound)"
        )
        yield loaded.problem("gates.accuracy", _given(gate), allowed)
    elif gate.bound == "upper":
        yield loaded.problem("gates.accuracy.bound", gate.bound, "must be value or lower")


def _limits(
    loaded: Loaded, key: str, gate: GateSettings, *, metric: str
) -> Iterator[ConfigProblem]:
    """Refuse limits that contradict each other, or what the metric is."""
    lowest, highest = range_of(metric)
    for name in ("minimum", "maximum", "threshold"):
        limit = getattr(gate, name)
        if limit is not None and not lowest <= limit <= highest:
            of_all = f"at least {lowest:g}" if highest == math.inf else f"at most {highest:g}"
            of_all = "from 0 to 1" if (lowest, highest) == (0, 1) else of_all
            yield loaded.problem(f"{key}.{name}", limit, f"must be {of_all}, as {metric} is")
    if gate.minimum is not None and gate.maximum is not None:
        yield loaded.problem(key, _given(gate), "has a minimum or a maximum, not both")
        return
    wrong = "maximum" if metric in MORE_IS_BETTER else "minimum" if metric in LESS_IS_BETTER else ""
    if wrong and getattr(gate, wrong) is not None:
        way, right = ("more", "minimum") if wrong == "maximum" else ("less", "maximum")
        allowed = f"must be a {right}: of {metric}, {way} is better"
        yield loaded.problem(f"{key}.{wrong}", getattr(gate, wrong), allowed)
        return
    low, high = (
        (gate.minimum, gate.threshold) if gate.maximum is None else (gate.threshold, gate.maximum)
    )
    if low is not None and high is not None and low > high:
        beside = "below its minimum" if gate.maximum is None else "above its maximum"
        limit = gate.minimum if gate.maximum is None else gate.maximum
        allowed = f"must not be {beside}, which is {limit!r}"
        yield loaded.problem(f"{key}.threshold", gate.threshold, allowed)
    if gate.bound == ("upper" if gate.maximum is None else "lower"):
        allowed = "must be lower for a minimum, upper for a maximum"
        yield loaded.problem(f"{key}.bound", gate.bound, allowed)
    if gate.bound != "value" and metric in (MORE_IS_BETTER | LESS_IS_BETTER) - COUNTED:
        allowed = f"must be value: only {', '.join(sorted(COUNTED))} have an interval"
        yield loaded.problem(f"{key}.bound", gate.bound, allowed)


def _given(gate: GateSettings) -> dict[str, object]:
    return gate.model_dump(exclude_defaults=True)


def _slices(loaded: Loaded) -> Iterator[ConfigProblem]:
    target, seen = loaded.settings.training.target, set[str]()
    for number, each in enumerate(loaded.settings.evaluation.slices):
        key = f"evaluation.slices.{number}"
        if each.column in seen:
            yield loaded.problem(f"{key}.column", each.column, "is the column of an earlier slice")
        seen.add(each.column)
        if each.column == target:
            yield loaded.problem(f"{key}.column", each.column, "must be a feature, not the target")
        if any(b <= a for a, b in pairwise(each.bins)):
            yield loaded.problem(f"{key}.bins", each.bins, "must rise from one to the next")
        if each.has_limit:
            yield from _limits(loaded, key, each, metric=each.metric or "")
        elif each.threshold is not None or each.bound != "value":
            yield loaded.problem(key, _given(each), "needs a minimum or a maximum")


def _backend(loaded: Loaded) -> Iterator[ConfigProblem]:
    settings = loaded.settings
    if loaded.backend_is_chosen:
        return
    account = settings.role_arn.split(":")[4] if settings.role_arn else naming.LOCAL_ACCOUNT
    if account != naming.LOCAL_ACCOUNT:
        allowed = (
            f"names account {account}: choose --backend aws to work there, "
            "or --backend local for the embedded AWS on this machine"
        )
        yield loaded.problem("role_arn", settings.role_arn, allowed)
    elif loaded.is_ci:
        allowed = "must be chosen when CI is set: MLOPS_BACKEND=aws, or MLOPS_BACKEND=local"
        yield loaded.problem("backend", settings.backend, allowed)


def _names(loaded: Loaded) -> Iterator[ConfigProblem]:
    settings = loaded.settings
    prefix = settings.model_name_prefix
    if len(prefix) > naming.MODEL_PREFIX_LIMIT:
        allowed = f"must have at most {naming.MODEL_PREFIX_LIMIT} characters"
        yield loaded.problem("model_name_prefix", prefix, allowed)
    endpoint = f"{settings.endpoint_prefix}-{settings.environment}"
    if len(endpoint) > naming.ENDPOINT_LIMIT:
        allowed = f"with the environment ({endpoint}) at most {naming.ENDPOINT_LIMIT} characters"
        yield loaded.problem("endpoint_prefix", settings.endpoint_prefix, allowed)
    try:
        naming.model_package_group_name(
            settings.project, settings.environment, model_name_prefix=prefix
        )
        naming.artifact_bucket_name(
            settings.project,
            settings.environment,
            account=naming.LOCAL_ACCOUNT,
            region=settings.aws_region,
        )
    except UsageError as refused:
        yield loaded.problem("project", settings.project, refused.message)


def _machines(loaded: Loaded) -> Iterator[ConfigProblem]:
    """Refuse machines on which the image cannot start: SageMaker tells it minutes later."""
    settings = loaded.settings
    types = {"instance_type": settings.instance_type, **_types_of_jobs(settings)}
    for key, instance_type in types.items():
        if not runs_the_image(instance_type):
            allowed = (
                "must be a type with an x86 processor, which SageMaker's scikit-learn image is "
                "built for"
            )
            yield loaded.problem(key, instance_type, allowed)


def _types_of_jobs(settings: Settings) -> dict[str, str]:
    return {
        "training.instance_type": settings.training.instance_type,
        "evaluation.instance_type": settings.evaluation.instance_type,
        "drift.instance_type": settings.drift.instance_type,
    }


def _jobs(loaded: Loaded) -> Iterator[ConfigProblem]:
    settings = loaded.settings
    for key, instance_type in _types_of_jobs(settings).items():
        if instance_type.startswith("ml.t2."):
            yield loaded.problem(
                key, instance_type, "must be another type: SageMaker jobs know no ml.t2"
            )
    for name, value in settings.training.hyperparameters.items():
        if name in _RESERVED_HYPERPARAMETERS or name.startswith("sagemaker_"):
            allowed = "is a name of the training script itself; choose another"
            yield loaded.problem(f"training.hyperparameters.{name}", value, allowed)


def _problem_type(loaded: Loaded) -> Iterator[ConfigProblem]:
    """Refuse limits for the other kind of model, as far as the configuration tells the kind."""
    kind = loaded.settings.training.problem_type
    if kind == "regression":
        given = {key: each.value for key, each in loaded.layer.items()}
        for key, allowed in not_for_numbers(given):
            yield loaded.problem(key, given.get(key), allowed)
    elif kind == "classification" and loaded.settings.testing.maximum_prediction_rmse is not None:
        value = loaded.settings.testing.maximum_prediction_rmse
        allowed = "is for numbers: set testing.minimum_prediction_accuracy instead"
        yield loaded.problem("testing.maximum_prediction_rmse", value, allowed)


def not_for_numbers(given: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each key that was set and that a model that predicts a number has no use for."""
    instead = {
        "accuracy_threshold": "the threshold of gates.rmse, gates.mae or gates.r2",
        "minimum_accuracy": "the maximum of gates.rmse or gates.mae, or the minimum of gates.r2",
        "gates.accuracy": "gates.rmse, gates.mae or gates.r2",
        "testing.minimum_prediction_accuracy": "testing.maximum_prediction_rmse",
    }
    for key, better in instead.items():
        if key in given:
            yield key, f"is for classes, but this target is a number: set {better} instead"


def require_fitting_limits(settings: Settings, kind: ModelKind) -> None:
    """Raise ConfigError where the data tells that the limits are for another kind of model."""
    if kind is not ModelKind.REGRESSION:
        return
    keys = ("accuracy_threshold", "minimum_accuracy", "testing.minimum_prediction_accuracy")
    given = {key for key in keys if _is_set(settings, key)}
    given |= {"gates.accuracy"} if ACCURACY in settings.gates else set()
    broken = tuple(
        ConfigProblem(
            key=key,
            value=json.dumps(_value(settings, key)),
            allowed=allowed,
            source="the data says so; if its numbers are classes, set training.problem_type",
        )
        for key, allowed in not_for_numbers(given)
    )
    if broken:
        raise ConfigError(broken)


def _is_set(settings: Settings, key: str) -> bool:
    section, _, name = key.rpartition(".")
    return name in (getattr(settings, section) if section else settings).model_fields_set


def _value(settings: Settings, key: str) -> object:
    found: Any = settings.model_dump(mode="json")
    for name in key.split("."):
        found = found[name]
    return found


def _counts(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    low, high = deployment.minimum_instance_count, deployment.maximum_instance_count
    if low > high:
        allowed = f"must not be above maximum_instance_count, which is {high}"
        yield loaded.problem("deployment.minimum_instance_count", low, allowed)
    elif not low <= deployment.instance_count <= high:
        allowed = f"must lie between the minimum and the maximum instance count, {low} and {high}"
        yield loaded.problem("deployment.instance_count", deployment.instance_count, allowed)


def _steps(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    strategy, step = deployment.strategy, deployment.step_percentage
    least = _LEAST_STEP.get(strategy)
    if least is None:
        if step is not None:
            allowed = "is only for the strategies canary, linear and rolling"
            yield loaded.problem("deployment.step_percentage", step, allowed)
    elif step is None:
        allowed = f"needs deployment.step_percentage from {least} to 50"
        yield loaded.problem("deployment.strategy", strategy, allowed)
    elif step < least:
        allowed = f"must be {least} to 50 for {strategy}"
        yield loaded.problem("deployment.step_percentage", step, allowed)
    low = deployment.minimum_instance_count
    if strategy in _LEAST_STEP and low < _LEAST_INSTANCES:
        allowed = (
            f"must be {_LEAST_INSTANCES} or more for {strategy}, which moves a share of the "
            "instances"
        )
        yield loaded.problem("deployment.minimum_instance_count", low, allowed)


def _waits(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    if deployment.strategy not in _LEAST_STEP and deployment.wait_interval_s:
        allowed = "is only for the strategies canary, linear and rolling"
        yield loaded.problem("deployment.wait_interval_s", deployment.wait_interval_s, allowed)
        return
    if deployment.strategy is Strategy.ROLLING and deployment.termination_wait_s:
        allowed = "must be 0 for rolling: each batch waits for wait_interval_s, the last one too"
        value = deployment.termination_wait_s
        yield loaded.problem("deployment.termination_wait_s", value, allowed)
        return
    waits, limit = deployment.waits_s, deployment.maximum_execution_timeout_s
    if waits >= _PROVIDER_WAITS_S:
        allowed = f"makes all waits together {waits} s: Terraform waits less than an hour"
        yield loaded.problem("deployment.wait_interval_s", deployment.wait_interval_s, allowed)
    elif waits >= limit:
        allowed = f"must be longer than all waits together, which are {waits} s"
        yield loaded.problem("deployment.maximum_execution_timeout_s", limit, allowed)


def _watched(loaded: Loaded) -> Iterator[ConfigProblem]:
    """Refuse rollback alarms that can never ring: SageMaker looks at them while a move waits."""
    waits = loaded.settings.deployment.waits_s
    if waits == 0:
        for key, given in loaded.layer.items():
            if key.startswith(_ROLLBACK_ALARMS):
                allowed = (
                    "can never ring: a move without deployment.termination_wait_s (or "
                    f"wait_interval_s) of {_ALARM_PERIOD_S} s or more is over before; set one, or "
                    "leave it out"
                )
                yield loaded.problem(key, given.value, allowed)
    elif waits < _ALARM_PERIOD_S:
        key = "wait_interval_s" if loaded.settings.deployment.wait_interval_s else _LAST_WAIT
        allowed = (
            f"makes all waits together {waits} s, in which no rollback alarm can ring: they judge "
            f"whole minutes, so wait {_ALARM_PERIOD_S} s or more, or not at all"
        )
        value = getattr(loaded.settings.deployment, key)
        yield loaded.problem(f"deployment.{key}", value, allowed)


def _asking(loaded: Loaded) -> Iterator[ConfigProblem]:
    """Refuse a window that is closed before the alarm that asks for a rollback can ring."""
    window = loaded.settings.deployment.rollback_window_s
    if loaded.settings.monitoring.enabled and 0 < window < _ASKS_AFTER_S:
        allowed = (
            f"must be 0 (never) or {_ASKS_AFTER_S} or more with monitoring: its alarms need three "
            "bad minutes to ask for a rollback"
        )
        yield loaded.problem("deployment.rollback_window_s", window, allowed)


def _schedules(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment, names = loaded.settings.deployment, set[str]()
    low, high = deployment.minimum_instance_count, deployment.maximum_instance_count
    allowed = f"must lie between the bounds of deployment, {low} and {high}"
    for number, each in enumerate(loaded.settings.autoscaling.scheduled):
        place = f"autoscaling.scheduled.{number}"
        least, most = each.minimum_instance_count, each.maximum_instance_count
        if each.name in names:
            yield loaded.problem(f"{place}.name", each.name, "is the name of an earlier schedule")
        names.add(each.name)
        if least > most:
            above = f"must not be above its maximum, which is {most}"
            yield loaded.problem(f"{place}.minimum_instance_count", least, above)
            continue
        if least < low:
            yield loaded.problem(f"{place}.minimum_instance_count", least, allowed)
        if most > high:
            yield loaded.problem(f"{place}.maximum_instance_count", most, allowed)


def _vcpus(loaded: Loaded) -> Iterator[ConfigProblem]:
    settings = loaded.settings
    steps = settings.autoscaling.step_scaling
    counts_cpu = settings.autoscaling.enabled and steps is not None and steps.metric == "cpu"
    if (settings.monitoring.enabled or counts_cpu) and not tells_vcpus(settings.instance_type):
        allowed = (
            "must be a type whose size tells its vCPUs (medium, large, 2xlarge, ...) for "
            "monitoring and for scaling by cpu"
        )
        yield loaded.problem("instance_type", settings.instance_type, allowed)


def _channels(loaded: Loaded) -> Iterator[ConfigProblem]:
    """Refuse half a channel: nobody would be told, and nobody would notice."""
    given = loaded.settings.notifications
    needs = (
        ("slack_bot_token", "slack_channel"),
        ("slack_channel", "slack_bot_token"),
        ("smtp_host", "email_sender"),
        ("smtp_user", "smtp_password"),
        ("smtp_password", "smtp_user"),
        ("smtp_user", "smtp_host"),
        ("webhook_signing_secret", "webhook_url"),
    )
    for key, other in needs:
        value = getattr(given, key)
        if value and not getattr(given, other):
            allowed = f"needs notifications.{other} beside it"
            yield loaded.problem(f"notifications.{key}", value, allowed)
    if given.email_sender and not loaded.settings.email_recipients:
        allowed = "needs email_recipients, who get the mail"
        yield loaded.problem("notifications.email_sender", given.email_sender, allowed)
    if given.slack_webhook_secret_arn and loaded.settings.slack_webhook_url:
        allowed = "must not be given beside slack_webhook_url: which one is meant?"
        arn = given.slack_webhook_secret_arn
        yield loaded.problem("notifications.slack_webhook_secret_arn", arn, allowed)

"""What no single field can know: values against each other, against names, against the run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.configuration.problems import problem
from pipeline.configuration.settings import Settings
from pipeline.configuration.sources import Layer
from pipeline.core import naming
from pipeline.core.errors import ConfigProblem, UsageError
from pipeline.core.head import Strategy
from pipeline.core.surroundings import tells_vcpus

_PRODUCTION = "production"
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
        _backend,
        _names,
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
    if loaded.settings.environment != _PRODUCTION:
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
        if name == "accuracy":
            allowed = "is judged by accuracy_threshold and minimum_accuracy; set those instead"
            yield loaded.problem("gates.accuracy", gate.model_dump(), allowed)
        if gate.threshold is not None and gate.threshold < gate.minimum:
            allowed = f"must not be below its minimum, which is {gate.minimum!r}"
            yield loaded.problem(f"gates.{name}.threshold", gate.threshold, allowed)


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


def _jobs(loaded: Loaded) -> Iterator[ConfigProblem]:
    settings = loaded.settings
    types = {
        "training.instance_type": settings.training.instance_type,
        "evaluation.instance_type": settings.evaluation.instance_type,
    }
    for key, instance_type in types.items():
        if instance_type.startswith("ml.t2."):
            yield loaded.problem(
                key, instance_type, "must be another type: SageMaker jobs know no ml.t2"
            )
    for name, value in settings.training.hyperparameters.items():
        if name in _RESERVED_HYPERPARAMETERS or name.startswith("sagemaker_"):
            allowed = "is a name of the training script itself; choose another"
            yield loaded.problem(f"training.hyperparameters.{name}", value, allowed)


def _problem_type(loaded: Loaded) -> Iterator[ConfigProblem]:
    if loaded.settings.training.problem_type == "regression":
        allowed = "is not built yet: this version trains classifiers (auto or classification)"
        yield loaded.problem("training.problem_type", "regression", allowed)


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

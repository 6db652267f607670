"""What no single field can know: values against each other, against names, against the run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.configuration.layers import Layer
from pipeline.configuration.problems import problem, source_of
from pipeline.core import naming
from pipeline.core.errors import ConfigProblem, UsageError
from pipeline.core.head import Strategy
from pipeline.settings import Settings

_PRODUCTION = "production"

# Names the training script gives its own hyperparameters
_RESERVED_HYPERPARAMETERS = ("code_sha256", "cv_folds", "seed", "target", "training_pipeline")
_THRESHOLDS = ("accuracy_threshold", "minimum_accuracy")


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
        return problem(key, value, allowed=allowed, source=source_of(key, self.layer))


def broken_rules(loaded: Loaded) -> tuple[ConfigProblem, ...]:
    rules = (
        _thresholds,
        _production,
        _gates,
        _backend,
        _names,
        _jobs,
        _capacity,
        _rollout,
        _waits,
        _slack,
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


def _capacity(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    low, high = deployment.minimum_instance_count, deployment.maximum_instance_count
    if low > high:
        allowed = f"must not be above maximum_instance_count, which is {high}"
        yield loaded.problem("deployment.minimum_instance_count", low, allowed)
    elif not low <= deployment.instance_count <= high:
        allowed = f"must lie between the minimum and the maximum instance count, {low} and {high}"
        yield loaded.problem("deployment.instance_count", deployment.instance_count, allowed)


def _rollout(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    step = deployment.step_percentage
    lowest: Mapping[Strategy, int] = {Strategy.CANARY: 1, Strategy.LINEAR: 10}
    if deployment.strategy not in lowest:
        if step is not None:
            allowed = "is only for the strategies canary and linear"
            yield loaded.problem("deployment.step_percentage", step, allowed)
    elif step is None:
        allowed = f"needs deployment.step_percentage from {lowest[deployment.strategy]} to 50"
        yield loaded.problem("deployment.strategy", deployment.strategy, allowed)
    elif step < lowest[deployment.strategy]:
        allowed = f"must be {lowest[deployment.strategy]} to 50 for {deployment.strategy}"
        yield loaded.problem("deployment.step_percentage", step, allowed)


def _waits(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    limit = deployment.maximum_execution_timeout_s
    waits = deployment.wait_interval_s + deployment.termination_wait_s
    if waits >= limit:
        allowed = f"must be longer than both waits together, which are {waits} s"
        yield loaded.problem("deployment.maximum_execution_timeout_s", limit, allowed)


def _slack(loaded: Loaded) -> Iterator[ConfigProblem]:
    address = loaded.settings.slack_webhook_url
    if address and not address.get_secret_value().startswith("https://"):
        yield loaded.problem("slack_webhook_url", "", "must begin with https://")

"""What no single field can know: values against each other, against names, against the run."""

from collections.abc import Iterator

from pipeline.configuration import capacity_rules
from pipeline.configuration.loaded import Loaded
from pipeline.core import naming
from pipeline.core.errors import ConfigProblem, UsageError
from pipeline.settings import Settings

_PRODUCTION = "production"

# Names the training script gives its own hyperparameters
_RESERVED_HYPERPARAMETERS = ("code_sha256", "cv_folds", "seed", "target", "training_pipeline")
_THRESHOLDS = ("accuracy_threshold", "minimum_accuracy")


def broken_rules(loaded: Loaded) -> tuple[ConfigProblem, ...]:
    rules = (
        _thresholds,
        _production,
        _gates,
        _backend,
        _names,
        _jobs,
        _problem_type,
        *capacity_rules.RULES,
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


def _problem_type(loaded: Loaded) -> Iterator[ConfigProblem]:
    if loaded.settings.training.problem_type == "regression":
        allowed = "is not built yet: this version trains classifiers (auto or classification)"
        yield loaded.problem("training.problem_type", "regression", allowed)


def _slack(loaded: Loaded) -> Iterator[ConfigProblem]:
    address = loaded.settings.slack_webhook_url
    if address and not address.get_secret_value().startswith("https://"):
        yield loaded.problem("slack_webhook_url", "", "must begin with https://")

"""Every name and place of docs/architecture.md, checked before anyone uses it.

Names derive from settings, time and content, never from chance, so that a name can serve as the
idempotency key of the call that creates the thing. Limits: SageMaker API reference (63 characters,
letters, digits and inner hyphens), S3 user guide "Bucket naming rules".
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from pipeline.core.errors import UsageError

LOCAL_ACCOUNT = "000000000000"  # the embedded AWS has this one only
VARIANT_NAME = "primary"
# The environment that people rely on: what is asked of it more, and allowed less.
PRODUCTION = "production"
NAME_LIMIT = 63
MAX_INSTANCE_COUNT = 999
MOST_ATTEMPTS = 99
LEDGERS = "ledger/"

_STAMP_LENGTH = len("YYYYMMDD-HHMMSS")
_RELEASE_ID_LENGTH = len("r-") + _STAMP_LENGTH + len("-123456")
ENDPOINT_LIMIT = NAME_LIMIT - len("-") - _RELEASE_ID_LENGTH - len(f"-n{MAX_INSTANCE_COUNT}")
_LONGEST_EVALUATION = len(f"-{MOST_ATTEMPTS}-evaluation-{MOST_ATTEMPTS}")
MODEL_PREFIX_LIMIT = NAME_LIMIT - len("-") - _STAMP_LENGTH - _LONGEST_EVALUATION

_MONITORED_LENGTH = NAME_LIMIT - len("-watch-") - _STAMP_LENGTH - len(f"-{MOST_ATTEMPTS}")

_SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]")
_RELEASE_ID = re.compile(r"r-[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
_CONFIG_KEY = re.compile(rf"({_RELEASE_ID.pattern})-n([1-9][0-9]{{0,2}})")
_MOMENT = "[0-9]{8}T[0-9]{6}Z"
_LEARNT = re.compile(
    rf"(?P<start>{_MOMENT})-(?P<end>{_MOMENT})-(?P<release>{_RELEASE_ID.pattern})\.csv"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def training_job_name(model_name_prefix: str, started: datetime, *, attempt: int = 1) -> str:
    """`<prefix>-YYYYMMDD-HHMMSS` in UTC; from the second attempt on (a collision) with `-2`."""
    _check_name("model_name_prefix", model_name_prefix, limit=MODEL_PREFIX_LIMIT)
    return _numbered(f"{model_name_prefix}-{stamp(started)}", attempt)


def is_training_job_of(name: str, model_name_prefix: str) -> bool:
    """Tell whether `training_job_name` gives this name to a job of this model."""
    prefix = re.escape(model_name_prefix)
    return re.fullmatch(rf"{prefix}-[0-9]{{8}}-[0-9]{{6}}(-[1-9][0-9]?)?", name) is not None


def processing_job_name(training_job: str, *, attempt: int = 1) -> str:
    """The evaluation of a training job; a second evaluation of the same job is attempt 2."""
    name = _numbered(f"{training_job}-evaluation", attempt)
    return _check_name("processing job name", name, limit=NAME_LIMIT)


def release_id(artifact_sha256: str, created: datetime) -> str:
    return f"r-{stamp(created)}-{_check_sha256(artifact_sha256)[:6]}"


def run_id(started: datetime, token: str) -> str:
    """`YYYYMMDD-HHMMSS-<token>`; the token tells apart runs that start in the same second."""
    name = f"{stamp(started)}-{token}"
    return _check_name("run id", name, limit=NAME_LIMIT)


def endpoint_name(endpoint_prefix: str, environment: str) -> str:
    name = f"{endpoint_prefix}-{environment}"
    return _check_name("endpoint_prefix and environment", name, limit=ENDPOINT_LIMIT)


def check_endpoint_name(name: str) -> str:
    return _check_name("endpoint name", name, limit=ENDPOINT_LIMIT)


def endpoint_config_name(endpoint: str, config_key: str) -> str:
    return _check_name("endpoint config name", f"{endpoint}-{config_key}", limit=NAME_LIMIT)


def rollback_alarm_names(endpoint: str, config_key: str) -> tuple[str, str, str]:
    """The alarms that terraform/serving creates with every endpoint config.

    The last one rings when the runner says that the endpoint tests fail: its veto.
    """
    config = endpoint_config_name(endpoint, config_key)
    return f"{config}-errors", f"{config}-latency", f"{config}-tests"


def quiet_alarm_name(endpoint: str) -> str:
    """The alarm of terraform/serving that never rings: it watches the way back."""
    return f"{endpoint}-quiet"


def model_name(endpoint: str, release: str) -> str:
    """SageMaker's name of the model of a release, as terraform/serving makes it."""
    return _check_name("model name", f"{endpoint}-{check_release_id(release)}", limit=NAME_LIMIT)


def release_of_model(endpoint: str, name: str) -> str | None:
    """The release behind a model's name; None for a model that is not one of ours."""
    release = name.removeprefix(f"{endpoint}-")
    return release if release != name and _RELEASE_ID.fullmatch(release) else None


def config_key_of_alarm(endpoint: str, name: str) -> str | None:
    """The config key behind a rollback alarm's name; None for any other alarm."""
    key = config_key_of(endpoint, name.rpartition("-")[0])
    return key if key and name in rollback_alarm_names(endpoint, key) else None


def model_package_group_name(project: str, environment: str, *, model_name_prefix: str) -> str:
    name = f"{project}-{environment}-{model_name_prefix}"
    return _check_name("model package group name", name, limit=NAME_LIMIT)


@dataclass(frozen=True, kw_only=True)
class ConfigKey:
    """What a key of `endpoint_configs` says: `<release id>-n<instance count>`."""

    release: str
    instance_count: int

    def __str__(self) -> str:
        return config_key(self.release, self.instance_count)


def config_key(release: str, instance_count: int) -> str:
    if not 1 <= instance_count <= MAX_INSTANCE_COUNT:
        what = f"An instance count of {instance_count} cannot be named."
        raise UsageError(what, remedy=f"Use a count from 1 to {MAX_INSTANCE_COUNT}.")
    return f"{check_release_id(release)}-n{instance_count}"


def parse_config_key(key: str) -> ConfigKey:
    match = _CONFIG_KEY.fullmatch(key)
    if match is None:
        what = f"{key!r} is not the key of an endpoint config."
        raise UsageError(what, remedy="Such a key reads r-YYYYMMDD-HHMMSS-123456-n1.")
    return ConfigKey(release=match[1], instance_count=int(match[2]))


def config_key_of(endpoint: str, config_name: str) -> str | None:
    """The key behind an endpoint config's name; None for a config that is not one of ours."""
    key = config_name.removeprefix(f"{endpoint}-")
    return key if key != config_name and _CONFIG_KEY.fullmatch(key) else None


def check_release_id(release: str) -> str:
    if _RELEASE_ID.fullmatch(release) is None:
        what = f"{release!r} is not a release id."
        raise UsageError(
            what, remedy="Such an id reads r-YYYYMMDD-HHMMSS-123456; --mode status lists them."
        )
    return release


def artifact_bucket_name(project: str, environment: str, *, account: str, region: str) -> str:
    return _check_bucket(f"{project}-{environment}-{account}-{region}")


def artifact_bucket_prefix(project: str, environment: str, *, account: str) -> str:
    """What the names of an environment's artifact buckets have in common, in whatever region."""
    return f"{project}-{environment}-{account}-"


def state_bucket_name(project: str, *, account: str, region: str) -> str:
    return _check_bucket(f"{project}-state-{account}-{region}")


def foundation_parameter_name(project: str, environment: str) -> str:
    return f"{foundation_parameters_path(project)}{environment}/foundation"


def foundation_parameters_path(project: str) -> str:
    """What the parameters of all environments of a project lie below."""
    return f"/mlops/{project}/"


def data_prefix(sha256: str) -> str:
    return f"data/{_check_sha256(sha256)}/"


def code_prefix(sha256: str) -> str:
    return f"code/{_check_sha256(sha256)}/"


def job_prefix(training_job: str) -> str:
    return f"jobs/{_check_name('training job name', training_job, limit=NAME_LIMIT)}/"


def training_inputs_object(training_job: str) -> str:
    return f"{job_prefix(training_job)}inputs.json"


def data_profile_object(training_job: str) -> str:
    return f"{job_prefix(training_job)}data.json"


def training_run_object(training_job: str) -> str:
    return f"{job_prefix(training_job)}training.json"


def evaluation_object(training_job: str) -> str:
    return f"{job_prefix(training_job)}evaluation.json"


def plots_object(training_job: str) -> str:
    return f"{job_prefix(training_job)}plots.json"


def approval_object(training_job: str) -> str:
    return f"{job_prefix(training_job)}approval.json"


def artifact_object(sha256: str) -> str:
    return f"artifacts/sha256/{_check_sha256(sha256)}/model.tar.gz"


def release_object(endpoint: str, release: str) -> str:
    return f"releases/{endpoint}/{check_release_id(release)}.json"


def evidence_object(endpoint: str, sha256: str) -> str:
    return f"releases/{endpoint}/evidence/{_check_sha256(sha256)}.json"


def ledger_object(endpoint: str) -> str:
    return f"{LEDGERS}{endpoint}.json"


def endpoint_of_ledger(key: str) -> str | None:
    """The endpoint whose ledger this object is; None for what else lies there."""
    name = key.removeprefix(LEDGERS).removesuffix(".json")
    return name if _SAGEMAKER_NAME.fullmatch(name) and ledger_object(name) == key else None


def applied_tfvars_object(endpoint: str) -> str:
    return f"{LEDGERS}{endpoint}.release.tfvars.json"


def history_prefix(endpoint: str) -> str:
    return f"history/{endpoint}/"


def history_object(endpoint: str, number: int) -> str:
    return f"{history_prefix(endpoint)}{number:012d}.json"


def serving_state_key(environment: str, endpoint: str) -> str:
    """Where Terraform keeps the state of an endpoint, in the state bucket."""
    return f"serving/{environment}/{endpoint}.tfstate"


def surroundings_state_key(environment: str, endpoint: str) -> str:
    """Where Terraform keeps the state of what surrounds an endpoint."""
    return f"surroundings/{environment}/{endpoint}.tfstate"


def requests_prefix(endpoint: str) -> str:
    return f"requests/{endpoint}/"


def request_object(endpoint: str, request_id: str) -> str:
    return f"requests/{endpoint}/{request_id}.json"


def plan_object(endpoint: str, plan_id: str) -> str:
    """Where it is written that a reviewed plan has been used."""
    return f"plans/{endpoint}/{_check_name('plan id', plan_id, limit=NAME_LIMIT)}.json"


def outbox_object(endpoint: str) -> str:
    return f"outbox/{endpoint}/box.json"


def capture_prefix(endpoint: str) -> str:
    """Where SageMaker copies what the endpoint is asked and answers."""
    return f"capture/{endpoint}/"


def capture_prefix_of(endpoint: str, release: str) -> str:
    """Where a release has what it was asked and answered: in a move two fleets write."""
    return f"{capture_prefix(endpoint)}{check_release_id(release)}/"


def without_release(capture_uri: str) -> str:
    """Return where all releases of an endpoint have their places, given one of them."""
    parent, _, last = capture_uri.rstrip("/").rpartition("/")
    return f"{parent}/" if _RELEASE_ID.fullmatch(last) else capture_uri


def baseline_object(training_job: str) -> str:
    """What traffic of this model is compared with, as its evaluation left it."""
    return f"{job_prefix(training_job)}baseline.json"


def baseline_prefix(release: str) -> str:
    """Where a release has its baseline, with what Studio reads of it."""
    return f"baselines/{check_release_id(release)}/"


def learnt_prefix(endpoint: str) -> str:
    """Where lie captured rows with the labels that came for them, as tables."""
    return f"learnt/{endpoint}/"


def learnt_object(endpoint: str, release: str, cohort: str) -> str:
    """The rows of a cohort, the requests of one release in the hours that its name says."""
    return f"{learnt_prefix(endpoint)}{cohort}-{check_release_id(release)}.csv"


class LearntSpan(NamedTuple):
    """Whose requests learnt rows are of, from a moment on, before another one; stamps, sortable."""

    release: str
    start: str
    end: str


def learnt_span(key: str) -> LearntSpan | None:
    """Return what `learnt_object` says in a key, None where it is no such key."""
    found = _LEARNT.fullmatch(key.rpartition("/")[2])
    return LearntSpan(found["release"], found["start"], found["end"]) if found else None


def monitoring_prefix(endpoint: str, release: str) -> str:
    """Where lies what the windows of a release showed."""
    return f"monitoring/{endpoint}/{check_release_id(release)}/"


def verdict_object(endpoint: str, release: str, window: str) -> str:
    return f"{monitoring_prefix(endpoint, release)}{window}/verdict.json"


def cohorts_prefix(endpoint: str, release: str) -> str:
    """Where lies what the labels of a release's requests showed, by cohort."""
    return f"{monitoring_prefix(endpoint, release)}cohorts/"


def cohort_object(endpoint: str, release: str, cohort: str) -> str:
    return f"{cohorts_prefix(endpoint, release)}{cohort}.json"


def monitoring_job_name(endpoint: str, started: datetime, *, attempt: int = 1) -> str:
    """The job that counts a window of an endpoint."""
    name = _numbered(f"{endpoint[:_MONITORED_LENGTH].rstrip('-')}-watch-{stamp(started)}", attempt)
    return _check_name("processing job name", name, limit=NAME_LIMIT)


def retraining_claims_prefix(endpoint: str) -> str:
    return f"requests/{endpoint}/retrain/"


def retraining_claim_object(endpoint: str, release: str, window: str) -> str:
    """Where it is claimed that a window of a release asks for a retraining: once."""
    return f"{retraining_claims_prefix(endpoint)}{check_release_id(release)}/{window}.json"


def lease_object(endpoint: str) -> str:
    return f"leases/{endpoint}.json"


def stamp(moment: datetime) -> str:
    """`YYYYMMDD-HHMMSS` in UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%d-%H%M%S")


def _numbered(name: str, attempt: int) -> str:
    if not 1 <= attempt <= MOST_ATTEMPTS:
        what = f"{name}: all names with the suffixes -2 to -{MOST_ATTEMPTS} are taken."
        raise UsageError(what, remedy="Wait a second and start again.")
    return name if attempt == 1 else f"{name}-{attempt}"


def _check_name(what: str, name: str, *, limit: int) -> str:
    if _SAGEMAKER_NAME.fullmatch(name) is None:
        message = f"{what}: SageMaker does not accept the name {name!r}."
        raise UsageError(message, remedy="Use letters, digits and hyphens between them.")
    if len(name) > limit:
        message = f"{what}: {name!r} has {len(name)} characters, {limit} are possible."
        raise UsageError(message, remedy="Choose a shorter one.")
    return name


def _check_bucket(name: str) -> str:
    if _BUCKET_NAME.fullmatch(name) is None or not 3 <= len(name) <= 63:
        message = f"project and environment: S3 does not accept the bucket name {name!r}."
        remedy = "Use a shorter project or environment name of lower-case letters, digits, hyphens."
        raise UsageError(message, remedy=remedy)
    return name


def _check_sha256(digest: str) -> str:
    if _SHA256.fullmatch(digest) is None:
        message = f"{digest!r} is not a sha256."
        raise UsageError(message, remedy="A sha256 has 64 lower-case hexadecimal digits.")
    return digest

"""Which flags and environment variables set which key of the configuration: data, nothing else.

It imports nothing heavy, so that `--help` need not wait for the configuration's models. Every key
is a field of `settings.Settings` (tested); a field that is not here is set in the file, and one in
a section also by `MLOPS_<SECTION>__<KEY>`.
"""

from dataclasses import dataclass

BACKENDS = ("local", "aws")


@dataclass(frozen=True)
class ConfigFlag:
    """A command line flag that sets `key`.

    A flag with `sets` takes no value and sets that one; `choices` are the values others may take.
    """

    key: str
    names: tuple[str, ...]
    help: str
    metavar: str = "TEXT"
    choices: tuple[str, ...] = ()
    sets: str | None = None


CONFIG_FLAGS = (
    ConfigFlag(
        "backend",
        ("--backend",),
        "Run on the embedded AWS of this machine or on AWS.",
        choices=BACKENDS,
    ),
    ConfigFlag("backend", ("--local-test",), "The same as --backend local.", sets="local"),
    ConfigFlag("environment", ("--environment",), "Environment, such as staging.", "NAME"),
    ConfigFlag(
        "role_arn",
        ("--role-arn",),
        "Execution role of jobs and models; without it the foundation's.",
        "ARN",
    ),
    ConfigFlag(
        "accuracy_threshold",
        ("--accuracy-threshold", "--accuracy"),
        "Accuracy from which on a model is deployed, 0 to 1.",
        "SHARE",
    ),
    ConfigFlag(
        "minimum_accuracy",
        ("--minimum-accuracy",),
        "Accuracy below which a model is rejected, 0 to 1.",
        "SHARE",
    ),
    ConfigFlag("aws_region", ("--region",), "AWS region.", "REGION"),
    ConfigFlag("instance_type", ("--instance-type",), "Instance type of the endpoint.", "TYPE"),
    ConfigFlag(
        "auto_deploy_enabled",
        ("--disable-auto-deploy",),
        "Stop mode full before the deployment.",
        sets="false",
    ),
)

# The first name that is set wins. An empty variable counts as not set.
ENVIRONMENT_NAMES = {
    "accuracy_threshold": ("ACCURACY_THRESHOLD",),
    "auto_deploy_enabled": ("AUTO_DEPLOY_ENABLED",),
    "aws_region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "backend": ("MLOPS_BACKEND",),
    "email_recipients": ("EMAIL_RECIPIENTS",),
    "endpoint_prefix": ("ENDPOINT_PREFIX",),
    "environment": ("MLOPS_ENVIRONMENT",),
    "instance_type": ("INSTANCE_TYPE",),
    "log_level": ("LOG_LEVEL",),
    "minimum_accuracy": ("MINIMUM_ACCURACY",),
    "model_name_prefix": ("MODEL_NAME_PREFIX",),
    "role_arn": ("SAGEMAKER_EXECUTION_ROLE",),
    "rollback_on_failure": ("ROLLBACK_ON_FAILURE",),
    "s3_bucket": ("S3_BUCKET",),
    "slack_webhook_url": ("SLACK_WEBHOOK_URL",),
    "sns_topic_arn": ("SNS_TOPIC_ARN",),
}


def flag_name(key: str, value: object) -> str:
    """Name the flag that gives `key` this value, for messages."""
    flags = [flag for flag in CONFIG_FLAGS if flag.key == key]
    exact = [flag for flag in flags if flag.sets is not None and flag.sets == value]
    names = (exact or flags)[0].names if flags else (f"--{key.replace('_', '-')}",)
    return names[0]

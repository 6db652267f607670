"""The kinds of value a configuration holds; each says in words what it allows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from pipeline.configuration.schedules import is_repeated, is_scaling_schedule, is_time_zone


@dataclass(frozen=True)
class Allowed:
    """What a value must be, as the end of the sentence "it must be ..."."""

    words: str


class Section(BaseModel):
    """A nested object of the configuration: unknown keys are refused, types are exact."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _only(is_right: Callable[[str], bool]) -> AfterValidator:
    """Refuse text that is not right; what would be is said by `Allowed`."""

    def checked(text: str) -> str:
        if not is_right(text):
            message = "it is not what is allowed"
            raise ValueError(message)
        return text

    return AfterValidator(checked)


def is_text_encoding(name: str) -> bool:
    try:
        return isinstance("".encode(name), bytes)
    except (LookupError, ValueError):
        return False


Flag = Annotated[bool, Allowed("true or false")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Allowed("a number from 0 to 1")]
PositiveShare = Annotated[
    float,
    Field(gt=0, le=1, allow_inf_nan=False),
    Allowed("a number above 0, at most 1"),
]
OpenShare = Annotated[
    float,
    Field(gt=0, lt=1, allow_inf_nan=False),
    Allowed("a number between 0 and 1, neither included"),
]
# API reference, InvokeEndpoint: a model has 60 seconds to answer, so no latency is above that
LatencyMs = Annotated[
    float,
    Field(gt=0, lt=60_000, allow_inf_nan=False),
    Allowed("a number of milliseconds above 0 and below 60000"),
]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), Allowed("a number above 0")]
# The alarm's own limits: terraform/modules/alarms and autoscaling. A day is as far as CloudWatch
# looks by the minute (API reference, PutMetricAlarm, EvaluationPeriods).
Utilisation = Annotated[int, Field(ge=1, le=99), Allowed("a whole number from 1 to 99")]
Minutes = Annotated[int, Field(ge=1, le=1440), Allowed("a whole number of minutes from 1 to 1440")]
Percentage = Annotated[int, Field(ge=0, le=100), Allowed("a whole number from 0 to 100")]
StepPercentage = Annotated[int, Field(ge=1, le=50), Allowed("a whole number from 1 to 50")]
Count = Annotated[int, Field(ge=1, le=999), Allowed("a whole number from 1 to 999")]
Seed = Annotated[int, Field(ge=0, lt=2**32), Allowed("a whole number from 0 to 4294967295")]
Folds = Annotated[int, Field(ge=2, le=50), Allowed("a whole number from 2 to 50")]
Requests = Annotated[int, Field(ge=1, le=100_000), Allowed("a whole number from 1 to 100000")]
Workers = Annotated[int, Field(ge=1, le=64), Allowed("a whole number from 1 to 64")]
# API reference: StoppingCondition, at most 28 days
JobSeconds = Annotated[
    int, Field(ge=60, le=2_419_200), Allowed("a whole number of seconds from 60 to 2419200")
]
# API reference: ContainerStartupHealthCheckTimeoutInSeconds
StartupSeconds = Annotated[
    int, Field(ge=60, le=3600), Allowed("a whole number of seconds from 60 to 3600")
]
# The provider stops waiting for an endpoint after 60 minutes
WaitSeconds = Annotated[
    int, Field(ge=0, le=3600), Allowed("a whole number of seconds from 0 to 3600")
]
WindowSeconds = Annotated[
    int, Field(ge=0, le=604_800), Allowed("a whole number of seconds from 0 to 604800")
]
# Terraform provider 5.100: maximum_execution_timeout_in_seconds
UpdateSeconds = Annotated[
    int, Field(ge=600, le=14400), Allowed("a whole number of seconds from 600 to 14400")
]

Text = Annotated[str, Field(min_length=1), Allowed("a text that is not empty")]
Texts = Annotated[
    tuple[Text, ...], BeforeValidator(as_tuple), Allowed("a list of texts that are not empty")
]
Separator = Annotated[
    Literal[",", ";", "|", "\t"],
    BeforeValidator(lambda value: "\t" if value == "tab" else value),
    Allowed("a comma, a semicolon, a vertical bar, or the word tab"),
]
DecimalMark = Annotated[Literal[".", ","], Allowed("a point or a comma")]
Encoding = Annotated[
    str,
    _only(is_text_encoding),
    Allowed("an encoding that Python knows, such as utf-8, utf-16-le or cp1252"),
]
USES = "use, drop, number, text, date, date_day_first or date_month_first"
# It is an argument of the evaluation job. API reference: ContainerArguments, 256 characters each
Column = Annotated[
    str,
    Field(min_length=1, max_length=247, pattern=r"^[^\n\r\x00\x85\u2028\u2029]*$"),
    Allowed("one line of 1 to 247 characters"),
]
Word = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9-]{0,14}[a-z0-9]$"),
    Allowed("2 to 16 lower-case letters, digits or inner hyphens, beginning with a letter"),
]
Name = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", max_length=63),
    Allowed("letters, digits and inner hyphens"),
]
Region = Annotated[
    str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$"), Allowed("an AWS region such as us-east-1")
]
InstanceType = Annotated[
    str,
    Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"),
    Allowed("a SageMaker instance type such as ml.m5.large"),
]
RoleArn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}$"),
    Allowed("a role ARN such as arn:aws:iam::123456789012:role/SageMakerRole"),
]
TopicArn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$"),
    Allowed("a topic ARN such as arn:aws:sns:us-east-1:123456789012:mlops"),
]
SecretArn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.{1,512}$"),
    Allowed("the ARN of a Secrets Manager secret"),
]
Bucket = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"),
    Allowed("an S3 bucket name without s3://"),
]
Email = Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+\.[^@\s,]+$"), Allowed("an email address")]
Emails = Annotated[
    tuple[Email, ...], BeforeValidator(as_tuple), Allowed("a list of email addresses")
]
ModuleMember = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"),
    Allowed("module:name, such as custom_training:CustomTrainingPipeline"),
]
MetricName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$"),
    Allowed("the name of a metric: letters, digits, underscores"),
]
Schedule = Annotated[
    str,
    _only(is_repeated),
    Allowed("cron(...) or rate(...), as EventBridge writes it"),
]
ScalingSchedule = Annotated[
    str,
    _only(is_scaling_schedule),
    Allowed("cron(...), rate(...) or at(...), as Application Auto Scaling writes it"),
]
ScheduleName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,63}$"),
    Allowed("1 to 64 letters, digits or inner hyphens"),
]
TimeZone = Annotated[
    str,
    _only(is_time_zone),
    Allowed("UTC or a name of the IANA database, such as Europe/Berlin"),
]
SlackUrl = Annotated[
    SecretStr, Allowed("an address that begins with https://, better given by the environment")
]

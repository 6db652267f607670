"""The kinds of value a configuration holds; each says in words what it allows."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from pipeline.core import messages
from pipeline.core.data_checks import Policy


class Section(BaseModel):
    """A nested object of the configuration: unknown keys are refused, types are exact."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def allowed(words: str, **limits: Any) -> Any:
    """Describe a field by the end of the sentence "it must be ...", beside pydantic's limits."""
    return Field(description=words, **limits)


def _number(words: str, **limits: float) -> Any:
    return allowed(f"a number {words}", allow_inf_nan=False, **limits)


def _whole(least: int, most: int, *, of: str = "") -> Any:
    unit = f" of {of}" if of else ""
    return allowed(f"a whole number{unit} from {least} to {most}", ge=least, le=most)


def _like(words: str, pattern: str, **limits: int) -> Any:
    return allowed(words, pattern=f"^{pattern}$", **limits)


def as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _only(is_right: Callable[[Any], bool]) -> AfterValidator:
    """Refuse a value that is not right; what would be is said by `allowed`."""

    def checked(value: Any) -> Any:
        if not is_right(value):
            message = "it is not what is allowed"
            raise ValueError(message)
        return value

    return AfterValidator(checked)


def is_text_encoding(name: str) -> bool:
    try:
        return isinstance("".encode(name), bytes)
    except (LookupError, ValueError):
        return False


Flag = Annotated[bool, allowed("true or false")]
CheckPolicy = Annotated[Policy, allowed("warn, refuse or off")]
Share = Annotated[float, _number("from 0 to 1", ge=0, le=1)]
PositiveShare = Annotated[float, _number("above 0, at most 1", gt=0, le=1)]
OpenShare = Annotated[float, _number("between 0 and 1, neither included", gt=0, lt=1)]
# API reference, InvokeEndpoint: a model has 60 seconds to answer, so no latency is above that
LatencyMs = Annotated[float, _number("of milliseconds above 0 and below 60000", gt=0, lt=60_000)]
Positive = Annotated[float, _number("above 0", gt=0)]
Number = Annotated[float, _number("that is finite")]
# The alarm's own limits: terraform/modules/alarms and autoscaling. A day is as far as CloudWatch
# looks by the minute (API reference, PutMetricAlarm, EvaluationPeriods).
Utilisation = Annotated[int, _whole(1, 99)]
Minutes = Annotated[int, _whole(1, 1440, of="minutes")]
Percentage = Annotated[int, _whole(0, 100)]
StepPercentage = Annotated[int, _whole(1, 50)]
Count = Annotated[int, _whole(1, 999)]
# API reference: ProcessingClusterConfig
VolumeGb = Annotated[int, _whole(1, 16_384)]
Seed = Annotated[int, _whole(0, 2**32 - 1)]
Folds = Annotated[int, _whole(2, 50)]
Requests = Annotated[int, _whole(1, 100_000)]
Rows = Annotated[int, _whole(1, 1_000_000)]
WindowHours = Annotated[int, _whole(1, 744, of="hours")]
DelayHours = Annotated[int, _whole(0, 8760, of="hours")]
Workers = Annotated[int, _whole(1, 64)]
# API reference: StoppingCondition, at most 28 days
JobSeconds = Annotated[int, _whole(60, 2_419_200, of="seconds")]
# API reference: ContainerStartupHealthCheckTimeoutInSeconds
StartupSeconds = Annotated[int, _whole(60, 3600, of="seconds")]
# The provider stops waiting for an endpoint after 60 minutes
WaitSeconds = Annotated[int, _whole(0, 3600, of="seconds")]
WindowSeconds = Annotated[int, _whole(0, 604_800, of="seconds")]
PlanAgeSeconds = Annotated[int, _whole(60, 2_592_000, of="seconds")]
# Terraform provider 5.100: maximum_execution_timeout_in_seconds
UpdateSeconds = Annotated[int, _whole(600, 14400, of="seconds")]

Text = Annotated[str, allowed("a text that is not empty", min_length=1)]
Texts = Annotated[
    tuple[Text, ...], BeforeValidator(as_tuple), allowed("a list of texts that are not empty")
]
Separator = Annotated[
    Literal[",", ";", "|", "\t"],
    BeforeValidator(lambda value: "\t" if value == "tab" else value),
    allowed("a comma, a semicolon, a vertical bar, or the word tab"),
]
DecimalMark = Annotated[Literal[".", ","], allowed("a point or a comma")]
Encoding = Annotated[
    str,
    _only(is_text_encoding),
    allowed("an encoding that Python knows, such as utf-8, utf-16-le or cp1252"),
]
# It is an argument of the evaluation job. API reference: ContainerArguments, 256 characters each
Column = Annotated[
    str,
    _like(
        "one line of 1 to 247 characters",
        r"[^\n\r\x00\x85\u2028\u2029]*",
        min_length=1,
        max_length=247,
    ),
]
Word = Annotated[
    str,
    _like(
        "2 to 16 lower-case letters, digits or inner hyphens, beginning with a letter",
        r"[a-z][a-z0-9-]{0,14}[a-z0-9]",
    ),
]
Name = Annotated[
    str, _like("letters, digits and inner hyphens", r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", max_length=63)
]
Region = Annotated[str, _like("an AWS region such as us-east-1", r"[a-z]{2}(-[a-z]+)+-[0-9]")]
InstanceType = Annotated[
    str, _like("a SageMaker instance type such as ml.m5.large", r"ml\.[a-z0-9-]+\.[a-z0-9]+")
]
RoleArn = Annotated[
    str,
    _like(
        "a role ARN such as arn:aws:iam::123456789012:role/SageMakerRole",
        r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}",
    ),
]
TopicArn = Annotated[
    str,
    _like(
        "a topic ARN such as arn:aws:sns:us-east-1:123456789012:mlops",
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}",
    ),
]
_SECRET_ARN = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.{1,512}"
SecretArn = Annotated[
    str,
    _like(
        "the ARN of a Secrets Manager secret",
        _SECRET_ARN,
    ),
]
Bucket = Annotated[
    str, _like("an S3 bucket name without s3://", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
]
Email = Annotated[str, _like("an email address", r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")]
Emails = Annotated[
    tuple[Email, ...], BeforeValidator(as_tuple), allowed("a list of email addresses")
]
Numbers = Annotated[
    tuple[Number, ...], BeforeValidator(as_tuple), allowed("a list of rising numbers")
]
ModuleMember = Annotated[
    str,
    _like(
        "module:name, such as custom_training:CustomTrainingPipeline",
        r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*",
    ),
]
MetricName = Annotated[
    str,
    _like("the name of a metric: letters, digits, underscores", r"[A-Za-z_][A-Za-z0-9_.-]{0,127}"),
]
# A port of this machine is for tests of one's own; all else is encrypted.
_SECRET_URL = re.compile(r"https://[!-~]+|http://(127\.0\.0\.1|localhost):[0-9]+(/[!-~]*)?")
SecretUrl = Annotated[
    SecretStr,
    _only(lambda url: not url or _SECRET_URL.fullmatch(url.get_secret_value()) is not None),
    allowed("an address that begins with https://, better given by the environment"),
]
# Given itself, by the environment, or by where Secrets Manager has it.
Secret = Annotated[SecretStr, allowed("a secret, or the ARN of a Secrets Manager secret with it")]
SecretUrlOrArn = Annotated[
    SecretStr,
    _only(
        lambda url: (
            re.fullmatch(rf"{_SECRET_URL.pattern}|{_SECRET_ARN}", url.get_secret_value())
            is not None
        )
    ),
    allowed("an address that begins with https://, or the ARN of a Secrets Manager secret with it"),
]
HostName = Annotated[str, _like("a host name", r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")]
Port = Annotated[int, _whole(1, 65_535)]
SlackChannel = Annotated[str, _like("a channel such as #releases or its id", r"#?[^\s#<>&]{1,80}")]
WebhookFormat = Annotated[Literal["cloudevents", "teams"], allowed("cloudevents or teams")]
ChannelName = Annotated[
    str,
    _only(lambda name: name in messages.CHANNELS),
    allowed("one of " + ", ".join(messages.CHANNELS)),
]
ChannelNames = Annotated[
    tuple[ChannelName, ...],
    BeforeValidator(as_tuple),
    allowed("a list of " + ", ".join(messages.CHANNELS) + "; an empty one for nobody"),
]
EventOrSeverity = Annotated[
    str,
    _only(lambda name: name in messages.ROUTED),
    allowed("one of " + ", ".join(messages.ROUTED)),
]

# Schedules and time zones as EventBridge and Application Auto Scaling take them: AWS itself would
# refuse one only when Terraform applies. EventBridge user guide, "Schedule types"; Application Auto
# Scaling user guide, "Scheduled scaling". Terraform's modules guard themselves; all are held to one
# table, tests/support/schedules.py.
_VALUES = {
    "day": "(0?[1-9]|[12][0-9]|3[01])",
    "hour": "([01]?[0-9]|2[0-3])",
    "minute": "[0-5]?[0-9]",
    "month": "(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)",
    "weekday": "([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)",
    "year": "(19[7-9][0-9]|2[01][0-9]{2})",
}
_RANGES = {name: rf"(\*|{one}(-{one})?)(/[1-9][0-9]*)?" for name, one in _VALUES.items()}
_ITEMS = _RANGES | {
    "day": f"({_RANGES['day']}|LW?|{_VALUES['day']}W)",
    "weekday": f"({_RANGES['weekday']}|L|[1-7]L|[1-7]#[1-5])",
}
_FIELDS = {name: f"{item}(,{item})*" for name, item in _ITEMS.items()}
# Day of the month or day of the week: the other one is a question mark.
_DAYS = r"({day} {month} \?|\? {month} {weekday})".format(**_FIELDS)
_CRON = r"cron\({minute} {hour} {days} {year}\)".format(days=_DAYS, **_FIELDS)
_RATE = r"rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)"
_AT = (
    r"at\([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\)"
)
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*){1,2}")


def is_time_zone(name: str) -> bool:
    """Tell whether a name looks like the IANA database's; exactly so where this machine has one."""
    known = available_timezones()
    return _ZONE.fullmatch(name) is not None and (not known or name in known)


Schedule = Annotated[
    str, _like("cron(...) or rate(...), as EventBridge writes it", f"({_CRON}|{_RATE})")
]
RetrainingSchedule = Annotated[
    str,
    _like(
        "weekly, monthly, cron(...) or rate(...), as EventBridge writes it",
        f"(weekly|monthly|{_CRON}|{_RATE})",
    ),
]
ScalingSchedule = Annotated[
    str,
    _like(
        "cron(...), rate(...) or at(...), as Application Auto Scaling writes it",
        f"({_CRON}|{_RATE}|{_AT})",
    ),
]
ScheduleName = Annotated[
    str, _like("1 to 64 letters, digits or inner hyphens", r"[A-Za-z0-9](-?[A-Za-z0-9]){0,63}")
]
TimeZone = Annotated[
    str,
    _only(is_time_zone),
    allowed("UTC or a name of the IANA database, such as Europe/Berlin"),
]

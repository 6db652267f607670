"""What a cleanup may destroy, whom it asks first, and what it says.

A plan may destroy what carries the tags of this project and environment, and the parts of such
things that AWS gives no tags. Nothing is ever chosen by its name.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.core import naming
from pipeline.core.outcomes import Action, PlanSummary, ResourceChange

_PROJECT, _ENVIRONMENT = "mlops:project", "mlops:environment"
_TAGS = "tags_all"
# Types that AWS tags nowhere: each is a part of one that is (schema of provider 5.100.0).
_PARTS = frozenset(
    {
        "aws_appautoscaling_policy",
        "aws_appautoscaling_scheduled_action",
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_event_api_destination",
        "aws_cloudwatch_event_connection",
        "aws_cloudwatch_event_target",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_kms_alias",
        "aws_kms_key_policy",
        "aws_route_table_association",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_sagemaker_model_package_group_policy",
        "aws_scheduler_schedule",
        "aws_sns_topic_policy",
        "aws_sns_topic_subscription",
        "terraform_data",
    }
)
# What data lies in, what it takes to read it again, and where each model is from.
_OF_DATA = ("module.encryption", "module.log_bucket", "module.registry", "module.storage")
_NAMES = ("name", "bucket", "alarm_name", "model_package_group_name", "id")
# How what Terraform's types are made of is written
_SERVICES = {
    "appautoscaling": "scaling",
    "cloudwatch": "CloudWatch",
    "iam": "IAM",
    "kms": "KMS",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "SSM",
    "vpc": "VPC",
}
_BUCKET = ".aws_s3_bucket.this"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Whose things may be destroyed: the tags that they must carry."""

    project: str
    environment: str

    @property
    def tags(self) -> Mapping[str, str]:
        return {_PROJECT: self.project, _ENVIRONMENT: self.environment}

    def owns(self, tags: Mapping[str, str]) -> bool:
        return all(tags.get(key) == value for key, value in self.tags.items())


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What was said on the command line: `--yes`, and the environment's name typed after it."""

    yes: bool = False
    typed: str | None = None


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a cleanup was asked for."""

    consent: Consent
    with_data: bool = False
    dry_run: bool = False


NO_WISH = Wish(consent=Consent())


def holds_data(address: str) -> bool:
    """Tell whether a resource of the foundation stays unless its data goes too."""
    return address.startswith(_OF_DATA)


def is_part(address: str) -> bool:
    """Tell whether a resource is a part of another one, by its address."""
    return address.rpartition(".")[0].rpartition(".")[2] in _PARTS


def goes_last(address: str) -> bool:
    """Tell whether a resource can only go when the buckets are empty and the groups are, too.

    A bucket's policy goes before: it lets nobody delete what must be deleted.
    """
    in_bucket = address.startswith(("module.log_bucket", "module.storage"))
    return holds_data(address) and (not in_bucket or address.endswith(_BUCKET))


def may_go(environment: str, consent: Consent) -> bool | None:
    """Tell whether all that is needed was said; None where it still may be asked for.

    Production wants --yes and its name typed, every other environment one of them.
    """
    if consent.typed is not None and consent.typed != environment:
        return False
    if environment == naming.PRODUCTION:
        if not consent.yes:
            return False
        return None if consent.typed is None else True
    return True if consent.yes or consent.typed else None


def review(summary: PlanSummary, place: Place) -> tuple[str, ...]:
    """Return why a plan may not be applied, a sentence each; empty where it may."""
    found = (_refusal(change, place) for change in summary.changes)
    return tuple(each for each in found if each is not None)


def _refusal(change: ResourceChange, place: Place) -> str | None:
    if change.action is not Action.DELETE:
        return f"{change.address} would not be deleted but changed ({change.action.value})."
    if change.resource_type in _PARTS:
        return None
    tags = tags_of(change)
    if place.owns(tags):
        return None
    shown = ", ".join(f"{key}={tags.get(key, 'nothing')}" for key in place.tags)
    return f"{change.address} is not this environment's: its tags say {shown}."


def tags_of(change: ResourceChange) -> Mapping[str, str]:
    """Return the tags that a deleted resource carries, by the plan."""
    prefix = f"{_TAGS}."
    return {
        each.path.removeprefix(prefix): each.before
        for each in change.attributes
        if each.path.startswith(prefix)
    }


def named(change: ResourceChange) -> str:
    """Return what AWS calls a deleted resource, and its address where the plan says no name."""
    known = {each.path: each.before for each in change.attributes}
    return next((known[path] for path in _NAMES if path in known), change.address)


def type_in_words(resource_type: str) -> str:
    """Return what people call things of this type of Terraform's."""
    words = resource_type.removeprefix("aws_").split("_")
    return " ".join(_SERVICES.get(word, word) for word in words)


def listed(root: str, summary: PlanSummary) -> Iterator[str]:
    """Yield a line for each thing that a root's plan destroys; parts come behind all wholes."""
    changes = sorted(summary.changes, key=lambda each: each.resource_type in _PARTS)
    yield f"{root}: {len(changes)} to destroy"
    yield from (f"  {type_in_words(each.resource_type)} {named(each)}" for each in changes)


def names_in(state: Mapping[str, Any]) -> dict[str, str]:
    """Return what a state of Terraform's holds, by address, in people's words."""
    found = {}
    for each in state.get("resources", ()):
        place = ".".join(filter(None, (each.get("module"), each["type"], each["name"])))
        for instance in each["instances"]:
            index, known = instance.get("index_key"), instance["attributes"]
            address = place if index is None else f"{place}[{json.dumps(index)}]"
            name = next((known[path] for path in _NAMES if known.get(path)), address)
            found[address] = f"{type_in_words(each['type'])} {name}"
    return found

"""An embedded AWS that nobody else uses, so that every call that changes something is seen."""

from collections.abc import Mapping
from typing import Any

from emulator.tests.support.embedded import Embedded
from emulator.tests.support.embedded_aws import admin
from pipeline.core import naming
from tests.e2e.command_line import Outcome
from tests.e2e.story import BUCKET, GROUP, Story

_READS = ("Get", "Head", "List", "Describe")


def offer_foundation(aws: Embedded, *, like: Embedded) -> None:
    """Publish the foundation of another embedded AWS, with the little that reading it needs."""
    name = naming.foundation_parameter_name("mlops", "staging")
    value = like.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    aws.client("ssm").put_parameter(Name=name, Value=value, Type="String")
    aws.client("s3").create_bucket(Bucket=BUCKET)
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)


def run_alone(quiet: Story, *flags: str, **variables: str) -> tuple[Outcome, list[str]]:
    """Run and return also every call that could have changed something, as AWS saw them."""
    admin(quiet.aws.url, "requests", method="DELETE")
    outcome = quiet.run(*flags, **variables)
    return outcome, changes(quiet)


def changes(quiet: Story) -> list[str]:
    """Return what changed something; that people are told of it is no such thing."""
    actions = [str(each["action"]) for each in quiet.aws.requests() if not _tells(each)]
    return [action for action in actions if not action.startswith(_READS)]


def _tells(call: Mapping[str, Any]) -> bool:
    return call["service"] == "sns" or "/outbox/" in str(call["path"])


def said(refused: Outcome) -> str:
    """Return the one line that says what is wrong; without a run it is all there is on stderr."""
    if (refused.folder / "results.json").exists():
        line = str(refused.results["error"]["message"])
    else:
        line = refused.stderr.strip()
    assert len(line.splitlines()) == 1, line
    return line

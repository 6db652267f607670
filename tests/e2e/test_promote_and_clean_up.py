"""A release goes from staging to another environment, which is then destroyed beside staging.

All of it in the AWS that other stories use, where staging goes on.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded
from tests.e2e.command_line import Outcome
from tests.e2e.shared import Shared
from tests.e2e.story import BUCKET, Seen, Story

ENVIRONMENT = "qa"
QA_BUCKET = "mlops-qa-000000000000-us-east-1"
QA_GROUP = "mlops-qa-iris-classifier"
PROMOTE = ("--mode", "promote", "--from", "staging", "--environment", ENVIRONMENT)
CLEANUP = ("--mode", "cleanup", "--environment", ENVIRONMENT)
# Somebody else's, under names that begin as ours do.
OTHERS_TOPIC = "mlops-qa-notifications-of-others"
OTHERS_ALARM = "promoted-qa-of-others"


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What lies in the embedded AWS, by its names."""

    names: frozenset[str]

    def of(self, environment: str) -> frozenset[str]:
        mark = f"-{environment}"
        return frozenset(each for each in self.names if mark in each or f"/{environment}/" in each)


def everything(aws: Embedded) -> Cloud:
    found = {
        *(f"bucket {each['Name']}" for each in aws.client("s3").list_buckets()["Buckets"]),
        *(f"role {each['RoleName']}" for each in aws.client("iam").list_roles()["Roles"]),
        *(f"topic {each['TopicArn']}" for each in aws.client("sns").list_topics()["Topics"]),
        *(f"parameter {each['Name']}" for each in _paged(aws, "ssm", "describe_parameters")),
        *(f"alarm {each['AlarmName']}" for each in _paged(aws, "cloudwatch", "describe_alarms")),
        *(f"alias {each['AliasName']}" for each in _paged(aws, "kms", "list_aliases")),
        *(
            f"endpoint {each['EndpointName']}"
            for each in _paged(aws, "sagemaker", "list_endpoints")
        ),
        *(
            f"config {each['EndpointConfigName']}"
            for each in _paged(aws, "sagemaker", "list_endpoint_configs")
        ),
        *(f"model {each['ModelName']}" for each in _paged(aws, "sagemaker", "list_models")),
        *(
            f"group {each['ModelPackageGroupName']}"
            for each in _paged(aws, "sagemaker", "list_model_package_groups")
        ),
    }
    return Cloud(names=frozenset(found))


_LISTED = {
    "describe_parameters": "Parameters",
    "describe_alarms": "MetricAlarms",
    "list_aliases": "Aliases",
    "list_endpoints": "Endpoints",
    "list_endpoint_configs": "EndpointConfigs",
    "list_models": "Models",
    "list_model_package_groups": "ModelPackageGroupSummaryList",
}


def _paged(aws: Embedded, service: str, action: str) -> Iterator[Mapping[str, Any]]:
    for page in aws.client(service).get_paginator(action).paginate():
        yield from page[_LISTED[action]]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What changes nothing, as it was seen after each command."""

    stricter: Outcome
    after_stricter: Cloud
    again: Outcome
    shown: Outcome
    unasked: Outcome
    after_asking: Cloud
    destroyed: Outcome
    after: Cloud


@dataclass(frozen=True, kw_only=True)
class Told:
    """The whole story, as it was seen after each command."""

    dry: Outcome
    after_dry: Cloud
    promoted: Outcome
    origin: Mapping[str, Any]
    release: Mapping[str, Any]
    answers: tuple[Any, Any]
    listed: Outcome
    before: Cloud
    refused: Refused | None
    with_data: Outcome
    at_last: Cloud


@pytest.fixture(scope="module")
def told(went_back: Seen, promoted: Story, shared: Shared) -> Told:
    """What staging serves is nobody else's to move meanwhile."""
    del went_back
    with shared.locked("serving"):
        return _tell(promoted)


@pytest.fixture(scope="module")
def refused(went_back: Seen, promoted: Story, shared: Shared) -> tuple[Told, Refused]:
    """Tell the story once more, with all that is refused or has nothing to do, and a cleanup
    that leaves the data.
    """
    del went_back
    with shared.locked("serving"):
        told = _tell(promoted, with_refusals=True)
    assert told.refused
    return told, told.refused


def _tell(story: Story, *, with_refusals: bool = False) -> Told:
    run, aws = story.run, story.aws
    live = _json(aws, BUCKET, f"ledger/{story.endpoint}.json")["live"].rpartition("-n")[0]
    dry = run(*PROMOTE, "--dry-run")
    after_dry = everything(aws)
    stricter = _asked_too_much(story) if with_refusals else None
    done = run(*PROMOTE)
    assert done.exit_code == 0, done.stderr + done.stdout
    endpoint = f"{story.prefix}-{ENVIRONMENT}"
    release = _json(aws, QA_BUCKET, f"releases/{endpoint}/{done.release}.json")
    answers = (story.ask(), _ask(story, endpoint))
    listed = run("--mode", "list", "--output", "json")
    aws.client("sns").create_topic(Name=OTHERS_TOPIC)
    aws.client("cloudwatch").put_metric_alarm(**_an_alarm(OTHERS_ALARM))
    before = everything(aws)
    refused = _refused(story, *stricter) if stricter else None
    with_data = run(*CLEANUP, "--yes", "--with-data")
    return Told(
        dry=dry,
        after_dry=after_dry,
        promoted=done,
        origin=_json(aws, BUCKET, f"releases/{story.endpoint}/{live}.json"),
        release=release,
        answers=answers,
        listed=listed,
        before=before,
        refused=refused,
        with_data=with_data,
        at_last=everything(aws),
    )


def _asked_too_much(story: Story) -> tuple[Outcome, Cloud]:
    limits = ("--accuracy-threshold", "0.9999", "--minimum-accuracy", "0.9998")
    return story.run(*PROMOTE, *limits), everything(story.aws)


def _refused(story: Story, stricter: Outcome, after_stricter: Cloud) -> Refused:
    return Refused(
        stricter=stricter,
        after_stricter=after_stricter,
        again=story.run(*PROMOTE),
        shown=story.run(*CLEANUP, "--dry-run"),
        unasked=story.run(*CLEANUP),
        after_asking=everything(story.aws),
        destroyed=story.run(*CLEANUP, "--confirm", ENVIRONMENT),
        after=everything(story.aws),
    )


def _json(aws: Embedded, bucket: str, key: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(
        aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    )
    return document


def _ask(story: Story, endpoint: str) -> Any:
    answer = story.aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint,
        Body=b"6.0,2.7,5.1,1.6\n5.1,3.5,1.4,0.2\n",
        ContentType="text/csv",
        Accept="application/json",
    )
    return json.loads(answer["Body"].read())


def _an_alarm(name: str) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "Theirs",
        "MetricName": "Theirs",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }


def test_a_dry_run_tells_that_a_foundation_would_be_made_and_makes_none(told: Told) -> None:
    assert told.dry.exit_code == 0, told.dry.stdout
    job, sha256 = told.origin["training_job"], told.origin["artifact_sha256"][:12]
    listing = told.dry.results["listing"]
    assert listing[-2:] == [
        f"Would promote staging/{told.release['promoted_from'].rpartition('/')[2]}: the model of "
        f"{job}, sha256 {sha256}, in place of nothing",
        "Would be made first: the foundation, of which nothing is here yet.",
    ]
    assert not told.after_dry.of("qa")


@pytest.mark.soak
def test_a_stricter_gate_rejects_what_the_other_environment_serves(
    refused: tuple[Told, Refused],
) -> None:
    _, each = refused
    assert each.stricter.exit_code == 3, each.stricter.stderr
    assert each.stricter.results["decision"]["verdict"] == "reject"
    made = [name for name in each.after_stricter.of("qa") if name.startswith(("endpoint", "model"))]
    assert not made


def test_what_was_judged_serves_and_nothing_was_trained(told: Told) -> None:
    assert told.promoted.results["summary"]["deployment_occurred"]
    assert told.promoted.job == told.origin["training_job"]
    assert told.answers[0] == told.answers[1]


def test_the_release_is_of_its_own_environment_and_says_where_it_comes_from(told: Told) -> None:
    release = told.release
    origin = told.origin
    assert release["promoted_from"].startswith("staging/r-")
    assert release["artifact_sha256"] == origin["artifact_sha256"]
    assert release["evaluation"] == origin["evaluation"]
    assert release["artifact_uri"].startswith(f"s3://{QA_BUCKET}/")
    assert "mlops-qa" in release["serving"]["execution_role_arn"]
    assert QA_GROUP in release["model_package_arn"]


@pytest.mark.soak
def test_promoted_again_there_is_nothing_to_do(refused: tuple[Told, Refused]) -> None:
    _, each = refused
    assert each.again.exit_code == 0, each.again.stderr
    assert each.again.deployment["deployment_results"]["status"] == "nothing_to_do"


def test_a_listing_shows_both_environments(told: Told) -> None:
    found = {each["endpoint"]: each for each in told.listed.results["endpoints"]}
    assert found["promoted-qa"]["environment"] == ENVIRONMENT
    assert found["promoted-staging"]["environment"] == "staging"
    assert found["promoted-qa"]["live_release"] == told.promoted.release
    assert not found["promoted-qa"]["disagreements"]


@pytest.mark.soak
def test_without_consent_all_is_shown_and_nothing_goes(refused: tuple[Told, Refused]) -> None:
    told, each = refused
    assert (each.shown.exit_code, each.unasked.exit_code) == (0, 7)
    assert "  SageMaker endpoint promoted-qa" in each.shown.results["listing"]
    assert each.after_asking.of("qa") == told.before.of("qa")


@pytest.mark.soak
def test_after_a_cleanup_only_what_it_says_is_left_of_the_environment(
    refused: tuple[Told, Refused],
) -> None:
    told, each = refused
    assert each.destroyed.exit_code == 0, each.destroyed.stderr
    theirs = {name for name in told.before.of("qa") if name.endswith("-of-others")}
    assert len(theirs) == 2
    assert each.after.of("qa") == {
        *theirs,
        f"bucket {QA_BUCKET}",
        f"group {QA_GROUP}",
        "alias alias/mlops-qa",
    }
    kept = [line for line in each.destroyed.results["listing"] if line.startswith("Kept")]
    assert f"Kept: S3 bucket {QA_BUCKET}" in kept
    assert f"Kept: SageMaker model package group {QA_GROUP}" in kept
    assert any(line.startswith("Kept: KMS key ") for line in kept)
    assert not any("module." in line for line in each.destroyed.results["listing"])


def test_with_data_nothing_of_it_is_left(told: Told) -> None:
    assert told.with_data.exit_code == 0, told.with_data.stderr
    assert all(each.endswith("-of-others") for each in told.at_last.of("qa"))


def test_another_environment_is_untouched(told: Told) -> None:
    lasting = {
        each
        for each in told.before.of("staging")
        if each.startswith(("bucket", "role", "topic", "parameter", "alias", "group"))
    }
    lasting |= {"endpoint promoted-staging"}
    assert f"bucket {BUCKET}" in lasting
    assert lasting <= told.at_last.names

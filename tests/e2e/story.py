"""One endpoint of the shared embedded AWS: driven by commands, seen through boto3."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded
from tests.e2e.command_line import CommandLine, Outcome

BUCKET = "mlops-staging-000000000000-us-east-1"
GROUP = "mlops-staging-iris-classifier"
# Models that disagree about these rows are told apart by the probabilities they answer with.
IRIS_ROWS = "6.0,2.7,5.1,1.6\n5.1,3.5,1.4,0.2\n"
# Few requests, and no verdict on the speed of a machine that does much else. Stories about moves go
# back and forth between models of which one is a little worse; test_champion.py is about that.
PATIENT = {
    "MLOPS_TESTING__REQUEST_COUNT": "20",
    "MLOPS_TESTING__MAXIMUM_LATENCY_P95_MS": "20000",
    "MLOPS_CHAMPION__RULE": "off",
    "MLOPS_RETRAINING__CHAMPION_RULE": "off",
}
COMPARES = {"MLOPS_CHAMPION__RULE": "not_worse", "MLOPS_RETRAINING__CHAMPION_RULE": "better"}


@dataclass(frozen=True, kw_only=True)
class Story:
    aws: Embedded
    prefix: str
    folder: Path
    command: CommandLine

    @property
    def endpoint(self) -> str:
        return f"{self.prefix}-staging"

    def run(self, *flags: str, **variables: Any) -> Outcome:
        return self.command.run(*flags, **variables)

    def deploy(self, job: str, *flags: str, **variables: Any) -> Outcome:
        return self.run("--mode", "deployment", "--training-job", job, *flags, **variables)

    def described(self) -> Mapping[str, Any]:
        return self.aws.endpoint(self.endpoint)

    def has_endpoint(self) -> bool:
        try:
            self.described()
        except ClientError:
            return False
        return True

    def status(self) -> str:
        return str(self.described()["EndpointStatus"]) if self.has_endpoint() else "Absent"

    def serving_model(self) -> str:
        """Return the name of the model that the endpoint's config names."""
        config = self.aws.sagemaker.describe_endpoint_config(
            EndpointConfigName=self.described()["EndpointConfigName"]
        )
        return str(config["ProductionVariants"][0]["ModelName"])

    def serves(self, release: str) -> bool:
        in_service = self.status() == "InService"
        return in_service and self.serving_model() == f"{self.endpoint}-{release}"

    def ask(self, rows: str = IRIS_ROWS) -> Mapping[str, Any]:
        response = self.aws.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.endpoint,
            Body=rows.encode(),
            ContentType="text/csv",
            Accept="application/json",
        )
        document: Mapping[str, Any] = json.loads(response["Body"].read())
        return document

    def packages_of(self, job: str) -> list[str]:
        """Return the approval status of every package registered for a training job."""
        listed = self.aws.sagemaker.list_model_packages(ModelPackageGroupName=GROUP, MaxResults=100)
        arns = [each["ModelPackageArn"] for each in listed["ModelPackageSummaryList"]]
        described = [
            self.aws.sagemaker.describe_model_package(ModelPackageName=arn) for arn in arns
        ]
        return [
            each["ModelApprovalStatus"]
            for each in described
            if each["CustomerMetadataProperties"]["training_job"] == job
        ]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An endpoint right after a command: what SageMaker says of it, and what it answers."""

    outcome: Outcome
    endpoint: Mapping[str, Any]
    model: str
    answer: Mapping[str, Any]


def look(story: Story, outcome: Outcome) -> Seen:
    """Keep what can be seen now, for tests that run later."""
    assert outcome.exit_code == 0, outcome.stderr + outcome.stdout
    return Seen(
        outcome=outcome,
        endpoint=story.described(),
        model=story.serving_model(),
        answer=story.ask(),
    )

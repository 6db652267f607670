"""A run on a foundation that publishes a VPC: every job runs in its subnets and groups."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded
from emulator.tests.support.embedded_aws import embedded_aws
from pipeline.core import naming
from tests.e2e.alone import offer_foundation
from tests.e2e.command_line import CommandLine
from tests.e2e.story import PATIENT, Story

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def story(
    a_story: Callable[[str], Story], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    """An embedded AWS that nobody else uses, with the foundation of the shared one."""
    folder = tmp_path_factory.mktemp("vpc")
    with embedded_aws(folder / "state") as endpoint_url:
        aws = Embedded(url=endpoint_url)
        offer_foundation(aws, like=a_story("foundation").aws)
        command = CommandLine(folder, EMULATOR_STATE_DIR=str(folder / "state"), **PATIENT)
        yield Story(aws=aws, prefix="vpc", folder=folder, command=command)


@pytest.fixture(scope="module")
def vpc(story: Story) -> dict[str, Any]:
    """Publish a VPC with the foundation, as terraform/foundation does where it makes one."""
    ec2 = story.aws.client("ec2")
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=made, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="jobs", Description="Jobs", VpcId=made)["GroupId"]
    found = {"security_group_ids": [group], "subnet_ids": [subnet]}
    ssm, name = story.aws.client("ssm"), naming.foundation_parameter_name("mlops", "staging")
    published = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    value = json.dumps({**published, "vpc": found})
    ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
    return found


def test_jobs_of_a_run_are_in_the_vpc_of_the_foundation(story: Story, vpc: dict[str, Any]) -> None:
    outcome = story.run("--mode", "training")
    assert outcome.exit_code == 0, outcome.stderr
    sagemaker, evaluation = story.aws.sagemaker, naming.processing_job_name(outcome.job)
    trained = sagemaker.describe_training_job(TrainingJobName=outcome.job)
    evaluated = sagemaker.describe_processing_job(ProcessingJobName=evaluation)
    wanted = {"SecurityGroupIds": vpc["security_group_ids"], "Subnets": vpc["subnet_ids"]}
    assert trained["VpcConfig"] == wanted
    assert evaluated["NetworkConfig"]["VpcConfig"] == wanted

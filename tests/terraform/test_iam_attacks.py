"""What somebody who holds a role must not reach, and what the role needs, side by side. No AWS.

Condition keys of each action: "Actions, resources, and condition keys" in AWS's service
authorization reference, for SageMaker and for CloudWatch.
"""

import json
import re
from collections.abc import Mapping

import pytest

from tests.support.iam import Call, Context
from tests.support.iam_documents import Documents, shared_documents
from tests.support.iam_roles import ACCOUNT, EXECUTION_ROLE, KEY, Roles, roles_of

pytestmark = pytest.mark.terraform

SAGEMAKER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:mlops-staging-notifications"
STEP = (
    f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scalingPolicy:0a1b:resource/sagemaker/endpoint/"
    "iris-staging/variant/primary:policyName/iris-staging-cpu-out"
)
OWN = {"mlops:environment": "staging", "mlops:project": "mlops"}
PRODUCTION = {**OWN, "mlops:environment": "production"}
OTHER_PROJECT = {**OWN, "mlops:project": "shop"}
RELEASE = "r-20260101-000000-aaaaaa"
TRAINING_JOB = f"{SAGEMAKER}:training-job/iris-20260101-000000"
PROCESSING_JOB = f"{SAGEMAKER}:processing-job/iris-20260101-000000-evaluation"
ENDPOINT = f"{SAGEMAKER}:endpoint/iris-staging"
CONFIG = f"{SAGEMAKER}:endpoint-config/iris-staging-{RELEASE}-n1"
MODEL = f"{SAGEMAKER}:model/iris-staging-{RELEASE}"
PACKAGES = (f"{SAGEMAKER}:model-package-group/iris", f"{SAGEMAKER}:model-package/iris/7")
NETWORK: Context = {
    "sagemaker:NetworkIsolation": "true",
    "sagemaker:VpcSecurityGroupIds": ("sg-0aa",),
    "sagemaker:VpcSubnets": ("subnet-0bb",),
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    return shared_documents(tmp_path_factory)


@pytest.fixture(scope="module")
def roles(documents: Documents) -> Roles:
    return roles_of(documents)


def call(
    action: str,
    resource: str,
    *,
    has: Mapping[str, str] | None = None,
    gets: Mapping[str, str] | None = None,
    context: Context | None = None,
) -> Call:
    """A call about something that has tags, and that gives it tags."""
    tagged = {f"aws:ResourceTag/{key}": value for key, value in (has or {}).items()}
    tagging = {f"aws:RequestTag/{key}": value for key, value in (gets or {}).items()}
    return Call(action=action, resource=resource, context={**tagged, **tagging, **(context or {})})


def created(action: str, resource: str, context: Context | None = None) -> list[Call]:
    """What SageMaker asks IAM when something is created with this environment's tags."""
    tagging = action.partition(":")[2]
    return [
        call(action, resource, gets=OWN, context=context),
        call("sagemaker:AddTags", resource, gets=OWN, context={"sagemaker:TaggingAction": tagging}),
    ]


def foreign(resource: str, *actions: str) -> list[Call]:
    """Calls about something of that name which is untagged, or somebody else's by its tags."""
    return [
        call(action, resource, has=has, gets=OWN if action.endswith("AddTags") else None)
        for action in actions
        for has in ({}, PRODUCTION, OTHER_PROJECT, {"mlops:project": "mlops"})
    ]


DENIED: dict[str, list[Call]] = {
    "registers a package that is approved already": [
        *(
            call(
                "sagemaker:CreateModelPackage",
                arn,
                context={"sagemaker:ModelApprovalStatus": "Approved"},
            )
            for arn in PACKAGES
        ),
        *(call("sagemaker:CreateModelPackage", arn) for arn in PACKAGES),
    ],
    "approves a package": [
        call(
            "sagemaker:UpdateModelPackage",
            arn,
            context={"sagemaker:ModelApprovalStatus": "Approved"},
        )
        for arn in PACKAGES
    ],
    "tags a job as its own": [
        *foreign(TRAINING_JOB, "sagemaker:AddTags"),
        *foreign(PROCESSING_JOB, "sagemaker:AddTags"),
        call(
            "sagemaker:AddTags",
            TRAINING_JOB,
            gets=PRODUCTION,
            context={"sagemaker:TaggingAction": "CreateTrainingJob"},
        ),
    ],
    "stops another team's job": [
        *foreign(TRAINING_JOB, "sagemaker:StopTrainingJob"),
        *foreign(PROCESSING_JOB, "sagemaker:StopProcessingJob"),
    ],
    "touches an endpoint that only ends like its own": foreign(
        f"{SAGEMAKER}:endpoint/shop-staging",
        "sagemaker:AddTags",
        "sagemaker:DeleteEndpoint",
        "sagemaker:DeleteTags",
        "sagemaker:InvokeEndpoint",
        "sagemaker:UpdateEndpoint",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
    ),
    "deletes a release that only begins like its own": [
        *foreign(CONFIG, "sagemaker:AddTags", "sagemaker:DeleteEndpointConfig"),
        *foreign(MODEL, "sagemaker:AddTags", "sagemaker:DeleteModel"),
    ],
    "makes what carries no tags, or others": [
        call(action, resource, gets=gets, context=NETWORK)
        for action, resource in (
            ("sagemaker:CreateEndpoint", ENDPOINT),
            ("sagemaker:CreateEndpointConfig", CONFIG),
            ("sagemaker:CreateModel", MODEL),
            ("cloudwatch:PutMetricAlarm", f"{ALARM}:iris-staging-quiet"),
        )
        for gets in ({}, PRODUCTION, OTHER_PROJECT)
    ],
    "serves a config of others": [
        call("sagemaker:CreateEndpoint", CONFIG, gets=OWN, has=PRODUCTION),
        call("sagemaker:UpdateEndpoint", CONFIG),
    ],
    "takes the alarms of endpoints whose names go on": [
        call(action, f"{ALARM}:{name}", has=has, gets=OWN)
        for action in (
            "cloudwatch:DeleteAlarms",
            "cloudwatch:PutCompositeAlarm",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
        )
        for has in ({}, OWN)
        for name in (
            "iris-staging-eu-quiet",
            f"iris-staging-eu-{RELEASE}-n1-errors",
            "iris-staging-eu/rollback",
            f"iris-staging-production-{RELEASE}-n1-latency",
            "iris-staging-production-quiet",
        )
    ],
    "deletes releases of endpoints whose names go on": [
        call(action, f"{SAGEMAKER}:{kind}/iris-staging-{name}-{RELEASE}{tail}", has=OWN)
        for name in ("eu", "production")
        for action, kind, tail in (
            ("sagemaker:DeleteEndpointConfig", "endpoint-config", "-n1"),
            ("sagemaker:DeleteModel", "model", ""),
        )
    ],
    "deletes an alarm that only begins like its own": foreign(
        f"{ALARM}:iris-staging-quiet", "cloudwatch:DeleteAlarms", "cloudwatch:UntagResource"
    ),
    "overwrites another environment's alarm": [
        call("cloudwatch:PutMetricAlarm", f"{ALARM}:iris-staging-quiet", gets=OWN, has=PRODUCTION)
    ],
    "lets an alarm act on anything but people and scaling": [
        call(
            action,
            f"{ALARM}:iris-staging/cpu_percent",
            gets=OWN,
            context={"cloudwatch:AlarmActions": (TOPIC, acts)},
        )
        for action in ("cloudwatch:PutCompositeAlarm", "cloudwatch:PutMetricAlarm")
        for acts in (
            "arn:aws:automate:us-east-1:ec2:terminate",
            f"arn:aws:swf:us-east-1:{ACCOUNT}:action/actions/AWS_EC2.InstanceId.Stop/1.0",
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:anything",
            f"arn:aws:ssm:us-east-1:{ACCOUNT}:opsitem:1",
            TOPIC.replace("staging", "production"),
            TOPIC.replace(ACCOUNT, "999999999999"),
            STEP.replace("sagemaker/endpoint", "dynamodb/table"),
        )
    ],
}
ALLOWED: dict[str, list[Call]] = {
    "registers packages with the verdict of the gate": [
        call(action, arn, context={"sagemaker:ModelApprovalStatus": status})
        for action in ("sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage")
        for arn in PACKAGES
        for status in ("PendingManualApproval", "Rejected")
    ],
    "tags the jobs that it starts": [
        call("sagemaker:AddTags", arn, gets=OWN, context={"sagemaker:TaggingAction": action})
        for arn, action in (
            (TRAINING_JOB, "CreateTrainingJob"),
            (PROCESSING_JOB, "CreateProcessingJob"),
        )
    ],
    "stops its own jobs": [
        call("sagemaker:StopTrainingJob", TRAINING_JOB, has=OWN),
        call("sagemaker:StopProcessingJob", PROCESSING_JOB, has=OWN),
    ],
    "makes releases and endpoints": [
        *created("sagemaker:CreateModel", MODEL, NETWORK),
        *created("sagemaker:CreateEndpointConfig", CONFIG),
        *created("sagemaker:CreateEndpoint", ENDPOINT),
        call("sagemaker:CreateEndpoint", CONFIG, gets=OWN, has=OWN),
    ],
    "moves and removes its own": [
        call(action, arn, has=OWN)
        for action, arn in (
            ("sagemaker:AddTags", ENDPOINT),
            ("sagemaker:AddTags", CONFIG),
            ("sagemaker:AddTags", MODEL),
            ("sagemaker:DeleteTags", ENDPOINT),
            ("sagemaker:DeleteEndpoint", ENDPOINT),
            ("sagemaker:DeleteEndpointConfig", CONFIG),
            ("sagemaker:DeleteModel", MODEL),
            ("sagemaker:InvokeEndpoint", ENDPOINT),
            ("sagemaker:UpdateEndpoint", CONFIG),
            ("sagemaker:UpdateEndpoint", ENDPOINT),
            ("sagemaker:UpdateEndpointWeightsAndCapacities", ENDPOINT),
        )
    ],
    "makes alarms that tell people or scale": [
        call(action, f"{ALARM}:iris-staging{name}", gets=OWN, context=acts)
        for action, name in (
            ("cloudwatch:PutMetricAlarm", "-quiet"),
            ("cloudwatch:PutMetricAlarm", f"-{RELEASE}-n1-errors"),
            ("cloudwatch:PutMetricAlarm", "/cpu-out"),
            ("cloudwatch:PutCompositeAlarm", "/rollback"),
            ("cloudwatch:TagResource", "/rollback"),
        )
        for acts in ({}, {"cloudwatch:AlarmActions": (TOPIC, STEP)})
    ],
    "changes and deletes its own alarms": [
        *(
            call(action, f"{ALARM}:iris-staging{name}", has=OWN)
            for action in (
                "cloudwatch:DeleteAlarms",
                "cloudwatch:TagResource",
                "cloudwatch:UntagResource",
            )
            for name in ("-quiet", f"-{RELEASE}-n2-latency", "/error_rate")
        ),
        call("cloudwatch:PutMetricAlarm", f"{ALARM}:iris-staging/error_rate", gets=OWN, has=OWN),
    ],
}


@pytest.mark.parametrize("attack", DENIED)
def test_deploy_role_is_denied_what_is_not_its_own(roles: Roles, attack: str) -> None:
    assert DENIED[attack]
    assert [each for each in DENIED[attack] if roles.deploy.may_call(each)] == []


@pytest.mark.parametrize("work", ALLOWED)
def test_deploy_role_may_do_its_work(roles: Roles, work: str) -> None:
    assert ALLOWED[work]
    assert [each for each in ALLOWED[work] if not roles.deploy.may_call(each)] == []


@pytest.mark.parametrize(
    ("account", "allowed"),
    [("683313688378", True), (ACCOUNT, True), ("999999999999", False), ("68331368837", False)],
)
def test_execution_role_pulls_images_from_named_accounts_only(
    roles: Roles, account: str, allowed: bool
) -> None:
    repository = f"arn:aws:ecr:us-east-1:{account}:repository/sagemaker-scikit-learn"
    for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
        assert roles.execution.may(f"ecr:{action}", repository) is allowed
    assert not roles.execution.may("ecr:BatchGetImage", f"{repository}-2")


# IAM user guide, "IAM and AWS STS quotas": without white space. A role's trust policy may grow on
# request; its own policies share what they have.
LIMITS = {
    r"aws_iam_policy\.": 6144,
    r"\.assume_role_policy$": 2048,
    r"aws_iam_role_policy\.": 10240,
    r"aws_kms_key_policy\.": 32768,
    r"aws_s3_bucket_policy\.": 20480,
}


@pytest.mark.parametrize("kind", LIMITS)
def test_policies_fit_into_what_aws_takes(documents: Documents, kind: str) -> None:
    sizes = {
        address: len(json.dumps(json.loads(text), separators=(",", ":")))
        for address, text in documents.items()
        if re.search(kind, address)
    }
    assert sizes
    assert {address: size for address, size in sizes.items() if size > LIMITS[kind]} == {}


def test_roles_of_the_simulation_are_those_that_attack(roles: Roles) -> None:
    assert roles.deploy.may(
        "iam:PassRole", EXECUTION_ROLE, iam__PassedToService="sagemaker.amazonaws.com"
    )
    assert roles.deploy.may("kms:GenerateDataKey", KEY)

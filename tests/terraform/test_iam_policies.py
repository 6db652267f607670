"""What the policies of Terraform's roles allow, by simulation over their JSON. No AWS."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.iam import (
    EVERYTHING,
    Call,
    Context,
    Identity,
    may_assume,
    service_may_assume,
)
from tests.support.iam_documents import Documents, shared_documents
from tests.support.iam_roles import (
    ACCOUNT,
    EXECUTION_ROLE,
    HOST,
    KEY,
    STATE_KEY,
    Roles,
    refusal_of,
    roles_of,
)
from tests.terraform.offline import OfflineTerraform, offline_terraform

pytestmark = pytest.mark.terraform

BUCKET = f"arn:aws:s3:::mlops-staging-{ACCOUNT}-us-east-1"
STATE_BUCKET = f"arn:aws:s3:::mlops-state-{ACCOUNT}-us-east-1"
STATE = f"{STATE_BUCKET}/serving/staging/iris-staging.tfstate"
STATES = (STATE, f"{STATE_BUCKET}/surroundings/staging/iris-staging.tfstate")
SAGEMAKER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
ENDPOINT = f"{SAGEMAKER}:endpoint/iris-staging"
PACKAGE = f"{SAGEMAKER}:model-package/iris/7"
JOB = f"{SAGEMAKER}:training-job/iris-20260101-000000"
AS_THE_FOUNDATION_SAYS: Context = {
    "aws:RequestTag/mlops:environment": "staging",
    "aws:RequestTag/mlops:project": "mlops",
    "sagemaker:InstanceTypes": ("ml.m5.large",),
    "sagemaker:InterContainerTrafficEncryption": "true",
    "sagemaker:NetworkIsolation": "true",
    "sagemaker:OutputKmsKey": KEY,
    "sagemaker:VolumeKmsKey": KEY,
    "sagemaker:VpcSecurityGroupIds": ("sg-0aa",),
    "sagemaker:VpcSubnets": ("subnet-0bb",),
}


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> OfflineTerraform:
    return offline_terraform(tmp_path_factory.mktemp("policies"))


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    return shared_documents(tmp_path_factory)


@pytest.fixture(scope="module")
def roles(documents: Documents) -> Roles:
    return roles_of(documents)


def token(
    project: str = "group/project", ref: str = "main", audience: str = HOST
) -> dict[str, str]:
    return {
        f"{HOST}:aud": f"https://{audience}",
        f"{HOST}:sub": f"project_path:{project}:ref_type:branch:ref:{ref}",
    }


def starting_a_job(**changed: str | tuple[str, ...] | None) -> Call:
    context: dict[str, Any] = {
        **AS_THE_FOUNDATION_SAYS,
        **{f"sagemaker:{k}": v for k, v in changed.items()},
    }
    given: Context = {key: value for key, value in context.items() if value is not None}
    return Call(action="sagemaker:CreateTrainingJob", resource=JOB, context=given)


def test_plan_role_reads_everything_a_plan_needs(roles: Roles) -> None:
    assert all(roles.plan.may("s3:GetObject", state) for state in STATES)
    assert roles.plan.may("s3:GetObject", f"{BUCKET}/ledger/iris-staging.json")
    assert roles.plan.may("sagemaker:DescribeEndpoint", ENDPOINT)
    assert roles.plan.may("cloudwatch:DescribeAlarms")


_ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:iris-staging-r-20260101-000000-aaaaaa-n1-x"
_RELEASE = "iris-staging-r-20260101-000000-aaaaaa"
# All that --mode plan asks AWS for, seen in the journal of the embedded AWS, as IAM calls it.
ASKED_BY_A_PLAN = (
    ("cloudwatch:DescribeAlarms", "*"),
    ("cloudwatch:ListTagsForResource", _ALARM),
    ("s3:GetObject", f"{BUCKET}/artifacts/sha256/aa/model.tar.gz"),
    ("s3:GetObject", f"{BUCKET}/data/aa/bb/test.csv"),
    ("s3:GetObject", f"{BUCKET}/jobs/iris-20260101-000000/evaluation.json"),
    ("s3:GetObject", f"{BUCKET}/ledger/iris-staging.json"),
    ("s3:GetObject", f"{BUCKET}/releases/iris-staging/{_RELEASE}.json"),
    *(("s3:GetObject", state) for state in STATES),
    ("s3:ListBucket", STATE_BUCKET),
    ("sagemaker:DescribeEndpoint", ENDPOINT),
    ("sagemaker:DescribeEndpointConfig", f"{SAGEMAKER}:endpoint-config/{_RELEASE}-n1"),
    ("sagemaker:DescribeModel", f"{SAGEMAKER}:model/{_RELEASE}"),
    ("sagemaker:DescribeModelPackage", PACKAGE),
    ("sagemaker:ListModelPackages", f"{SAGEMAKER}:model-package-group/iris"),
    ("sagemaker:ListTags", ENDPOINT),
    ("sagemaker:ListTags", f"{SAGEMAKER}:model/{_RELEASE}"),
    (
        "ssm:GetParameter",
        f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/mlops/mlops/staging/foundation",
    ),
)


@pytest.mark.parametrize(("action", "resource"), ASKED_BY_A_PLAN)
def test_plan_role_may_ask_for_all_that_mode_plan_asks_for(
    roles: Roles, action: str, resource: str
) -> None:
    assert roles.plan.may(action, resource)


@pytest.mark.parametrize("root", ["account", "foundation/staging"])
def test_plan_role_sees_nothing_of_account_and_foundation(roles: Roles, root: str) -> None:
    """Mode plan leaves them out then, and says so."""
    assert not roles.plan.may("s3:GetObject", f"{STATE_BUCKET}/{root}.tfstate")


def test_deploy_role_uses_a_plan_up_and_the_plan_role_does_not(roles: Roles) -> None:
    claim = f"{BUCKET}/plans/iris-staging/20260101-000000-abcd.json"
    assert roles.deploy.may("s3:PutObject", claim)
    assert not roles.deploy.may("s3:DeleteObject", claim)
    assert not roles.plan.may("s3:PutObject", claim)


def test_plan_role_holds_the_state_lock_and_nothing_else(roles: Roles) -> None:
    for action in ("s3:PutObject", "s3:DeleteObject"):
        for state in STATES:
            assert roles.plan.may(action, f"{state}.tflock")
            assert not roles.plan.may(action, state)
        assert not roles.plan.may(action, f"{STATE_BUCKET}/foundation/staging.tfstate.tflock")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (
            "cloudwatch:PutMetricAlarm",
            f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:iris-staging-x",
        ),
        ("iam:PassRole", EXECUTION_ROLE),
        ("kms:Encrypt", KEY),
        ("s3:PutObject", f"{BUCKET}/artifacts/sha256/aa/model.tar.gz"),
        ("s3:PutObject", f"{BUCKET}/ledger/iris-staging.json"),
        ("sagemaker:CreateTrainingJob", JOB),
        ("sagemaker:InvokeEndpoint", ENDPOINT),
        ("sagemaker:UpdateEndpoint", ENDPOINT),
        ("sagemaker:UpdateModelPackage", PACKAGE),
        ("sns:Publish", f"arn:aws:sns:us-east-1:{ACCOUNT}:mlops-staging-notifications"),
    ],
)
def test_plan_role_cannot_write(roles: Roles, action: str, resource: str) -> None:
    assert not roles.plan.may_call(
        Call(action=action, resource=resource, context=AS_THE_FOUNDATION_SAYS)
    )


def test_plan_role_encrypts_with_the_state_s_key_alone(roles: Roles) -> None:
    through_s3: Context = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
    for key, allowed in ((STATE_KEY, True), (KEY, False)):
        call = Call(action="kms:GenerateDataKey", resource=key, context=through_s3)
        assert roles.plan.may_call(call) is allowed
    assert not roles.plan.may("kms:GenerateDataKey", STATE_KEY), "not past S3"


def test_deploy_role_passes_the_execution_role_to_sagemaker_only(roles: Roles) -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/mlops-production-sagemaker-execution"
    sagemaker = "sagemaker.amazonaws.com"
    assert roles.deploy.may("iam:PassRole", EXECUTION_ROLE, iam__PassedToService=sagemaker)
    assert not roles.deploy.may("iam:PassRole", other, iam__PassedToService=sagemaker)
    assert not roles.deploy.may(
        "iam:PassRole", EXECUTION_ROLE, iam__PassedToService="ec2.amazonaws.com"
    )


def test_deploy_role_draws_the_dashboards_of_its_endpoints_only(roles: Roles) -> None:
    dashboards = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard"
    for action in ("cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards"):
        assert roles.deploy.may(action, f"{dashboards}/iris-staging")
        assert not roles.deploy.may(action, f"{dashboards}/iris-staging-of-another-team")


def test_deploy_role_starts_jobs_as_the_foundation_says(roles: Roles) -> None:
    assert roles.deploy.may_call(starting_a_job())


@pytest.mark.parametrize("instance_type", ["ml.m5d.large", "ml.g4dn.xlarge", "ml.g5.xlarge"])
def test_job_on_local_storage_needs_no_key_for_its_volume(roles: Roles, instance_type: str) -> None:
    assert roles.deploy.may_call(starting_a_job(InstanceTypes=(instance_type,), VolumeKmsKey=None))


@pytest.mark.parametrize(
    "changed",
    [
        {"InterContainerTrafficEncryption": "false"},
        {"NetworkIsolation": None},
        {"OutputKmsKey": None},
        {"VolumeKmsKey": None},
        {"InstanceTypes": ("ml.g5.xlarge", "ml.m5.large"), "VolumeKmsKey": None},
        {"InstanceTypes": ("ml.t3.medium",), "VolumeKmsKey": None},
        {"InstanceTypes": ("ml.g5.xlarge",), "OutputKmsKey": None, "VolumeKmsKey": None},
        {"VolumeKmsKey": KEY.replace("1111", "9999")},
        {"VpcSubnets": None},
        {"VpcSubnets": ("subnet-0bb", "subnet-0ff")},
        {"VpcSecurityGroupIds": ("sg-0ff",)},
    ],
)
def test_job_that_leaves_the_foundation_is_refused(
    roles: Roles, changed: dict[str, str | tuple[str, ...] | None]
) -> None:
    assert not roles.deploy.may_call(starting_a_job(**changed))


def test_deploy_role_moves_endpoints_of_its_environment_only(roles: Roles) -> None:
    own: Context = {
        "aws:ResourceTag/mlops:environment": "staging",
        "aws:ResourceTag/mlops:project": "mlops",
    }
    for name, allowed in (("iris-staging", True), ("iris-production", False)):
        endpoint = f"{SAGEMAKER}:endpoint/{name}"
        call = Call(action="sagemaker:UpdateEndpoint", resource=endpoint, context=own)
        assert roles.deploy.may_call(call) is allowed
    for state in STATES:
        assert roles.deploy.may("s3:PutObject", state)
        assert not roles.deploy.may("s3:PutObject", state.replace("staging", "production"))


def test_deploy_role_scales_endpoints_and_no_other_service(roles: Roles) -> None:
    def may_scale(service: str) -> bool:
        call = Call(
            action="application-autoscaling:DeregisterScalableTarget",
            resource=f"arn:aws:application-autoscaling:us-east-1:{ACCOUNT}:scalable-target/0a1b",
            context={"application-autoscaling:service-namespace": service},
        )
        return roles.deploy.may_call(call)

    assert may_scale("sagemaker")
    assert not may_scale("dynamodb")


def test_deploy_role_asks_for_retrainings_of_its_environment_only(roles: Roles) -> None:
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    sources = {
        "mlops.mlops-staging": True,
        "mlops.mlops-production": False,
        "aws.cloudwatch": False,
    }
    for source, allowed in sources.items():
        call = Call(action="events:PutEvents", resource=bus, context={"events:source": source})
        assert roles.deploy.may_call(call) is allowed


def test_deploy_role_claims_requests_and_takes_no_claim_away(roles: Roles) -> None:
    claim = f"{BUCKET}/requests/iris-staging/11111111-2222.json"
    assert roles.deploy.may("s3:PutObject", claim)
    assert not roles.deploy.may("s3:DeleteObject", claim)


def test_no_role_deletes_artifacts_or_ledgers(roles: Roles) -> None:
    for role in roles.all:
        for key in ("artifacts/sha256/aa/model.tar.gz", "ledger/iris-staging.json"):
            assert not role.may("s3:DeleteObject", f"{BUCKET}/{key}")
            assert not role.may("s3:DeleteObjectVersion", f"{BUCKET}/{key}")


def test_execution_role_stays_in_its_bucket(roles: Roles) -> None:
    assert roles.execution.may("s3:GetObject", f"{BUCKET}/artifacts/sha256/aa/model.tar.gz")
    assert roles.execution.may("s3:PutObject", f"{BUCKET}/jobs/one/output/model.tar.gz")
    other = "arn:aws:s3:::other-staging-111122223333-us-east-1"
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        assert not roles.execution.may(action, f"{other}/jobs/one/output/model.tar.gz")
    assert not roles.execution.may("s3:ListBucket", other)


def test_execution_role_cannot_approve_its_own_package(roles: Roles) -> None:
    for action in ("sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"):
        assert not roles.execution.may(action, PACKAGE)
    assert not roles.execution.may("iam:PassRole", EXECUTION_ROLE)


def test_execution_role_lets_sagemaker_see_the_alarms_of_a_rollback(roles: Roles) -> None:
    """Source: "Auto-Rollback Configuration and Monitoring" in SageMaker's developer guide."""
    alarms = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm"
    for name in ("iris-staging-r-20260101-000000-aaaaaa-n1-errors", "iris-staging-quiet", "shop"):
        assert roles.execution.may("cloudwatch:DescribeAlarms", f"{alarms}:{name}")
    elsewhere = alarms.replace(ACCOUNT, "999999999999")
    assert not roles.execution.may("cloudwatch:DescribeAlarms", f"{elsewhere}:iris-staging-quiet")
    assert not roles.execution.may("cloudwatch:DeleteAlarms", f"{alarms}:iris-staging-quiet")


@pytest.mark.parametrize(
    ("group", "account", "allowed"),
    [
        ("mlops-staging-retraining", ACCOUNT, True),
        ("default", ACCOUNT, False),
        ("mlops-production-retraining", ACCOUNT, False),
        ("mlops-staging-retraining", "999999999999", False),
    ],
)
def test_schedules_of_the_own_group_alone_assume_the_scheduler_s_role(
    documents: Documents, group: str, account: str, allowed: bool
) -> None:
    """Scheduler's user guide, "Confused deputy prevention": it names the group, no schedule."""
    context = {
        "aws:SourceAccount": account,
        "aws:SourceArn": f"arn:aws:scheduler:us-east-1:{account}:schedule-group/{group}",
    }
    trust = documents['module.retraining.aws_iam_role.this["scheduler"].assume_role_policy']
    assert service_may_assume("scheduler.amazonaws.com", trust, context) is allowed


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:DeleteBucket", STATE_BUCKET),
        ("s3:PutBucketPolicy", STATE_BUCKET),
        ("s3:PutBucketVersioning", STATE_BUCKET),
        *(("s3:DeleteObject", state) for state in STATES),
        *(("s3:DeleteObjectVersion", state) for state in STATES),
    ],
)
def test_nobody_may_take_the_state_away(roles: Roles, action: str, resource: str) -> None:
    mighty = Identity(policies=(EVERYTHING,), boundary=roles.plan.boundary)
    for identity in (*roles.all, mighty):
        assert not identity.may(action, resource)


def test_bounded_role_that_is_given_everything_still_changes_no_role(roles: Roles) -> None:
    mighty = Identity(policies=(EVERYTHING,), boundary=roles.plan.boundary)
    assert mighty.may("sagemaker:UpdateEndpoint", ENDPOINT)
    for action in ("iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRolePermissionsBoundary"):
        assert not mighty.may(action, EXECUTION_ROLE)
    assert not mighty.may("s3:GetObject", "arn:aws:s3:::other-bucket/key")


def test_boundary_takes_nothing_from_the_roles(roles: Roles) -> None:
    for role in roles.all:
        unbounded = replace(role, boundary=None)
        for call in allowed_calls(role):
            assert not unbounded.may_call(call) or role.may_call(call), call


def allowed_calls(role: Identity) -> list[Call]:
    """Every pair of action and resource that the role's own policies allow outright."""
    statements = [each for text in role.policies for each in json.loads(text)["Statement"]]
    return [
        Call(action=action, resource=resource)
        for statement in statements
        if "Condition" not in statement
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    ]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_only_the_protected_branch_may_deploy(roles: Roles) -> None:
    deploy = roles.trust["deploy"]
    assert may_assume(deploy, token())
    for ref in ("feature", "main-2", "release/main"):
        assert not may_assume(deploy, token(ref=ref))
    tag = {f"{HOST}:sub": "project_path:group/project:ref_type:tag:ref:main"}
    assert not may_assume(deploy, {**token(), **tag})
    assert not may_assume(deploy, token(project="group/other"))
    assert not may_assume(deploy, token(audience="sts.example.com"))


def test_every_branch_of_the_project_alone_may_plan(roles: Roles) -> None:
    plan = roles.trust["plan"]
    assert may_assume(plan, token(ref="feature"))
    assert not may_assume(plan, token(project="group/project-of-somebody-else"))
    assert not may_assume(plan, token(project="other/project"))
    assert not may_assume(plan, {f"{HOST}:sub": "project_path:group/project:x"})


@pytest.mark.parametrize("variable", ["buckets", "endpoint_names"])
def test_more_names_than_a_policy_holds_are_refused(
    terraform: OfflineTerraform, variable: str
) -> None:
    names = [f"model-{number}-staging-with-a-long-name" for number in range(30)]
    refusal = refusal_of(terraform, variable, names)
    assert "would exceed the 6144 characters that IAM takes" in refusal

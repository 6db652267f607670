"""What the policies of key and buckets allow, by simulation over their JSON. No AWS."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline.gateways.aws import Cloud
from pipeline.gateways.state_bucket import state_bucket_policy
from pipeline.gateways.store import Store
from tests.support.iam import EVERYTHING, Call, Context, Identity, may_use_key, service_may
from tests.support.iam_documents import Documents, shared_documents
from tests.support.iam_roles import ACCOUNT, BUCKET_POLICY, KEY, KEY_POLICY, Roles, roles_of

pytestmark = pytest.mark.terraform

THROUGH_S3: Context = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
FOR_A_VOLUME: Context = {"kms:GrantIsForAWSResource": "true"}
ARTIFACT = f"arn:aws:s3:::mlops-staging-{ACCOUNT}-us-east-1/artifacts/sha256/aa/model.tar.gz"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:mlops-staging-notifications"
STATE_BUCKET = "mlops-state-111122223333-us-east-1"
MIGHTY = Identity(policies=(EVERYTHING,), arn=f"arn:aws:iam::{ACCOUNT}:role/somebody")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    return shared_documents(tmp_path_factory)


@pytest.fixture(scope="module")
def roles(documents: Documents) -> Roles:
    return roles_of(documents)


@pytest.fixture(scope="module")
def may(documents: Documents) -> Callable[..., bool]:
    """Return who may do what with the key: an identity, an action, a context."""

    def asked(identity: Identity, action: str, context: Context | None = None) -> bool:
        call = Call(action=f"kms:{action}", resource=KEY, context=context or {})
        return may_use_key(identity, documents[KEY_POLICY], call)

    return asked


def and_everything(role: Identity) -> Identity:
    """The same role after somebody has given it every right there is."""
    return Identity(policies=(*role.policies, EVERYTHING), arn=role.arn)


def test_execution_and_deploy_role_encrypt_through_services_only(
    may: Callable[..., bool], roles: Roles
) -> None:
    for role in (roles.execution, roles.deploy):
        for action in ("Decrypt", "GenerateDataKey"):
            assert may(role, action, THROUGH_S3)
            assert not may(and_everything(role), action)
        assert may(role, "CreateGrant", FOR_A_VOLUME)
        assert not may(and_everything(role), "CreateGrant")


def test_plan_role_decrypts_objects_and_encrypts_nothing(
    may: Callable[..., bool], roles: Roles
) -> None:
    assert may(roles.plan, "Decrypt", THROUGH_S3)
    mighty = and_everything(roles.plan)
    assert not may(mighty, "Decrypt", {"kms:ViaService": "ec2.us-east-1.amazonaws.com"})
    for action in ("Encrypt", "GenerateDataKey", "ReEncryptFrom"):
        assert not may(mighty, action, THROUGH_S3)
    assert not may(mighty, "CreateGrant", FOR_A_VOLUME)


@pytest.mark.parametrize(
    "action", ["DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"]
)
def test_no_role_takes_the_key_away_whatever_iam_says(
    may: Callable[..., bool], roles: Roles, action: str
) -> None:
    assert not any(may(and_everything(role), action) for role in roles.all)
    assert may(MIGHTY, action), "somebody has to be able to"


def test_stranger_of_the_account_uses_the_key_only_where_iam_says_so(
    may: Callable[..., bool],
) -> None:
    reader = json.dumps(
        {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, "Version": "x"}
    )
    stranger = Identity(policies=(reader,), arn=f"arn:aws:iam::{ACCOUNT}:role/stranger")
    assert not may(stranger, "Decrypt", THROUGH_S3)
    assert may(MIGHTY, "Decrypt")


def test_other_account_does_not_use_the_key(may: Callable[..., bool]) -> None:
    other = Identity(policies=(EVERYTHING,), arn="arn:aws:iam::999999999999:role/somebody")
    for action in ("Decrypt", "DescribeKey", "PutKeyPolicy"):
        assert not may(other, action, THROUGH_S3)


@pytest.mark.parametrize(
    ("service", "context", "allowed"),
    [
        ("cloudwatch.amazonaws.com", {"aws:SourceAccount": ACCOUNT}, True),
        ("cloudwatch.amazonaws.com", {"aws:SourceAccount": "999999999999"}, False),
        ("cloudwatch.amazonaws.com", {}, False),
        ("ec2.amazonaws.com", {"aws:SourceAccount": ACCOUNT}, False),
    ],
)
def test_services_use_the_key_for_this_account_only(
    documents: Documents, service: str, context: Context, allowed: bool
) -> None:
    call = Call(action="kms:GenerateDataKey", resource=KEY, context=context)
    assert service_may(service, documents[KEY_POLICY], call) is allowed


@pytest.mark.parametrize(
    ("context", "allowed"),
    [
        # A rule to an encrypted topic: KMS sees the topic and neither account nor rule.
        ({"kms:EncryptionContext:aws:sns:topicArn": TOPIC}, True),
        ({"kms:EncryptionContext:aws:sns:topicArn": TOPIC.replace(ACCOUNT, "999999999999")}, False),
        # What a rule could not deliver goes to an encrypted queue.
        ({"aws:SourceAccount": ACCOUNT}, True),
        ({}, False),
    ],
)
def test_events_reach_encrypted_topics_of_this_account(
    documents: Documents, context: Context, allowed: bool
) -> None:
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        call = Call(action=action, resource=KEY, context=context)
        assert service_may("events.amazonaws.com", documents[KEY_POLICY], call) is allowed


@pytest.mark.parametrize(
    ("service", "context", "allowed"),
    [
        ("events.amazonaws.com", {}, True),
        ("cloudwatch.amazonaws.com", {"aws:SourceAccount": ACCOUNT}, True),
        ("cloudwatch.amazonaws.com", {"aws:SourceAccount": "999999999999"}, False),
        ("cloudwatch.amazonaws.com", {}, False),
    ],
)
def test_topic_asks_its_publishers_for_what_they_tell(
    documents: Documents, service: str, context: Context, allowed: bool
) -> None:
    """EventBridge tells SNS neither account nor rule; CloudWatch tells both."""
    call = Call(action="sns:Publish", resource=TOPIC, context=context)
    policy = documents['module.notifications.data.aws_iam_policy_document.topic["info"]']
    assert service_may(service, policy, call) is allowed


def test_trails_encrypt_in_their_own_name_only(documents: Documents) -> None:
    def may_encrypt(trail: str, named: str) -> bool:
        arns = {"aws:SourceArn": trail, "kms:EncryptionContext:aws:cloudtrail:arn": named}
        call = Call(action="kms:GenerateDataKey", resource=KEY, context=arns)
        return service_may("cloudtrail.amazonaws.com", documents[KEY_POLICY], call)

    own = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/mlops-audit"
    other = own.replace(ACCOUNT, "999999999999")
    assert may_encrypt(own, own)
    assert not may_encrypt(other, own)
    assert not may_encrypt(own, other)


def writer(documents: Documents) -> Identity:
    return Identity(policies=(EVERYTHING,), resource_policy=documents[BUCKET_POLICY])


def test_artifact_is_created_where_there_is_none_and_never_overwritten(
    documents: Documents,
) -> None:
    def may_put(**context: str) -> bool:
        return writer(documents).may("s3:PutObject", ARTIFACT, **context)

    assert may_put(s3__ObjectCreationOperation="true", **{"s3__if-none-match": "*"})
    assert not may_put(s3__ObjectCreationOperation="true")
    assert not may_put(s3__ObjectCreationOperation="true", **{"s3__if-match": "etag"})
    assert may_put(s3__ObjectCreationOperation="false"), "the parts of an upload"


def test_artifact_is_deleted_by_nobody(documents: Documents) -> None:
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert not writer(documents).may(action, ARTIFACT)
        assert writer(documents).may(action, ARTIFACT.replace("/artifacts/", "/leases/"))


def test_nobody_writes_with_a_key_of_their_own(documents: Documents) -> None:
    def may_put(**context: str) -> bool:
        key = ARTIFACT.replace("/artifacts/", "/ledger/")
        return writer(documents).may("s3:PutObject", key, **context)

    asked = "s3__x-amz-server-side-encryption"
    assert may_put()
    assert may_put(**{asked: "aws:kms", f"{asked}-aws-kms-key-id": KEY})
    assert not may_put(**{asked: "AES256"})
    assert not may_put(**{asked: "aws:kms", f"{asked}-aws-kms-key-id": f"{KEY}0"})
    assert not may_put(**{f"{asked}-customer-algorithm": "AES256"})


@pytest.fixture
def seen(cloud: Cloud) -> Iterator[list[Call]]:
    """The writes that S3 is asked for meanwhile, as IAM sees them."""
    calls: list[Call] = []
    uncreating = {"CreateMultipartUpload", "UploadPart", "UploadPartCopy"}

    def keep(model: Any, params: dict[str, Any], **_: Any) -> None:
        if model.name not in {"PutObject", "CopyObject", "CompleteMultipartUpload", *uncreating}:
            return
        headers = {name.lower(): value for name, value in params["headers"].items()}
        named = {f"s3:{name}": headers[name] for name in ("if-none-match",) if name in headers}
        creates = "false" if model.name in uncreating else "true"
        context = {"s3:ObjectCreationOperation": creates, **named}
        calls.append(Call(action="s3:PutObject", resource=ARTIFACT, context=context))

    events = cloud.client("s3").meta.events
    events.register("before-call.s3", keep)
    yield calls
    events.unregister("before-call.s3", keep)


@pytest.mark.emulated
def test_runner_s_own_writes_of_an_artifact_are_allowed(
    cloud: Cloud, documents: Documents, seen: list[Call]
) -> None:
    with suppress(ClientError):
        cloud.client("s3").create_bucket(Bucket="artifact-writes")
    store = Store(cloud, "artifact-writes")
    cloud.client("s3").put_object(Bucket=store.bucket, Key="jobs/model.tar.gz", Body=b"model")
    assert not writer(documents).may_call(seen.pop()), "a plain write is refused"
    store.copy_to(store.uri("jobs/model.tar.gz"), "artifacts/sha256/aa/model.tar.gz")
    store.create_same("artifacts/sha256/bb/model.tar.gz", b"model")
    assert len(seen) >= 4
    assert all(writer(documents).may_call(call) for call in seen)


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("s3:DeleteBucket", ""),
        ("s3:DeleteObject", "/serving/staging/iris.tfstate"),
        ("s3:DeleteObjectVersion", "/serving/staging/iris.tfstate"),
        ("s3:DeleteObjectVersion", "/serving/staging/iris.tfstate.tflock"),
    ],
)
def test_nobody_at_all_deletes_the_state_bucket_or_a_state(action: str, key: str) -> None:
    policy = json.dumps(state_bucket_policy(STATE_BUCKET, "aws"))
    mighty = Identity(policies=(EVERYTHING,), resource_policy=policy)
    assert not mighty.may(action, f"arn:aws:s3:::{STATE_BUCKET}{key}")


def test_state_bucket_lets_a_lock_go_and_plain_http_not_in() -> None:
    policy = json.dumps(state_bucket_policy(STATE_BUCKET, "aws"))
    mighty = Identity(policies=(EVERYTHING,), resource_policy=policy)
    lock = f"arn:aws:s3:::{STATE_BUCKET}/serving/staging/iris.tfstate.tflock"
    assert mighty.may("s3:DeleteObject", lock, aws__SecureTransport="true")
    assert not mighty.may("s3:GetObject", lock, aws__SecureTransport="false")

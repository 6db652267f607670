"""What the cloud holds survives stop and start; a kill loses only what came after a snapshot."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import ROLE, Embedded, eventually
from emulator.tests.support.embedded_aws import admin
from emulator.tests.support.filled_cloud import (
    BIG,
    POLICY,
    TRUST,
    add_model_package,
    fill_messages,
    fill_security,
    fill_storage,
)
from emulator.tests.support.restarts import Server

pytestmark = pytest.mark.emulated

ACCOUNT = "000000000000"


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """A filled cloud after stop and start; `stopped` is a copy of what was on disk between."""

    cloud: Embedded
    started: dict[str, Any]
    endpoint: dict[str, Any]
    secret: bytes
    stopped: Path


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarted]:
    folder = tmp_path_factory.mktemp("state")
    server = Server(state_dir=folder / "state")
    cloud, _ = server.start()
    fill_storage(cloud)
    secret = fill_security(cloud)
    fill_messages(cloud)
    endpoint = cloud.endpoint(cloud.an_endpoint(cloud.a_config(model=cloud.a_model(answer="yes"))))
    server.command("stop")
    shutil.copytree(server.state_dir, folder / "stopped")
    cloud, started = server.start()
    yield Restarted(
        cloud=cloud,
        started=started,
        endpoint=endpoint,
        secret=secret,
        stopped=folder / "stopped",
    )
    server.command("stop")


def snapshot(cloud: Embedded) -> dict[str, Any]:
    taken: dict[str, Any] = admin(cloud.url, "snapshot", method="POST")
    return taken


def test_start_says_that_the_state_was_restored(restarted: Restarted) -> None:
    assert restarted.started["restored"] == "yes"
    assert restarted.started["unclean"] is False
    assert 0 <= restarted.started["snapshot_age_s"] < 60
    assert admin(restarted.cloud.url, "health")["restored"] == "yes"


def test_objects_keep_versions_bodies_and_metadata(restarted: Restarted) -> None:
    s3 = restarted.cloud.client("s3")
    found = s3.list_object_versions(Bucket="kept", Prefix="object")["Versions"]
    bodies = [
        s3.get_object(Bucket="kept", Key="object", VersionId=version["VersionId"])["Body"].read()
        for version in found
    ]
    assert bodies == [BIG, b"first"]
    assert s3.head_object(Bucket="kept", Key="object")["Metadata"] == {"sha": "abc"}
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="kept", Key="deleted")


def test_buckets_keep_policy_and_encryption(restarted: Restarted) -> None:
    s3 = restarted.cloud.client("s3")
    assert json.loads(s3.get_bucket_policy(Bucket="kept")["Policy"]) == POLICY
    encryption = s3.get_bucket_encryption(Bucket="kept")["ServerSideEncryptionConfiguration"]
    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == "aws:kms"


def test_keys_decrypt_what_they_encrypted_and_still_sign(restarted: Restarted) -> None:
    kms = restarted.cloud.client("kms")
    assert kms.decrypt(CiphertextBlob=restarted.secret)["Plaintext"] == b"plain text"
    signing = {"KeyId": "alias/signing", "Message": b"x"}
    signing["SigningAlgorithm"] = "RSASSA_PKCS1_V1_5_SHA_256"
    signature = kms.sign(**signing)["Signature"]
    assert kms.verify(**signing, Signature=signature)["SignatureValid"] is True


def test_parameters_and_roles_are_kept(restarted: Restarted) -> None:
    ssm, iam = restarted.cloud.client("ssm"), restarted.cloud.client("iam")
    plain = ssm.get_parameter(Name="/kept/plain")["Parameter"]
    assert (plain["Value"], plain["Version"]) == ("two", 2)
    secret = ssm.get_parameter(Name="/kept/secret", WithDecryption=True)["Parameter"]
    assert secret["Value"] == "three"
    assert iam.get_role(RoleName="kept")["Role"]["AssumeRolePolicyDocument"] == TRUST
    assert iam.list_role_policies(RoleName="kept")["PolicyNames"] == ["inline"]


def test_a_topic_still_delivers_to_its_queue_which_kept_its_messages(restarted: Restarted) -> None:
    sqs, sns = restarted.cloud.client("sqs"), restarted.cloud.client("sns")
    sns.publish(TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:kept", Message="sent after")
    queue = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    bodies: list[str] = []

    def receive() -> list[str]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        bodies.extend(message["Body"] for message in found)
        return bodies

    eventually(receive, lambda found: len(found) == 2, limit_s=10)
    assert bodies[0] == "sent before"
    assert json.loads(bodies[1])["Message"] == "sent after"


def test_logs_metrics_and_alarms_are_kept(restarted: Restarted) -> None:
    logs = restarted.cloud.client("logs")
    stream = {"logGroupName": "/kept", "logStreamName": "stream"}
    events = logs.get_log_events(**stream, startFromHead=True)["events"]
    assert [event["message"] for event in events] == ["a line"]
    cloudwatch = restarted.cloud.client("cloudwatch")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in alarms] == ["kept"]
    metrics = cloudwatch.list_metrics(Namespace="Tests")["Metrics"]
    assert [metric["MetricName"] for metric in metrics] == ["Errors"]


def test_model_packages_are_kept_and_their_numbers_go_on(restarted: Restarted) -> None:
    sagemaker = restarted.cloud.sagemaker
    second = sagemaker.describe_model_package(
        ModelPackageName=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/kept/2"
    )
    assert second["CustomerMetadataProperties"] == {"accuracy": "0.97"}
    assert add_model_package(restarted.cloud).endswith("/kept/3")


def test_an_endpoint_answers_again_and_is_the_same(restarted: Restarted) -> None:
    name = restarted.endpoint["EndpointName"]
    assert restarted.cloud.answer(name) == "yes"
    after = restarted.cloud.endpoint(name)
    for member in ("EndpointArn", "CreationTime", "EndpointConfigName", "EndpointStatus"):
        assert after[member] == restarted.endpoint[member]


def test_an_endpoint_can_be_updated_and_deleted_after_a_restart(restarted: Restarted) -> None:
    cloud, name = restarted.cloud, restarted.endpoint["EndpointName"]
    new = cloud.a_config(model=cloud.a_model(answer="changed"))
    cloud.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)
    assert cloud.settled(name)["EndpointConfigName"] == new
    assert cloud.answer(name) == "changed"
    cloud.sagemaker.delete_endpoint(EndpointName=name)
    eventually(
        lambda: cloud.sagemaker.list_endpoints(NameContains=name)["Endpoints"],
        lambda found: found == [],
    )


@pytest.fixture
def stopped(restarted: Restarted, tmp_path: Path) -> Iterator[Server]:
    """A directory with a snapshot that no server runs on, and no port of another server's."""
    server = Server(state_dir=tmp_path / "state")
    shutil.copytree(restarted.stopped, server.state_dir)
    (server.state_dir / "emulator.json").unlink()
    yield server
    server.command("stop")


def test_a_damaged_snapshot_is_set_aside_and_the_server_starts_empty(stopped: Server) -> None:
    header = json.loads((stopped.state_dir / "snapshot" / "header.json").read_text())
    damaged = stopped.state_dir / "snapshot" / "content" / header["sections"]["moto"]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    cloud, started = stopped.start()
    assert started["restored"].startswith("set aside: content ")
    assert "is damaged" in started["restored"]
    assert cloud.client("s3").list_buckets()["Buckets"] == []
    [aside] = stopped.state_dir.glob("snapshot-set-aside-*")
    assert (aside / "header.json").exists()
    assert aside.name in (stopped.state_dir / "server.log").read_text()


def test_a_snapshot_of_another_version_is_set_aside(stopped: Server) -> None:
    path = stopped.state_dir / "snapshot" / "header.json"
    header = json.loads(path.read_text())
    header["versions"]["moto"] = "1.0.0"
    path.write_text(json.dumps(header))
    cloud, started = stopped.start()
    assert started["restored"].startswith("set aside: it was written with moto 1.0.0, and this is")
    assert cloud.sagemaker.list_endpoints()["Endpoints"] == []
    stopped.command("reset")
    assert list(stopped.state_dir.parent.iterdir()) == []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(state_dir=tmp_path / "state")
    yield server
    server.command("stop")


def test_a_kill_loses_only_what_came_after_the_snapshot(server: Server) -> None:
    cloud, first = server.start()
    endpoint = cloud.an_endpoint(cloud.a_config())
    a_sleeping_job(cloud, "asleep")
    assert snapshot(cloud)["not_kept"] == []
    cloud.client("s3").create_bucket(Bucket="too-late")
    server.kill(first["pid"])
    cloud, second = server.start()
    assert (second["restored"], second["unclean"]) == ("yes", True)
    assert second["snapshot_age_s"] >= 0
    assert cloud.answer(endpoint) == "one"
    names = [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    assert "too-late" not in names
    job = cloud.sagemaker.describe_processing_job(ProcessingJobName="asleep")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "InternalServerError: the embedded AWS was stopped"


def a_sleeping_job(cloud: Embedded, name: str) -> None:
    cloud.sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={
            "ImageUri": "683313688378.dkr.ecr.us-east-1.amazonaws.com/"
            "sagemaker-scikit-learn:1.9-0-cpu-py3",
            "ContainerEntrypoint": ["python3", "-c", "import time; time.sleep(300)"],
        },
        ProcessingResources={
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 1,
            }
        },
    )


def test_changes_are_kept_without_being_asked_for(server: Server) -> None:
    server.variables["EMULATOR_SNAPSHOT_INTERVAL_S"] = "0.3"
    cloud, first = server.start()
    cloud.client("s3").create_bucket(Bucket="in-time")
    header = server.state_dir / "snapshot" / "header.json"
    eventually(header.exists, bool, limit_s=30)
    server.kill(first["pid"])
    cloud, second = server.start()
    assert second["unclean"] is True
    assert [b["Name"] for b in cloud.client("s3").list_buckets()["Buckets"]] == ["in-time"]

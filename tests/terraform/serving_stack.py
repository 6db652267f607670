"""The serving root under test: release variables in, planned and applied actions out."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emulator.tests.support.embedded_aws import admin
from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.recorder import Recorder
from tests.terraform.stacks import Stack

ROLE = "arn:aws:iam::000000000000:role/execution"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
BUCKET = "terraform-test-artifacts"
ENDPOINT = "module.endpoint.aws_sagemaker_endpoint.this"
QUIET = "module.endpoint.aws_cloudwatch_metric_alarm.quiet"
MOVE_ONLY = {ENDPOINT: "update"}
SERVING_CODE = """
def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return body

def predict_fn(data, model):
    return "RELEASE"

def output_fn(prediction, accept):
    return prediction
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What one plan asks for, before it is written as tfvars."""

    endpoint: str
    releases: tuple[str, ...]
    configs: Mapping[str, int] = field(default_factory=dict)  # config key -> instance count
    live: str
    strategy: Mapping[str, Any] = field(default_factory=lambda: {"strategy": "all_at_once"})
    alarms_of: str | None  # a config key; None is the quiet alarm
    instance_types: Mapping[str, str] = field(default_factory=dict)  # ml.m5.large unless named

    def moved_to(self, key: str, **strategy: Any) -> "Wanted":
        """Move under the watch of the config's own alarms."""
        return replace(
            self, live=key, alarms_of=key, strategy=strategy or {"strategy": "all_at_once"}
        )

    def rolled_back_to(self, key: str) -> "Wanted":
        """Go back all at once, under the watch of the alarm that never rings."""
        return replace(self, live=key, alarms_of=None, strategy={"strategy": "all_at_once"})

    def with_release(self, release: str, count: int = 1) -> "Wanted":
        configs = {**self.configs, f"{release}-n{count}": count}
        return replace(self, releases=(*dict.fromkeys((*self.releases, release)),), configs=configs)

    def without(self, *releases: str) -> "Wanted":
        kept = {k: n for k, n in self.configs.items() if k.rsplit("-n", 1)[0] not in releases}
        return replace(
            self, releases=tuple(r for r in self.releases if r not in releases), configs=kept
        )

    def tfvars(self) -> dict[str, Any]:
        return {
            "deployment": {**self.strategy, "alarm_names": self._watching()},
            "endpoint_configs": {
                key: {"release": key.rsplit("-n", 1)[0], "instance_count": count}
                for key, count in self.configs.items()
            },
            "endpoint_name": self.endpoint,
            "live_config": self.live,
            "region": "us-east-1",
            "releases": {
                release: _release(release, self.instance_types.get(release, "ml.m5.large"))
                for release in self.releases
            },
            "s3_use_path_style": True,
            "tags": {"mlops:project": "table"},
        }

    def _watching(self) -> list[str]:
        if self.alarms_of is None:
            return [f"{self.endpoint}-quiet"]
        return [
            f"{self.endpoint}-{self.alarms_of}-{kind}" for kind in ("errors", "latency", "tests")
        ]


def _release(release: str, instance_type: str) -> dict[str, Any]:
    return {
        "artifact_sha256": "0" * 64,
        "artifact_uri": f"s3://{BUCKET}/{release}/model.tar.gz",
        "container_environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        "data_capture": {"destination_uri": f"s3://{BUCKET}/capture", "percentage": 100},
        "execution_role_arn": ROLE,
        "image_uri": IMAGE,
        "instance_type": instance_type,
        "model_package_arn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/table/1",
        "network_isolation": True,
        "rollback_alarms": {"error_rate": 0.05, "latency_p95_ms": 500},
        "security_group_ids": [],
        "startup_timeout_s": 60,
        "subnet_ids": [],
    }


def first_release(endpoint: str, release: str, count: int = 1) -> Wanted:
    wanted = Wanted(endpoint=endpoint, releases=(), live="", alarms_of="")
    return wanted.with_release(release, count).moved_to(f"{release}-n{count}")


def model(release: str) -> str:
    return f'module.endpoint.aws_sagemaker_model.release["{release}"]'


def config_and_alarms(key: str) -> tuple[str, ...]:
    return (
        f'module.endpoint.aws_sagemaker_endpoint_configuration.release["{key}"]',
        f'module.endpoint.aws_cloudwatch_metric_alarm.rollback["{key}/errors"]',
        f'module.endpoint.aws_cloudwatch_metric_alarm.rollback["{key}/latency"]',
        f'module.endpoint.aws_cloudwatch_metric_alarm.tests["{key}"]',
    )


class ServingStack(Stack):
    """terraform/serving of one endpoint."""

    def __init__(
        self, name: str, cloud: Cloud, engine: Engine, environment: Mapping[str, str], folder: Path
    ) -> None:
        super().__init__("serving", name, engine, environment, folder)
        self._cloud = cloud

    def plan(self, wanted: Wanted, *options: str) -> dict[str, str]:
        """Return address -> action of everything the plan would change."""
        for release in wanted.releases:
            store_artifact(self._cloud, release)
        return self.plan_values(wanted.tfvars(), *options)

    def serves(self) -> str:
        return str(self.describe()["EndpointConfigName"]).removeprefix(f"{self.endpoint}-")

    def calls(self, *actions: str) -> list[Mapping[str, Any]]:
        """Return what the embedded AWS was asked to do, oldest first."""
        entries = admin(self._cloud.environment()["AWS_ENDPOINT_URL"], "requests")["requests"]
        return [each for each in entries if each["action"] in actions]

    def wait_until_in_service(self) -> None:
        waiter = self._cloud.client("sagemaker").get_waiter("endpoint_in_service")
        waiter.wait(EndpointName=self.endpoint, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def wait_until_gone(self) -> None:
        waiter = self._cloud.client("sagemaker").get_waiter("endpoint_deleted")
        waiter.wait(EndpointName=self.endpoint, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def describe(self) -> Mapping[str, Any]:
        described: Mapping[str, Any] = self._cloud.client("sagemaker").describe_endpoint(
            EndpointName=self.endpoint
        )
        return described


class RecordedStack(ServingStack):
    """The same, with a provider that goes through the recorder."""

    def __init__(
        self,
        name: str,
        cloud: Cloud,
        engine: Engine,
        environment: Mapping[str, str],
        folder: Path,
        *,
        recorder: Recorder,
    ) -> None:
        super().__init__(name, cloud, engine, environment, folder)
        self.recorder = recorder
        recorder.taken()


def planned_and_applied(stack: ServingStack, wanted: Wanted) -> dict[str, str]:
    """Return the planned actions, after applying them and seeing an empty plan."""
    planned = stack.plan(wanted)
    if planned:
        applied = stack.apply()
        assert applied.exit_code == 0, f"{applied.stderr}\n{stack.calls('UpdateEndpoint')}"
    assert stack.serves() == wanted.live
    left = stack.plan(wanted) if planned else {}
    assert left == {}
    return planned


def store_artifact(cloud: Cloud, release: str) -> None:
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w:gz") as archive:
        code = SERVING_CODE.replace("RELEASE", release).encode()
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        archive.addfile(member, io.BytesIO(code))
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=f"{release}/model.tar.gz", Body=stored.getvalue())

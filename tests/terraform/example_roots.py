"""One of terraform/examples on the embedded AWS, with what its own README writes into tfvars."""

import io
import json
import re
import shutil
import tarfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.support.project import PROJECT_ROOT
from tests.terraform.by_hand import TerraformByHand

TERRAFORM = PROJECT_ROOT / "terraform"
Values = dict[str, Any]

_FINISHED = re.compile(r"^(\S+): (?:Creation|Modifications) complete after (?:(\d+)m)?(\d+)s", re.M)
_ARTIFACT = re.compile(r's3://([^/"]+)/([^"]+/model\.tar\.gz)')
_CODE = b"""
def model_fn(model_dir):
    return None

def predict_fn(data, model):
    return data
"""
# Keys outlive their aliases for a while, as on AWS: only the aliases are asked for.
_LISTS: tuple[tuple[str, str, str, str], ...] = (
    ("application-autoscaling", "describe_scalable_targets", "ScalableTargets", "ResourceId"),
    ("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", "PolicyARN"),
    ("application-autoscaling", "describe_scheduled_actions", "ScheduledActions", "ResourceId"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("cloudwatch", "describe_alarms", "CompositeAlarms", "AlarmName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("kms", "list_aliases", "Aliases", "AliasName"),
    ("sagemaker", "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
    ("sagemaker", "list_endpoints", "Endpoints", "EndpointName"),
    (
        "sagemaker",
        "list_model_package_groups",
        "ModelPackageGroupSummaryList",
        "ModelPackageGroupName",
    ),
    ("sagemaker", "list_models", "Models", "ModelName"),
    ("sns", "list_subscriptions", "Subscriptions", "TopicArn"),
    ("sns", "list_topics", "Topics", "TopicArn"),
)


def named(cloud: Cloud) -> frozenset[tuple[str, str]]:
    """Return kind and name of everything an example may make that the embedded AWS holds."""
    return frozenset(
        (kind, each[name])
        for service, operation, kind, name in _LISTS
        for each in _all_of(cloud, service, operation, kind)
    )


def _all_of(cloud: Cloud, service: str, operation: str, kind: str) -> list[Mapping[str, Any]]:
    arguments: dict[str, Any] = {}
    if service == "application-autoscaling":
        arguments = {"ServiceNamespace": "sagemaker"}
    elif operation == "describe_alarms":
        arguments = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    pages = cloud.client(service).get_paginator(operation).paginate(**arguments)
    return [each for page in pages for each in page.get(kind, [])]


class Example:
    """A copy of one example with a local state of its own."""

    def __init__(
        self, name: str, engine: Engine, environment: Mapping[str, str], folder: Path
    ) -> None:
        tree = shutil.copytree(TERRAFORM, folder / "terraform")
        self._root = tree / "examples" / name
        self._var_file = self._root / "readme.tfvars"
        self._plan = folder / "plan"
        self._terraform = TerraformByHand(
            engine, self._root, data_dir=folder / "data", environment=environment
        )
        self._terraform.init({})
        self.seconds: dict[str, int] = {}

    def plan_readme(self, cloud: Cloud, names: Mapping[str, str] | None = None) -> None:
        """Plan the README's tfvars, names replaced, with the archives that they name stored."""
        text = tfvars_of((self._root / "README.md").read_text(encoding="utf-8"))
        for old, new in (names or {}).items():
            assert old in text, old
            text = text.replace(old, new)
        for bucket, key in _ARTIFACT.findall(text):
            store_model(cloud, bucket, key)
        self._var_file.write_text(text, encoding="utf-8")
        assert self.plans_more()

    def plans_more(self) -> bool:
        """Plan with the values of last time; True when that would change anything."""
        return self._terraform.plan(var_files=[self._var_file], out=self._plan)

    def values(self) -> Values:
        """Return the values of the last plan."""
        variables = self._terraform.show(self._plan)["variables"]
        return {name: each["value"] for name, each in variables.items()}

    def planned(self, values: Values) -> dict[str, list[str]]:
        """Return address -> actions of everything that a plan would change."""
        self._var_file = self._root / "values.tfvars.json"
        self._var_file.write_text(json.dumps(values), encoding="utf-8")
        if not self.plans_more():
            return {}
        return {
            change["address"]: change["change"]["actions"]
            for change in self._terraform.show(self._plan)["resource_changes"]
            if change["mode"] == "managed" and change["change"]["actions"] != ["no-op"]
        }

    def apply_planned(self) -> None:
        """Apply the last plan; `seconds` keeps how long each resource took at most."""
        completed = self._terraform.apply(self._plan, timeout_s=600)
        assert completed.exit_code == 0, completed.stderr
        for address, minutes, seconds in _FINISHED.findall(completed.stdout):
            took = 60 * int(minutes or 0) + int(seconds)
            self.seconds[address] = max(took, self.seconds.get(address, 0))

    def outputs(self) -> dict[str, Any]:
        return self._terraform.outputs()

    def destroy(self) -> None:
        """Destroy with the values planned last."""
        self._terraform.destroy(var_files=[self._var_file])


def tfvars_of(readme: str) -> str:
    """Return the block of a README that its reader writes into tfvars."""
    found = re.search(r"^```hcl\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def store_model(cloud: Cloud, bucket: str, key: str) -> str:
    """Store an archive that answers what it is asked; return its address."""
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(_CODE)
        archive.addfile(member, io.BytesIO(_CODE))
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=stored.getvalue())
    return f"s3://{bucket}/{key}"


def kinds_and_seconds(seconds: Mapping[str, int]) -> list[str]:
    """Return a line for each resource type: how many there are, and the slowest one's seconds."""
    kinds: dict[str, list[int]] = defaultdict(list)
    for address, took in seconds.items():
        kinds[re.sub(r"\[.*?\]", "", address).split(".")[-2]].append(took)
    return [f"{kind:55} {len(each):3} {max(each):4} s" for kind, each in sorted(kinds.items())]

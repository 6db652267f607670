"""A root of tests/terraform/rows driven by Terraform, and what the embedded AWS holds of it."""

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.core.naming import LOCAL_ACCOUNT
from pipeline.gateways import process
from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.support.project import PROJECT_ROOT
from tests.terraform.conftest import REGION, STATE_BUCKET

ROWS = PROJECT_ROOT / "tests" / "terraform" / "rows"
CHANGES = 2  # exit code of a plan that would change something
HANDLER = "def handle(event, context):\n    return event\n"
INFERENCE = "def model_fn(model_dir):\n    return model_dir\n"

Question = tuple[str, str, Mapping[str, Any]]

_NOTHING: Mapping[str, Any] = {}
_SAGEMAKER = {"ServiceNamespace": "sagemaker"}
_ROWS_ALARMS = {"AlarmNamePrefix": "rows-", "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
FAST: tuple[Question, ...] = (
    ("application-autoscaling", "describe_scalable_targets", _SAGEMAKER),
    ("application-autoscaling", "describe_scaling_policies", _SAGEMAKER),
    ("application-autoscaling", "describe_scheduled_actions", _SAGEMAKER),
    ("cloudtrail", "describe_trails", _NOTHING),
    ("cloudwatch", "describe_alarms", _ROWS_ALARMS),
    ("cloudwatch", "list_dashboards", {"DashboardNamePrefix": "rows-"}),
    ("dynamodb", "list_tables", _NOTHING),
    ("ecr", "describe_repositories", _NOTHING),
    ("events", "list_api_destinations", _NOTHING),
    ("events", "list_archives", _NOTHING),
    ("events", "list_connections", _NOTHING),
    ("events", "list_event_buses", _NOTHING),
    ("events", "list_rules", _NOTHING),
    ("iam", "list_open_id_connect_providers", _NOTHING),
    ("iam", "list_policies", {"Scope": "Local"}),
    ("iam", "list_roles", _NOTHING),
    ("kms", "list_aliases", _NOTHING),
    ("lambda", "list_functions", _NOTHING),
    ("logs", "describe_log_groups", {"logGroupNamePrefix": "/rows/"}),
    ("logs", "describe_metric_filters", _NOTHING),
    ("logs", "describe_query_definitions", _NOTHING),
    ("resource-groups", "list_groups", _NOTHING),
    ("s3", "list_buckets", _NOTHING),
    ("sagemaker", "list_data_quality_job_definitions", _NOTHING),
    ("sagemaker", "list_model_package_groups", _NOTHING),
    ("sagemaker", "list_monitoring_schedules", _NOTHING),
    ("sagemaker", "list_pipelines", _NOTHING),
    ("scheduler", "list_schedule_groups", _NOTHING),
    ("scheduler", "list_schedules", _NOTHING),
    ("secretsmanager", "list_secrets", _NOTHING),
    ("sns", "list_subscriptions", _NOTHING),
    ("sns", "list_topics", _NOTHING),
    ("ssm", "describe_parameters", _NOTHING),
)
SLOW: tuple[Question, ...] = (
    ("budgets", "describe_budgets", {"AccountId": LOCAL_ACCOUNT}),
    ("ec2", "describe_flow_logs", _NOTHING),
    ("ec2", "describe_route_tables", _NOTHING),
    ("ec2", "describe_security_groups", _NOTHING),
    ("ec2", "describe_subnets", _NOTHING),
    ("ec2", "describe_vpc_endpoints", _NOTHING),
    ("ec2", "describe_vpcs", _NOTHING),
    ("iam", "list_roles", _NOTHING),
    ("s3", "list_buckets", _NOTHING),
    ("sqs", "list_queues", _NOTHING),
)
# Keys outlive their aliases for a while, as on AWS: only the aliases are asked for.
QUESTIONS: tuple[Question, ...] = tuple(
    sorted({each[:2]: each for each in (*FAST, *SLOW)}.values(), key=lambda each: each[:2])
)


def held(cloud: Cloud, questions: Iterable[Question]) -> dict[str, Any]:
    """Return the embedded AWS's answer to each question."""
    answers = {}
    for service, operation, arguments in questions:
        answer = getattr(cloud.client(service), operation)(**arguments)
        del answer["ResponseMetadata"]
        answers[f"{service}.{operation}"] = answer
    return answers


class Rows:
    """One root with its own state on the embedded AWS."""

    def __init__(
        self, name: str, engine: Engine, environment: Mapping[str, str], folder: Path
    ) -> None:
        self._engine = engine
        self._root = ROWS / name
        self._folder = folder
        self._environment = {
            **environment,
            "CHECKPOINT_DISABLE": "1",
            "PYTHONPATH": str(PROJECT_ROOT),
            "TF_DATA_DIR": str(folder / "data"),
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_handler_zip": str(_handler(folder)),
            "TF_VAR_model_archive": str(_model(folder)),
        }
        backend = ("bucket=" + STATE_BUCKET, f"key=rows/{name}.tfstate", "region=" + REGION)
        options = [f"-backend-config={item}" for item in (*backend, "use_path_style=true")]
        self._checked("init", "-input=false", "-lockfile=readonly", *options)

    def apply(self, edition: int) -> None:
        self._checked("apply", "-input=false", "-auto-approve", f"-var=edition={edition}")

    def destroy(self, edition: int) -> None:
        self._checked("destroy", "-input=false", "-auto-approve", f"-var=edition={edition}")

    def planned(self, edition: int, *options: str) -> dict[str, list[str]]:
        """Return address -> actions of everything that a plan would change."""
        out = str(self._folder / "plan")
        arguments = ("-input=false", f"-var=edition={edition}", f"-out={out}", *options)
        completed = self._run("plan", "-detailed-exitcode", *arguments)
        if completed.exit_code == 0:
            return {}
        assert completed.exit_code == CHANGES, completed.stderr
        plan = json.loads(self._checked("show", "-json", out).stdout)
        return {
            change["address"]: change["change"]["actions"]
            for change in plan["resource_changes"]
            if change["mode"] == "managed" and change["change"]["actions"] != ["no-op"]
        }

    def apply_planned(self) -> None:
        self._checked("apply", "-input=false", str(self._folder / "plan"))

    def importable(self) -> list[str]:
        """Return the addresses that the root has import blocks for."""
        texts = [path.read_text(encoding="utf-8") for path in sorted(self._root.glob("*.tf"))]
        return re.findall(r"^  to +=\s(.*)$", "\n".join(texts), flags=re.MULTILINE)

    def forget(self, addresses: Iterable[str]) -> None:
        self._checked("state", "rm", *addresses)

    def _checked(self, *arguments: str) -> process.Completed:
        completed = self._run(*arguments)
        assert completed.exit_code == 0, completed.stderr
        return completed

    def _run(self, *arguments: str) -> process.Completed:
        return process.run(
            [*self._engine.argv, *arguments],
            cwd=self._root,
            environment=self._environment,
            timeout_s=240,
        )


def _handler(folder: Path) -> Path:
    path = folder / "handler.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("handler.py", HANDLER)
    return path


def _model(folder: Path) -> Path:
    path = folder / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(INFERENCE)
        archive.addfile(member, io.BytesIO(INFERENCE.encode()))
    return path

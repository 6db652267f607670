"""Account and foundation with production's settings: minutes, so in script/soak.

Apply, empty plan; each input that a user would change: change, empty plan; destroy, nothing left.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.core.naming import LOCAL_ACCOUNT
from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.emulated.receivers import a_receiver
from tests.terraform.conftest import REGION
from tests.terraform.resource_rows import FAST, SLOW, held
from tests.terraform.roots import Root

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.emulated,
    pytest.mark.soak,
    pytest.mark.timeout(1800),
]

BOTH = pytest.mark.parametrize("lived", ["account", "foundation"], indirect=True)
Values = dict[str, Any]
# Keys outlive their aliases for a while, as on AWS: only the aliases are asked for.
QUESTIONS = tuple(sorted({each[:2]: each for each in (*FAST, *SLOW)}.values(), key=lambda q: q[:2]))
GITLAB = f"arn:aws:iam::{LOCAL_ACCOUNT}:oidc-provider/gitlab.example.com"
PIPELINE = {"trigger_url": "https://gitlab.example.com/api/v4/projects/1/trigger/pipeline"}
ACCOUNT: Values = {
    "audit": {"force_destroy": True, "retention_days": 365},
    "budget": {"emails": ["team@example.com"], "limit_usd": 500},
    "gitlab_url": "https://gitlab.example.com",
    "s3_use_path_style": True,
}
FOUNDATION: Values = {
    "bucket_force_destroy": True,
    "gitlab": {"oidc_provider_arn": GITLAB, "project_path": "group/project"},
    "model_package_groups": ["trial-classifier"],
    "model_reader_arns": ["arn:aws:iam::111122223333:root"],
    "retraining": {
        "pipeline": PIPELINE,
        "schedules": {"weekly": {"expression": "cron(0 3 ? * MON *)", "timezone": "Europe/Berlin"}},
    },
    "retraining_token": "glptt-trial",
    "s3_use_path_style": True,
    "subscriptions": {
        "on_call": {"endpoint": "a@example.com", "protocol": "email", "severities": ["critical"]}
    },
}
CHANGES: dict[str, tuple[Values, ...]] = {
    "account": (
        {"budget": {**ACCOUNT["budget"], "limit_usd": 700, "thresholds_percent": [90]}},
        {"audit": {"force_destroy": True, "retention_days": 30}},
        {"gitlab_audience": "https://sts.example.com"},
    ),
    "foundation": (
        {
            "gitlab": {**FOUNDATION["gitlab"], "deploy_branch": "release"},
            "image_repositories": ["sagemaker-scikit-learn", "own-image"],
            "model_package_groups": ["trial-classifier", "trial-churn"],
            "model_reader_arns": [],
        },
        {
            "retraining": {
                "pipeline": {**PIPELINE, "ref": "release"},
                "mode_by_alarm": {"rollback": "rollback"},
                "schedules": {"nightly": {"expression": "rate(1 day)", "window_minutes": 30}},
            },
            "subscriptions": {"queue": {"endpoint": "b@example.com", "protocol": "email"}},
            "tags": {"cost-centre": "42"},
        },
        {"logs": {"retention_days": 30}, "retention_days": {"capture": 7, "lease_versions": 7}},
        {"network": {"availability_zones": [f"{REGION}{zone}" for zone in "abc"]}},
        {"bounded_roles": False, "key_rotation": False},
    ),
}


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What became of one root: what each plan after an apply would still have changed."""

    root: Root
    values: Values
    planned: dict[str, dict[str, list[str]]]


def live(root: Root, values: Values, changes: Iterable[Values]) -> Lived:
    root.apply(values)
    planned = {"first apply": root.planned(values)}
    for change in changes:
        if any(planned.values()):
            break  # what the next step changes would hide what this one left
        values = {**values, **change}
        assert root.planned(values), change
        root.apply_planned()
        planned[", ".join(change)] = root.planned(values)
    return Lived(root=root, values=values, planned=planned)


@pytest.fixture(scope="module")
def lived(
    request: pytest.FixtureRequest,
    cloud: Cloud,
    engine: Engine,
    terraform_environment: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lived]:
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    before = held(cloud, QUESTIONS)
    root = Root(name, engine, terraform_environment, folder, profile="production")
    values = ACCOUNT if name == "account" else FOUNDATION
    lived = live(root, values, CHANGES[name])
    yield lived
    _ask_for_a_rollback_is_gone(cloud)
    root.destroy(lived.values)
    assert held(cloud, QUESTIONS) == before


def _ask_for_a_rollback_is_gone(cloud: Cloud) -> None:
    cloud.client("cloudwatch").delete_alarms(AlarmNames=["iris-production/rollback"])


@BOTH
def test_nothing_is_planned_after_any_apply(lived: Lived) -> None:
    left = {step: planned for step, planned in lived.planned.items() if planned}
    assert left == {}


@BOTH
def test_table_of_resources_and_seconds(lived: Lived, capsys: pytest.CaptureFixture[str]) -> None:
    kinds: dict[str, list[int]] = defaultdict(list)
    for address, seconds in lived.root.seconds.items():
        kinds[re.sub(r"\[.*?\]", "", address).split(".")[-2]].append(seconds)
    rows = [f"{kind:55} {len(each):3} {max(each):4} s" for kind, each in sorted(kinds.items())]
    assert rows
    with capsys.disabled():
        sys.stderr.write("\n".join(["", *rows, ""]))


@pytest.mark.parametrize("lived", ["foundation"], indirect=True)
@pytest.mark.usefixtures("lived")
def test_composite_alarm_asks_the_pipeline_for_a_rollback(cloud: Cloud) -> None:
    with a_receiver() as receiver:
        _send_requests_to(cloud, receiver.url)
        _ring(cloud, "iris-staging/rollback")
        _ring(cloud, "iris-production/rollback")
        request = receiver.waits_for(1)[0].document
    assert (request["token"], request["ref"]) == ("glptt-trial", "release")
    variables = request["variables"]
    assert (variables["MODE"], variables["MLOPS_ENVIRONMENT"]) == ("rollback", "production")
    assert variables["MLOPS_REQUEST_CAUSE"] == "iris-production/rollback"
    assert variables["MLOPS_REQUEST_ID"]


def _send_requests_to(cloud: Cloud, url: str) -> None:
    """AWS takes HTTPS only and so does the module; this machine has no certificate."""
    events = cloud.client("events")
    events.update_api_destination(Name="trial-production-retraining", InvocationEndpoint=url)


def _ring(cloud: Cloud, name: str) -> None:
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="None",
        Namespace="Trial",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="trial")

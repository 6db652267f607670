"""Each root with production's settings: minutes, so in script/soak.

Apply, empty plan; each input that a user would change: change, empty plan; destroy, nothing left.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator.tests.support.embedded_aws import admin
from emulator.tests.support.receivers import a_receiver
from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.conftest import REGION
from tests.terraform.example_roots import kinds_and_seconds, named
from tests.terraform.resource_rows import QUESTIONS, held
from tests.terraform.root_settings import (
    ACCOUNT,
    ALARMS,
    CANARY,
    FIRST,
    FOUNDATION,
    PIPELINE,
    SCALING,
    SECOND,
    SETTINGS,
    TOPICS,
    Values,
    serving,
)
from tests.terraform.roots import OF_ONE_MODEL, Root
from tests.terraform.serving_stack import Wanted, store_artifact

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.emulated,
    pytest.mark.soak,
    pytest.mark.timeout(1800),
]

Planned = dict[str, list[str]]
EACH = pytest.mark.parametrize(
    "lived", ["account", "foundation", "serving", "surroundings"], indirect=True
)
ENDPOINT = "module.endpoint.aws_sagemaker_endpoint.this"
ASKING = ("iris-staging/rollback", "iris-production/rollback")
IRIS = serving("iris-production")
SECOND_LIVE = IRIS.with_release(SECOND, count=3).moved_to(
    f"{SECOND}-n3", strategy="linear", step_percentage=50
)
FIRST_LIVE = SECOND_LIVE.moved_to(f"{FIRST}-n2", **CANARY)


def released(wanted: Wanted) -> Values:
    """Return what a prune changes."""
    return {name: wanted.tfvars()[name] for name in ("endpoint_configs", "releases")}


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
            "model_package_groups": ["trial-production-classifier", "trial-production-churn"],
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
    "serving": (
        SECOND_LIVE.tfvars(),
        FIRST_LIVE.tfvars(),
        {"tags": {"team": "shop"}},
        released(FIRST_LIVE.without(SECOND)),
    ),
    "surroundings": (
        {
            "alarms": {
                **ALARMS,
                "rollback": {"alarms": ["error_rate"]},
                "severities": {"error_rate": "warning"},
                "thresholds": {"data_drift": 0.2, "error_rate": 0.02, "no_traffic_minutes": None},
            }
        },
        {
            "autoscaling": {
                "custom_metrics": {"depth": {**SCALING["custom_metrics"]["queue"], "target": 5}},
                "invocations": {"scale_in_cooldown_s": 600, "target": 200},
                "max_capacity": 10,
                "memory": {"scale_in_below_percent": 30},
                "min_capacity": 1,
                "schedules": {"evening": {**SCALING["schedules"]["evening"], "timezone": "UTC"}},
            }
        },
        {"dashboard": {"releases": {FIRST: "2026-02-01T08:00:00Z"}}, "tags": {"team": "shop"}},
        {"topic_arns": {"critical": TOPICS["critical"]}},
        {"vcpus": 4},
        {"dashboard": {}, "release_ids": [FIRST, SECOND]},
        {"alarms": None, "autoscaling": None, "dashboard": None},
    ),
}


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What became of one root: what each change planned, and what was left after its apply."""

    root: Root
    values: Values
    changes: list[Planned]
    left: dict[str, Planned]


def live(root: Root, values: Values, changes: Iterable[Values]) -> Lived:
    root.apply(values)
    left = {"first apply": root.planned(values)}
    planned: list[Planned] = []
    for change in changes:
        if any(left.values()):
            break  # what the next step changes would hide what this one left
        values = {**values, **change}
        planned.append(root.planned(values))
        assert planned[-1], change
        root.apply_planned()
        left[f"{len(left)}: {', '.join(change)}"] = root.planned(values)
    return Lived(root=root, values=values, changes=planned, left=left)


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
    if name in OF_ONE_MODEL:
        _make_what_serving_stands_on(cloud)
    with ExitStack() as below:
        if name == "surroundings":
            below.enter_context(_an_endpoint(engine, terraform_environment, folder / "serving"))
        before = everything(cloud)
        root = Root(name, engine, terraform_environment, folder, profile="production")
        lived = live(root, SETTINGS[name]["production"], CHANGES[name])
        yield lived
        _remove_what_asked_for_a_rollback(cloud)
        root.destroy(lived.values)
        assert everything(cloud) == before


@contextmanager
def _an_endpoint(engine: Engine, environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Serve what is surrounded; an empty plan shows that nothing around it changed it."""
    folder.mkdir()
    root, values = Root("serving", engine, environment, folder), IRIS.tfvars()
    root.apply(values)
    yield
    assert root.planned(values) == {}
    root.destroy(values)


def everything(cloud: Cloud) -> tuple[object, ...]:
    return held(cloud, QUESTIONS), named(cloud)


def _make_what_serving_stands_on(cloud: Cloud) -> None:
    for release in (FIRST, SECOND):
        store_artifact(cloud, release)
    for arn in TOPICS.values():
        cloud.client("sns").create_topic(Name=arn.rpartition(":")[2])
    _put_alarm(cloud, ALARMS["rollback"]["suppressor"]["alarm_name"])
    admin(str(cloud.endpoint_url), "requests", method="DELETE")


def _remove_what_asked_for_a_rollback(cloud: Cloud) -> None:
    cloud.client("cloudwatch").delete_alarms(AlarmNames=list(ASKING))


@EACH
def test_nothing_is_planned_after_any_apply(lived: Lived) -> None:
    assert {step: planned for step, planned in lived.left.items() if planned} == {}


@EACH
def test_table_of_resources_and_seconds(lived: Lived, capsys: pytest.CaptureFixture[str]) -> None:
    rows = kinds_and_seconds(lived.root.seconds)
    assert rows
    with capsys.disabled():
        sys.stderr.write("\n".join(["", lived.root.name, *rows, ""]))


@pytest.mark.parametrize("lived", ["serving"], indirect=True)
def test_endpoint_changes_in_place_by_moves_and_tags_alone(lived: Lived, cloud: Cloud) -> None:
    changed = [
        ", ".join(change)
        for change, planned in zip(CHANGES["serving"], lived.changes, strict=True)
        if planned.get(ENDPOINT)
    ]
    assert changed == [*[", ".join(IRIS.tfvars())] * 2, "tags"]
    assert all(planned.get(ENDPOINT, ["update"]) == ["update"] for planned in lived.changes)
    asked = admin(str(cloud.endpoint_url), "requests")["requests"]
    assert [each["status"] for each in asked if each["action"] == "UpdateEndpoint"] == [200, 200]


@pytest.mark.parametrize("lived", ["foundation"], indirect=True)
@pytest.mark.usefixtures("lived")
def test_composite_alarm_asks_the_pipeline_for_a_rollback(cloud: Cloud) -> None:
    with a_receiver() as receiver:
        _send_requests_to(cloud, receiver.url)
        for name in ASKING:
            _ring(cloud, name)
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
    _put_alarm(cloud, name)
    cloud.client("cloudwatch").set_alarm_state(
        AlarmName=name, StateValue="ALARM", StateReason="trial"
    )


def _put_alarm(cloud: Cloud, name: str) -> None:
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="None",
        Namespace="Trial",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )

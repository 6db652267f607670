"""Each of terraform/examples through its whole life, with the tfvars of its own README.

Apply, empty plan; what a user would change: change, empty plan; destroy, nothing left.
Minutes, so in script/soak; script/test plans the same tfvars by terraform test.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.example_roots import Example, Values, kinds_and_seconds, named, store_model

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.emulated,
    pytest.mark.soak,
    pytest.mark.timeout(900),
]

Change = Callable[[Values], Values]
Planned = dict[str, list[str]]
LIVE = "r-20270102-080000-aaaaaa"
NEXT = "r-20270203-080000-bbbbbb"
MODELS = "mlops-example-models"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
        },
    }
)
ENDPOINT = "module.endpoint.aws_sagemaker_endpoint.this"


@pytest.fixture
def example(
    engine: Engine, terraform_environment: Mapping[str, str], tmp_path: Path
) -> Callable[[str], Example]:
    def made(name: str, folder: str = "one") -> Example:
        return Example(name, engine, terraform_environment, tmp_path / folder)

    return made


def second_release(values: Values) -> Values:
    added = {**values["releases"]["first"], "artifact_uri": f"s3://{MODELS}/second/model.tar.gz"}
    releases = {**values["releases"], "second": added}
    return {**values, "live_release": "second", "releases": releases}


def second_release_of_prices(values: Values) -> Values:
    models = values["models"]
    return {**values, "models": {**models, "prices": second_release(models["prices"])}}


def second_release_of_three(values: Values) -> Values:
    live = values["releases"][LIVE]
    uri = f"s3://{MODELS}/second/model.tar.gz"
    added = {**live, "artifact_uri": uri, "released_at": "2027-02-03T08:00:00Z"}
    configs = {**values["endpoint_configs"], "three": {"instance_count": 3, "release": NEXT}}
    return {
        **values,
        "endpoint_configs": configs,
        "live_config": "three",
        "releases": {**values["releases"], NEXT: added},
    }


def other_bounds(values: Values) -> Values:
    return {**values, "capacity": {"max": 6, "min": 3, "requests_per_instance": 500}}


def other_thresholds(values: Values) -> Values:
    return {**values, "thresholds": {"error_rate": 0.02, "latency_p95_ms": 200}}


def other_thresholds_of_churn(values: Values) -> Values:
    churn = {**values["models"]["churn"], "thresholds": {"error_rate": 0.02}}
    return {**values, "models": {**values["models"], "churn": churn}}


def back_to_first(values: Values) -> Values:
    return {**values, "live_release": "first"}


def first_alone(values: Values) -> Values:
    return {**values, "releases": {"first": values["releases"]["first"]}}


def back_of_prices(values: Values) -> Values:
    models = values["models"]
    return {**values, "models": {**models, "prices": back_to_first(models["prices"])}}


def one_model_more(values: Values) -> Values:
    return {**values, "models": {**values["models"], "returns": values["models"]["churn"]}}


def one_model_less(values: Values) -> Values:
    return {**values, "models": {"churn": values["models"]["churn"]}}


def other_schedules(values: Values) -> Values:
    night = {"max_capacity": 3, "min_capacity": 2, "schedule": "cron(0 1 * * ? *)"}
    return {**values, "schedules": {"evening": values["schedules"]["evening"], "night": night}}


def another_subscription(values: Values) -> Values:
    team = {"endpoint": "team@example.com", "protocol": "email"}
    return {**values, "subscriptions": {"team": team}}


def other_cores(values: Values) -> Values:
    return {**values, "vcpus": 4}


def other_tags(values: Values) -> Values:
    return {**values, "tags": {"team": "shop"}}


def more_receivers(values: Values) -> Values:
    return {**values, "emails": [*values["emails"], "second@example.com"]}


def applied_as_planned(example: Example) -> None:
    example.apply_planned()
    assert not example.plans_more()


def changed(example: Example, changes: Iterable[Change]) -> list[Planned]:
    """Make one change after the other; return what each of them planned."""
    values = example.values()
    planned = []
    for change in changes:
        values = change(values)
        planned.append(example.planned(values))
        assert planned[-1], change
        assert not replaced_endpoints(planned[-1])
        applied_as_planned(example)
    return planned


def replaced_endpoints(planned: Planned) -> list[str]:
    return [
        address
        for address, actions in planned.items()
        if address.endswith(".aws_sagemaker_endpoint.this") and len(actions) > 1
    ]


def told(capsys: pytest.CaptureFixture[str], name: str, example: Example) -> None:
    with capsys.disabled():
        sys.stderr.write("\n".join(["", name, *kinds_and_seconds(example.seconds), ""]))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("smallest_endpoint", [second_release, back_to_first, first_alone, other_tags]),
        (
            "production_endpoint",
            [
                second_release_of_three,
                other_bounds,
                other_schedules,
                other_thresholds,
                another_subscription,
                other_cores,
                other_tags,
            ],
        ),
        (
            "several_models",
            [
                second_release_of_prices,
                back_of_prices,
                other_thresholds_of_churn,
                more_receivers,
                one_model_more,
                one_model_less,
                other_tags,
            ],
        ),
    ],
)
def test_example_changes_in_place_and_leaves_nothing(
    name: str,
    changes: list[Change],
    example: Callable[[str], Example],
    cloud: Cloud,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = named(cloud)
    store_model(cloud, MODELS, "second/model.tar.gz")
    root = example(name)
    root.plan_readme(cloud)
    applied_as_planned(root)
    planned = changed(root, changes)
    moved = {address: actions for address, actions in planned[0].items() if actions != ["create"]}
    assert len([each for each in moved if each.endswith(".aws_sagemaker_endpoint.this")]) == 1
    assert all(actions == ["update"] for actions in moved.values()), moved
    root.destroy()
    assert named(cloud) == before
    told(capsys, name, root)


def test_endpoint_attaches_to_the_network_and_role_that_are_there(
    example: Callable[[str], Example], cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    before = named(cloud)
    store_model(cloud, MODELS, "second/model.tar.gz")
    names = own_network_and_role(cloud)
    root = example("own_vpc_and_role")
    root.plan_readme(cloud, names)
    applied_as_planned(root)
    planned = changed(root, [second_release, back_to_first, other_tags])
    assert [planned[0][ENDPOINT], planned[1]] == [["update"], {ENDPOINT: ["update"]}]
    model = cloud.client("sagemaker").describe_model(ModelName="iris-staging-second")
    attached = model["VpcConfig"]
    assert {*attached["SecurityGroupIds"], *attached["Subnets"]} < {*names.values()}
    assert model["ExecutionRoleArn"] in names.values()
    assert model["EnableNetworkIsolation"] is True
    root.destroy()
    assert named(cloud) == before
    told(capsys, "own_vpc_and_role", root)


def own_network_and_role(cloud: Cloud) -> dict[str, str]:
    """Make what the README's ids and ARNs stand for; return what replaces them."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zones = {"us-east-1a": "10.9.0.0/24", "us-east-1b": "10.9.1.0/24"}
    subnets = [
        ec2.create_subnet(VpcId=vpc, AvailabilityZone=zone, CidrBlock=block)["Subnet"]["SubnetId"]
        for zone, block in zones.items()
    ]
    group = ec2.create_security_group(GroupName="own", Description="own", VpcId=vpc)["GroupId"]
    role = cloud.client("iam").create_role(RoleName="own", AssumeRolePolicyDocument=TRUST)["Role"]
    return {
        "arn:aws:iam::111122223333:role/our-sagemaker-role": role["Arn"],
        "sg-0123456789abcdef0": group,
        "subnet-0123456789abcdef0": subnets[0],
        "subnet-0fedcba9876543210": subnets[1],
    }


def test_two_environments_of_two_models_do_not_touch_each_other(
    example: Callable[..., Example], cloud: Cloud
) -> None:
    before = named(cloud)
    staging, production = (example("several_models", name) for name in ("staging", "production"))
    staging.plan_readme(cloud)
    applied_as_planned(staging)
    of_staging = named(cloud) - before
    production.planned({**staging.values(), "name": "shop-production"})
    applied_as_planned(production)
    of_production = named(cloud) - before - of_staging
    # As many of each kind: no name of one stands for both.
    assert sorted(kind for kind, _ in of_production) == sorted(kind for kind, _ in of_staging)
    assert not staging.plans_more()
    staging.destroy()
    assert named(cloud) == before | of_production
    assert not production.plans_more()
    for endpoint in production.outputs()["endpoint_names"].values():
        described = cloud.client("sagemaker").describe_endpoint(EndpointName=endpoint)
        assert described["EndpointStatus"] == "InService"
    production.destroy()
    assert named(cloud) == before

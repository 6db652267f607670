"""What stock moto hides from a test of recovery: each check passes on ours and fails on stock."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import IMAGE, ROLE, Embedded, a_variant
from emulator.tests.support.stock_moto import stock_moto

pytestmark = pytest.mark.emulated

_ALL_AT_ONCE = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    }
}


class NotAsOnAws(Exception):
    """The check failed: AWS would have answered otherwise."""


@pytest.fixture(scope="module")
def stock() -> Iterator[Embedded]:
    with stock_moto() as url:
        yield Embedded(url=url)


def require(expected: bool, difference: str) -> None:
    if not expected:
        raise NotAsOnAws(difference)


def require_refusal(call: Callable[..., Any], *, because: str, **arguments: Any) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        require(error.response["Error"]["Code"] == "ValidationException", str(error))
        require(because in str(error), str(error))
        return
    raise NotAsOnAws(call.__name__)


def check_that_an_endpoint_can_be_updated(cloud: Embedded) -> None:
    endpoint, config = cloud.an_endpoint(cloud.a_config()), cloud.a_config()
    try:
        cloud.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    except ClientError as error:
        raise NotAsOnAws(str(error)) from error
    require(cloud.settled(endpoint)["EndpointConfigName"] == config, "the config is the old one")


def check_that_the_last_deployment_is_described(cloud: Embedded) -> None:
    endpoint = cloud.an_endpoint(cloud.a_config(), DeploymentConfig=_ALL_AT_ONCE)
    described = cloud.endpoint(endpoint)
    require(described.get("LastDeploymentConfig") == _ALL_AT_ONCE, "no LastDeploymentConfig")


def check_that_nothing_empty_is_described(cloud: Embedded) -> None:
    model = cloud.a_model()
    config = cloud.a_config(model=model)
    documents = (
        cloud.sagemaker.describe_model(ModelName=model),
        cloud.sagemaker.describe_endpoint_config(EndpointConfigName=config),
        cloud.endpoint(cloud.an_endpoint(config)),
    )
    members = {name for document in documents for name in document}
    unset = {"DataCaptureConfig", "VpcConfig"} & members
    require(not unset, f"never set, and described: {unset}")


def check_that_nothing_is_created_twice(cloud: Embedded) -> None:
    model = cloud.a_model()
    config = cloud.a_config(model=model)
    endpoint, sagemaker = cloud.an_endpoint(config), cloud.sagemaker
    again: dict[Callable[..., Any], dict[str, Any]] = {
        sagemaker.create_model: {
            "ModelName": model,
            "PrimaryContainer": {"Image": IMAGE},
            "ExecutionRoleArn": ROLE,
        },
        sagemaker.create_endpoint_config: {
            "EndpointConfigName": config,
            "ProductionVariants": [a_variant(model)],
        },
        sagemaker.create_endpoint: {"EndpointName": endpoint, "EndpointConfigName": config},
    }
    accepted = [call.__name__ for call, arguments in again.items() if is_accepted(call, arguments)]
    require(not accepted, f"created twice: {', '.join(accepted)}")


def is_accepted(call: Callable[..., Any], arguments: dict[str, Any]) -> bool:
    try:
        require_refusal(call, because="Cannot create already existing", **arguments)
    except NotAsOnAws:
        return True
    return False


@pytest.mark.parametrize(
    ("check", "difference"),
    [
        (check_that_an_endpoint_can_be_updated, "UpdateEndpoint operation"),
        (check_that_the_last_deployment_is_described, "no LastDeploymentConfig"),
        (check_that_nothing_empty_is_described, "never set, and described"),
        (
            check_that_nothing_is_created_twice,
            "created twice: create_model, create_endpoint_config, create_endpoint",
        ),
    ],
)
def test_what_stock_moto_hides_is_seen(
    embedded: Embedded, stock: Embedded, check: Callable[[Embedded], None], difference: str
) -> None:
    check(embedded)
    with pytest.raises(NotAsOnAws, match=difference):
        check(stock)

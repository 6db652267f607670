"""Endpoints that served before a restart get their workers again, or say why not."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from emulator.calls import Call
from emulator.cloud import ACCOUNT_ID, Cloud
from emulator.containers.fleet import Fleet, LaunchFailed, Variant
from emulator.faults import Faults
from emulator.persistence.settling import Relaunch
from emulator.runtime_actions import runtimes_of
from emulator.sagemaker.hosting import Hosting
from emulator.store import Key, Store

REGION = "us-east-1"


class AFleet:
    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True


class World:
    """One endpoint in a restored store; `launched` are the fleets started for it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store()
        self.launched: list[AFleet] = []
        self.before_launch: Callable[[], None] = lambda: None
        self.hosting = Hosting(self._launch)
        self.cloud = Cloud(
            account_id=ACCOUNT_ID,
            endpoint_url="http://127.0.0.1:1",
            state_dir=folder,
            faults=Faults(),
            time_scale=1,
        )
        variant = {"VariantName": "primary", "ModelName": "model", "InitialInstanceCount": 1}
        self._put("model", {"ModelName": "model", "PrimaryContainer": {"Image": "image"}})
        config = {"EndpointConfigName": "config", "ProductionVariants": [variant]}
        self._put("endpoint-config", config)
        serving = {"VariantName": "primary", "DesiredInstanceCount": 3, "DesiredWeight": 0.5}
        members = {"EndpointStatus": "InService", "CreationTime": 1.0}
        members |= {"EndpointConfigName": "config", "ProductionVariants": [serving]}
        self._put("endpoint", members)

    def _put(self, kind: str, document: dict[str, Any]) -> None:
        self.store.put(key(kind), document)

    def _launch(self, variant: Variant, _: Cloud) -> Fleet:
        self.before_launch()
        self.launched.append(AFleet(variant))
        return cast("Fleet", self.launched[-1])

    def add_shadow(self, *, initial_weight: float, weight: float) -> None:
        variant = {"VariantName": "shadow", "ModelName": "model", "InitialInstanceCount": 1}
        variant |= {"InitialVariantWeight": initial_weight}
        self.store.merge(key("endpoint-config"), {"ShadowProductionVariants": [variant]})
        serving = {"VariantName": "shadow", "DesiredInstanceCount": 1, "DesiredWeight": weight}
        self.store.merge(key("endpoint"), {"ShadowProductionVariants": [serving]})

    def begin(self) -> Callable[[float], bool]:
        return Relaunch(cloud=self.cloud, store=self.store, hosting=self.hosting).begin()

    def invoked_status(self, action: str = "InvokeEndpoint") -> int:
        call = Call(
            service="sagemaker-runtime",
            action=action,
            region=REGION,
            method="POST",
            path="",
            target=False,
            endpoint_name="endpoint",
            body=b"",
        )
        runtimes = runtimes_of(self.hosting, self.cloud, measured=lambda _: None)
        environ = {"HTTP_X_AMZN_SAGEMAKER_INPUTLOCATION": "s3://bucket/in.csv"}
        return runtimes[action].answer(call, environ).status


def key(kind: str) -> Key:
    """The one document of this kind is named after it."""
    return Key(region=REGION, kind=kind, name=kind.removeprefix("endpoint-"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_endpoint_gets_the_instances_and_weights_that_it_had(world: World) -> None:
    assert world.begin()(5) is True
    traffic = world.hosting.traffic(REGION, "endpoint")
    assert traffic is not None
    assert traffic.blue.weights == {"primary": 0.5}
    assert [fleet.variant.instance_count for fleet in world.launched] == [3]


def test_a_shadow_variant_keeps_the_weight_that_it_was_given(world: World) -> None:
    world.add_shadow(initial_weight=1.0, weight=0.25)
    assert world.begin()(5) is True
    traffic = world.hosting.traffic(REGION, "endpoint")
    assert traffic is not None
    assert list(traffic.blue.shadows) == ["shadow"]
    assert traffic.blue.copy_share("shadow") == 0.5


@pytest.mark.parametrize("action", ["InvokeEndpoint", "InvokeEndpointAsync"])
def test_until_its_workers_are_there_an_endpoint_answers_503(world: World, action: str) -> None:
    go_on = threading.Event()
    world.before_launch = lambda: cast("None", go_on.wait(5))
    ended = world.begin()
    assert (ended(0), world.invoked_status(action)) == (False, 503)
    go_on.set()
    assert ended(5) is True
    assert not world.hosting.is_expected(REGION, "endpoint")


def test_an_endpoint_that_cannot_be_launched_again_has_failed_and_says_why(world: World) -> None:
    def fail() -> None:
        text = "the artifact is gone"
        raise LaunchFailed(text)

    world.before_launch = fail
    assert world.begin()(5) is True
    endpoint = world.store.find(key("endpoint")) or {}
    assert endpoint["EndpointStatus"] == "Failed"
    assert endpoint["FailureReason"].endswith("embedded AWS: the artifact is gone")


def test_an_endpoint_whose_rollback_failed_serves_again_too(world: World) -> None:
    world.store.merge(key("endpoint"), {"EndpointStatus": "UpdateRollbackFailed"})
    assert world.begin()(5) is True
    endpoint = world.store.find(key("endpoint")) or {}
    assert (endpoint["EndpointStatus"], len(world.launched)) == ("UpdateRollbackFailed", 1)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("endpoint-config", "Could not find endpoint configuration"),
        ("model", "Could not find model"),
    ],
)
def test_an_endpoint_whose_config_or_model_is_gone_is_not_launched_again(
    world: World, kind: str, missing: str
) -> None:
    world.store.remove(key(kind))
    assert world.begin()(5) is True
    endpoint = world.store.find(key("endpoint")) or {}
    assert (endpoint["EndpointStatus"], world.launched) == ("Failed", [])
    assert missing in endpoint["FailureReason"]


def test_workers_of_an_endpoint_deleted_meanwhile_are_stopped(world: World) -> None:
    world.before_launch = lambda: world.store.remove(key("endpoint"))
    assert world.begin()(5) is True
    assert world.hosting.traffic(REGION, "endpoint") is None
    assert [fleet.stopped for fleet in world.launched] == [True]

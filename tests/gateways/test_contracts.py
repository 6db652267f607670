"""The fakes of tests/fakes against the gateways that they stand for: the same bodies for both.

What the model of Terraform plans and asks for is held to the real one's rows in
tests/simulation/test_release_rows.py.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import pytest

from emulator.tests.support.embedded import Embedded, refusal, unique
from pipeline.core.errors import CloudUnusable, UsageError
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.reconcile import quiet_shift
from pipeline.gateways.alarms import CloudWatch
from pipeline.gateways.ports import Alarms, EndpointCalls, HostedNames, Hosting, Objects
from pipeline.gateways.runtime import EndpointClient
from pipeline.gateways.store import AlreadyExists, Changed
from tests.fakes.boundary import NoFaults
from tests.fakes.clock import Clock
from tests.fakes.cloud import (
    ARTIFACT_OF_MODEL,
    COUNT_OF_CONFIG,
    MODEL_OF_CONFIG,
    Behaviour,
    FakeCloud,
    Refused,
)
from tests.fakes.hosting import FakeAlarms, FakeCalls, FakeHosting
from tests.fakes.store import Bucket, FakeStore
from tests.gateways.gateways import a_store, cloud_of, sagemaker_of
from tests.unit.core_builders import NOON

pytestmark = pytest.mark.emulated

BOTH = pytest.mark.parametrize("which", ["fake", "real"])
_WAIT_S = 600.0
FAILS_TO_LOAD = "def model_fn(model_dir):\n    raise RuntimeError('no such weights')\n"
RAISES = (
    "def model_fn(model_dir):\n    return None\n\n"
    "def transform_fn(model, body, content_type, accept):\n    raise ValueError('no')\n"
)
ANSWERS = (
    "def model_fn(model_dir):\n    return None\n\n"
    "def transform_fn(model, body, content_type, accept):\n"
    '    return \'{"predictions": ["one"]}\', "application/json"\n'
)
CODE = {Behaviour.GOOD: ANSWERS, Behaviour.DOES_NOT_START: FAILS_TO_LOAD, Behaviour.FAILS: RAISES}


# S3


@pytest.fixture
def store(which: str, request: pytest.FixtureRequest) -> Objects:
    if which == "fake":
        return FakeStore(Bucket(name="bucket"), NoFaults())
    return a_store(request.getfixturevalue("embedded"))


@BOTH
def test_an_object_is_created_once(store: Objects) -> None:
    etag = store.create("a/b", b"one")
    with pytest.raises(AlreadyExists):
        store.create("a/b", b"two")
    found = store.find("a/b")
    assert found is not None
    assert (found.body, found.etag) == (b"one", etag)
    store.create_same("a/b", b"one")


@BOTH
def test_an_object_is_replaced_in_the_version_that_was_read(store: Objects) -> None:
    first = store.create("key", b"one")
    second = store.replace("key", b"two", etag=first)
    assert second != first
    with pytest.raises(Changed):
        store.replace("key", b"three", etag=first)
    with pytest.raises(Changed):
        store.replace("nothing", b"three", etag=first)
    found = store.find("key")
    assert found is not None
    assert (found.body, found.etag) == (b"two", second)


@BOTH
def test_the_same_bytes_have_the_same_etag(store: Objects) -> None:
    """S3's own rule for what is not encrypted with a customer's key: an ETag proves no order."""
    first = store.create("key", b"one")
    second = store.replace("key", b"two", etag=first)
    assert store.replace("key", b"one", etag=second) == first


@BOTH
def test_what_is_not_there_is_nothing_or_a_usage_error(store: Objects) -> None:
    assert store.find("nothing") is None
    assert not store.exists("nothing")
    for ask in (store.read_uri, store.sha256):
        with pytest.raises(UsageError, match="There is no object"):
            ask(store.uri("nothing"))
        with pytest.raises(UsageError, match="is not the address"):
            ask("https://elsewhere")
    with pytest.raises(UsageError, match="There is no object"):
        store.copy_to(store.uri("nothing"), "copy")


@BOTH
def test_keys_come_in_order(store: Objects) -> None:
    for key in ("b/2", "b/10", "a", "b/1"):
        store.put(key, b"")
    assert list(store.keys("b/")) == ["b/1", "b/10", "b/2"]


@BOTH
def test_a_copy_is_made_once(store: Objects) -> None:
    store.put("one", b"1")
    store.copy_to(store.uri("one"), "copy")
    store.put("one", b"2")
    store.copy_to(store.uri("one"), "copy")
    assert store.read_uri(store.uri("copy")) == b"1"
    assert store.sha256(store.uri("one")).startswith("d4735e3a")


# SageMaker


class Side(Protocol):
    """One of the two: what the tests make there, and the gateways to it."""

    hosting: Hosting

    def a_config(self, endpoint: str, behaviour: Behaviour) -> str: ...
    def create(self, endpoint: str, config: str) -> None: ...
    def update(self, endpoint: str, config: str, *, settings: bool) -> None: ...
    def stays_updating(self, endpoint: str) -> None: ...
    def refusal(self, call: Callable[[], object]) -> str: ...
    def calls(self, endpoint: str) -> EndpointCalls: ...
    def alarms(self, names: Sequence[str], *, ringing: str) -> Alarms: ...


class FakeSide:
    def __init__(self) -> None:
        self.cloud = FakeCloud(clock=Clock(NOON))
        self.hosting: Hosting = FakeHosting(self.cloud, NoFaults())
        self._made = 0

    def a_config(self, endpoint: str, behaviour: Behaviour) -> str:
        self._made += 1
        name = f"{endpoint}-{self._made}"
        self.cloud.behaviours[name] = behaviour
        self.cloud.create_model(name, {ARTIFACT_OF_MODEL: name})
        self.cloud.create_config(name, {MODEL_OF_CONFIG: name, COUNT_OF_CONFIG: "1"})
        return name

    def create(self, endpoint: str, config: str) -> None:
        self.cloud.create_endpoint(endpoint, config, None)

    def update(self, endpoint: str, config: str, *, settings: bool) -> None:
        shift = quiet_shift(endpoint) if settings else None
        self.cloud.update_endpoint(endpoint, config, shift)

    def stays_updating(self, endpoint: str) -> None:
        """Ask for nothing: no time passes here unless a test waits."""

    def refusal(self, call: Callable[[], object]) -> str:
        with pytest.raises(Refused) as refused:
            call()
        return str(refused.value)

    def calls(self, endpoint: str) -> EndpointCalls:
        return FakeCalls(self.cloud, NoFaults(), endpoint, known={"1": "one"})

    def alarms(self, names: Sequence[str], *, ringing: str) -> Alarms:
        for name in names:
            self.cloud.put_alarm(name, {})
        self.cloud.ringing = frozenset({ringing})
        return FakeAlarms(self.cloud, NoFaults())


class RealSide:
    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded
        self.hosting: Hosting = sagemaker_of(embedded)

    def a_config(self, endpoint: str, behaviour: Behaviour) -> str:
        model = self._embedded.a_model(inference=CODE[behaviour])
        described = self._embedded.sagemaker.describe_model(ModelName=model)
        name = unique(endpoint)
        self._embedded.sagemaker.create_model(
            ModelName=name,
            PrimaryContainer=described["PrimaryContainer"],
            ExecutionRoleArn=described["ExecutionRoleArn"],
        )
        variant = {
            "VariantName": "primary",
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "ContainerStartupHealthCheckTimeoutInSeconds": 60,
        }
        self._embedded.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant]
        )
        return name

    def create(self, endpoint: str, config: str) -> None:
        self._embedded.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)

    def update(self, endpoint: str, config: str, *, settings: bool) -> None:
        members: dict[str, Any] = {"EndpointName": endpoint, "EndpointConfigName": config}
        if not settings:
            self._embedded.sagemaker.update_endpoint(**members)
            return
        shift = quiet_shift(endpoint)
        routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": shift.wait_interval_s}
        policy = {
            "MaximumExecutionTimeoutInSeconds": shift.maximum_execution_timeout_s,
            "TerminationWaitInSeconds": shift.termination_wait_s,
            "TrafficRoutingConfiguration": routing,
        }
        alarms = [{"AlarmName": each} for each in shift.alarm_names]
        self._embedded.sagemaker.update_endpoint(
            **members,
            DeploymentConfig={
                "BlueGreenUpdatePolicy": policy,
                "AutoRollbackConfiguration": {"Alarms": alarms},
            },
        )

    def stays_updating(self, endpoint: str) -> None:
        self._embedded.add_fault({"update": {"endpoint": endpoint, "stay_s": 60, "times": 1}})

    def refusal(self, call: Callable[[], object]) -> str:
        return refusal(call)[1]

    def calls(self, endpoint: str) -> EndpointCalls:
        return EndpointClient(cloud_of(self._embedded), endpoint, connections=1)

    def alarms(self, names: Sequence[str], *, ringing: str) -> Alarms:
        cloudwatch = self._embedded.client("cloudwatch")
        for name in names:
            cloudwatch.put_metric_alarm(
                AlarmName=name,
                ComparisonOperator="GreaterThanThreshold",
                EvaluationPeriods=1,
                MetricName="Never",
                Namespace="MLOps",
                Period=3600,
                Statistic="Sum",
                Threshold=0,
                TreatMissingData="ignore",  # nothing but this test changes its state
            )
        cloudwatch.set_alarm_state(AlarmName=ringing, StateValue="ALARM", StateReason="a test")
        return CloudWatch(cloud_of(self._embedded))


@pytest.fixture
def side(which: str, request: pytest.FixtureRequest) -> Iterator[Side]:
    if which == "fake":
        yield FakeSide()
    else:
        yield RealSide(request.getfixturevalue("embedded"))


def _settled(side: Side, endpoint: str) -> EndpointObservation:
    return side.hosting.wait_until_settled(endpoint, timeout_s=_WAIT_S)  # the fake's is virtual


def _serving(side: Side, endpoint: str, behaviour: Behaviour = Behaviour.GOOD) -> str:
    config = side.a_config(endpoint, behaviour)
    side.create(endpoint, config)
    assert _settled(side, endpoint).serves(config)
    return config


@BOTH
def test_an_endpoint_that_is_not_there_is_absent(side: Side) -> None:
    assert side.hosting.observe("nobody").status is EndpointStatus.ABSENT
    assert _settled(side, "nobody").status is EndpointStatus.ABSENT
    side.hosting.delete_endpoint("nobody")


@BOTH
def test_an_update_moves_and_keeps_its_settings(side: Side) -> None:
    name = unique("moves")
    first, second = _serving(side, name), side.a_config(name, Behaviour.GOOD)
    side.update(name, second, settings=True)
    during = side.hosting.observe(name)
    assert (during.status, during.config_name) == (EndpointStatus.UPDATING, first)
    assert during.pending_config == second
    seen = _settled(side, name)
    assert seen.serves(second)
    assert seen.deployment_config == quiet_shift(name)
    assert seen.desired_count == 1
    side.update(name, first, settings=False)
    assert _settled(side, name).deployment_config is None


@BOTH
def test_settings_come_back_with_an_update_to_what_serves(side: Side) -> None:
    name = unique("restored")
    config = _serving(side, name)
    side.hosting.restore_settings(name, config, quiet_shift(name))
    seen = _settled(side, name)
    assert seen.serves(config)
    assert seen.deployment_config == quiet_shift(name)


@BOTH
def test_an_update_that_cannot_start_goes_back_with_a_reason(side: Side) -> None:
    name = unique("back")
    first, bad = _serving(side, name), side.a_config(name, Behaviour.DOES_NOT_START)
    side.update(name, bad, settings=True)
    seen = _settled(side, name)
    assert seen.serves(first)
    assert "did not pass the ping health check" in (seen.failure_reason or "")
    assert seen.deployment_config is None


@BOTH
def test_a_creation_that_cannot_start_is_failed_and_only_deleted(side: Side) -> None:
    name = unique("failed")
    bad, good = (side.a_config(name, each) for each in (Behaviour.DOES_NOT_START, Behaviour.GOOD))
    side.create(name, bad)
    assert _settled(side, name).status is EndpointStatus.FAILED
    said = side.refusal(lambda: side.update(name, good, settings=True))
    assert "Cannot update endpoint" in said
    side.hosting.delete_endpoint(name)
    gone = _settled(side, name)
    assert (gone.status, gone.config_name) == (EndpointStatus.ABSENT, None)


@BOTH
def test_one_update_at_a_time(side: Side) -> None:
    name = unique("busy")
    first, second = _serving(side, name), side.a_config(name, Behaviour.GOOD)
    side.stays_updating(name)
    side.update(name, second, settings=True)
    said = side.refusal(lambda: side.update(name, first, settings=True))
    assert "Cannot update in-progress endpoint" in said
    with pytest.raises(CloudUnusable, match="in-progress"):
        side.hosting.restore_settings(name, first, quiet_shift(name))
    with pytest.raises(CloudUnusable, match="in-progress"):
        side.hosting.delete_endpoint(name)


@BOTH
def test_the_config_that_serves_may_be_deleted_and_then_nothing_moves(side: Side) -> None:
    name = unique("bereft")
    first, second = _serving(side, name), side.a_config(name, Behaviour.GOOD)
    side.hosting.delete_endpoint_config(first)
    side.hosting.delete_endpoint_config(first)
    assert side.hosting.observe(name).serves(first)
    said = side.refusal(lambda: side.update(name, second, settings=True))
    assert "Could not find endpoint configuration" in said


@BOTH
def test_names_are_listed_by_the_endpoints_own(side: Side) -> None:
    name = unique("named")
    config = side.a_config(name, Behaviour.GOOD)
    found = side.hosting.hosted_names(name)
    assert found == HostedNames(models=frozenset({config}), configs=frozenset({config}))
    side.hosting.delete_endpoint_config(config)
    side.hosting.delete_model(config)
    side.hosting.delete_model(config)
    gone = side.hosting.hosted_names(name)
    assert gone == HostedNames(models=frozenset(), configs=frozenset())


# InvokeEndpoint and CloudWatch


@BOTH
@pytest.mark.parametrize(("behaviour", "status"), [(Behaviour.GOOD, 200), (Behaviour.FAILS, 424)])
def test_an_answer_is_the_models_own(side: Side, behaviour: Behaviour, status: int) -> None:
    name = unique("asked")
    _serving(side, name, behaviour)
    answer = side.calls(name).ask(b"x\n1\n")
    assert (answer.status, answer.is_of_the_model) == (status, True)


@BOTH
def test_no_endpoint_is_no_answer_of_a_model(side: Side) -> None:
    answer = side.calls("nobody").ask(b"x\n1\n")
    assert (answer.status, answer.is_of_the_model) == (400, False)


@BOTH
def test_alarms_ring_are_named_and_go(side: Side) -> None:
    name = unique("alarm")
    names = [f"{name}-errors", f"{name}-latency", f"{name}-tests"]
    alarms = side.alarms(names, ringing=names[1])
    assert alarms.ringing([*names, "nobody"]) == (names[1],)
    assert alarms.named(name) == set(names)
    alarms.delete(names)
    assert alarms.named(name) == frozenset()

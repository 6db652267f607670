"""SageMaker's endpoints, CloudWatch's alarms and InvokeEndpoint, over one FakeCloud."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from pipeline.core.errors import CloudUnusable
from pipeline.core.head import DeploymentConfig
from pipeline.core.outcomes import Bake, EndpointObservation, EndpointStatus
from pipeline.gateways.ports import HostedNames
from pipeline.gateways.runtime import Answer
from tests.fakes.boundary import Boundary, Kind
from tests.fakes.cloud import Behaviour, FakeCloud, HostedEndpoint, Refused

LATENCY_MS = 20.0


class FakeHosting:
    """gateways.sagemaker.SageMaker, as far as it is about endpoints."""

    def __init__(self, cloud: FakeCloud, boundary: Boundary) -> None:
        self._cloud = cloud
        self._boundary = boundary

    def observe(self, endpoint: str) -> EndpointObservation:
        return self._boundary.through(
            "describe the endpoint", Kind.READ, lambda: self._observed(endpoint)
        )

    def wait_until_settled(self, endpoint: str, *, timeout_s: float) -> EndpointObservation:
        return self._boundary.through(
            "wait for the endpoint", Kind.READ, lambda: self._settled(endpoint, timeout_s)
        )

    def _settled(self, endpoint: str, timeout_s: float) -> EndpointObservation:
        wait_for(self._cloud, endpoint, timeout_s=timeout_s)
        return self._observed(endpoint)

    def _observed(self, endpoint: str) -> EndpointObservation:
        found = self._cloud.endpoint(endpoint)
        if found is None:
            return EndpointObservation(name=endpoint, status=EndpointStatus.ABSENT)
        return _observation(found)

    def endpoint_log_tail(self, endpoint: str, *, count: int) -> tuple[str, ...]:
        del endpoint, count
        return self._boundary.through("read the logs", Kind.READ, lambda: ("It crashed.",))

    def hosted_names(self, endpoint: str) -> HostedNames:
        return self._boundary.through("list the names", Kind.READ, lambda: self._names(endpoint))

    def _names(self, endpoint: str) -> HostedNames:
        return HostedNames(
            models=frozenset(each for each in self._cloud.models if endpoint in each),
            configs=frozenset(each for each in self._cloud.configs if endpoint in each),
        )

    def delete_endpoint_config(self, name: str) -> None:
        self._boundary.through(
            f"delete config {name}", Kind.WRITE, lambda: self._delete_config(name)
        )

    def _delete_config(self, name: str) -> None:
        if name in self._cloud.configs:
            self._cloud.delete_config(name)

    def delete_endpoint(self, name: str) -> None:
        self._boundary.through(
            f"delete endpoint {name}", Kind.WRITE, lambda: self._delete_endpoint(name)
        )

    def _delete_endpoint(self, name: str) -> None:
        if self._cloud.endpoint(name) is None:
            return
        try:
            self._cloud.delete_endpoint(name)
        except Refused as refused:
            message = f"Could not delete endpoint {name}: {refused}"
            raise CloudUnusable(message, remedy="Run the command again.") from refused

    def restore_settings(self, endpoint: str, config_name: str, shift: DeploymentConfig) -> None:
        self._boundary.through(
            f"restore settings {config_name}",
            Kind.WRITE,
            lambda: self._restore(endpoint, config_name, shift),
        )

    def _restore(self, endpoint: str, config_name: str, shift: DeploymentConfig) -> None:
        try:
            self._cloud.update_endpoint(endpoint, config_name, shift)
        except Refused as refused:
            message = f"Could not update endpoint {endpoint} to {config_name}: {refused}"
            raise CloudUnusable(message, remedy="Run the command again.") from refused

    def delete_model(self, name: str) -> None:
        self._boundary.through(f"delete model {name}", Kind.WRITE, lambda: self._delete_model(name))

    def _delete_model(self, name: str) -> None:
        if name in self._cloud.models:
            self._cloud.delete_model(name)


def wait_for(cloud: FakeCloud, endpoint: str, *, timeout_s: float) -> HostedEndpoint | None:
    """Let the time pass until the endpoint has settled, or as much as there is."""
    found = cloud.endpoint(endpoint)
    if found is None or found.ready_at is None:
        return found
    limit = cloud.clock.now() + timedelta(seconds=timeout_s)
    cloud.clock.sleep_until(min(found.ready_at, limit))
    return cloud.endpoint(endpoint)


def _observation(found: HostedEndpoint) -> EndpointObservation:
    return EndpointObservation(
        name=found.name,
        status=found.status,
        config_name=found.config,
        pending_config=found.pending,
        desired_count=found.desired_count,
        current_count=found.desired_count,
        failure_reason=found.failure_reason,
        deployment_config=found.deployment,
        bake=Bake.WHOLE if found.bakes else Bake.NONE,
    )


class FakeAlarms:
    """gateways.alarms.CloudWatch."""

    def __init__(self, cloud: FakeCloud, boundary: Boundary) -> None:
        self._cloud = cloud
        self._boundary = boundary

    def ringing(self, names: Sequence[str]) -> tuple[str, ...]:
        return self._boundary.through("describe alarms", Kind.READ, lambda: self._ringing(names))

    def _ringing(self, names: Sequence[str]) -> tuple[str, ...]:
        there = self._cloud.alarms.keys() & self._cloud.ringing
        return tuple(sorted(there & set(names)))

    def named(self, prefix: str) -> frozenset[str]:
        return self._boundary.through(
            "list alarms",
            Kind.READ,
            lambda: frozenset(each for each in self._cloud.alarms if each.startswith(prefix)),
        )

    def veto(self, config_name: str) -> None:
        self._boundary.through(
            f"veto {config_name}", Kind.WRITE, lambda: self._cloud.veto(config_name)
        )

    def publish(self, endpoint: str, figures: Mapping[str, float]) -> None:
        self._boundary.through(
            f"publish of {endpoint}", Kind.WRITE, lambda: self._cloud.figures.update(figures)
        )

    def delete(self, names: Sequence[str]) -> None:
        self._boundary.through("delete alarms", Kind.WRITE, lambda: self._delete(names))

    def _delete(self, names: Sequence[str]) -> None:
        for name in names:
            self._cloud.delete_alarm(name)


class FakeBus:
    """gateways.events.EventBus."""

    def __init__(self, cloud: FakeCloud, boundary: Boundary) -> None:
        self._cloud = cloud
        self._boundary = boundary

    def put(self, detail: Mapping[str, str], *, source: str, detail_type: str) -> str:
        def put() -> str:
            self._cloud.put_events.append({"source": source, "type": detail_type, **detail})
            return f"event-{len(self._cloud.put_events)}"

        return self._boundary.through("put an event", Kind.WRITE, put)


class FakeCalls:
    """gateways.runtime.EndpointClient: what the fleet that serves answers.

    A good model gives each row the label that stands behind `known` for its first cell.
    """

    def __init__(
        self, cloud: FakeCloud, boundary: Boundary, endpoint: str, *, known: dict[str, str]
    ) -> None:
        self._cloud = cloud
        self._boundary = boundary
        self._endpoint = endpoint
        self._known = known

    def ask(self, body: bytes) -> Answer:
        return self._boundary.through("ask the endpoint", Kind.ASK, lambda: self._answer(body))

    def _answer(self, body: bytes) -> Answer:
        if self._cloud.unanswered:
            status, *rest = self._cloud.unanswered
            self._cloud.unanswered = tuple(rest)
            return _said(status, {"Message": "not now"})
        found = self._cloud.endpoint(self._endpoint)
        config = found.serves if found else None
        if config is None:
            return _said(400, {"Message": f"Endpoint {self._endpoint} not found."})
        behaviour = self._cloud.behaviour_of(config)
        if behaviour in (Behaviour.FAILS, Behaviour.DOES_NOT_START):
            return _said(424, {"OriginalMessage": "It crashed."})
        rows = body.decode().splitlines()[1:]
        right = [self._known[row.partition(",")[0]] for row in rows]
        wrong = ["nothing of the kind"] * len(rows)
        return _said(200, {"predictions": wrong if behaviour is Behaviour.WRONG else right})


def _said(status: int, document: object) -> Answer:
    body = b"" if status == 0 else json.dumps(document).encode()
    return Answer(status=status, body=body, latency_ms=LATENCY_MS)


__all__ = ["FakeAlarms", "FakeCalls", "FakeHosting", "Refused", "wait_for"]

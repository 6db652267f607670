"""What moving an endpoint needs of the outside world: each has a real gateway and one typed fake.

The fakes are held to the gateways by the contract tests in tests/emulated/test_contracts.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.core.lease import Lease
from pipeline.core.outcomes import EndpointObservation, PlanSummary
from pipeline.core.state_lock import StateLock
from pipeline.gateways.runtime import Answer
from pipeline.gateways.store import Object


class Objects(Protocol):
    """Objects of one S3 bucket, with conditional writes (gateways.store.Store)."""

    @property
    def bucket(self) -> str: ...
    def uri(self, key: str) -> str: ...
    def find(self, key: str) -> Object | None: ...
    def put(self, key: str, body: bytes) -> None: ...
    def create(self, key: str, body: bytes) -> str: ...
    def replace(self, key: str, body: bytes, *, etag: str) -> str: ...
    def keys(self, prefix: str) -> Iterator[str]: ...
    def exists(self, key: str) -> bool: ...
    def copy_to(self, uri: str, key: str) -> None: ...
    def create_same(self, key: str, body: bytes) -> None: ...
    def sha256(self, uri: str) -> str: ...
    def read_uri(self, uri: str) -> bytes: ...


class Hosting(Protocol):
    """SageMaker's endpoints (gateways.sagemaker.SageMaker)."""

    def observe(self, endpoint: str) -> EndpointObservation: ...
    def wait_until_settled(self, endpoint: str, *, timeout_s: float) -> EndpointObservation: ...
    def endpoint_log_tail(self, endpoint: str, *, count: int) -> tuple[str, ...]: ...
    def hosted_names(self, endpoint: str) -> "HostedNames": ...
    def delete_endpoint_config(self, name: str) -> None: ...
    def delete_model(self, name: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class HostedNames:
    """The models and endpoint configs that exist under an endpoint's name."""

    models: frozenset[str]
    configs: frozenset[str]


class Alarms(Protocol):
    """CloudWatch's alarms, as far as a deployment looks at them (gateways.alarms.CloudWatch)."""

    def ringing(self, names: Sequence[str]) -> tuple[str, ...]: ...
    def named(self, prefix: str) -> frozenset[str]: ...
    def delete(self, names: Sequence[str]) -> None: ...


class EndpointCalls(Protocol):
    """InvokeEndpoint (gateways.runtime.EndpointClient)."""

    def ask(self, body: bytes, *, content_type: str = ..., accept: str = ...) -> Answer: ...


@dataclass(frozen=True, kw_only=True)
class SavedPlan:
    """A plan that Terraform keeps in a file: what it would do, and from which variables."""

    file: Path
    summary: PlanSummary
    variables: str


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What became of an apply. Exit code 0 does not prove that SageMaker did what was asked."""

    exit_code: int
    said: str
    was_killed: bool
    duration_s: float


class Root(Protocol):
    """One root module with the state of one endpoint (gateways.roots.TerraformRoot)."""

    name: str

    def plan(self, variables: str, purpose: str, *, refresh: bool = True) -> SavedPlan: ...
    def apply(self, plan: SavedPlan) -> Applied: ...
    def addresses(self) -> frozenset[str]: ...
    def import_object(self, address: str, object_id: str, variables: str) -> None: ...
    def taint(self, address: str) -> None: ...
    def untaint(self, address: str) -> None: ...
    def state_lock(self) -> StateLock | None: ...
    def force_unlock(self, lock_id: str) -> None: ...


class HeldLease(Protocol):
    """The lease on the endpoint in this run's hands (gateways.leases.Holding)."""

    lease: Lease
    predecessor: Lease | None

    def require_held(self) -> None: ...
    def give_back(self, *, told: bool) -> None: ...

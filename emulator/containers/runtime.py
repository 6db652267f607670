"""InvokeEndpoint: one HTTP request and the endpoint's live fleet in, AWS's answer out.

Answers follow the "InvokeEndpoint" page of the SageMaker Runtime API reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.containers.fleet import Fleet, Variant


@dataclass(frozen=True, kw_only=True)
class InvocationRequest:
    """One InvokeEndpoint call; header names are looked up without regard to case."""

    endpoint_name: str
    account_id: str
    region: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class InvocationAnswer:
    """The HTTP answer to the caller."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """What one request that reached a container measured; the seam for endpoint metrics."""

    variant: Variant
    status: int
    model_latency_us: int
    overhead_latency_us: int


def invoke_endpoint(
    request: InvocationRequest,
    fleet: Fleet | None,
    *,
    measured: Callable[[Invocation], None] | None = None,
) -> InvocationAnswer:
    """Answer the call; `fleet` is what serves now, None for an absent or not yet live endpoint."""
    raise NotImplementedError

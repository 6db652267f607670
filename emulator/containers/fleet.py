"""The workers behind one production variant: launched, watched, replaced and stopped together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.cloud import Cloud


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One production variant of an endpoint config, as a fleet needs to know it."""

    endpoint_name: str
    endpoint_config_name: str
    variant_name: str
    region: str
    image: str
    model_data_url: str | None
    environment: Mapping[str, str]
    instance_count: int
    startup_timeout_s: int


@dataclass(frozen=True, kw_only=True)
class ContainerResponse:
    """What a container answered, verbatim."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class LaunchFailed(Exception):
    """The fleet never became healthy; `reason` is AWS's FailureReason text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvocationTimedOut(Exception):
    """The container took longer than the caller allows."""


class ContainerUnavailable(Exception):
    """No worker could take the request, or the one that took it died."""


class Fleet:
    """Live workers of one variant. Thread-safe."""

    variant: Variant

    def invoke(
        self, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> ContainerResponse:
        """Send one request to a worker; raise InvocationTimedOut or ContainerUnavailable."""
        raise NotImplementedError

    def stop(self) -> None:
        """End every worker: SIGTERM, 30 s divided by the time scale, SIGKILL."""
        raise NotImplementedError


def launch(variant: Variant, cloud: Cloud) -> Fleet:
    """Start a variant's workers and block until every `GET /ping` is 200, else LaunchFailed."""
    raise NotImplementedError

"""Which function answers which action of Application Auto Scaling, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.partitions import partition_of

if TYPE_CHECKING:
    from emulator.autoscaling.resources import Resource
    from emulator.metrics.service import CloudWatch
    from emulator.store import Store

Params = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Context:
    """One request's view. `fit` begins to bring a resource's count within its bounds."""

    region: str
    account_id: str
    store: Store
    cloudwatch: CloudWatch
    now: Callable[[], float]
    fit: Callable[[str, Resource], None]

    def arn(self, kind: str, identifier: str, *, resource: Resource, name: str) -> str:
        """Return the ARN of something that belongs to a target (`kind` is scalingPolicy, ...)."""
        of = f"arn:{partition_of(self.region)}:autoscaling:{self.region}:{self.account_id}"
        target = f"resource/{resource.namespace}/{resource.resource_id}"
        named = f"{kind.replace('scalingPolicy', 'policy')}Name/{name}"
        return f"{of}:{kind}:{identifier}:{target}:{named}"


Action = Callable[[Context, Params], Mapping[str, Any]]

ACTIONS: dict[str, Action] = {}


def action(name: str) -> Callable[[Action], Action]:
    """Register the decorated function as the answer to this action."""

    def register(function: Action) -> Action:
        ACTIONS[name] = function
        return function

    return register

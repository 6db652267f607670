"""Which function answers which action, and what every such function is given."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.cloud import Cloud
from emulator.partitions import partition_of
from emulator.sagemaker.hosting import Hosting
from emulator.store import Key, Store

Params = Mapping[str, Any]


def now_s() -> float:
    """Return the time as AWS answers it: what is kept finer would come after itself in a filter."""
    return round(time.time(), 3)


@dataclass(frozen=True, kw_only=True)
class Context:
    """One request's view of the cloud: whose region, where documents and fleets are."""

    region: str
    cloud: Cloud
    store: Store
    hosting: Hosting
    now: Callable[[], float] = field(default=now_s)

    def key(self, kind: str, name: str) -> Key:
        return Key(region=self.region, kind=kind, name=name)

    def arn(self, kind: str, name: str) -> str:
        of = f"arn:{partition_of(self.region)}:sagemaker:{self.region}"
        return f"{of}:{self.cloud.account_id}:{kind}/{name}"


Action = Callable[[Context, Params], Mapping[str, Any]]

ACTIONS: dict[str, Action] = {}


def action(name: str) -> Callable[[Action], Action]:
    """Register the decorated function as the answer to this SageMaker action."""

    def register(function: Action) -> Action:
        if name in ACTIONS:
            text = f"the action {name} is registered twice"
            raise ValueError(text)
        ACTIONS[name] = function
        return function

    return register

"""What is scaled: one dimension of one resource, how errors name it and where it is kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.api.errors import ValidationError
from emulator.autoscaling.errors import ObjectNotFound
from emulator.store import Document, Key, Store

INSTANCES = "sagemaker:variant:DesiredInstanceCount"

TARGET = "scalable-target"
POLICY = "scaling-policy"
SCHEDULED_ACTION = "scheduled-scaling-action"
ACTIVITY = "scaling-activity"

_VARIANT = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")


@dataclass(frozen=True, kw_only=True)
class Variant:
    endpoint_name: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Resource:
    namespace: str
    resource_id: str
    dimension: str

    def __str__(self) -> str:
        return (
            f"service namespace: {self.namespace}, resource ID: {self.resource_id}, "
            f"scalable dimension: {self.dimension}"
        )

    @property
    def members(self) -> dict[str, str]:
        return {
            "ServiceNamespace": self.namespace,
            "ResourceId": self.resource_id,
            "ScalableDimension": self.dimension,
        }

    @property
    def variant(self) -> Variant | None:
        """Whose instances are counted; None for everything that is only stored."""
        match = _VARIANT.fullmatch(self.resource_id)
        if self.dimension != INSTANCES or match is None:
            return None
        return Variant(endpoint_name=match["endpoint"], name=match["variant"])

    def key(self, region: str, kind: str, *names: str) -> Key:
        parts = (self.namespace, self.resource_id, self.dimension, *names)
        return Key(region=region, kind=kind, name="|".join(parts))


def resource_of(members: Mapping[str, Any]) -> Resource:
    """Read the three members that name a resource in requests and documents alike."""
    resource = Resource(
        namespace=members["ServiceNamespace"],
        resource_id=members["ResourceId"],
        dimension=members["ScalableDimension"],
    )
    of_namespace = resource.dimension.startswith(f"{resource.namespace}:")
    if not of_namespace or (resource.dimension == INSTANCES and resource.variant is None):
        text = "Unsupported service namespace, resource type or scalable dimension"
        raise ValidationError(text)
    return resource


def require_target(store: Store, region: str, resource: Resource) -> Document:
    target = store.find(resource.key(region, TARGET))
    if target is None:
        text = f"No scalable target registered for {resource}"
        raise ObjectNotFound(text)
    return target


def of_resource(store: Store, region: str, kind: str, resource: Resource) -> list[Document]:
    """Return the resource's documents of a kind, oldest first."""
    wanted = resource.members.items()
    return [document for document in store.all(region, kind) if wanted <= document.items()]

"""SageMaker's side of a scalable target: the variant's count, its instance type, its endpoint."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.api.errors import ValidationError
from emulator.autoscaling.resources import TARGET, Resource, Variant, resource_of
from emulator.store import Document, Key, Store

ENDPOINT = "endpoint"
_CONFIG = "endpoint-config"
_SETTLED = "InService"
_BURSTABLE = "ml.t"


@dataclass(frozen=True, kw_only=True)
class VariantState:
    """`count` is the desired one; None while the endpoint has never been in service."""

    settled: bool
    count: int | None
    instance_type: str | None
    serverless: bool
    may_be_empty: bool


def variant_state(store: Store, region: str, variant: Variant) -> VariantState | None:
    """Return the variant as it is now; None when there is no such endpoint or variant."""
    endpoint = store.find(Key(region=region, kind=ENDPOINT, name=variant.endpoint_name))
    if endpoint is None or endpoint["EndpointStatus"] == "Deleting":
        return None
    config = _config(store, region, endpoint)
    serving = _named(endpoint.get("ProductionVariants", ()), variant.name)
    configured = _named(config.get("ProductionVariants", ()), variant.name)
    if serving is None and configured is None:
        return None
    return VariantState(
        settled=endpoint["EndpointStatus"] == _SETTLED,
        count=serving.get("DesiredInstanceCount") if serving else None,
        instance_type=(configured or {}).get("InstanceType"),
        serverless="ServerlessConfig" in (configured or {}),
        may_be_empty=bool(config.get("AsyncInferenceConfig")),
    )


def _config(store: Store, region: str, endpoint: Document) -> Document:
    key = Key(region=region, kind=_CONFIG, name=endpoint["EndpointConfigName"])
    return store.find(key) or {}


def _named(variants: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return next((variant for variant in variants if variant["VariantName"] == name), None)


def check_scalable(store: Store, region: str, resource: Resource, *, minimum: int) -> None:
    """Refuse a variant that is not there or that SageMaker does not scale."""
    if resource.variant is None:
        return
    state = variant_state(store, region, resource.variant)
    if state is None:
        text = f"SageMaker endpoint variant doesn't exist: {resource.resource_id}"
        raise ValidationError(text)
    if state.serverless:
        text = f"{resource.dimension} is not supported for the serverless {resource.resource_id}"
        raise ValidationError(text)
    if (state.instance_type or "").startswith(_BURSTABLE):
        text = (
            f"Automatic scaling is not supported for the burstable instance type "
            f"{state.instance_type} of {resource.resource_id}"
        )
        raise ValidationError(text)
    if minimum < 1 and not state.may_be_empty:
        text = f"Minimum capacity must be at least 1 for {resource.resource_id}"
        raise ValidationError(text)


def require_targets_kept(
    store: Store, region: str, endpoint: Document, *, config: Mapping[str, Any]
) -> None:
    """Refuse an UpdateEndpoint that removes a scaled variant or changes its instance type."""
    before = _config(store, region, endpoint).get("ProductionVariants", ())
    lost = [
        name
        for name in _scaled_variants(store, region, endpoint["EndpointName"])
        if not _kept(_named(before, name), _named(config["ProductionVariants"], name))
    ]
    if lost:
        text = (
            f'The variant(s) "[{", ".join(lost)}]" must be deregistered as scalable targets with '
            "AWS Auto Scaling before they can be removed or have their instance type changed."
        )
        raise ValidationError(text)


def _kept(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    if before is None or after is None:
        return after is not None
    return before.get("InstanceType") == after.get("InstanceType")


def _scaled_variants(store: Store, region: str, endpoint_name: str) -> list[str]:
    """Return the names of the endpoint's variants that are scalable targets."""
    return [variant.name for _, variant in _scaled(store, region, endpoint_name)]


def scaled_resources(store: Store, region: str, endpoint_name: str) -> list[Resource]:
    return [resource for resource, _ in _scaled(store, region, endpoint_name)]


def _scaled(store: Store, region: str, endpoint_name: str) -> list[tuple[Resource, Variant]]:
    found = []
    for target in store.all(region, TARGET):
        resource = resource_of(target)
        if resource.variant is not None and resource.variant.endpoint_name == endpoint_name:
            found.append((resource, resource.variant))
    return found

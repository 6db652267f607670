"""CreateEndpoint, DescribeEndpoint, ListEndpoints, UpdateEndpoint and DeleteEndpoint."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from emulator.api.errors import ValidationError
from emulator.autoscaling.variants import require_targets_kept
from emulator.containers.capture_format import is_enabled
from emulator.sagemaker.deployment import (
    ROLLBACK_FAILED,
    ROLLING_BACK_SEEN,
    Deployment,
    pending_summary,
)
from emulator.sagemaker.endpoint_configs import ENDPOINT_KIND as KIND
from emulator.sagemaker.endpoint_configs import require_endpoint_config
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.shifting import plan_shifts
from emulator.sagemaker.tags import tag_new
from emulator.sagemaker.variants import (
    all_variants,
    hosted_config,
    initial_counts,
    initial_weights,
    require_convertible,
    variants_to_launch,
)
from emulator.store import Document

_LISTING = Listing(result="Endpoints", name="EndpointName", status="EndpointStatus")
_SETTLED = "InService"
# How long the containers take to go is up to AWS; ours is long enough to be seen.
_DELETING_S = 1.0


def require_endpoint(context: Context, name: str) -> Document:
    document = context.store.find(context.key(KIND, name))
    if document is None:
        text = f'Could not find endpoint "{context.arn(KIND, name)}".'
        raise ValidationError(text)
    return document


@action("CreateEndpoint")
def create_endpoint(context: Context, params: Params) -> dict[str, Any]:
    name = params["EndpointName"]
    arn = context.arn(KIND, name)
    with context.store.lock:
        if context.store.find(context.key(KIND, name)):
            text = f'Cannot create already existing endpoint "{arn}".'
            raise ValidationError(text)
        config = hosted_config(context, params["EndpointConfigName"])
        deployment = _deployment(
            context, name, config=config, deployment_config=params.get("DeploymentConfig")
        )
        now = context.now()
        context.store.put(context.key(KIND, name), _new_endpoint(params, arn, now=now))
        tag_new(context, arn, params=params)
    _in_background(deployment.create, name)
    return {"EndpointArn": arn}


def _new_endpoint(params: Params, arn: str, *, now: float) -> Document:
    endpoint = {
        "EndpointName": params["EndpointName"],
        "EndpointArn": arn,
        "EndpointConfigName": params["EndpointConfigName"],
        "EndpointStatus": "Creating",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    if "DeploymentConfig" in params:
        endpoint["LastDeploymentConfig"] = params["DeploymentConfig"]
    return endpoint


def _deployment(
    context: Context,
    endpoint_name: str,
    *,
    config: Document,
    deployment_config: Mapping[str, Any] | None,
    counts: Mapping[str, int] | None = None,
    weights: Mapping[str, float] | None = None,
) -> Deployment:
    counts = {**initial_counts(config), **(counts or {})}
    production = [counts[variant["VariantName"]] for variant in config["ProductionVariants"]]
    return Deployment(
        context=context,
        endpoint_name=endpoint_name,
        endpoint_config_name=config["EndpointConfigName"],
        variants=variants_to_launch(context, endpoint_name, config=config, counts=counts),
        weights={**initial_weights(config), **(weights or {})},
        plan=plan_shifts(
            deployment_config, instance_count=sum(production), variant_count=len(production)
        ),
        deployment_config=deployment_config,
    )


def _in_background(work: Any, endpoint_name: str) -> None:
    threading.Thread(target=work, name=f"endpoint-{endpoint_name}", daemon=True).start()


@action("DescribeEndpoint")
def describe_endpoint(context: Context, params: Params) -> dict[str, Any]:
    document = require_endpoint(context, params["EndpointName"])
    if document["EndpointStatus"] == "RollingBack":
        seen = {ROLLING_BACK_SEEN: True}
        context.store.merge(context.key(KIND, params["EndpointName"]), seen)
    key = context.key("endpoint-config", document["EndpointConfigName"])
    config = context.store.find(key) or {}
    if "DataCaptureConfig" in config:
        document["DataCaptureConfig"] = _capture_summary(config["DataCaptureConfig"])
    document["AsyncInferenceConfig"] = config.get("AsyncInferenceConfig")
    return document


def _capture_summary(capture: Mapping[str, Any]) -> dict[str, Any]:
    enabled = is_enabled(capture)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }


@action("ListEndpoints")
def list_endpoints(context: Context, params: Params) -> dict[str, Any]:
    return list_page(context.store.all(context.region, KIND), params, listing=_LISTING)


@action("UpdateEndpoint")
def update_endpoint(context: Context, params: Params) -> dict[str, Any]:
    name = params["EndpointName"]
    with context.store.lock:
        endpoint = require_endpoint(context, name)
        require_settled(endpoint, also=(ROLLBACK_FAILED,))
        current = require_endpoint_config(context, endpoint["EndpointConfigName"])
        config = hosted_config(context, params["EndpointConfigName"])
        require_convertible(endpoint, current, config=config)
        require_targets_kept(context.store, context.region, endpoint, config=config)
        deployment = _deployment(
            context,
            name,
            config=config,
            deployment_config=_deployment_config(endpoint, params),
            counts=_retained(endpoint, params, member="DesiredInstanceCount"),
            weights=_retained(endpoint, params, member="DesiredWeight"),
        )
        _begin(deployment)
    _in_background(deployment.update, name)
    return {"EndpointArn": endpoint["EndpointArn"]}


def require_settled(endpoint: Document, *, also: tuple[str, ...] = ()) -> None:
    """Refuse to change an endpoint that is neither InService nor in one of the states `also`."""
    arn, status = endpoint["EndpointArn"], endpoint["EndpointStatus"]
    if status in (_SETTLED, *also):
        return
    if status == "Failed":
        text = f'Cannot update endpoint "{arn}" in status Failed; only DeleteEndpoint is allowed.'
    elif status == ROLLBACK_FAILED:
        text = f'Cannot scale endpoint "{arn}" in status {status}; update it first.'
    else:
        text = f'Cannot update in-progress endpoint "{arn}".'
    raise ValidationError(text)


def _deployment_config(endpoint: Document, params: Params) -> Mapping[str, Any] | None:
    if params.get("RetainDeploymentConfig"):
        return endpoint.get("LastDeploymentConfig")
    return params.get("DeploymentConfig")


def _retained(endpoint: Document, params: Params, *, member: str) -> dict[str, Any]:
    """Return what RetainAllVariantProperties keeps of the variants that serve now."""
    if not params.get("RetainAllVariantProperties"):
        return {}
    excluded = {
        item["VariantPropertyType"] for item in params.get("ExcludeRetainedVariantProperties", [])
    }
    if member in excluded:
        return {}
    return {variant["VariantName"]: variant[member] for variant in all_variants(endpoint)}


def _begin(deployment: Deployment) -> None:
    context = deployment.context
    count = sum(variant.instance_count for variant in deployment.variants)
    now = context.now()
    summary = pending_summary(
        deployment, status="Creating", message=f"Launching {count} instance(s).", now=now
    )
    members = {
        "EndpointStatus": "Updating",
        "PendingDeploymentSummary": summary,
        "FailureReason": None,
        "LastModifiedTime": now,
    }
    context.store.merge(context.key(KIND, deployment.endpoint_name), members)


@action("DeleteEndpoint")
def delete_endpoint(context: Context, params: Params) -> dict[str, Any]:
    name = params["EndpointName"]
    with context.store.lock:
        endpoint = require_endpoint(context, name)
        require_settled(endpoint, also=("Failed", ROLLBACK_FAILED))
        members = {"EndpointStatus": "Deleting", "LastModifiedTime": context.now()}
        context.store.merge(context.key(KIND, name), members)

    def delete() -> None:
        context.hosting.withdraw(context.region, name)
        time.sleep(_DELETING_S)
        context.store.remove(context.key(KIND, name))
        context.store.remove_tags(endpoint["EndpointArn"])

    _in_background(delete, name)
    return {}

"""The variants of an endpoint config: what is launched for them and how they are described."""

from collections.abc import Mapping
from typing import Any

from emulator.containers.fleet import Variant
from emulator.sagemaker.endpoint_configs import require_endpoint_config
from emulator.sagemaker.errors import NotImplementedByEmulator
from emulator.sagemaker.model_packages import require_model_package
from emulator.sagemaker.models import require_model
from emulator.sagemaker.registry import Context
from emulator.sagemaker.store import Document

_DEFAULT_STARTUP_TIMEOUT_S = 480
_REFUSED_CONFIG_MEMBERS = ("ShadowProductionVariants", "AsyncInferenceConfig", "ExplainerConfig")


def hosted_config(context: Context, name: str) -> Document:
    """Return the endpoint config; refuse what its fleets could not honour."""
    config = require_endpoint_config(context, name)
    for member in _REFUSED_CONFIG_MEMBERS:
        if config.get(member):
            text = f"an endpoint with {member} (endpoint config {name})"
            raise NotImplementedByEmulator(text)
    for variant in config["ProductionVariants"]:
        if "InitialInstanceCount" not in variant or "ModelName" not in variant:
            text = (
                f"an endpoint whose production variant {variant['VariantName']} has no ModelName "
                f"or no InitialInstanceCount (endpoint config {name})"
            )
            raise NotImplementedByEmulator(text)
    return config


def variants_to_launch(
    context: Context, endpoint_name: str, *, config: Document, counts: Mapping[str, int]
) -> tuple[Variant, ...]:
    """Resolve each variant's model; `counts` are instances by variant name."""
    return tuple(
        _variant_to_launch(
            context,
            endpoint_name,
            config_name=config["EndpointConfigName"],
            variant=variant,
            counts=counts,
        )
        for variant in config["ProductionVariants"]
    )


def _variant_to_launch(
    context: Context,
    endpoint_name: str,
    *,
    config_name: str,
    variant: Mapping[str, Any],
    counts: Mapping[str, int],
) -> Variant:
    model = require_model(context, variant["ModelName"])
    container = _resolved(context, _container(model))
    return Variant(
        endpoint_name=endpoint_name,
        endpoint_config_name=config_name,
        variant_name=variant["VariantName"],
        region=context.region,
        image=container["Image"],
        model_data_url=container.get("ModelDataUrl"),
        environment=container.get("Environment", {}),
        instance_count=counts[variant["VariantName"]],
        startup_timeout_s=variant.get(
            "ContainerStartupHealthCheckTimeoutInSeconds", _DEFAULT_STARTUP_TIMEOUT_S
        ),
        network_isolation=bool(model.get("EnableNetworkIsolation")),
    )


def _container(model: Document) -> dict[str, Any]:
    containers: list[dict[str, Any]] = model.get("Containers") or [model["PrimaryContainer"]]
    if len(containers) > 1:
        text = f"hosting model {model['ModelName']} with {len(containers)} containers"
        raise NotImplementedByEmulator(text)
    if "ModelDataSource" in containers[0]:
        text = f"hosting model {model['ModelName']} with ModelDataSource (use ModelDataUrl)"
        raise NotImplementedByEmulator(text)
    return containers[0]


def _resolved(context: Context, container: dict[str, Any]) -> dict[str, Any]:
    """Fill image and data of a container that names a model package instead."""
    if "ModelPackageName" not in container:
        return container
    package = require_model_package(context, container["ModelPackageName"])
    packaged = package["InferenceSpecification"]["Containers"][0]
    environment = {**packaged.get("Environment", {}), **container.get("Environment", {})}
    return {**packaged, "Environment": environment}


def initial_counts(config: Document) -> dict[str, int]:
    return {
        variant["VariantName"]: variant["InitialInstanceCount"]
        for variant in config["ProductionVariants"]
    }


def initial_weights(config: Document) -> dict[str, float]:
    return {
        variant["VariantName"]: variant.get("InitialVariantWeight", 1.0)
        for variant in config["ProductionVariants"]
    }


def variant_summaries(
    variants: tuple[Variant, ...], weights: Mapping[str, float], *, now: float
) -> list[dict[str, Any]]:
    """Return ProductionVariants of DescribeEndpoint for fleets that serve."""
    return [
        {
            "VariantName": variant.variant_name,
            "DeployedImages": [{"SpecifiedImage": variant.image, "ResolutionTime": now}],
            "CurrentWeight": weights[variant.variant_name],
            "DesiredWeight": weights[variant.variant_name],
            "CurrentInstanceCount": variant.instance_count,
            "DesiredInstanceCount": variant.instance_count,
        }
        for variant in variants
    ]

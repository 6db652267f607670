"""The variants of an endpoint config: what is launched for them and how they are described."""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.containers.async_format import async_settings
from emulator.containers.capture_format import capture_settings
from emulator.containers.fleet import Serverless, Variant
from emulator.sagemaker.endpoint_configs import require_endpoint_config
from emulator.sagemaker.model_packages import require_model_package
from emulator.sagemaker.models import require_model
from emulator.sagemaker.registry import Context
from emulator.store import Document

_DEFAULT_STARTUP_TIMEOUT_S = 480
_DEFAULT_WEIGHT = 1.0
_REFUSED_CONFIG_MEMBERS = ("ExplainerConfig",)


def hosted_config(context: Context, name: str) -> Document:
    """Return the endpoint config; refuse what its fleets could not honour."""
    config = require_endpoint_config(context, name)
    for member in _REFUSED_CONFIG_MEMBERS:
        if config.get(member):
            text = f"an endpoint with {member} (endpoint config {name})"
            raise NotImplementedByEmulator(text)
    for variant in all_variants(config):
        sized = "InitialInstanceCount" in variant or "ServerlessConfig" in variant
        if not sized or "ModelName" not in variant:
            text = (
                f"an endpoint whose variant {variant['VariantName']} has no ModelName, or neither "
                f"InitialInstanceCount nor ServerlessConfig (endpoint config {name})"
            )
            raise NotImplementedByEmulator(text)
    return config


def all_variants(config: Mapping[str, Any]) -> tuple[Document, ...]:
    """Return the variants of an endpoint config, or of a described endpoint, shadows last."""
    return (*config.get("ProductionVariants", ()), *config.get("ShadowProductionVariants", ()))


def variants_to_launch(
    context: Context, endpoint_name: str, *, config: Document, counts: Mapping[str, int]
) -> tuple[Variant, ...]:
    """Resolve each variant's model; `counts` are instances by variant name, else the initial."""
    return tuple(
        _variant_to_launch(context, endpoint_name, config=config, variant=variant, counts=counts)
        for variant in all_variants(config)
    )


def _variant_to_launch(
    context: Context,
    endpoint_name: str,
    *,
    config: Document,
    variant: Mapping[str, Any],
    counts: Mapping[str, int],
) -> Variant:
    model = require_model(context, variant["ModelName"])
    container = _resolved(context, _container(model))
    name = variant["VariantName"]
    return Variant(
        endpoint_name=endpoint_name,
        endpoint_config_name=config["EndpointConfigName"],
        variant_name=name,
        region=context.region,
        image=container["Image"],
        model_data_url=container.get("ModelDataUrl"),
        environment=container.get("Environment", {}),
        instance_count=counts.get(name, _initial_count(variant)),
        startup_timeout_s=variant.get(
            "ContainerStartupHealthCheckTimeoutInSeconds", _DEFAULT_STARTUP_TIMEOUT_S
        ),
        network_isolation=bool(model.get("EnableNetworkIsolation")),
        initial_weight=variant.get("InitialVariantWeight", _DEFAULT_WEIGHT),
        shadow=variant not in config["ProductionVariants"],
        asynchronous=async_settings(config.get("AsyncInferenceConfig")),
        serverless=_serverless(variant.get("ServerlessConfig")),
        capture=capture_settings(config.get("DataCaptureConfig")),
    )


def _serverless(config: Mapping[str, int] | None) -> Serverless | None:
    if config is None:
        return None
    return Serverless(
        memory_mb=config["MemorySizeInMB"],
        max_concurrency=config["MaxConcurrency"],
        provisioned_concurrency=config.get("ProvisionedConcurrency"),
    )


def require_convertible(endpoint: Document, current: Document, *, config: Document) -> None:
    """Refuse to make a serverless endpoint of one with instances; the other way is allowed."""
    if _is_serverless(config) and not _is_serverless(current):
        text = (
            f'Cannot update endpoint "{endpoint["EndpointArn"]}": an endpoint with instances '
            "cannot be converted to a serverless endpoint."
        )
        raise ValidationError(text)


def _is_serverless(config: Document) -> bool:
    return any("ServerlessConfig" in variant for variant in all_variants(config))


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
    return {variant["VariantName"]: _initial_count(variant) for variant in all_variants(config)}


def _initial_count(variant: Mapping[str, Any]) -> int:
    """A serverless variant has no instances of its own."""
    return int(variant.get("InitialInstanceCount", 0))


def initial_weights(config: Document) -> dict[str, float]:
    return {
        variant["VariantName"]: variant.get("InitialVariantWeight", _DEFAULT_WEIGHT)
        for variant in all_variants(config)
    }


def described_variants(
    variants: Iterable[Variant], weights: Mapping[str, float], *, now: float
) -> dict[str, list[dict[str, Any]]]:
    """Return ProductionVariants of DescribeEndpoint, and the shadow variants if there are any."""
    described: dict[str, list[dict[str, Any]]] = {"ProductionVariants": []}
    for variant in variants:
        member = "ShadowProductionVariants" if variant.shadow else "ProductionVariants"
        summary = _summary(variant, weights[variant.variant_name], now=now)
        described.setdefault(member, []).append(summary)
    return described


def _summary(variant: Variant, weight: float, *, now: float) -> dict[str, Any]:
    summary = {
        "VariantName": variant.variant_name,
        "DeployedImages": [{"SpecifiedImage": variant.image, "ResolutionTime": now}],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": variant.instance_count,
        "DesiredInstanceCount": variant.instance_count,
    }
    if variant.serverless is not None:
        serverless = {
            "MemorySizeInMB": variant.serverless.memory_mb,
            "MaxConcurrency": variant.serverless.max_concurrency,
            "ProvisionedConcurrency": variant.serverless.provisioned_concurrency,
        }
        summary |= {"CurrentServerlessConfig": serverless, "DesiredServerlessConfig": serverless}
    return summary

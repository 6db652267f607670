"""CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs and DeleteEndpointConfig."""

from typing import Any

from emulator.api.errors import ValidationError
from emulator.sagemaker.instances import check_volume_key
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.models import require_model
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new
from emulator.store import Document

KIND = "endpoint-config"
ENDPOINT_KIND = "endpoint"
_MEMORY_STEP_MB = 1024
_LISTING = Listing(result="EndpointConfigs", name="EndpointConfigName")


def require_endpoint_config(context: Context, name: str) -> Document:
    document = context.store.find(context.key(KIND, name))
    if document is None:
        text = f'Could not find endpoint configuration "{context.arn(KIND, name)}".'
        raise ValidationError(text)
    return document


@action("CreateEndpointConfig")
def create_endpoint_config(context: Context, params: Params) -> dict[str, Any]:
    name = params["EndpointConfigName"]
    arn = context.arn(KIND, name)
    with context.store.lock:
        if context.store.find(context.key(KIND, name)):
            text = f'Cannot create already existing endpoint configuration "{arn}".'
            raise ValidationError(text)
        _check_variants(context, params)
        document = {**params, "EndpointConfigArn": arn, "CreationTime": context.now()}
        context.store.put(context.key(KIND, name), document)
        tag_new(context, arn, params=params)
    return {"EndpointConfigArn": arn}


def _check_variants(context: Context, params: Params) -> None:
    variants = [*params["ProductionVariants"], *params.get("ShadowProductionVariants", [])]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) != len(names):
        text = f"Production variant names must be unique; got {', '.join(names)}."
        raise ValidationError(text)
    if "ShadowProductionVariants" in params and len(variants) != 2:
        text = (
            "If you use ShadowProductionVariants, you can only specify one variant for "
            "ProductionVariants and one variant for ShadowProductionVariants."
        )
        raise ValidationError(text)
    _check_serverless_features(params, variants)
    types = [variant["InstanceType"] for variant in variants if "InstanceType" in variant]
    check_volume_key(params.get("KmsKeyId"), types, name="KmsKeyId")
    for variant in variants:
        _check_capacity(variant)
        if "ModelName" in variant:
            require_model(context, variant["ModelName"])


def _check_capacity(variant: Document) -> None:
    has_instances = "InstanceType" in variant and "InitialInstanceCount" in variant
    name = variant["VariantName"]
    if "ServerlessConfig" in variant:
        if has_instances:
            text = f"Production variant {name} has both ServerlessConfig and instances. Choose one."
            raise ValidationError(text)
        _check_serverless(variant["ServerlessConfig"], name)
    elif not has_instances and "InstancePools" not in variant:
        text = (
            f"Production variant {name} needs InstanceType and InitialInstanceCount, or "
            "ServerlessConfig."
        )
        raise ValidationError(text)


def _check_serverless(config: Document, name: str) -> None:
    if config["MemorySizeInMB"] % _MEMORY_STEP_MB:
        text = (
            f"MemorySizeInMB of production variant {name} is {config['MemorySizeInMB']}; it must "
            "be 1024, 2048, 3072, 4096, 5120 or 6144."
        )
        raise ValidationError(text)
    if config.get("ProvisionedConcurrency", 0) > config["MaxConcurrency"]:
        text = (
            f"ProvisionedConcurrency of production variant {name} must be less than or equal to "
            f"MaxConcurrency {config['MaxConcurrency']}."
        )
        raise ValidationError(text)


def _check_serverless_features(params: Params, variants: list[Document]) -> None:
    """Refuse what the developer guide's feature exclusions name."""
    if not any("ServerlessConfig" in variant for variant in variants):
        return
    if len(variants) > 1:
        text = "A serverless endpoint supports only one production variant and no shadow variant."
        raise ValidationError(text)
    for member in ("DataCaptureConfig", "AsyncInferenceConfig"):
        if member in params:
            text = f"{member} is not supported for serverless endpoints."
            raise ValidationError(text)


@action("DescribeEndpointConfig")
def describe_endpoint_config(context: Context, params: Params) -> dict[str, Any]:
    return require_endpoint_config(context, params["EndpointConfigName"])


@action("ListEndpointConfigs")
def list_endpoint_configs(context: Context, params: Params) -> dict[str, Any]:
    return list_page(context.store.all(context.region, KIND), params, listing=_LISTING)


@action("DeleteEndpointConfig")
def delete_endpoint_config(context: Context, params: Params) -> dict[str, Any]:
    """Delete it even when an endpoint uses it: AWS's reference says one must not, and AWS does."""
    name = params["EndpointConfigName"]
    with context.store.lock:
        document = require_endpoint_config(context, name)
        context.store.remove(context.key(KIND, name))
        context.store.remove_tags(document["EndpointConfigArn"])
    return {}

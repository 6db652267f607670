"""CreateModel, DescribeModel, ListModels and DeleteModel."""

from typing import Any

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.model_packages import require_model_package
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new
from emulator.store import Document

KIND = "model"
_LISTING = Listing(result="Models", name="ModelName")


def require_model(context: Context, name: str) -> Document:
    document = context.store.find(context.key(KIND, name))
    if document is None:
        text = f'Could not find model "{context.arn(KIND, name)}".'
        raise ValidationError(text)
    return document


def hosted_container(context: Context, model: Document) -> dict[str, Any]:
    """Return the model's only container; a model package in it is replaced by what it holds."""
    containers: list[dict[str, Any]] = model.get("Containers") or [model["PrimaryContainer"]]
    if len(containers) > 1:
        text = f"hosting model {model['ModelName']} with {len(containers)} containers"
        raise NotImplementedByEmulator(text)
    container = containers[0]
    if "ModelDataSource" in container:
        text = f"hosting model {model['ModelName']} with ModelDataSource (use ModelDataUrl)"
        raise NotImplementedByEmulator(text)
    if "ModelPackageName" not in container:
        return container
    package = require_model_package(context, container["ModelPackageName"])
    packaged = package["InferenceSpecification"]["Containers"][0]
    environment = {**packaged.get("Environment", {}), **container.get("Environment", {})}
    return {**packaged, "Environment": environment}


@action("CreateModel")
def create_model(context: Context, params: Params) -> dict[str, Any]:
    name = params["ModelName"]
    arn = context.arn(KIND, name)
    _check_containers(context, params)
    with context.store.lock:
        if context.store.find(context.key(KIND, name)):
            text = f'Cannot create already existing model "{arn}".'
            raise ValidationError(text)
        document = {**params, "ModelArn": arn, "CreationTime": context.now()}
        context.store.put(context.key(KIND, name), document)
        tag_new(context, arn, params=params)
    return {"ModelArn": arn}


def _check_containers(context: Context, params: Params) -> None:
    if ("PrimaryContainer" in params) == bool(params.get("Containers")):
        text = "Exactly one of PrimaryContainer and Containers is required to create a model."
        raise ValidationError(text)
    containers = params.get("Containers") or [params["PrimaryContainer"]]
    for container in containers:
        if ("Image" in container) == ("ModelPackageName" in container):
            text = "Each container needs exactly one of Image and ModelPackageName."
            raise ValidationError(text)
        if "ModelPackageName" in container:
            _check_package(require_model_package(context, container["ModelPackageName"]))


def _check_package(package: Document) -> None:
    """A version of a group has to be approved before it is deployed."""
    status = package.get("ModelApprovalStatus", "Approved")
    if status != "Approved":
        text = (
            f"Model package {package['ModelPackageArn']} cannot be deployed: its approval status "
            f"is {status}, and it must be Approved."
        )
        raise ValidationError(text)


@action("DescribeModel")
def describe_model(context: Context, params: Params) -> dict[str, Any]:
    return require_model(context, params["ModelName"])


@action("ListModels")
def list_models(context: Context, params: Params) -> dict[str, Any]:
    return list_page(context.store.all(context.region, KIND), params, listing=_LISTING)


@action("DeleteModel")
def delete_model(context: Context, params: Params) -> dict[str, Any]:
    with context.store.lock:
        document = require_model(context, params["ModelName"])
        context.store.remove(context.key(KIND, params["ModelName"]))
        context.store.remove_tags(document["ModelArn"])
    return {}

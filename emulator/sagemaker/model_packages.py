"""Model packages: versions of a group (1, 2, ... never reused) and packages without a group."""

from typing import Any

from emulator.api.errors import ValidationError
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.model_package_groups import KIND as GROUP_KIND
from emulator.sagemaker.model_package_groups import PACKAGE_KIND as KIND
from emulator.sagemaker.model_package_groups import group_name, require_group
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new
from emulator.store import Document

_LAST_VERSION = "_LastVersion"
_TOKEN = "_ClientToken"
_MOST_SPECIFICATIONS = 15
_LISTING = Listing(
    result="ModelPackageSummaryList",
    name="ModelPackageName",
    tie_breaker="ModelPackageVersion",
    default_sort_order="Ascending",
    strictly_after=True,
    equals={
        "ModelApprovalStatus": "ModelApprovalStatus",
        "ModelPackageGroupName": "ModelPackageGroupName",
    },
)
_REPLACED_BY_UPDATE = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
    "SourceUri",
)


def require_model_package(context: Context, name_or_arn: str) -> Document:
    """Find by ARN, `group/version`, or the name of a package without a group."""
    arn = name_or_arn if name_or_arn.startswith("arn:") else context.arn(KIND, name_or_arn)
    document = context.store.find(context.key(KIND, arn))
    if document is None:
        text = f"ModelPackage {arn} does not exist."
        raise ValidationError(text)
    return document


@action("CreateModelPackage")
def create_model_package(context: Context, params: Params) -> dict[str, Any]:
    _check_names(params)
    with context.store.lock:
        known = _by_token(context, params)
        if known is not None:
            return {"ModelPackageArn": known["ModelPackageArn"]}
        identity = _identity(context, params)
        arn = identity["ModelPackageArn"]
        now = context.now()
        document = {
            **_described_request(params),
            **identity,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CreationTime": now,
            "LastModifiedTime": now,
            "CreatedBy": {},
        }
        context.store.put(context.key(KIND, arn), document)
        tag_new(context, arn, params=params)
    return {"ModelPackageArn": arn}


def _check_names(params: Params) -> None:
    """Say what AWS was seen to say, little as it helps."""
    named, grouped = "ModelPackageName" in params, "ModelPackageGroupName" in params
    if named and grouped:
        text = (
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot "
            "determine which one to use."
        )
        raise ValidationError(text)
    if not named and not grouped:
        text = "Missing ARN."
        raise ValidationError(text)


def _by_token(context: Context, params: Params) -> Document | None:
    token = params.get("ClientToken")
    for package in context.store.all(context.region, KIND):
        if token is not None and package.get(_TOKEN) == token:
            return package
    return None


def _identity(context: Context, params: Params) -> Document:
    if "ModelPackageName" in params:
        name = params["ModelPackageName"]
        arn = context.arn(KIND, name)
        if context.store.find(context.key(KIND, arn)):
            text = f"Model Package already exists: {arn}"
            raise ValidationError(text)
        return {"ModelPackageName": name, "ModelPackageArn": arn}
    group = require_group(context, params["ModelPackageGroupName"])
    name = group["ModelPackageGroupName"]
    version = group.get(_LAST_VERSION, 0) + 1
    context.store.merge(context.key(GROUP_KIND, name), {_LAST_VERSION: version})
    return {
        "ModelPackageName": name,
        "ModelPackageGroupName": name,
        "ModelPackageVersion": version,
        "ModelPackageArn": context.arn(KIND, f"{name}/{version}"),
        "ModelApprovalStatus": params.get("ModelApprovalStatus", "PendingManualApproval"),
    }


def _described_request(params: Params) -> Document:
    """Keep what applies: packages without a group have no approval, as the API reference says."""
    left_out = ["Tags", "ClientToken"]
    left_out += ["ModelApprovalStatus"] if "ModelPackageName" in params else []
    document = {key: value for key, value in params.items() if key not in left_out}
    if "ClientToken" in params:
        document[_TOKEN] = params["ClientToken"]
    return document


@action("DescribeModelPackage")
def describe_model_package(context: Context, params: Params) -> dict[str, Any]:
    return require_model_package(context, params["ModelPackageName"])


@action("ListModelPackages")
def list_model_packages(context: Context, params: Params) -> dict[str, Any]:
    """Without a group AWS lists packages that have none, unless ModelPackageType says more."""
    chosen = dict(params)
    if "ModelPackageGroupName" in params:
        chosen["ModelPackageGroupName"] = group_name(params["ModelPackageGroupName"])
        require_group(context, chosen["ModelPackageGroupName"])
    default = "Versioned" if "ModelPackageGroupName" in params else "Unversioned"
    kind = params.get("ModelPackageType", default)
    documents = [
        package
        for package in context.store.all(context.region, KIND)
        if kind in ("Both", "Versioned" if "ModelPackageVersion" in package else "Unversioned")
    ]
    return list_page(documents, chosen, listing=_LISTING)


@action("UpdateModelPackage")
def update_model_package(context: Context, params: Params) -> dict[str, Any]:
    with context.store.lock:
        package = require_model_package(context, params["ModelPackageArn"])
        arn = package["ModelPackageArn"]
        patch: Document = {name: params[name] for name in _REPLACED_BY_UPDATE if name in params}
        patch["CustomerMetadataProperties"] = _metadata(package, params)
        added = params.get("AdditionalInferenceSpecificationsToAdd")
        if added:
            patch["AdditionalInferenceSpecifications"] = _specifications(package, added)
        patch |= {"LastModifiedTime": context.now(), "LastModifiedBy": {}}
        context.store.merge(context.key(KIND, arn), patch)
    return {"ModelPackageArn": arn}


def _specifications(package: Document, added: list[Document]) -> list[Document]:
    """Return all additional specifications: at most 15, each with a name of its own."""
    together = [*package.get("AdditionalInferenceSpecifications", []), *added]
    names = [specification["Name"] for specification in together]
    if len(together) > _MOST_SPECIFICATIONS or len(set(names)) != len(names):
        text = (
            f"A model package has at most {_MOST_SPECIFICATIONS} additional inference "
            f"specifications with different names; these would be {', '.join(names)}."
        )
        raise ValidationError(text)
    return together


def _metadata(package: Document, params: Params) -> dict[str, str] | None:
    properties = {
        **package.get("CustomerMetadataProperties", {}),
        **params.get("CustomerMetadataProperties", {}),
    }
    for name in params.get("CustomerMetadataPropertiesToRemove", []):
        properties.pop(name, None)
    return properties or None


@action("DeleteModelPackage")
def delete_model_package(context: Context, params: Params) -> dict[str, Any]:
    with context.store.lock:
        package = require_model_package(context, params["ModelPackageName"])
        context.store.remove(context.key(KIND, package["ModelPackageArn"]))
        context.store.remove_tags(package["ModelPackageArn"])
    return {}


@action("BatchDescribeModelPackage")
def batch_describe_model_package(context: Context, params: Params) -> dict[str, Any]:
    """Describe versions of groups; what cannot be described is an error of its own."""
    summaries, errors = {}, {}
    for arn in params["ModelPackageArnList"]:
        try:
            package = require_model_package(context, arn)
        except ValidationError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
            continue
        summaries[arn] = package
    return {"ModelPackageSummaries": summaries, "BatchDescribeModelPackageErrorMap": errors}

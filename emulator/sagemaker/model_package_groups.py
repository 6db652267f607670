"""Model package groups and their resource policies."""

import json
from typing import Any

from emulator.api.errors import ConflictError, ValidationError
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new
from emulator.store import Document

KIND = "model-package-group"
PACKAGE_KIND = "model-package"
_POLICY = "_ResourcePolicy"
_LISTING = Listing(
    result="ModelPackageGroupSummaryList",
    name="ModelPackageGroupName",
    default_sort_order="Ascending",
    strictly_after=True,
)


def group_name(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2]


def require_group(context: Context, name_or_arn: str) -> Document:
    """Find by name or ARN; an ARN of another region or account is not one of ours."""
    name = group_name(name_or_arn)
    document = context.store.find(context.key(KIND, name))
    arn = name_or_arn if name_or_arn.startswith("arn:") else context.arn(KIND, name)
    if document is None or document["ModelPackageGroupArn"] != arn:
        text = f"ModelPackageGroup {arn} does not exist."
        raise ValidationError(text)
    return document


@action("CreateModelPackageGroup")
def create_model_package_group(context: Context, params: Params) -> dict[str, Any]:
    name = params["ModelPackageGroupName"]
    arn = context.arn(KIND, name)
    with context.store.lock:
        if context.store.find(context.key(KIND, name)):
            text = f"Model Package Group already exists: {arn}"
            raise ValidationError(text)
        document = {
            **params,
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupStatus": "Completed",
            "CreationTime": context.now(),
            "CreatedBy": {},
        }
        context.store.put(context.key(KIND, name), document)
        tag_new(context, arn, params=params)
    return {"ModelPackageGroupArn": arn}


@action("DescribeModelPackageGroup")
def describe_model_package_group(context: Context, params: Params) -> dict[str, Any]:
    return require_group(context, params["ModelPackageGroupName"])


@action("ListModelPackageGroups")
def list_model_package_groups(context: Context, params: Params) -> dict[str, Any]:
    shared_by_others = params.get("CrossAccountFilterOption") == "CrossAccount"
    groups = [] if shared_by_others else context.store.all(context.region, KIND)
    return list_page(groups, params, listing=_LISTING)


@action("DeleteModelPackageGroup")
def delete_model_package_group(context: Context, params: Params) -> dict[str, Any]:
    with context.store.lock:
        group = require_group(context, params["ModelPackageGroupName"])
        name, arn = group["ModelPackageGroupName"], group["ModelPackageGroupArn"]
        for package in context.store.all(context.region, PACKAGE_KIND):
            if package.get("ModelPackageGroupName") == name:
                text = f"Model Package Group {arn} still contains Model Packages."
                raise ConflictError(text)
        context.store.remove(context.key(KIND, name))
        context.store.remove_tags(arn)
    return {}


@action("PutModelPackageGroupPolicy")
def put_model_package_group_policy(context: Context, params: Params) -> dict[str, Any]:
    group = require_group(context, params["ModelPackageGroupName"])
    policy = params["ResourcePolicy"]
    _check_policy(policy)
    name = group["ModelPackageGroupName"]
    context.store.merge(context.key(KIND, name), {_POLICY: policy})
    return {"ModelPackageGroupArn": group["ModelPackageGroupArn"]}


def _check_policy(policy: str) -> None:
    """A policy has to be a JSON object with statements, each of which allows or denies."""
    try:
        document = json.loads(policy)
    except ValueError as error:
        text = f"The resource policy is not valid JSON: {error}"
        raise ValidationError(text) from error
    statements = document.get("Statement") if isinstance(document, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    if not all(
        isinstance(statement, dict) and statement.get("Effect") in ("Allow", "Deny")
        for statement in listed
    ):
        text = (
            "The resource policy needs a Statement, or a list of them, with Effect Allow or Deny."
        )
        raise ValidationError(text)


@action("GetModelPackageGroupPolicy")
def get_model_package_group_policy(context: Context, params: Params) -> dict[str, Any]:
    return {"ResourcePolicy": _require_policy(context, params)}


@action("DeleteModelPackageGroupPolicy")
def delete_model_package_group_policy(context: Context, params: Params) -> dict[str, Any]:
    _require_policy(context, params)
    name = group_name(params["ModelPackageGroupName"])
    context.store.merge(context.key(KIND, name), {_POLICY: None})
    return {}


def _require_policy(context: Context, params: Params) -> str:
    group = require_group(context, params["ModelPackageGroupName"])
    if _POLICY not in group:
        arn = group["ModelPackageGroupArn"]
        text = f"Cannot find Model Package Group Policy for {arn}."
        raise ValidationError(text)
    return str(group[_POLICY])

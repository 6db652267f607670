"""AddTags, ListTags and DeleteTags for every SageMaker resource, and tags given at creation."""

from collections.abc import Mapping
from typing import Any

from emulator.api.errors import ValidationError
from emulator.sagemaker.paging import page_of
from emulator.sagemaker.registry import Context, Params, action

_PAGE_SIZE = 50


def tag_new(context: Context, arn: str, *, params: Params) -> None:
    context.store.add_tags(arn, _as_mapping(params.get("Tags", [])))


def _as_mapping(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _require_resource(context: Context, arn: str) -> str:
    """Return the ARN of something that is here; another region's or account's is not."""
    if arn not in context.store.arns(context.region):
        text = f"Could not find resource {arn}."
        raise ValidationError(text)
    return arn


@action("AddTags")
def add_tags(context: Context, params: Params) -> dict[str, Any]:
    arn = _require_resource(context, params["ResourceArn"])
    context.store.add_tags(arn, _as_mapping(params["Tags"]))
    return {"Tags": _as_list(context.store.tags(arn))}


@action("ListTags")
def list_tags(context: Context, params: Params) -> dict[str, Any]:
    page, more = page_of(
        _as_list(context.store.tags(_require_resource(context, params["ResourceArn"]))),
        {"MaxResults": _PAGE_SIZE, **params},
        sort_key=lambda tag: (tag["Key"],),
        descending=False,
        scope="ListTags",
    )
    return {"Tags": page, **more}


@action("DeleteTags")
def delete_tags(context: Context, params: Params) -> dict[str, Any]:
    arn = _require_resource(context, params["ResourceArn"])
    context.store.remove_tags(arn, list(params["TagKeys"]))
    return {}

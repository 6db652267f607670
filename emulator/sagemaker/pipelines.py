"""SageMaker pipelines: definitions that are kept; StartPipelineExecution is refused."""

import json
from collections.abc import Mapping
from typing import Any

from emulator.api.errors import ResourceNotFound, ValidationError
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new
from emulator.store import Document

KIND = "pipeline"
_LISTING = Listing(result="PipelineSummaries", name="PipelineName", strictly_after=True)
_NOT_KEPT = ("ClientRequestToken", "PipelineDefinitionS3Location", "PipelineVersionAliases", "Tags")
_FILTERS = {"CreatedAfter": "CreationTimeAfter", "CreatedBefore": "CreationTimeBefore"}


def _require_pipeline(context: Context, name_or_arn: str) -> Document:
    name = name_or_arn.rpartition("/")[2]
    document = context.store.find(context.key(KIND, name))
    if document is None:
        text = f"Pipeline '{context.arn(KIND, name)}' does not exist."
        raise ResourceNotFound(text)
    return document


@action("CreatePipeline")
def create_pipeline(context: Context, params: Params) -> dict[str, Any]:
    name = params["PipelineName"]
    arn = context.arn(KIND, name)
    members = _members(context, params)
    if "PipelineDefinition" not in members:
        text = "Either PipelineDefinition or PipelineDefinitionS3Location is required."
        raise ValidationError(text)
    now = context.now()
    with context.store.lock:
        if context.store.find(context.key(KIND, name)):
            text = (
                "Pipeline names must be unique within an AWS account and region. "
                f"Pipeline with name ({name}) already exists."
            )
            raise ValidationError(text)
        document = {
            **members,
            "PipelineArn": arn,
            "PipelineStatus": "Active",
            "CreationTime": now,
            "LastModifiedTime": now,
            "CreatedBy": {},
            "LastModifiedBy": {},
        }
        context.store.put(context.key(KIND, name), document)
        tag_new(context, arn, params=params)
    return {"PipelineArn": arn}


def _members(context: Context, params: Params) -> Document:
    members = {name: value for name, value in params.items() if name not in _NOT_KEPT}
    location = params.get("PipelineDefinitionS3Location")
    if location is not None:
        members["PipelineDefinition"] = _fetched(context, location)
    if "PipelineDefinition" in members:
        try:
            json.loads(members["PipelineDefinition"])
        except ValueError as error:
            text = f"The pipeline definition is not valid JSON: {error}"
            raise ValidationError(text) from error
    return members


def _fetched(context: Context, location: Mapping[str, str]) -> str:
    s3 = context.cloud.client("s3", context.region)
    arguments = {"Bucket": location["Bucket"], "Key": location["ObjectKey"]}
    if "VersionId" in location:
        arguments["VersionId"] = location["VersionId"]
    return str(s3.get_object(**arguments)["Body"].read().decode())


@action("DescribePipeline")
def describe_pipeline(context: Context, params: Params) -> dict[str, Any]:
    return _require_pipeline(context, params["PipelineName"])


@action("ListPipelines")
def list_pipelines(context: Context, params: Params) -> dict[str, Any]:
    prefix = params.get("PipelineNamePrefix", "")
    of_aws = params.get("ManagedBy") == "AWS"
    found = [] if of_aws else context.store.all(context.region, KIND)
    chosen = [document for document in found if document["PipelineName"].startswith(prefix)]
    renamed = {_FILTERS.get(name, name): value for name, value in params.items()}
    return list_page(chosen, renamed, listing=_LISTING)


@action("UpdatePipeline")
def update_pipeline(context: Context, params: Params) -> dict[str, Any]:
    members = _members(context, params)
    with context.store.lock:
        document = _require_pipeline(context, params["PipelineName"])
        members["LastModifiedTime"] = context.now()
        context.store.merge(context.key(KIND, document["PipelineName"]), members)
    return {"PipelineArn": document["PipelineArn"]}


@action("DeletePipeline")
def delete_pipeline(context: Context, params: Params) -> dict[str, Any]:
    with context.store.lock:
        document = _require_pipeline(context, params["PipelineName"])
        context.store.remove(context.key(KIND, document["PipelineName"]))
        context.store.remove_tags(document["PipelineArn"])
    return {"PipelineArn": document["PipelineArn"]}

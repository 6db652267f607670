"""The four kinds of monitoring job definitions: documents that nothing runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.api.errors import ResourceInUse, ResourceNotFound
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new
from emulator.store import Document

_LISTING = Listing(
    result="JobDefinitionSummaries",
    name="MonitoringJobDefinitionName",
    equals={"EndpointName": "EndpointName"},
    strictly_after=True,
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`monitoring_type` is also the prefix of the actions' members."""

    monitoring_type: str
    arn_part: str

    def require(self, context: Context, name: str) -> Document:
        document = context.store.find(context.key(self.arn_part, name))
        if document is None:
            text = f"Could not find job definition {context.arn(self.arn_part, name)}."
            raise ResourceNotFound(text)
        return document

    def create(self, context: Context, params: Params) -> dict[str, Any]:
        name = params["JobDefinitionName"]
        arn = context.arn(self.arn_part, name)
        with context.store.lock:
            if context.store.find(context.key(self.arn_part, name)):
                text = f"Job definition {arn} already exists."
                raise ResourceInUse(text)
            document = {**params, "JobDefinitionArn": arn, "CreationTime": context.now()}
            context.store.put(context.key(self.arn_part, name), document)
            tag_new(context, arn, params=params)
        return {"JobDefinitionArn": arn}

    def describe(self, context: Context, params: Params) -> dict[str, Any]:
        return self.require(context, params["JobDefinitionName"])

    def list(self, context: Context, params: Params) -> dict[str, Any]:
        documents = context.store.all(context.region, self.arn_part)
        return list_page(map(self._summary, documents), params, listing=_LISTING)

    def delete(self, context: Context, params: Params) -> dict[str, Any]:
        with context.store.lock:
            document = self.require(context, params["JobDefinitionName"])
            context.store.remove(context.key(self.arn_part, document["JobDefinitionName"]))
            context.store.remove_tags(document["JobDefinitionArn"])
        return {}

    def endpoint_name(self, document: Mapping[str, Any]) -> str:
        """Return the monitored endpoint; a definition over batch transforms has none."""
        job_input = document[f"{self.monitoring_type}JobInput"]
        return str(job_input.get("EndpointInput", {}).get("EndpointName", ""))

    def _summary(self, document: Document) -> Document:
        return {
            "MonitoringJobDefinitionName": document["JobDefinitionName"],
            "MonitoringJobDefinitionArn": document["JobDefinitionArn"],
            "CreationTime": document["CreationTime"],
            "EndpointName": self.endpoint_name(document),
        }


KINDS = {
    kind.monitoring_type: kind
    for kind in (
        Kind(monitoring_type="DataQuality", arn_part="data-quality-job-definition"),
        Kind(monitoring_type="ModelQuality", arn_part="model-quality-job-definition"),
        Kind(monitoring_type="ModelBias", arn_part="model-bias-job-definition"),
        Kind(monitoring_type="ModelExplainability", arn_part="model-explainability-job-definition"),
    )
}

for _name, _kind in KINDS.items():
    action(f"Create{_name}JobDefinition")(_kind.create)
    action(f"Describe{_name}JobDefinition")(_kind.describe)
    action(f"List{_name}JobDefinitions")(_kind.list)
    action(f"Delete{_name}JobDefinition")(_kind.delete)

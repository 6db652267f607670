"""Models as Search shows them: with their endpoints, last transform job and schedules."""

from typing import Any

from emulator.sagemaker.registry import Context
from emulator.store import Document


def model_records(context: Context) -> list[Document]:
    """Return one ModelDashboardModel per model."""
    every = {kind: context.store.all(context.region, kind) for kind in _KINDS}
    return [_record(context, model, every) for model in every["model"]]


_KINDS = ("model", "endpoint", "endpoint-config", "transform-job")


def _record(context: Context, model: Document, every: dict[str, list[Document]]) -> Document:
    name = model["ModelName"]
    tags = context.store.tags(model["ModelArn"])
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    record: Document = {"Model": {**model, "Tags": listed}, "Tags": listed}
    configs = {
        config["EndpointConfigName"]
        for config in every["endpoint-config"]
        if name in _models_of(config)
    }
    record["Endpoints"] = [
        endpoint for endpoint in every["endpoint"] if endpoint["EndpointConfigName"] in configs
    ]
    jobs = [job for job in every["transform-job"] if job["ModelName"] == name]
    if jobs:
        record["LastBatchTransformJob"] = max(jobs, key=lambda job: float(job["CreationTime"]))
    return record


def _models_of(config: Document) -> set[Any]:
    variants = [*config["ProductionVariants"], *config.get("ShadowProductionVariants", [])]
    return {variant.get("ModelName") for variant in variants}

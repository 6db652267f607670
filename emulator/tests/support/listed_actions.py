"""The List actions as a table: what they list, filter and sort."""

from dataclasses import dataclass, field
from typing import Any

from emulator.tests.support.embedded import Embedded, eventually, unique
from emulator.tests.support.sagemaker_things import (
    Create,
    a_job_definition,
    a_model,
    a_model_package,
    a_model_package_group,
    a_monitoring_schedule,
    a_pipeline,
    a_processing_job,
    a_training_job,
    a_transform_job,
    an_endpoint,
    an_endpoint_config,
)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One List action; `matching` filters keep what `create` makes, `excluding` ones do not."""

    action: str
    call: str
    result: str
    name: str
    create: Create
    newest_first: bool = True
    matching: dict[str, Any] = field(default_factory=dict)
    excluding: dict[str, Any] = field(default_factory=dict)
    modified: bool = False
    prefix: str = "NameContains"
    times: str = "CreationTime"
    ended: str | None = None

    def page(self, embedded: Embedded, prefix: str, **arguments: Any) -> dict[str, Any]:
        found: dict[str, Any] = getattr(embedded.sagemaker, self.call)(
            **{self.prefix: prefix, **arguments}
        )
        return found

    def names(self, embedded: Embedded, prefix: str, **arguments: Any) -> list[str]:
        found = self.page(embedded, prefix, **arguments)[self.result]
        return [item[self.name].removeprefix(f"{prefix}-") for item in found]

    def time_filters(self) -> dict[str, str]:
        if self.times == "Created":
            return {"CreatedAfter": "CreatedBefore"}
        filters = {"CreationTimeAfter": "CreationTimeBefore"}
        more = {"LastModifiedTimeAfter": "LastModifiedTimeBefore"}
        return {**filters, **(more if self.modified else {})}


def job_definitions(kind: str, call: str) -> Listed:
    return Listed(
        action=f"List{kind}JobDefinitions",
        call=f"list_{call}_job_definitions",
        result="JobDefinitionSummaries",
        name="MonitoringJobDefinitionName",
        create=a_job_definition(kind),
        matching={"EndpointName": "watched"},
        excluding={"EndpointName": "other"},
    )


LISTED = (
    Listed(
        action="ListTrainingJobs",
        call="list_training_jobs",
        result="TrainingJobSummaries",
        name="TrainingJobName",
        create=a_training_job,
        newest_first=False,
        matching={"StatusEquals": "Failed"},
        excluding={"WarmPoolStatusEquals": "Available"},
        modified=True,
        ended="TrainingJobStatus",
    ),
    Listed(
        action="ListProcessingJobs",
        call="list_processing_jobs",
        result="ProcessingJobSummaries",
        name="ProcessingJobName",
        create=a_processing_job,
        newest_first=False,
        matching={"StatusEquals": "Failed"},
        excluding={"StatusEquals": "Completed"},
        modified=True,
        ended="ProcessingJobStatus",
    ),
    Listed(
        action="ListTransformJobs",
        call="list_transform_jobs",
        result="TransformJobSummaries",
        name="TransformJobName",
        create=a_transform_job,
        matching={"StatusEquals": "Failed"},
        excluding={"StatusEquals": "Completed"},
        modified=True,
        ended="TransformJobStatus",
    ),
    Listed(
        action="ListModels",
        call="list_models",
        result="Models",
        name="ModelName",
        create=a_model,
    ),
    Listed(
        action="ListEndpointConfigs",
        call="list_endpoint_configs",
        result="EndpointConfigs",
        name="EndpointConfigName",
        create=an_endpoint_config,
    ),
    Listed(
        action="ListEndpoints",
        call="list_endpoints",
        result="Endpoints",
        name="EndpointName",
        create=an_endpoint,
        matching={"StatusEquals": "Failed"},
        excluding={"StatusEquals": "InService"},
        modified=True,
        ended="EndpointStatus",
    ),
    Listed(
        action="ListModelPackages",
        call="list_model_packages",
        result="ModelPackageSummaryList",
        name="ModelPackageName",
        create=a_model_package,
        newest_first=False,
        matching={"ModelPackageType": "Both"},
        excluding={"ModelApprovalStatus": "Rejected"},
    ),
    Listed(
        action="ListModelPackageGroups",
        call="list_model_package_groups",
        result="ModelPackageGroupSummaryList",
        name="ModelPackageGroupName",
        create=a_model_package_group,
        newest_first=False,
        matching={"CrossAccountFilterOption": "SameAccount"},
        excluding={"CrossAccountFilterOption": "CrossAccount"},
    ),
    Listed(
        action="ListPipelines",
        call="list_pipelines",
        result="PipelineSummaries",
        name="PipelineName",
        create=a_pipeline,
        matching={"ManagedBy": "CUSTOMER"},
        excluding={"ManagedBy": "AWS"},
        prefix="PipelineNamePrefix",
        times="Created",
    ),
    Listed(
        action="ListMonitoringSchedules",
        call="list_monitoring_schedules",
        result="MonitoringScheduleSummaries",
        name="MonitoringScheduleName",
        create=a_monitoring_schedule,
        matching={"MonitoringTypeEquals": "DataQuality", "StatusEquals": "Scheduled"},
        excluding={"MonitoringJobDefinitionName": "other"},
        modified=True,
    ),
    job_definitions("DataQuality", "data_quality"),
    job_definitions("ModelQuality", "model_quality"),
    job_definitions("ModelBias", "model_bias"),
    job_definitions("ModelExplainability", "model_explainability"),
)


def three_of(listed: Listed, embedded: Embedded) -> str:
    """Create b, a and c, in this order; return the prefix of their names."""
    prefix = unique("list")
    for letter in "bac":
        listed.create(embedded, f"{prefix}-{letter}")
    if listed.ended is not None:
        eventually(
            lambda: listed.page(embedded, prefix)[listed.result],
            lambda found: {item[listed.ended] for item in found} == {"Failed"},
        )
    return prefix

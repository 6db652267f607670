"""Every List action: its filters, its order, its pages, and the tokens that it does not take."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

import emulator.sagemaker.control_plane  # noqa: F401  (registers the actions)
from emulator.sagemaker.registry import ACTIONS
from tests.emulated.embedded import ROLE, Embedded, a_variant, eventually, unique

pytestmark = pytest.mark.emulated

# No interpreter here has this version, so what needs it fails before a process is started.
UNUSABLE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3"
CONTAINER = {"Image": UNUSABLE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
LONG_AGO = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
FAR_AHEAD = dt.datetime(2101, 1, 1, tzinfo=dt.UTC)

Create = Callable[[Embedded, str], None]


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


def a_training_job(embedded: Embedded, name: str) -> None:
    embedded.sagemaker.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": UNUSABLE, "TrainingInputMode": "File"},
        RoleArn=ROLE,
        OutputDataConfig={"S3OutputPath": "s3://bucket/jobs"},
        ResourceConfig=CLUSTER,
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )


def a_processing_job(embedded: Embedded, name: str) -> None:
    embedded.sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": UNUSABLE, "ContainerEntrypoint": ["python3"]},
        ProcessingResources={"ClusterConfig": CLUSTER},
    )


def a_transform_job(embedded: Embedded, name: str) -> None:
    a_model(embedded, name)
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://no-such-bucket/in/"}
    embedded.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=name,
        TransformInput={"DataSource": {"S3DataSource": source}},
        TransformOutput={"S3OutputPath": "s3://bucket/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )


def a_model(embedded: Embedded, name: str) -> None:
    embedded.sagemaker.create_model(
        ModelName=name, PrimaryContainer=CONTAINER, ExecutionRoleArn=ROLE
    )


def an_endpoint_config(embedded: Embedded, name: str) -> None:
    a_model(embedded, name)
    embedded.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[a_variant(name)]
    )


def an_endpoint(embedded: Embedded, name: str) -> None:
    an_endpoint_config(embedded, name)
    embedded.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def a_model_package(embedded: Embedded, name: str) -> None:
    specification = {
        "Containers": [CONTAINER],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    embedded.sagemaker.create_model_package(
        ModelPackageName=name,
        InferenceSpecification=specification,
    )


def a_model_package_group(embedded: Embedded, name: str) -> None:
    embedded.sagemaker.create_model_package_group(ModelPackageGroupName=name)


def a_pipeline(embedded: Embedded, name: str) -> None:
    embedded.sagemaker.create_pipeline(
        PipelineName=name,
        PipelineDefinition="{}",
        ClientRequestToken=unique("t" * 20),
        RoleArn=ROLE,
    )


def a_job_definition(kind: str) -> Create:
    inputs: dict[str, Any] = {"EndpointInput": {"EndpointName": "watched", "LocalPath": "/opt/ml"}}
    specification: dict[str, Any] = {"ImageUri": UNUSABLE}
    if kind == "ModelQuality":
        inputs["GroundTruthS3Input"] = {"S3Uri": "s3://bucket/truth"}
        specification["ProblemType"] = "Regression"
    if kind == "ModelBias":
        inputs["GroundTruthS3Input"] = {"S3Uri": "s3://bucket/truth"}
    if kind in ("ModelBias", "ModelExplainability"):
        specification["ConfigUri"] = "s3://bucket/config.json"
    output = {"S3Output": {"S3Uri": "s3://bucket/out", "LocalPath": "/opt/ml/out"}}

    def create(embedded: Embedded, name: str) -> None:
        verb = {"DataQuality": "data_quality", "ModelQuality": "model_quality"}
        verb |= {"ModelBias": "model_bias", "ModelExplainability": "model_explainability"}
        getattr(embedded.sagemaker, f"create_{verb[kind]}_job_definition")(
            **{
                "JobDefinitionName": name,
                f"{kind}AppSpecification": specification,
                f"{kind}JobInput": inputs,
                f"{kind}JobOutputConfig": {"MonitoringOutputs": [output]},
                "JobResources": {"ClusterConfig": CLUSTER},
                "RoleArn": ROLE,
            }
        )

    return create


def a_monitoring_schedule(embedded: Embedded, name: str) -> None:
    a_job_definition("DataQuality")(embedded, name)
    embedded.sagemaker.create_monitoring_schedule(
        MonitoringScheduleName=name,
        MonitoringScheduleConfig={
            "MonitoringJobDefinitionName": name,
            "MonitoringType": "DataQuality",
        },
    )


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


def refused(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **keywords)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_no_list_action_is_left_out() -> None:
    actions = {name for name in ACTIONS if name.startswith("List")}
    assert {listed.action for listed in LISTED} == actions - {"ListTags"}


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: listed.action)
def test_a_list_is_filtered_sorted_and_cut_into_pages(listed: Listed, embedded: Embedded) -> None:
    prefix = three_of(listed, embedded)
    assert_sorted(listed, embedded, prefix)
    assert_filtered(listed, embedded, prefix)
    assert_paged(listed, embedded, prefix)


def assert_sorted(listed: Listed, embedded: Embedded, prefix: str) -> None:
    created = ["b", "a", "c"]
    by_default = created[::-1] if listed.newest_first else created
    assert listed.names(embedded, prefix) == by_default
    for sort_by, expected in (("CreationTime", created), ("Name", ["a", "b", "c"])):
        for order, names in (("Ascending", expected), ("Descending", expected[::-1])):
            assert listed.names(embedded, prefix, SortBy=sort_by, SortOrder=order) == names


def assert_filtered(listed: Listed, embedded: Embedded, prefix: str) -> None:
    assert len(listed.names(embedded, prefix, **listed.matching)) == 3
    if listed.excluding:
        assert listed.names(embedded, prefix, **listed.excluding) == []
    for after, before in listed.time_filters().items():
        between = {after: LONG_AGO, before: FAR_AHEAD}
        assert len(listed.names(embedded, prefix, **between)) == 3
        assert listed.names(embedded, prefix, **{after: FAR_AHEAD}) == []
        assert listed.names(embedded, prefix, **{before: LONG_AGO}) == []


def assert_paged(listed: Listed, embedded: Embedded, prefix: str) -> None:
    by_name = {"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 2}
    first = listed.page(embedded, prefix, **by_name)
    token = first["NextToken"]
    listed.create(embedded, f"{prefix}-a2")
    last = listed.page(embedded, prefix, **by_name, NextToken=token)
    found = [item[listed.name] for page in (first, last) for item in page[listed.result]]
    assert found == [f"{prefix}-{letter}" for letter in "abc"]
    assert "NextToken" not in last
    invalid = ("ValidationException", "Invalid NextToken.")
    assert refused(listed.page, embedded, prefix, NextToken=token) == invalid
    assert refused(listed.page, embedded, prefix, **by_name, NextToken="bm9uZQ==") == invalid

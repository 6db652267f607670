"""Creates one SageMaker resource of each kind without starting a process."""

from collections.abc import Callable
from typing import Any

from emulator.tests.support.embedded import ROLE, Embedded, a_variant, unique

# No interpreter here has this version, so what needs it fails before a process is started.
UNUSABLE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3"
CONTAINER = {"Image": UNUSABLE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}

Create = Callable[[Embedded, str], None]


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
    bucket = embedded.a_bucket()
    embedded.client("s3").put_object(Bucket=bucket, Key="in/a.csv", Body=b"1")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/in/"}
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

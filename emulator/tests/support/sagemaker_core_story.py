"""A program that uses sagemaker-core's resources as its users do; it knows nothing of our AWS.

    python -m emulator.tests.support.sagemaker_core_story BUCKET NAME

The archive of a training script is in the bucket. The last line of stdout is JSON: what was seen.
"""

import json
import sys
from typing import Any

import boto3
from sagemaker.core.resources import (
    Endpoint,
    EndpointConfig,
    Model,
    ModelPackage,
    ModelPackageGroup,
    TrainingJob,
)
from sagemaker.core.shapes import (
    AlgorithmSpecification,
    Channel,
    ContainerDefinition,
    DataSource,
    OutputDataConfig,
    ProductionVariant,
    ResourceConfig,
    S3DataSource,
    StoppingCondition,
)

from emulator.tests.support.sagemaker_lives import IMAGE, ROLE
from emulator.tests.support.small_models import HYPERPARAMETERS

_LIMIT_S = 60


def trained(bucket: str, name: str) -> TrainingJob:
    source = S3DataSource(s3_data_type="S3Prefix", s3_uri=f"s3://{bucket}/code/")
    job = TrainingJob.create(
        training_job_name=name,
        role_arn=ROLE,
        algorithm_specification=AlgorithmSpecification(
            training_image=IMAGE, training_input_mode="File"
        ),
        input_data_config=[
            Channel(channel_name="code", data_source=DataSource(s3_data_source=source))
        ],
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/jobs"),
        resource_config=ResourceConfig(
            instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=1
        ),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=600),
        hyper_parameters=HYPERPARAMETERS,
        tags=[{"key": "made-by", "value": "sagemaker-core"}],
    )
    job.wait(poll=1, timeout=_LIMIT_S)
    return job


def training(bucket: str, name: str) -> tuple[dict[str, Any], str]:
    job = trained(bucket, name)
    artifact = str(job.model_artifacts.s3_model_artifacts)
    again = TrainingJob.get(training_job_name=name)
    seen = {
        "status": job.training_job_status,
        "got": again.training_job_arn == job.training_job_arn,
        "refreshed": again.refresh().training_job_status,
        "listed": [each.training_job_name for each in TrainingJob.get_all(name_contains=name)],
        "artifact": artifact.removeprefix(f"s3://{bucket}/"),
    }
    return seen, artifact


def created_package(artifact: str, name: str) -> ModelPackage:
    """By boto3: ModelPackage.create of 2.27.0 reads `ModelPackageName`, which AWS never answers."""
    created = boto3.client("sagemaker").create_model_package(
        ModelPackageGroupName=name,
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": artifact}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/plain"],
        },
        ModelApprovalStatus="PendingManualApproval",
    )
    return ModelPackage.get(created["ModelPackageArn"])


def registering(artifact: str, name: str) -> tuple[dict[str, Any], ModelPackage]:
    group = ModelPackageGroup.create(model_package_group_name=name)
    group.wait_for_status("Completed", poll=1, timeout=_LIMIT_S)
    for _ in range(2):
        package = created_package(artifact, name)
        package.wait_for_status("Completed", poll=1, timeout=_LIMIT_S)
    package.update(model_approval_status="Approved")
    listed = ModelPackage.get_all(model_package_group_name=name, sort_order="Ascending")
    seen = {
        "approval": ModelPackage.get(package.model_package_arn).model_approval_status,
        "versions": [each.model_package_version for each in listed],
    }
    return seen, package


def serving(artifact: str, name: str) -> dict[str, Any]:
    Model.create(
        model_name=name,
        primary_container=ContainerDefinition(image=IMAGE, model_data_url=artifact),
        execution_role_arn=ROLE,
    )
    for config in (f"{name}-1", f"{name}-2"):
        EndpointConfig.create(endpoint_config_name=config, production_variants=[variant(name)])
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=f"{name}-1")
    endpoint.wait_for_status("InService", poll=1, timeout=_LIMIT_S)
    answer = endpoint.invoke(body=b"1,2", content_type="text/csv")
    endpoint.endpoint_config_name = f"{name}-2"
    endpoint.update()
    endpoint.wait_for_status("InService", poll=1, timeout=_LIMIT_S)
    return {
        "answer": answer.body.read().decode(),
        "config": Endpoint.get(name).refresh().endpoint_config_name,
        "listed": [each.endpoint_name for each in Endpoint.get_all(name_contains=name)],
    }


def variant(model: str) -> ProductionVariant:
    return ProductionVariant(
        variant_name="primary",
        model_name=model,
        instance_type="ml.m5.large",
        initial_instance_count=1,
        initial_variant_weight=1.0,
    )


def deleting(name: str, *, packages: list[ModelPackage]) -> dict[str, Any]:
    endpoint = Endpoint.get(name)
    endpoint.delete()
    endpoint.wait_for_delete(poll=1, timeout=_LIMIT_S)
    for config in (f"{name}-1", f"{name}-2"):
        EndpointConfig.get(config).delete()
    Model.get(name).delete()
    for package in packages:
        # ModelPackage.delete of 2.27.0 asks by a name, which versions have not on AWS.
        package.model_package_name = package.model_package_arn
        package.delete()
    group = ModelPackageGroup.get(name)
    group.delete()
    group.wait_for_delete(poll=1, timeout=_LIMIT_S)
    left = [*Endpoint.get_all(name_contains=name), *Model.get_all(name_contains=name)]
    return {"left": len(left)}


def main(bucket: str, name: str) -> None:
    seen: dict[str, Any] = {}
    seen["training"], artifact = training(bucket, name)
    seen["registering"], _ = registering(artifact, name)
    seen["serving"] = serving(artifact, name)
    packages = list(ModelPackage.get_all(model_package_group_name=name))
    seen["deleting"] = deleting(name, packages=packages)
    # Waiting draws a box without an end of line.
    print("\n" + json.dumps(seen))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

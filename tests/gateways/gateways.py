"""The gateways on the embedded AWS, and builders of what they are asked to do."""

import os
from typing import Any

from emulator.tests.support.embedded import IMAGE, REGION, ROLE, Embedded, packed, unique
from pipeline.gateways.aws import Cloud, local_cloud
from pipeline.gateways.sagemaker import SageMaker
from pipeline.gateways.store import Store

POLL_S = 0.1


def cloud_of(embedded: Embedded, **environment: str) -> Cloud:
    return local_cloud(embedded.url, region=REGION, environment={**os.environ, **environment})


def a_store(embedded: Embedded) -> Store:
    return Store(cloud_of(embedded), embedded.a_bucket())


def sagemaker_of(embedded: Embedded) -> SageMaker:
    return SageMaker(cloud_of(embedded), poll_s=POLL_S)


def a_training_request(embedded: Embedded, script: str, **members: Any) -> dict[str, Any]:
    """Return CreateTrainingJob's arguments for a script in a bucket of its own."""
    bucket = embedded.a_bucket()
    embedded.client("s3").put_object(
        Bucket=bucket, Key="code/sourcedir.tar.gz", Body=packed({"train.py": script})
    )
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/code/"}
    return {
        "TrainingJobName": unique("train"),
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/jobs"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 1,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "HyperParameters": {
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": '"/opt/ml/input/data/code/sourcedir.tar.gz"',
        },
        **members,
    }

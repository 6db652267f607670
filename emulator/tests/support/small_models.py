"""A training script and an inference script that need nothing but Python, and start at once."""

from typing import Any

from emulator.tests.support.embedded import IMAGE, ROLE, Embedded, packed

INFERENCE = """
import pathlib

def model_fn(model_dir):
    return pathlib.Path(model_dir, "answer.txt").read_text()

def transform_fn(model, body, content_type, accept):
    return model, "text/plain"
"""
TRAIN = f"""
import os, pathlib

model_dir = pathlib.Path(os.environ["SM_MODEL_DIR"])
(model_dir / "code").mkdir()
(model_dir / "code" / "inference.py").write_text({INFERENCE!r})
(model_dir / "answer.txt").write_text("trained")
"""
HYPERPARAMETERS = {
    "sagemaker_program": '"train.py"',
    "sagemaker_submit_directory": '"/opt/ml/input/data/code/sourcedir.tar.gz"',
}


def channels(bucket: str) -> list[dict[str, Any]]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/code/"}
    return [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}]


def source_archive(script: str = TRAIN) -> bytes:
    return packed({"train.py": script})


def training_job(name: str, bucket: str) -> dict[str, Any]:
    """Return the request of CreateTrainingJob; the archive is expected in code/ of the bucket."""
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": channels(bucket),
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/jobs"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "HyperParameters": HYPERPARAMETERS,
    }


def a_code_bucket(cloud: Embedded, *, script: str = TRAIN) -> str:
    bucket = cloud.a_bucket()
    cloud.client("s3").put_object(
        Bucket=bucket, Key="code/sourcedir.tar.gz", Body=source_archive(script)
    )
    return bucket

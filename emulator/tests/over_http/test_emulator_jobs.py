"""Training and processing jobs as the control plane shows them; what runs is tested elsewhere."""

import datetime as dt
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import IMAGE, ROLE, Embedded, eventually, packed, unique

pytestmark = pytest.mark.emulated

SLEEPS = "import time; print('at work', flush=True); time.sleep(300)"
WRITES = "import os, pathlib; pathlib.Path(os.environ['SM_MODEL_DIR'], 'm').write_text('x')"
SOURCE = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data/"}
CHANNEL = {"ChannelName": "train", "DataSource": {"S3DataSource": SOURCE}}
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
GROUP = {"InstanceGroupName": "one", "InstanceType": "ml.m5.large", "InstanceCount": 1}
WAITS_TOO_LITTLE = {"MaxRuntimeInSeconds": 100, "MaxWaitTimeInSeconds": 99}
FOR_ANOTHER_GROUP = {
    "ChannelName": "train",
    "DataSource": {"S3DataSource": {**SOURCE, "InstanceGroupNames": ["absent"]}},
}


def start_training(embedded: Embedded, script: str, **members: Any) -> str:
    name, bucket = unique("train"), embedded.a_bucket()
    code = packed({"train.py": script})
    embedded.client("s3").put_object(Bucket=bucket, Key="code/sourcedir.tar.gz", Body=code)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/code/"}
    request = {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/jobs"},
        "ResourceConfig": CLUSTER,
        "HyperParameters": {
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": '"/opt/ml/input/data/code/sourcedir.tar.gz"',
        },
        **members,
    }
    embedded.sagemaker.create_training_job(**request)
    return name


def training(embedded: Embedded, name: str) -> dict[str, Any]:
    described: dict[str, Any] = embedded.sagemaker.describe_training_job(TrainingJobName=name)
    return described


def ended(embedded: Embedded, name: str) -> dict[str, Any]:
    return eventually(
        lambda: training(embedded, name),
        lambda job: job["TrainingJobStatus"] not in ("InProgress", "Stopping"),
    )


def a_metric(name: str) -> dict[str, Any]:
    definitions = [{"Name": name, "Regex": f"{name}=([0-9.]+)"}]
    algorithm = {"TrainingImage": IMAGE, "TrainingInputMode": "File"}
    return {"AlgorithmSpecification": {**algorithm, "MetricDefinitions": definitions}}


def start_processing(embedded: Embedded, program: str, **members: Any) -> str:
    name = unique("process")
    request = {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", "-c", program],
        },
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        **members,
    }
    embedded.sagemaker.create_processing_job(**request)
    return name


def processed(embedded: Embedded, name: str) -> dict[str, Any]:
    return eventually(
        lambda: embedded.sagemaker.describe_processing_job(ProcessingJobName=name),
        lambda job: job["ProcessingJobStatus"] not in ("InProgress", "Stopping"),
    )


def test_a_training_job_completes_and_names_its_artifact(embedded: Embedded) -> None:
    job = ended(embedded, start_training(embedded, WRITES))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    assert embedded.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 0


def test_a_training_job_echoes_its_request(embedded: Embedded) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    stopping = {"MaxRuntimeInSeconds": 120}
    name = start_training(embedded, WRITES, Tags=tags, StoppingCondition=stopping)
    job = ended(embedded, name)
    assert job["StoppingCondition"] == stopping
    assert job["HyperParameters"]["sagemaker_program"] == '"train.py"'
    assert job["EnableManagedSpotTraining"] is False
    assert embedded.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == tags


def test_a_job_name_is_taken_for_ever(embedded: Embedded) -> None:
    name = start_training(embedded, WRITES)
    ended(embedded, name)
    with pytest.raises(ClientError, match="Training job names must be unique") as caught:
        start_training(embedded, WRITES, TrainingJobName=name)
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


def test_a_training_job_that_is_stopped_ends_stopped(embedded: Embedded) -> None:
    name = start_training(embedded, SLEEPS)
    eventually(lambda: training(embedded, name)["SecondaryStatus"], lambda now: now == "Training")
    embedded.sagemaker.stop_training_job(TrainingJobName=name)
    assert training(embedded, name)["TrainingJobStatus"] in ("Stopping", "Stopped")
    assert ended(embedded, name)["TrainingJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="is in status Stopped"):
        embedded.sagemaker.stop_training_job(TrainingJobName=name)


def test_training_jobs_are_listed_by_status(embedded: Embedded) -> None:
    name = start_training(embedded, WRITES)
    ended(embedded, name)

    def listed(status: str) -> list[str]:
        page = embedded.sagemaker.list_training_jobs(NameContains=name, StatusEquals=status)
        return [job["TrainingJobName"] for job in page["TrainingJobSummaries"]]

    assert listed("Completed") == [name]
    assert listed("Failed") == []


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"EnableManagedSpotTraining": True}, "It must be present and be greater than or equal to"),
        ({"StoppingCondition": WAITS_TOO_LITTLE}, "It is only supported when EnableManagedSpot"),
        (
            {"EnableManagedSpotTraining": True, "StoppingCondition": WAITS_TOO_LITTLE},
            "Invalid MaxWaitTimeInSeconds. It must be present",
        ),
        (
            {"ResourceConfig": {**CLUSTER, "InstanceGroups": [GROUP]}},
            "cannot be specified together",
        ),
        ({"ResourceConfig": {"InstanceGroups": [GROUP, GROUP]}}, "names must be unique"),
        ({"InputDataConfig": [FOR_ANOTHER_GROUP]}, "names instance groups that ResourceConfig"),
        ({"InputDataConfig": [CHANNEL, CHANNEL]}, "Channel names must be unique"),
    ],
)
def test_a_training_job_that_aws_would_not_take_is_refused(
    embedded: Embedded, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        start_training(embedded, WRITES, **members)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_processing_job_completes_within_a_day_by_default(embedded: Embedded) -> None:
    job = processed(embedded, start_processing(embedded, "print(1)"))
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}


def test_a_processing_job_that_fails_says_so_in_its_list_entry(embedded: Embedded) -> None:
    name = start_processing(embedded, "raise SystemExit(3)")
    assert processed(embedded, name)["ProcessingJobStatus"] == "Failed"
    page = embedded.sagemaker.list_processing_jobs(NameContains=name, StatusEquals="Failed")
    assert "3" in page["ProcessingJobSummaries"][0]["FailureReason"]


def test_a_processing_job_that_is_stopped_ends_stopped(embedded: Embedded) -> None:
    name = start_processing(embedded, SLEEPS)
    embedded.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert processed(embedded, name)["ProcessingJobStatus"] == "Stopped"


def test_metrics_in_the_log_of_a_training_job_go_to_cloudwatch(embedded: Embedded) -> None:
    script = f"print('accuracy=0.5'); print('accuracy=0.75'); {WRITES}"
    name = start_training(embedded, script, **a_metric("accuracy"))
    assert ended(embedded, name)["TrainingJobStatus"] == "Completed"
    now = dt.datetime.now(dt.UTC)
    points = embedded.client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName="accuracy",
        Dimensions=[{"Name": "TrainingJobName", "Value": name}],
        StartTime=now - dt.timedelta(minutes=10),
        EndTime=now + dt.timedelta(minutes=1),
        Period=60,
        Statistics=["SampleCount", "Maximum"],
    )["Datapoints"]
    assert sum(point["SampleCount"] for point in points) == 2
    assert max(point["Maximum"] for point in points) == 0.75


def metric_values(embedded: Embedded, job: str, metric: str) -> float:
    now = dt.datetime.now(dt.UTC)
    points = embedded.client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName=metric,
        Dimensions=[{"Name": "TrainingJobName", "Value": job}],
        StartTime=now - dt.timedelta(minutes=10),
        EndTime=now + dt.timedelta(minutes=1),
        Period=60,
        Statistics=["SampleCount"],
    )["Datapoints"]
    return float(sum(point["SampleCount"] for point in points))


def test_metrics_reach_cloudwatch_while_the_job_runs(embedded: Embedded) -> None:
    script = f"print('loss=0.5', flush=True); {SLEEPS}"
    name = start_training(embedded, script, **a_metric("loss"))
    eventually(lambda: metric_values(embedded, name, "loss"), lambda count: count == 1)
    embedded.sagemaker.stop_training_job(TrainingJobName=name)
    job = ended(embedded, name)
    assert job["FinalMetricDataList"][0]["Value"] == 0.5
    assert metric_values(embedded, name, "loss") == 1


def test_a_failed_job_keeps_its_metrics(embedded: Embedded) -> None:
    name = start_training(embedded, "print('loss=2'); raise SystemExit(1)", **a_metric("loss"))
    job = ended(embedded, name)
    assert (job["TrainingJobStatus"], job["FinalMetricDataList"][0]["Value"]) == ("Failed", 2)


def test_more_instances_than_processes_are_refused(embedded: Embedded) -> None:
    resources = {**CLUSTER, "InstanceCount": 5}
    with pytest.raises(ClientError, match="5 instances") as caught:
        start_training(embedded, WRITES, ResourceConfig=resources)
    assert caught.value.response["Error"]["Code"] == "NotImplementedByEmulator"


def an_input(name: str, path: str) -> dict[str, Any]:
    source = {"S3Uri": "s3://bucket/in", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": {**source, "LocalPath": path}}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([("a", "/opt/ml/processing/a"), ("a", "/opt/ml/processing/b")], "Input names must be"),
        ([("a", "/opt/ml/processing/a"), ("b", "/opt/ml/processing/a")], "Local paths of inputs"),
        ([("a", "/opt/ml/input")], "must begin with /opt/ml/processing/"),
    ],
)
def test_a_processing_job_with_impossible_inputs_is_refused(
    embedded: Embedded, inputs: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        start_processing(embedded, "pass", ProcessingInputs=[an_input(*each) for each in inputs])
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_processing_jobs_name_is_taken_for_ever(embedded: Embedded) -> None:
    name = start_processing(embedded, "pass")
    with pytest.raises(
        ClientError, match="Job name must be unique within an AWS account"
    ) as caught:
        start_processing(embedded, "pass", ProcessingJobName=name)
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


def test_a_job_that_has_ended_can_be_deleted_and_its_name_used_again(embedded: Embedded) -> None:
    name = start_training(embedded, SLEEPS)
    with pytest.raises(ClientError, match="Only a job in status") as caught:
        embedded.sagemaker.delete_training_job(TrainingJobName=name)
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"
    embedded.sagemaker.stop_training_job(TrainingJobName=name)
    ended(embedded, name)
    embedded.sagemaker.delete_training_job(TrainingJobName=name)
    start_training(embedded, WRITES, TrainingJobName=name)
    assert ended(embedded, name)["TrainingJobStatus"] == "Completed"


def test_a_processing_job_that_has_ended_can_be_deleted(embedded: Embedded) -> None:
    name = start_processing(embedded, "pass")
    processed(embedded, name)
    embedded.sagemaker.delete_processing_job(ProcessingJobName=name)
    with pytest.raises(ClientError, match="Could not find requested job"):
        embedded.sagemaker.describe_processing_job(ProcessingJobName=name)


def test_an_update_of_a_training_job_is_kept(embedded: Embedded) -> None:
    name = start_training(embedded, WRITES)
    kept = {"KeepAlivePeriodInSeconds": 60}
    embedded.sagemaker.update_training_job(TrainingJobName=name, ResourceConfig=kept)
    assert ended(embedded, name)["ResourceConfig"] == {**CLUSTER, **kept}

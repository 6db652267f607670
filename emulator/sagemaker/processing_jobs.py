"""CreateProcessingJob, DescribeProcessingJob, ListProcessingJobs and StopProcessingJob."""

import threading
from typing import Any

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.containers.processing import run_processing_job
from emulator.sagemaker.instances import check_instance_count, check_volume_key
from emulator.sagemaker.jobs import JobKind, Update
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new

_JOBS = JobKind(
    kind="processing-job",
    noun="processing job",
    name="ProcessingJobName",
    status="ProcessingJobStatus",
)
_DEFAULT_MAX_RUNTIME_S = 86400
_LISTING = Listing(
    result="ProcessingJobSummaries",
    name="ProcessingJobName",
    status="ProcessingJobStatus",
    default_sort_order="Ascending",
    strictly_after=True,
)


@action("CreateProcessingJob")
def create_processing_job(context: Context, params: Params) -> dict[str, Any]:
    name = params["ProcessingJobName"]
    arn = context.arn("processing-job", name)
    _check(params)
    now = context.now()
    job = {
        "StoppingCondition": {"MaxRuntimeInSeconds": _DEFAULT_MAX_RUNTIME_S},
        **params,
        "ProcessingJobArn": arn,
        "ProcessingJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    with context.store.lock:
        _JOBS.add(context, job, arn=arn)
        tag_new(context, arn, params=params)

    def run(update: Update, stop: threading.Event) -> None:
        run_processing_job(
            job, cloud=context.cloud, region=context.region, update=update, stop=stop
        )

    _JOBS.start(context, name, run=run)
    return {"ProcessingJobArn": arn}


def _check(params: Params) -> None:
    cluster = params["ProcessingResources"]["ClusterConfig"]
    what = f"processing job {params['ProcessingJobName']}"
    if "InstancePreferences" in cluster:
        text = f"InstancePreferences of {what}; use InstanceType and InstanceCount"
        raise NotImplementedByEmulator(text)
    if "InstanceCount" not in cluster or "InstanceType" not in cluster:
        text = f"InstanceType and InstanceCount of {what} are required."
        raise ValidationError(text)
    check_instance_count(cluster["InstanceCount"], what=what)
    key = cluster.get("VolumeKmsKeyId")
    check_volume_key(key, [cluster["InstanceType"]], name="VolumeKmsKeyId")
    inputs = params.get("ProcessingInputs", [])
    outputs = params.get("ProcessingOutputConfig", {}).get("Outputs", [])
    _check_unique([entry["InputName"] for entry in inputs], what="Input names")
    _check_unique([entry["OutputName"] for entry in outputs], what="Output names")
    paths = [entry["S3Input"]["LocalPath"] for entry in inputs if _has_path(entry)]
    _check_unique(paths, what="Local paths of inputs")
    outside = [path for path in paths if not path.startswith("/opt/ml/processing/")]
    elsewhere = [path for path in _output_paths(outputs) if not path.startswith("/opt/ml/")]
    if elsewhere:
        text = f"a processing output with LocalPath {elsewhere[0]}, which is not below /opt/ml"
        raise NotImplementedByEmulator(text)
    if outside:
        text = f"LocalPath {outside[0]} is invalid; it must begin with /opt/ml/processing/."
        raise ValidationError(text)


def _has_path(entry: Params) -> bool:
    return "LocalPath" in entry.get("S3Input", {})


def _output_paths(outputs: list[Params]) -> list[str]:
    return [entry.get("S3Output", {}).get("LocalPath", "/opt/ml/") for entry in outputs]


def _check_unique(names: list[str], *, what: str) -> None:
    if len(set(names)) != len(names):
        text = f"{what} must be unique; got {', '.join(names)}."
        raise ValidationError(text)


@action("DescribeProcessingJob")
def describe_processing_job(context: Context, params: Params) -> dict[str, Any]:
    return _JOBS.require(context, params["ProcessingJobName"])


@action("ListProcessingJobs")
def list_processing_jobs(context: Context, params: Params) -> dict[str, Any]:
    return list_page(context.store.all(context.region, "processing-job"), params, listing=_LISTING)


@action("StopProcessingJob")
def stop_processing_job(context: Context, params: Params) -> dict[str, Any]:
    _JOBS.stop(context, params["ProcessingJobName"])
    return {}


@action("DeleteProcessingJob")
def delete_processing_job(context: Context, params: Params) -> dict[str, Any]:
    _JOBS.delete(context, params["ProcessingJobName"], arn="ProcessingJobArn")
    return {}

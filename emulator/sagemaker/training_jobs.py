"""CreateTrainingJob, DescribeTrainingJob, ListTrainingJobs and StopTrainingJob."""

import threading
from typing import Any

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.containers.training import run_training_job
from emulator.sagemaker.instances import check_instance_count, check_volume_key
from emulator.sagemaker.job_inputs import require_objects
from emulator.sagemaker.jobs import JobKind, Update
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new
from emulator.store import Document

_JOBS = JobKind(
    kind="training-job",
    noun="training job",
    name="TrainingJobName",
    status="TrainingJobStatus",
    not_found="Requested resource not found.",
    taken=(
        "Training job names must be unique within an AWS account and region, and a training job "
        "with this name already exists ({arn})"
    ),
)
_LISTING = Listing(
    result="TrainingJobSummaries",
    name="TrainingJobName",
    status="TrainingJobStatus",
    equals={"WarmPoolStatusEquals": "WarmPoolStatus", "TrainingPlanArnEquals": "TrainingPlanArn"},
    default_sort_order="Ascending",
    strictly_after=True,
)
_REFUSED = ("ServerlessJobConfig", "ModelPackageConfig", "SessionChainingConfig", "MlflowConfig")
_DEFAULT_MAX_RUNTIME_S = 86400
_DESCRIBED_BY_DEFAULT = {
    "StoppingCondition": {"MaxRuntimeInSeconds": _DEFAULT_MAX_RUNTIME_S},
    "EnableNetworkIsolation": False,
    "EnableInterContainerTrafficEncryption": False,
    "EnableManagedSpotTraining": False,
}


@action("CreateTrainingJob")
def create_training_job(context: Context, params: Params) -> dict[str, Any]:
    name = params["TrainingJobName"]
    arn = context.arn("training-job", name)
    _check(params)
    require_objects(context, _sources(params), role=params["RoleArn"])
    job = _new_job(context, params, arn=arn)
    with context.store.lock:
        _JOBS.add(context, job, arn=arn)
        tag_new(context, arn, params=params)

    def run(update: Update, stop: threading.Event) -> None:
        run_training_job(job, cloud=context.cloud, region=context.region, update=update, stop=stop)

    _JOBS.start(context, name, run=run)
    return {"TrainingJobArn": arn}


def _check(params: Params) -> None:
    for member in _REFUSED:
        if member in params:
            text = f"CreateTrainingJob with {member}"
            raise NotImplementedByEmulator(text)
    for member in ("AlgorithmSpecification", "ResourceConfig"):
        if member not in params:
            text = f"{member} is required for training job {params['TrainingJobName']}."
            raise ValidationError(text)
    if "TrainingImage" not in params["AlgorithmSpecification"]:
        text = "CreateTrainingJob without AlgorithmSpecification.TrainingImage"
        raise NotImplementedByEmulator(text)
    channels = [channel["ChannelName"] for channel in params.get("InputDataConfig", [])]
    if len(set(channels)) != len(channels):
        text = f"Channel names must be unique; got {', '.join(channels)}."
        raise ValidationError(text)
    _check_instances(params)
    _check_checkpoints(params)
    _check_spot(params)


def _sources(params: Params) -> list[Params]:
    sources = [channel["DataSource"] for channel in params.get("InputDataConfig", [])]
    return [source["S3DataSource"] for source in sources if "S3DataSource" in source]


def _check_instances(params: Params) -> None:
    resources = params["ResourceConfig"]
    groups = resources.get("InstanceGroups", [])
    if groups and ("InstanceCount" in resources or "InstanceType" in resources):
        text = (
            "InstanceGroups cannot be specified together with InstanceCount and InstanceType in "
            "ResourceConfig."
        )
        raise ValidationError(text)
    if not groups and not {"InstanceCount", "InstanceType"} <= set(resources):
        text = "ResourceConfig needs InstanceCount and InstanceType, or InstanceGroups."
        raise ValidationError(text)
    names = [group["InstanceGroupName"] for group in groups]
    if len(set(names)) != len(names):
        text = f"Instance group names must be unique; got {', '.join(names)}."
        raise ValidationError(text)
    for channel in params.get("InputDataConfig", []):
        _check_groups_of_channel(channel, names)
    counts = [group["InstanceCount"] for group in groups] or [resources["InstanceCount"]]
    check_instance_count(sum(counts), what=f"training job {params['TrainingJobName']}")
    types = [each["InstanceType"] for each in groups or [resources]]
    check_volume_key(resources.get("VolumeKmsKeyId"), types, name="VolumeKmsKeyId")


def _check_groups_of_channel(channel: Params, names: list[str]) -> None:
    source = channel["DataSource"].get("S3DataSource", {})
    unknown = [name for name in source.get("InstanceGroupNames", []) if name not in names]
    if unknown:
        text = (
            f"Channel {channel['ChannelName']} names instance groups that ResourceConfig does not "
            f"have: {', '.join(unknown)}."
        )
        raise ValidationError(text)


def _check_checkpoints(params: Params) -> None:
    path = params.get("CheckpointConfig", {}).get("LocalPath", "/opt/ml/checkpoints")
    if not path.startswith("/opt/ml/") or ".." in path.split("/"):
        text = f"CheckpointConfig.LocalPath {path} outside /opt/ml"
        raise NotImplementedByEmulator(text)


def _check_spot(params: Params) -> None:
    stopping = params.get("StoppingCondition", {})
    if not params.get("EnableManagedSpotTraining"):
        if "MaxWaitTimeInSeconds" in stopping:
            text = (
                "Invalid MaxWaitTimeInSeconds. It is only supported when "
                "EnableManagedSpotTraining is set to true"
            )
            raise ValidationError(text)
        return
    wait = stopping.get("MaxWaitTimeInSeconds", 0)
    if wait < stopping.get("MaxRuntimeInSeconds", _DEFAULT_MAX_RUNTIME_S):
        text = (
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )
        raise ValidationError(text)


def _new_job(context: Context, params: Params, *, arn: str) -> Document:
    """AWS names the artifact from the start: ModelArtifacts is a required member of Describe."""
    output = params["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    now = context.now()
    return {
        **_DESCRIBED_BY_DEFAULT,
        **params,
        "TrainingJobArn": arn,
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "ModelArtifacts": {
            "S3ModelArtifacts": f"{output}/{params['TrainingJobName']}/output/model.tar.gz"
        },
        "CreationTime": now,
        "LastModifiedTime": now,
    }


@action("DescribeTrainingJob")
def describe_training_job(context: Context, params: Params) -> dict[str, Any]:
    return _JOBS.require(context, params["TrainingJobName"])


@action("ListTrainingJobs")
def list_training_jobs(context: Context, params: Params) -> dict[str, Any]:
    return list_page(context.store.all(context.region, "training-job"), params, listing=_LISTING)


@action("StopTrainingJob")
def stop_training_job(context: Context, params: Params) -> dict[str, Any]:
    _JOBS.stop(context, params["TrainingJobName"])
    return {}


@action("DeleteTrainingJob")
def delete_training_job(context: Context, params: Params) -> dict[str, Any]:
    _JOBS.delete(context, params["TrainingJobName"], arn="TrainingJobArn")
    return {}


@action("UpdateTrainingJob")
def update_training_job(context: Context, params: Params) -> dict[str, Any]:
    """Keep what was asked for: there is no profiler and no warm pool here."""
    name = params["TrainingJobName"]
    with context.store.lock:
        job = _JOBS.require(context, name)
        patch: Document = {
            member: {**job.get(member, {}), **params[member]}
            for member in ("ProfilerConfig", "ResourceConfig", "RemoteDebugConfig")
            if member in params
        }
        if "ProfilerRuleConfigurations" in params:
            patch["ProfilerRuleConfigurations"] = params["ProfilerRuleConfigurations"]
        patch["LastModifiedTime"] = context.now()
        context.store.merge(context.key("training-job", name), patch)
    return {"TrainingJobArn": job["TrainingJobArn"]}

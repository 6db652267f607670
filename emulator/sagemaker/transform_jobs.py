"""CreateTransformJob, DescribeTransformJob, ListTransformJobs and StopTransformJob."""

import threading
from typing import Any

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.containers.fleet import Variant
from emulator.containers.transform import LOG_GROUP, run_transform_job
from emulator.containers.transform_paths import BadPath
from emulator.containers.transform_payloads import DEFAULT_PAYLOAD_MB, FILTERABLE, Association
from emulator.sagemaker.instances import check_instance_count, check_volume_key
from emulator.sagemaker.job_inputs import require_objects
from emulator.sagemaker.jobs import JobKind, Update
from emulator.sagemaker.listing import Listing, list_page
from emulator.sagemaker.models import hosted_container, require_model
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.tags import tag_new

_JOBS = JobKind(
    kind="transform-job",
    noun="transform job",
    name="TransformJobName",
    status="TransformJobStatus",
)
_LISTING = Listing(
    result="TransformJobSummaries",
    name="TransformJobName",
    status="TransformJobStatus",
    strictly_after=True,
)
_MOST_MB = 100
_STARTUP_TIMEOUT_S = 600


@action("CreateTransformJob")
def create_transform_job(context: Context, params: Params) -> dict[str, Any]:
    name = params["TransformJobName"]
    arn = context.arn("transform-job", name)
    _check(params)
    variant = _variant(context, params)
    role = require_model(context, params["ModelName"]).get("ExecutionRoleArn")
    source = params["TransformInput"]["DataSource"]["S3DataSource"]
    require_objects(context, [source], role=role)
    now = context.now()
    job = {
        **params,
        "TransformJobArn": arn,
        "TransformJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    with context.store.lock:
        _JOBS.add(context, job, arn=arn)
        tag_new(context, arn, params=params)

    def run(update: Update, stop: threading.Event) -> None:
        run_transform_job(job, variant, cloud=context.cloud, update=update, stop=stop)

    _JOBS.start(context, name, run=run)
    return {"TransformJobArn": arn}


def _variant(context: Context, params: Params) -> Variant:
    """Describe the workers of the job: its model on its instances."""
    model = require_model(context, params["ModelName"])
    container = hosted_container(context, model)
    name = params["TransformJobName"]
    return Variant(
        endpoint_name=name,
        endpoint_config_name=name,
        variant_name=name,
        region=context.region,
        image=container["Image"],
        model_data_url=container.get("ModelDataUrl"),
        environment={**container.get("Environment", {}), **params.get("Environment", {})},
        instance_count=params["TransformResources"]["InstanceCount"],
        startup_timeout_s=_STARTUP_TIMEOUT_S,
        network_isolation=bool(model.get("EnableNetworkIsolation")),
        log_group=LOG_GROUP,
        log_prefix=name,
    )


def _check(params: Params) -> None:
    _check_sizes(params)
    _check_source(params["TransformInput"])
    _check_association(params)
    if "DataCaptureConfig" in params:
        text = "CreateTransformJob with DataCaptureConfig"
        raise NotImplementedByEmulator(text)
    resources = params["TransformResources"]
    what = f"transform job {params['TransformJobName']}"
    check_instance_count(resources["InstanceCount"], what=what)
    key = resources.get("VolumeKmsKeyId")
    check_volume_key(key, [resources["InstanceType"]], name="VolumeKmsKeyId")


def _check_sizes(params: Params) -> None:
    payload_mb = params.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB)
    concurrent = params.get("MaxConcurrentTransforms") or 1
    if payload_mb == 0:
        text = "CreateTransformJob with MaxPayloadInMB 0 (chunked payloads)"
        raise NotImplementedByEmulator(text)
    if payload_mb * concurrent > _MOST_MB:
        text = (
            f"MaxConcurrentTransforms * MaxPayloadInMB is {payload_mb * concurrent} MB; it cannot "
            f"exceed {_MOST_MB} MB."
        )
        raise ValidationError(text)


def _check_source(source: Params) -> None:
    kind = source["DataSource"]["S3DataSource"]["S3DataType"]
    if kind == "AugmentedManifestFile":
        text = "S3DataType AugmentedManifestFile is not supported for transform jobs."
        raise ValidationError(text)
    split = source.get("SplitType", "None")
    refused = [kind] if kind == "Converse" else []
    refused += [f"SplitType {split}"] if split in ("RecordIO", "TFRecord") else []
    if refused:
        text = f"CreateTransformJob with {refused[0]}"
        raise NotImplementedByEmulator(text)


def _check_association(params: Params) -> None:
    """DataProcessing reads the records, so it must know their form."""
    try:
        association = Association.of(params)
    except BadPath as error:
        text = f"Invalid DataProcessing: {error}."
        raise ValidationError(text) from error
    if association is None:
        return
    wrong = {association.content_type, association.accept} - set(FILTERABLE)
    if wrong or association.content_type != association.accept:
        text = (
            "DataProcessing needs ContentType and Accept to be the same, one of "
            f"{', '.join(FILTERABLE)}; they are {association.content_type or 'absent'} and "
            f"{association.accept or 'absent'}."
        )
        raise ValidationError(text)


@action("DescribeTransformJob")
def describe_transform_job(context: Context, params: Params) -> dict[str, Any]:
    return _JOBS.require(context, params["TransformJobName"])


@action("ListTransformJobs")
def list_transform_jobs(context: Context, params: Params) -> dict[str, Any]:
    return list_page(context.store.all(context.region, "transform-job"), params, listing=_LISTING)


@action("StopTransformJob")
def stop_transform_job(context: Context, params: Params) -> dict[str, Any]:
    _JOBS.stop(context, params["TransformJobName"])
    return {}

"""CreateProcessingJob, DescribeProcessingJob, ListProcessingJobs and StopProcessingJob."""

import threading
from typing import Any

from emulator.containers.processing import run_processing_job
from emulator.sagemaker.instances import check_instance_count
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
    cluster = params["ProcessingResources"]["ClusterConfig"]
    check_instance_count(cluster["InstanceCount"], what=f"processing job {name}")
    now = context.now()
    job = {
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

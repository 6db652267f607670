"""What of an environment Terraform does not own: running jobs, model packages, objects, logs.

Each is found by the tags of the environment, or belongs by its own address to a thing that was.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from botocore.exceptions import ClientError

from pipeline.core.destruction import Place
from pipeline.core.errors import CloudUnusable
from pipeline.gateways.aws import Cloud, attempting, error_code, if_there
from pipeline.gateways.waiting import GaveUp, wait_until

_DELETED_AT_ONCE = 1000  # of DeleteObjects (S3 API reference)
_MISSING = {"NoSuchBucket", "ResourceNotFoundException", "ValidationException", "ResourceNotFound"}
_KINDS = ("Training", "Processing")
_RUNNING = ("InProgress", "Stopping")
# A training job has 120 s to save its model, then its instances upload it (API reference,
# StopTrainingJob).
_STOPS_WITHIN_S = 900.0
_POLL_S = 5.0


@dataclass(frozen=True, kw_only=True)
class RunningJob:
    """A training or processing job of the environment that has not ended."""

    kind: str
    name: str


def running_jobs(cloud: Cloud, place: Place) -> tuple[RunningJob, ...]:
    """Return the jobs that have not ended and carry the environment's tags."""
    client = cloud.client("sagemaker")
    found: list[RunningJob] = []
    for kind, status in product(_KINDS, _RUNNING):
        pages = client.get_paginator(f"list_{kind.lower()}_jobs")
        with attempting(f"list the {kind.lower()} jobs that run"):
            for page in pages.paginate(StatusEquals=status):
                found += [
                    RunningJob(kind=kind, name=job[f"{kind}JobName"])
                    for job in page[f"{kind}JobSummaries"]
                    if place.owns(_tags(client, job[f"{kind}JobArn"]))
                ]
    return tuple(found)


def _tags(client: Any, arn: str) -> Mapping[str, str]:
    pages = client.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {each["Key"]: each["Value"] for page in pages for each in page["Tags"]}


def stop(cloud: Cloud, job: RunningJob) -> None:
    """Stop a job; one that has ended meanwhile is fine."""
    call = getattr(cloud.client("sagemaker"), f"stop_{job.kind.lower()}_job")
    with attempting(f"stop the {job.kind.lower()} job {job.name}"):
        _unless_gone(lambda: call(**{f"{job.kind}JobName": job.name}))


def wait_until_ended(cloud: Cloud, job: RunningJob, *, timeout_s: float = _STOPS_WITHIN_S) -> None:
    """Wait until a stopped job writes nothing more. Raises CloudUnusable where it goes on."""
    describe = getattr(cloud.client("sagemaker"), f"describe_{job.kind.lower()}_job")
    what = f"{job.kind.lower()} job {job.name}"

    def status() -> str | None:
        named = {f"{job.kind}JobName": job.name}
        seen = if_there(f"describe the {what}", lambda: describe(**named), missing=_MISSING)
        return str(seen[f"{job.kind}JobStatus"]) if seen else None

    try:
        wait_until(status, lambda now: now not in _RUNNING, timeout_s=timeout_s, poll_s=_POLL_S)
    except GaveUp as error:
        message = f"The {what} has not stopped after {timeout_s:.0f} s."
        raise CloudUnusable(message, remedy="Wait, then run the same command again.") from error


def delete_packages(cloud: Cloud, group: str) -> int:
    """Delete all model packages of a group, and return how many there were."""
    client = cloud.client("sagemaker")
    with attempting(f"delete the model packages of {group}"):
        pages = client.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        arns = [
            each["ModelPackageArn"] for page in pages for each in page["ModelPackageSummaryList"]
        ]
        for arn in arns:
            _unless_gone(lambda arn=arn: client.delete_model_package(ModelPackageName=arn))
    return len(arns)


def empty_bucket(cloud: Cloud, bucket: str) -> int:
    """Delete every version of every object, and return how many there were.

    Raises CloudUnusable where S3 keeps one: a lock or a policy holds it.
    """
    client, count = cloud.client("s3"), 0
    with attempting(f"empty the bucket {bucket}"):
        for batch in _batches(_versions(client, bucket)):
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
            _require_deleted(bucket, answer.get("Errors", []))
            count += len(batch)
        for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", ()):
            client.abort_multipart_upload(
                Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )
    return count


def _versions(client: Any, bucket: str) -> Iterator[dict[str, str]]:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield {"Key": each["Key"], "VersionId": each["VersionId"]}


def _batches(found: Iterator[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    everything = list(found)
    for start in range(0, len(everything), _DELETED_AT_ONCE):
        yield everything[start : start + _DELETED_AT_ONCE]


def _require_deleted(bucket: str, errors: list[Mapping[str, str]]) -> None:
    if not errors:
        return
    first = errors[0]
    message = f"{first['Key']} of {bucket} was not deleted: {first.get('Message') or first['Code']}"
    raise CloudUnusable(message, remedy="Take away what holds it, then run the same command again.")


def delete_log_group(cloud: Cloud, name: str) -> bool:
    """Delete a log group; False where there is none."""
    with attempting(f"delete the log group {name}"):
        return _unless_gone(lambda: cloud.client("logs").delete_log_group(logGroupName=name))


def _unless_gone(call: Any) -> bool:
    try:
        call()
    except ClientError as error:
        if error_code(error) not in _MISSING:
            raise
        return False
    return True

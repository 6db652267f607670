"""SageMaker's jobs, model packages and endpoints, in the core's records.

Answers that cannot be understood become errors, never success: an unknown status stays unknown.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.core.errors import JobFailed, UsageError
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.records import ApprovalStatus, ModelPackage
from pipeline.gateways.aws import Cloud, error_code, unusable
from pipeline.gateways.waiting import GaveUp, wait_until

logger = logging.getLogger(__name__)

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
PROCESSING_LOGS = "/aws/sagemaker/ProcessingJobs"
_ENDED = {"Completed", "Failed", "Stopped"}
_DUPLICATE = {"ResourceInUse"}


@dataclass(frozen=True, kw_only=True)
class JobOutcome:
    """A finished job: SageMaker's own description of it."""

    name: str
    description: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PackageDetails:
    """A registered model package as the runner needs it to find it again."""

    package: ModelPackage
    training_job: str | None
    approval_reason: str


class NameTaken(Exception):
    """A job of this name exists already."""


class SageMaker:
    def __init__(self, cloud: Cloud, *, poll_s: float = 5.0) -> None:
        self._cloud = cloud
        self._poll_s = poll_s

    # Jobs

    def start_training(self, request: Mapping[str, Any]) -> None:
        """Start a training job. Raises NameTaken, or the error that says why it was refused."""
        name = request["TrainingJobName"]
        self._create("create_training_job", request, f"start training job {name}")

    def start_processing(self, request: Mapping[str, Any]) -> None:
        name = request["ProcessingJobName"]
        self._create("create_processing_job", request, f"start processing job {name}")

    def wait_for_training(self, name: str, *, timeout_s: float) -> JobOutcome:
        """Wait until the job has ended. Raises JobFailed with SageMaker's reason."""
        return self._wait_for_job(
            "training",
            name,
            lambda: self._client.describe_training_job(TrainingJobName=name),
            timeout_s=timeout_s,
        )

    def wait_for_processing(self, name: str, *, timeout_s: float) -> JobOutcome:
        return self._wait_for_job(
            "processing",
            name,
            lambda: self._client.describe_processing_job(ProcessingJobName=name),
            timeout_s=timeout_s,
        )

    def find_training(self, name: str) -> JobOutcome | None:
        """Return the training job, or None when this account and region has none of that name."""
        try:
            return JobOutcome(
                name=name, description=self._client.describe_training_job(TrainingJobName=name)
            )
        except Exception as error:
            if error_code(error) in {"ValidationException", "ResourceNotFound"}:
                return None
            msg = f"describe training job {name}"
            raise unusable(msg, error) from error

    def _wait_for_job(
        self, kind: str, name: str, describe: Callable[[], Any], *, timeout_s: float
    ) -> JobOutcome:
        status_key = f"{kind.capitalize()}JobStatus"
        try:
            description = wait_until(
                describe,
                lambda seen: seen[status_key] in _ENDED,
                timeout_s=timeout_s,
                poll_s=self._poll_s,
            )
        except GaveUp as error:
            msg = f"The {kind} job {name} has not ended after {timeout_s:.0f} s."
            raise JobFailed(
                msg,
                remedy=f"Stop it (aws sagemaker stop-{kind}-job), raise {kind}'s max_runtime_s and run again.",
            ) from error
        except Exception as error:
            msg = f"describe {kind} job {name}"
            raise unusable(msg, error) from error
        if description[status_key] != "Completed":
            raise self._job_failure(kind, name, description, str(description[status_key]))
        return JobOutcome(name=name, description=description)

    def _job_failure(
        self, kind: str, name: str, description: Mapping[str, Any], status: str
    ) -> JobFailed:
        group = TRAINING_LOGS if kind == "training" else PROCESSING_LOGS
        lines = "\n".join(f"  | {line}" for line in self.log_tail(group, f"{name}/", count=15))
        reason = description.get("FailureReason") or description.get("ExitMessage") or status
        return JobFailed(
            f"The {kind} job {name} ended as {status}: {reason}" + (f"\n{lines}" if lines else ""),
            remedy=f"Mend what it names and run again; all of its log is in {group}, stream {name}.",
        )

    # Model packages

    def register(self, request: Mapping[str, Any]) -> ModelPackage:
        """Create a version of a model package in its group."""
        group = request["ModelPackageGroupName"]
        try:
            arn = self._client.create_model_package(**request)["ModelPackageArn"]
        except Exception as error:
            msg = f"register a model package in {group}"
            raise unusable(msg, error) from error
        status = ApprovalStatus(request["ModelApprovalStatus"])
        return ModelPackage(arn=arn, version=int(arn.rsplit("/", 1)[1]), approval_status=status)

    def set_approval(self, arn: str, status: ApprovalStatus, reason: str) -> None:
        try:
            self._client.update_model_package(
                ModelPackageArn=arn,
                ModelApprovalStatus=status.value,
                ApprovalDescription=reason[:1024],
            )
        except Exception as error:
            msg = f"set the approval of {arn}"
            raise unusable(msg, error) from error

    def packages(self, group: str) -> Iterator[PackageDetails]:
        """Yield the model packages of a group, newest first; none for a group that does not exist."""
        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
        )
        try:
            for page in pages:
                for summary in page["ModelPackageSummaryList"]:
                    yield self._package(summary["ModelPackageArn"])
        except Exception as error:
            if error_code(error) == "ValidationException":
                return
            msg = f"list the model packages of {group}"
            raise unusable(msg, error) from error

    def _package(self, arn: str) -> PackageDetails:
        described = self._client.describe_model_package(ModelPackageName=arn)
        package = ModelPackage(
            arn=arn,
            version=described["ModelPackageVersion"],
            approval_status=ApprovalStatus(described["ModelApprovalStatus"]),
        )
        return PackageDetails(
            package=package,
            training_job=described.get("CustomerMetadataProperties", {}).get("training_job"),
            approval_reason=described.get("ApprovalDescription", ""),
        )

    # Endpoints

    def observe(self, endpoint: str) -> EndpointObservation:
        """Return one DescribeEndpoint; status Absent when there is no such endpoint."""
        try:
            seen = self._client.describe_endpoint(EndpointName=endpoint)
        except Exception as error:
            if error_code(error) == "ValidationException" and "Could not find" in str(error):
                return EndpointObservation(name=endpoint, status=EndpointStatus.ABSENT)
            msg = f"describe endpoint {endpoint}"
            raise unusable(msg, error) from error
        return _observation(seen)

    def wait_until_settled(self, endpoint: str, *, timeout_s: float) -> EndpointObservation:
        """Wait until the endpoint is not in the middle of anything, and return what it then is."""
        try:
            return wait_until(
                lambda: self.observe(endpoint),
                lambda seen: seen.status in _SETTLED and seen.pending_config is None,
                timeout_s=timeout_s,
                poll_s=self._poll_s,
            )
        except GaveUp:
            return self.observe(endpoint)

    # Logs

    def endpoint_log_tail(self, endpoint: str, *, count: int) -> tuple[str, ...]:
        """Return the last lines that any container of the endpoint wrote."""
        return self.log_tail(f"/aws/sagemaker/Endpoints/{endpoint}", "", count=count)

    def log_tail(self, group: str, stream_prefix: str, *, count: int) -> tuple[str, ...]:
        """Return the last lines of the newest stream; none where there is no log (it explains, it never fails)."""
        logs = self._cloud.client("logs")
        try:
            streams = logs.describe_log_streams(
                logGroupName=group,
                **({"logStreamNamePrefix": stream_prefix} if stream_prefix else {}),
            )["logStreams"]
            newest = max(streams, key=lambda stream: stream.get("lastEventTimestamp", 0))
            events = logs.get_log_events(
                logGroupName=group,
                logStreamName=newest["logStreamName"],
                limit=count,
                startFromHead=False,
            )["events"]
        except Exception as error:
            logger.debug("no log group=%s: %s", group, error)
            return ()
        return tuple(event["message"].rstrip() for event in events)

    @property
    def _client(self) -> Any:
        return self._cloud.client("sagemaker")

    def _create(self, call: str, request: Mapping[str, Any], what: str) -> None:
        try:
            getattr(self._client, call)(**request)
        except Exception as error:
            if error_code(error) in _DUPLICATE:
                raise NameTaken(what) from error
            if error_code(error) == "ValidationException":
                msg = f"SageMaker refused to {what}: {error}"
                raise UsageError(
                    msg,
                    remedy="Correct the setting that it names; nothing was started.",
                ) from error
            raise unusable(what, error) from error


_SETTLED = {
    EndpointStatus.ABSENT,
    EndpointStatus.OUT_OF_SERVICE,
    EndpointStatus.IN_SERVICE,
    EndpointStatus.FAILED,
    EndpointStatus.UPDATE_ROLLBACK_FAILED,
}


def _observation(seen: Mapping[str, Any]) -> EndpointObservation:
    variants = seen.get("ProductionVariants") or [{}]
    known = {status.value for status in EndpointStatus}
    status = seen["EndpointStatus"]
    return EndpointObservation(
        name=seen["EndpointName"],
        status=EndpointStatus(status) if status in known else EndpointStatus.UNKNOWN,
        config_name=seen.get("EndpointConfigName"),
        pending_config=(seen.get("PendingDeploymentSummary") or {}).get("EndpointConfigName"),
        desired_count=variants[0].get("DesiredInstanceCount"),
        current_count=variants[0].get("CurrentInstanceCount"),
        failure_reason=seen.get("FailureReason"),
        arn=seen["EndpointArn"],
        created_at=seen["CreationTime"],
    )

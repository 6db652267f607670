"""SageMaker's jobs, model packages and endpoints, in the core's records.

Answers that cannot be understood become errors, never success: an unknown status stays unknown.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from pipeline.core import jobs, naming
from pipeline.core.errors import CloudUnusable, JobFailed, UsageError
from pipeline.core.head import DeploymentConfig
from pipeline.core.outcomes import (
    EndpointObservation,
    EndpointStatus,
)
from pipeline.core.records import ApprovalStatus, ModelPackage
from pipeline.gateways.aws import Cloud, attempting, error_code, if_there
from pipeline.gateways.logs import ENDPOINT_LOGS, PROCESSING_LOGS, TRAINING_LOGS, Logs
from pipeline.gateways.new_roles import once_assumable
from pipeline.gateways.observations import observation_of
from pipeline.gateways.ports import HostedNames
from pipeline.gateways.waiting import GaveUp, wait_until

_ENDED = {"Completed", "Failed", "Stopped"}
_DENIED = {"AccessDenied", "AccessDeniedException"}
_DUPLICATE = {"ResourceInUse"}
_NOT_FOUND = {"ResourceNotFound", "ValidationException"}
_SETTLED = {
    EndpointStatus.ABSENT,
    EndpointStatus.OUT_OF_SERVICE,
    EndpointStatus.IN_SERVICE,
    EndpointStatus.FAILED,
    EndpointStatus.UPDATE_ROLLBACK_FAILED,
}


@dataclass(frozen=True, kw_only=True)
class JobOutcome:
    """A job in SageMaker's own description."""

    name: str
    description: Mapping[str, Any]

    @property
    def is_completed(self) -> bool:
        return self.description.get("TrainingJobStatus") == "Completed"


@dataclass(frozen=True, kw_only=True)
class PackageDetails:
    """A registered model package as the runner needs it to find it again."""

    package: ModelPackage
    training_job: str | None


# Is given a job's description, as SageMaker has it.
SeenJob = Callable[[Mapping[str, Any]], None]


class NameTaken(Exception):
    """A job of this name exists already."""


class SageMaker:
    """One account and region's SageMaker; `poll_s` is the pause between two looks at a job."""

    def __init__(self, cloud: Cloud, *, poll_s: float = 5.0) -> None:
        self._cloud = cloud
        self._poll_s = poll_s
        self._logs = Logs(cloud)

    # Jobs

    def start_training(self, request: Mapping[str, Any]) -> None:
        """Start a training job. Raises NameTaken, or the error that says why it was refused."""
        name = request["TrainingJobName"]
        self._create("create_training_job", request, f"start training job {name}")

    def start_processing(self, request: Mapping[str, Any]) -> None:
        name = request["ProcessingJobName"]
        self._create("create_processing_job", request, f"start processing job {name}")

    def wait_for_training(
        self, name: str, *, timeout_s: float, seen: SeenJob = lambda _: None
    ) -> JobOutcome:
        """Wait until the job has ended. Raises JobFailed with SageMaker's reason.

        `seen` is given each description on the way.
        """

        def describe() -> Mapping[str, Any]:
            found: Mapping[str, Any] = self._client.describe_training_job(TrainingJobName=name)
            seen(found)
            return found

        return self._wait_for_job("training", name, describe, timeout_s=timeout_s)

    def wait_for_processing(
        self, name: str, *, timeout_s: float, seen: SeenJob = lambda _: None
    ) -> JobOutcome:
        def describe() -> Mapping[str, Any]:
            found: Mapping[str, Any] = self._client.describe_processing_job(ProcessingJobName=name)
            seen(found)
            return found

        return self._wait_for_job("processing", name, describe, timeout_s=timeout_s)

    def find_training(self, name: str) -> JobOutcome | None:
        """Return the training job, or None when this account and region has none of that name."""
        described = if_there(
            f"describe training job {name}",
            lambda: self._client.describe_training_job(TrainingJobName=name),
            missing=_NOT_FOUND,
        )
        return JobOutcome(name=name, description=described) if described else None

    def find_processing(self, name: str) -> JobOutcome | None:
        described = if_there(
            f"describe processing job {name}",
            lambda: self._client.describe_processing_job(ProcessingJobName=name),
            missing=_NOT_FOUND,
        )
        return JobOutcome(name=name, description=described) if described else None

    def is_at_work(self, training_job: str) -> bool:
        """Tell whether a training job, or an evaluation of it, has not ended yet."""
        found = self.find_training(training_job)
        if found is not None and found.description["TrainingJobStatus"] not in _ENDED:
            return True
        for attempt in range(1, naming.MOST_ATTEMPTS + 1):
            evaluation = self.find_processing(
                naming.processing_job_name(training_job, attempt=attempt)
            )
            if evaluation is None:
                return False
            if evaluation.description["ProcessingJobStatus"] not in _ENDED:
                return True
        return False

    def _wait_for_job(
        self, kind: str, name: str, describe: Callable[[], Any], *, timeout_s: float
    ) -> JobOutcome:
        status_key = f"{kind.capitalize()}JobStatus"
        try:
            with attempting(f"describe {kind} job {name}"):
                description = wait_until(
                    describe,
                    lambda seen: seen[status_key] in _ENDED,
                    timeout_s=timeout_s,
                    poll_s=self._poll_s,
                )
        except GaveUp as error:
            message = f"The {kind} job {name} has not ended after {timeout_s:.0f} s."
            remedy = (
                f"Stop it (aws sagemaker stop-{kind}-job), raise {kind}'s max_runtime_s "
                "and run again."
            )
            raise JobFailed(message, remedy=remedy) from error
        if description[status_key] != "Completed":
            raise self._job_failure(kind, name, description, str(description[status_key]))
        return JobOutcome(name=name, description=description)

    def _job_failure(
        self, kind: str, name: str, description: Mapping[str, Any], status: str
    ) -> JobFailed:
        group = TRAINING_LOGS if kind == "training" else PROCESSING_LOGS
        lines = "\n".join(f"  | {line}" for line in self._logs.tail(group, f"{name}/", count=15))
        reason = description.get("FailureReason") or description.get("ExitMessage") or status
        message = f"The {kind} job {name} ended as {status}: {reason}"
        return JobFailed(
            f"{message}\n{lines}" if lines else message,
            remedy=f"Mend what it names and run again; its whole log is in {group}, stream {name}.",
        )

    # Model packages

    def register(self, request: Mapping[str, Any]) -> ModelPackage:
        """Create a version of a model package in its group."""
        group = request["ModelPackageGroupName"]
        with attempting(f"register a model package in {group}"):
            try:
                arn = self._client.create_model_package(**request)["ModelPackageArn"]
            except ClientError as error:
                if "does not exist" in str(error):
                    message = f"The model package group {group} is gone."
                    remedy = "Run --mode bootstrap: it makes again what is missing."
                    raise CloudUnusable(message, remedy=remedy) from error
                raise
        status = ApprovalStatus(request["ModelApprovalStatus"])
        return ModelPackage(arn=arn, version=int(arn.rsplit("/", 1)[1]), approval_status=status)

    def set_approval(self, arn: str, status: ApprovalStatus, reason: str) -> bool:
        """Set what SageMaker and people see; our own record of an approval is in the ledger.

        False where the role may not approve: that is then left to somebody who may.
        """
        with attempting(f"set the approval of {arn}"):
            try:
                self._client.update_model_package(
                    ModelPackageArn=arn,
                    ModelApprovalStatus=status.value,
                    ApprovalDescription=jobs.description(reason),
                    **self._card(arn, status),
                )
            except ClientError as error:
                if status is ApprovalStatus.APPROVED and error_code(error) in _DENIED:
                    return False
                raise
        return True

    def _card(self, arn: str, status: ApprovalStatus) -> dict[str, Any]:
        """Return the package's model card with the status that goes with this approval.

        An update replaces the card as a whole. Packages of earlier versions have none.
        """
        described = self._client.describe_model_package(ModelPackageName=arn)
        content = described.get("ModelCard", {}).get("ModelCardContent")
        if status is not ApprovalStatus.APPROVED or not content:
            return {}
        return {"ModelCard": {"ModelCardContent": content, "ModelCardStatus": "Approved"}}

    def packages(self, group: str) -> Iterator[PackageDetails]:
        """Yield the model packages of a group, newest first; none where there is no such group."""
        for arn in self._package_arns(group):
            package = self._package(arn)
            if package is not None:
                yield package

    def _package_arns(self, group: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
        )
        with attempting(f"list the model packages of {group}"):
            try:
                for page in pages:
                    for summary in page["ModelPackageSummaryList"]:
                        yield summary["ModelPackageArn"]
            except ClientError as error:
                if error_code(error) not in _NOT_FOUND:
                    raise

    def _package(self, arn: str) -> PackageDetails | None:
        """Return one package; None for one that was deleted since it was listed."""
        described = if_there(
            f"describe the model package {arn}",
            lambda: self._client.describe_model_package(ModelPackageName=arn),
            missing=_NOT_FOUND,
        )
        if described is None:
            return None
        package = ModelPackage(
            arn=arn,
            version=described["ModelPackageVersion"],
            approval_status=ApprovalStatus(described["ModelApprovalStatus"]),
        )
        return PackageDetails(
            package=package,
            training_job=described.get("CustomerMetadataProperties", {}).get("training_job"),
        )

    # Endpoints

    def observe(self, endpoint: str) -> EndpointObservation:
        """Return one DescribeEndpoint; status Absent when there is no such endpoint."""
        with attempting(f"describe endpoint {endpoint}"):
            try:
                seen = self._client.describe_endpoint(EndpointName=endpoint)
            except ClientError as error:
                if error_code(error) in _NOT_FOUND and "Could not find" in str(error):
                    return EndpointObservation(name=endpoint, status=EndpointStatus.ABSENT)
                raise
        return observation_of(seen)

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

    def endpoint_log_tail(self, endpoint: str, *, count: int) -> tuple[str, ...]:
        """Return the last lines of the container of the endpoint that was started last."""
        return self._logs.tail(f"{ENDPOINT_LOGS}{endpoint}", "", count=count)

    def hosted_names(self, endpoint: str) -> HostedNames:
        """Return the models and endpoint configs whose names contain the endpoint's."""
        models = self._names("list_models", "Models", "ModelName", part=endpoint)
        configs = self._names(
            "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", part=endpoint
        )
        return HostedNames(models=models, configs=configs)

    def _names(self, action: str, listed: str, member: str, *, part: str) -> frozenset[str]:
        pages = self._client.get_paginator(action).paginate(NameContains=part)
        with attempting(f"{action.replace('_', ' ')} of {part}"):
            return frozenset(each[member] for page in pages for each in page[listed])

    def delete_endpoint_config(self, name: str) -> None:
        """Delete an endpoint config; one that is not there is gone already."""
        self._delete("delete_endpoint_config", EndpointConfigName=name)

    def delete_model(self, name: str) -> None:
        self._delete("delete_model", ModelName=name)

    def delete_endpoint(self, name: str) -> None:
        """Delete an endpoint; one that is not there is gone already."""
        self._delete("delete_endpoint", EndpointName=name)

    def restore_settings(self, endpoint: str, config_name: str, shift: DeploymentConfig) -> None:
        """Update an endpoint to the config that it serves, so that its last update has settings.

        Only an all-at-once shift; Terraform makes every other update. Its documents do not say that
        SageMaker refuses the config that serves (API reference, UpdateEndpoint).
        """
        policy = {
            "MaximumExecutionTimeoutInSeconds": shift.maximum_execution_timeout_s,
            "TerminationWaitInSeconds": shift.termination_wait_s,
            "TrafficRoutingConfiguration": {
                "Type": "ALL_AT_ONCE",
                "WaitIntervalInSeconds": shift.wait_interval_s,
            },
        }
        alarms = [{"AlarmName": name} for name in shift.alarm_names]
        settings = {
            "AutoRollbackConfiguration": {"Alarms": alarms},
            "BlueGreenUpdatePolicy": policy,
        }
        with attempting(f"update endpoint {endpoint} to {config_name}"):
            self._client.update_endpoint(
                EndpointName=endpoint, EndpointConfigName=config_name, DeploymentConfig=settings
            )

    def _delete(self, action: str, **named: str) -> None:
        with attempting(f"{action.replace('_', ' ')} {' '.join(named.values())}"):
            try:
                getattr(self._client, action)(**named)
            except ClientError as error:
                if error_code(error) not in _NOT_FOUND or "Could not find" not in str(error):
                    raise

    @property
    def _client(self) -> Any:
        return self._cloud.client("sagemaker")

    def _create(self, call: str, request: Mapping[str, Any], what: str) -> None:
        with attempting(what):
            try:
                once_assumable(lambda: getattr(self._client, call)(**request))
            except ClientError as error:
                if error_code(error) in _DUPLICATE:
                    raise NameTaken(what) from error
                if error_code(error) != "ValidationException":
                    raise
                message = f"SageMaker refused to {what}: {error}"
                remedy = "Correct the setting that it names; nothing was started."
                raise UsageError(message, remedy=remedy) from error

"""SageMaker's state change events, from what the control plane writes into its store.

Source: "Events that Amazon SageMaker AI sends to Amazon EventBridge" in the SageMaker developer
guide: detail is the Describe response, times are milliseconds, an endpoint's status is upper case.
"""

import re
from dataclasses import dataclass
from typing import Any

import botocore.session

from emulator.api.shaping import shape_response
from emulator.store import Document, Key, Store

_SECOND_MS = 1000
_PENDING = "PendingDeploymentSummary"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A kind of document whose changes of `members` are events.

    `while_there_is` names a member without which there is nothing to tell.
    """

    kind: str
    title: str
    describe: str
    arn: str
    members: tuple[str, ...]
    while_there_is: str | None = None

    def is_told(self, before: Document, after: Document) -> bool:
        if self.while_there_is is not None and self.while_there_is not in after:
            return False
        return any(before.get(member) != after.get(member) for member in self.members)


_SUBJECTS = (
    Subject(
        kind="training-job",
        title="Training Job",
        describe="DescribeTrainingJob",
        arn="TrainingJobArn",
        members=("TrainingJobStatus", "SecondaryStatus"),
    ),
    Subject(
        kind="processing-job",
        title="Processing Job",
        describe="DescribeProcessingJob",
        arn="ProcessingJobArn",
        members=("ProcessingJobStatus",),
    ),
    Subject(
        kind="transform-job",
        title="Transform Job",
        describe="DescribeTransformJob",
        arn="TransformJobArn",
        members=("TransformJobStatus",),
    ),
    Subject(
        kind="model-package",
        title="Model Package",
        describe="DescribeModelPackage",
        arn="ModelPackageArn",
        members=("ModelPackageStatus", "ModelApprovalStatus"),
    ),
    Subject(
        kind="endpoint",
        title="Endpoint",
        describe="DescribeEndpoint",
        arn="EndpointArn",
        members=("EndpointStatus",),
    ),
    Subject(
        kind="endpoint",
        title="Endpoint Deployment",
        describe="DescribeEndpoint",
        arn="EndpointArn",
        members=(_PENDING,),
        while_there_is=_PENDING,
    ),
)


class SageMakerEvents:
    """Called by the store with every change, under its lock: it only hands over to `put`."""

    def __init__(self, store: Store, put: Any) -> None:
        self._store = store
        self._put = put
        self._model = botocore.session.Session().get_service_model("sagemaker")

    def changed(self, key: Key, before: Document | None, after: Document) -> None:
        for subject in _SUBJECTS:
            if subject.kind == key.kind and subject.is_told(before or {}, after):
                self._tell(key.region, subject, after)

    def _tell(self, region: str, subject: Subject, after: Document) -> None:
        output = self._model.operation_model(subject.describe).output_shape
        document = shape_response(after, output, strict=False)
        detail = _in_milliseconds(document, output)
        detail["Tags"] = self._store.tags(after[subject.arn])
        if "EndpointStatus" in detail:
            detail["EndpointStatus"] = _upper_case(detail["EndpointStatus"])
        event = {
            "Source": "aws.sagemaker",
            "DetailType": f"SageMaker {subject.title} State Change",
            "Resources": [after[subject.arn]],
            "Detail": detail,
        }
        self._put(region, event)


def _in_milliseconds(value: Any, shape: Any) -> Any:
    if shape.type_name == "structure":
        return {name: _in_milliseconds(item, shape.members[name]) for name, item in value.items()}
    if shape.type_name == "list":
        return [_in_milliseconds(item, shape.member) for item in value]
    if shape.type_name == "timestamp":
        return round(value * _SECOND_MS)
    return value


def _upper_case(status: str) -> str:
    """Return IN_SERVICE of InService."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()

"""Every AWS operation of the runner that a deployment uses, under every fault, once and for ever.

What comes is either what comes without a fault, or an error with an exit code that says what to do:
nothing is unclassified. Terraform's own calls are in the simulation and in tests/e2e.
"""

import functools
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from emulator.tests.support.embedded import IMAGE, REGION, Embedded, unique
from pipeline.core.errors import PipelineError
from pipeline.core.records import ApprovalStatus
from pipeline.gateways.account import published_foundation
from pipeline.gateways.alarms import CloudWatch
from pipeline.gateways.aws import Cloud
from pipeline.gateways.logs import Logs
from pipeline.gateways.runtime import EndpointClient
from pipeline.gateways.sagemaker import SageMaker
from pipeline.gateways.store import AlreadyExists, Changed, Store

pytestmark = pytest.mark.emulated

DONE, UNCLASSIFIED = "done", "unclassified"
_ENDPOINT = "no-such-endpoint"


@dataclass(frozen=True, kw_only=True)
class Place:
    """The gateways of one process, and what they are asked about."""

    cloud: Cloud
    bucket: str
    group: str
    package: str
    log: str = "/aws/sagemaker/Endpoints/none"
    key: str = ""  # of an object of its own, with its ETag
    etag: str = ""

    @property
    def store(self) -> Store:
        return Store(self.cloud, self.bucket)

    @property
    def sagemaker(self) -> SageMaker:
        return SageMaker(self.cloud)

    @property
    def alarms(self) -> CloudWatch:
        return CloudWatch(self.cloud)

    def uri(self, key: str) -> str:
        return self.store.uri(key)


Ask = Callable[[Place], object]

# By operation: what of the runner sends it. "source" is an object that is there.
OPERATIONS: Mapping[str, Ask] = {
    "sts GetCallerIdentity": lambda at: at.cloud.account_id(),
    "ssm GetParameter": lambda at: published_foundation(at.cloud, "/mlops/none/foundation"),
    "s3 GetObject": lambda at: at.store.find("source"),
    "s3 GetObject, sha256": lambda at: at.store.sha256(at.uri("source")),
    "s3 HeadObject": lambda at: at.store.exists("source"),
    "s3 ListObjectsV2": lambda at: list(at.store.keys("sou")),
    "s3 PutObject": lambda at: at.store.put("plain", b"1"),
    "s3 PutObject, If-None-Match": lambda at: at.store.create(unique("new"), b"1"),
    "s3 PutObject, If-Match": lambda at: at.store.replace(at.key, b"1", etag=at.etag),
    "s3 CreateMultipartUpload": lambda at: at.store.copy_to(at.uri("source"), unique("copy")),
    "s3 UploadPartCopy": lambda at: at.store.copy_to(at.uri("source"), unique("copy")),
    "s3 CompleteMultipartUpload": lambda at: at.store.copy_to(at.uri("source"), unique("copy")),
    "sagemaker DescribeEndpoint": lambda at: at.sagemaker.observe(_ENDPOINT),
    "sagemaker ListModels": lambda at: at.sagemaker.hosted_names(_ENDPOINT),
    "sagemaker ListEndpointConfigs": lambda at: at.sagemaker.hosted_names(_ENDPOINT),
    "sagemaker ListModelPackages": lambda at: list(at.sagemaker.packages(at.group)),
    "sagemaker DescribeModelPackage": lambda at: list(at.sagemaker.packages(at.group)),
    "sagemaker UpdateModelPackage": lambda at: at.sagemaker.set_approval(
        at.package, ApprovalStatus.APPROVED, "looked at it"
    ),
    "sagemaker CreateModelPackage": lambda at: at.sagemaker.register(_a_package(at.group)),
    "sagemaker DeleteModel": lambda at: at.sagemaker.delete_model("no-such-model"),
    "sagemaker DeleteEndpointConfig": lambda at: at.sagemaker.delete_endpoint_config("none"),
    "cloudwatch DescribeAlarms": lambda at: at.alarms.ringing(["none"]),
    "cloudwatch DescribeAlarms, by prefix": lambda at: at.alarms.named("none"),
    "cloudwatch PutMetricData": lambda at: at.alarms.veto("no-such-config"),
    "cloudwatch DeleteAlarms": lambda at: at.alarms.delete(["none"]),
    "logs DescribeLogStreams": lambda at: Logs(at.cloud).tail(at.log, "", count=3),
    "sagemaker-runtime InvokeEndpoint": lambda at: EndpointClient(
        at.cloud, _ENDPOINT, connections=1
    ).ask(b"1"),
}


def _error(code: str, status: int) -> dict[str, Any]:
    return {"error": {"code": code, "message": "by a rule", "status": status}}


FAULTS: Mapping[str, dict[str, Any]] = {
    "throttled": _error("ThrottlingException", 400),
    "HTTP 500": _error("InternalFailure", 500),
    "HTTP 503": _error("ServiceUnavailable", 503),
    "reset": {"fault": "reset"},
    "answer lost": {"fault": "lost_answer"},
    "answer truncated": {"fault": "truncated"},
    "timed out": {"fault": "timeout_before"},
    "access denied": _error("AccessDeniedException", 403),
    "token expired": _error("ExpiredTokenException", 403),
}
# To ask again does not help.
_FINAL = ("access denied", "token expired")
# botocore asks again for what it has not begun to read: the rest of the body is the caller's.
_READ_TOO_LATE = ("answer truncated",)
# By the name with which requests are signed.
_SERVICES = {"cloudwatch": "monitoring"}


def _a_package(group: str) -> dict[str, Any]:
    return {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    }


@pytest.fixture
def place(embedded: Embedded) -> Callable[[bool], Place]:
    """Return a maker of processes; a hurried one gives up on what does not answer."""
    group, bucket = unique("group"), embedded.a_bucket()
    embedded.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    package = embedded.sagemaker.create_model_package(**_a_package(group))["ModelPackageArn"]
    embedded.client("s3").put_object(Bucket=bucket, Key="source", Body=b"source")

    @functools.cache  # a client of SageMaker takes a second to be made
    def made(is_hurried: bool) -> Place:
        cloud = Cloud(region=REGION, endpoint_url=embedded.url, inherited={}, is_hurried=is_hurried)
        return Place(cloud=cloud, bucket=bucket, group=group, package=package)

    return made


def tried(operation: str, fault: str | None, *, for_ever: bool, at: Place, aws: Embedded) -> str:
    """Let a fault happen to an operation, and say what came of it."""
    key = unique("replaced")
    at = replace(at, key=key, etag=at.store.create(key, b"0"))
    service, action = operation.partition(",")[0].split(" ")
    seen = {"service": _SERVICES.get(service, service), "action": action}
    if fault is not None:
        times = {} if for_ever else {"times": 1}
        aws.add_fault({**seen, **FAULTS[fault], **times})
    aws.clear_requests()
    try:
        told = _told(OPERATIONS[operation], at)
    finally:
        aws.clear_faults()
    if fault is None:
        asked = [each for each in aws.requests() if each["action"] == action]
        assert asked, f"{operation} was not asked for: {aws.requests()}"
    return told


def _told(ask: Ask, at: Place) -> str:
    """Say what comes of a call: done, the exit code of its error, or that nobody knows it."""
    try:
        ask(at)
    except PipelineError as error:
        helps = bool(error.message and error.remedy)
        return f"exit {error.exit_code}" if helps else f"{UNCLASSIFIED}: it says nothing"
    except (AlreadyExists, Changed) as error:
        return type(error).__name__
    except Exception as error:
        return f"{UNCLASSIFIED}: {type(error).__name__}: {error}"
    return DONE


@dataclass(frozen=True, kw_only=True)
class Came:
    """What came of a fault that an operation met once, and for ever; `usual`: without any."""

    fault: str
    usual: str
    once: str
    ever: str

    @property
    def is_right(self) -> bool:
        if UNCLASSIFIED in self.once + self.ever:
            return False
        may_end = self.fault in (*_FINAL, *_READ_TOO_LATE) and self.once == "exit 11"
        return self.once == self.usual or may_end


def came_of(
    operation: str, faults: Sequence[str], place: Callable[[bool], Place], aws: Embedded
) -> Iterator[Came]:
    """Try each fault once and for ever."""
    usual = tried(operation, None, for_ever=False, at=place(False), aws=aws)
    for fault in faults:
        is_slow = fault == "timed out"
        once = tried(operation, fault, for_ever=False, at=place(is_slow), aws=aws)
        ever = tried(operation, fault, for_ever=True, at=place(True), aws=aws)
        yield Came(fault=fault, usual=usual, once=once, ever=ever)


# What fails at once, at what matters most: what is live, the ledger's write, and an answer.
_QUICK = ("sagemaker DescribeEndpoint", "s3 PutObject, If-Match")
_QUICK_FAULTS = ("throttled", "HTTP 503", "reset", "answer lost", "access denied")


@pytest.mark.parametrize("operation", _QUICK)
def test_what_a_deployment_stands_on_bears_every_fault(
    operation: str, place: Callable[[bool], Place], embedded: Embedded
) -> None:
    for came in came_of(operation, _QUICK_FAULTS, place, embedded):
        assert came.is_right, came
        assert came.ever in (DONE, "exit 11"), came


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_operation_bears_every_fault_once_and_for_ever(
    place: Callable[[bool], Place], embedded: Embedded
) -> None:
    rows = [("operation", *FAULTS), ("---",) * (len(FAULTS) + 1)]
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    for operation in OPERATIONS:
        row = [operation]
        for came in came_of(operation, tuple(FAULTS), place, embedded):
            row.append(f"{came.once}; {came.ever}")
            ends.update((came.once, came.ever))
            wrong += [] if came.is_right else [f"{operation}: {came}"]
        rows.append(tuple(row))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    unclassified = sum(count for told, count in ends.items() if UNCLASSIFIED in told)
    told = f"{sum(ends.values())} tried, {dict(ends)}, unclassified {unclassified}"
    sys.stdout.write(f"{table}\n{told}\n")
    assert not wrong, "\n".join(wrong)

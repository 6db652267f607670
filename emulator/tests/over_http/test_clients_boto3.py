"""boto3's own waiters and paginators for SageMaker: every one that botocore has for our actions."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import WaiterError

import emulator.sagemaker.control_plane  # noqa: F401  (registers the actions)
from emulator.sagemaker.registry import ACTIONS
from emulator.tests.support.embedded import IMAGE, ROLE, Embedded, unique
from emulator.tests.support.listed_actions import LISTED, Listed, three_of
from emulator.tests.support.small_models import INFERENCE, a_code_bucket, training_job

pytestmark = pytest.mark.emulated

_SESSION = botocore.session.Session()
_QUICK = {"Delay": 0.2, "MaxAttempts": 300}
_FAILS = "raise SystemExit('no luck')"

# Begins something and returns what its waiter is asked for.
Begin = Callable[[Embedded], dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Waited:
    """What ends well for one waiter, and what fails under its eyes."""

    succeeds: Begin
    fails: Begin | None = None
    shows: dict[str, str] = field(default_factory=dict)


def an_endpoint(cloud: Embedded, *, inference: str = INFERENCE) -> dict[str, str]:
    name, config = unique("endpoint"), cloud.a_config(model=cloud.a_model(inference=inference))
    cloud.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    return {"EndpointName": name}


def a_deleted_endpoint(cloud: Embedded) -> dict[str, str]:
    asked = {"EndpointName": cloud.an_endpoint(cloud.a_config())}
    cloud.sagemaker.delete_endpoint(**asked)
    return asked


def a_training_job(cloud: Embedded, script: str = "pass") -> dict[str, str]:
    name, bucket = unique("train"), a_code_bucket(cloud, script=script)
    cloud.sagemaker.create_training_job(**training_job(name, bucket))
    return {"TrainingJobName": name}


def a_processing_job(cloud: Embedded, program: str = "pass") -> dict[str, str]:
    name = unique("process")
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    cloud.sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", "-c", program]},
        ProcessingResources={"ClusterConfig": cluster},
    )
    return {"ProcessingJobName": name}


def a_transform_job(cloud: Embedded, inference: str = INFERENCE) -> dict[str, str]:
    name, bucket = unique("transform"), cloud.a_bucket()
    cloud.client("s3").put_object(Bucket=bucket, Key="in/a.csv", Body=b"1,2\n")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/in/"}
    cloud.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=cloud.a_model(inference=inference),
        TransformInput={"DataSource": {"S3DataSource": source}, "ContentType": "text/csv"},
        TransformOutput={"S3OutputPath": f"s3://{bucket}/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    return {"TransformJobName": name}


WAITED = {
    "EndpointDeleted": Waited(succeeds=a_deleted_endpoint),
    "EndpointInService": Waited(
        succeeds=an_endpoint,
        fails=lambda cloud: an_endpoint(cloud, inference=_FAILS),
        shows={"EndpointStatus": "InService"},
    ),
    "ProcessingJobCompletedOrStopped": Waited(
        succeeds=a_processing_job,
        fails=lambda cloud: a_processing_job(cloud, _FAILS),
        shows={"ProcessingJobStatus": "Completed"},
    ),
    "TrainingJobCompletedOrStopped": Waited(
        succeeds=a_training_job,
        fails=lambda cloud: a_training_job(cloud, _FAILS),
        shows={"TrainingJobStatus": "Completed"},
    ),
    "TransformJobCompletedOrStopped": Waited(
        succeeds=a_transform_job,
        fails=lambda cloud: a_transform_job(cloud, _FAILS),
        shows={"TransformJobStatus": "Completed"},
    ),
}


def waiters_of_ours() -> dict[str, str]:
    """Return botocore's waiters for our actions, each with its action."""
    model = _SESSION.get_waiter_model("sagemaker")
    operations = {name: model.get_waiter(name).operation for name in model.waiter_names}
    return {name: action for name, action in operations.items() if action in ACTIONS}


def test_no_waiter_is_left_out() -> None:
    assert set(WAITED) == set(waiters_of_ours())


@pytest.mark.parametrize("name", sorted(WAITED))
def test_a_waiter_sees_the_end(embedded: Embedded, name: str) -> None:
    asked = WAITED[name].succeeds(embedded)
    embedded.sagemaker.get_waiter(xform_name(name)).wait(**asked, WaiterConfig=_QUICK)
    if WAITED[name].shows:
        described = getattr(embedded.sagemaker, xform_name(waiters_of_ours()[name]))(**asked)
        assert WAITED[name].shows.items() <= described.items()


@pytest.mark.parametrize("name", sorted(name for name in WAITED if WAITED[name].fails))
def test_a_waiter_sees_a_failure(embedded: Embedded, name: str) -> None:
    fails = WAITED[name].fails
    assert fails is not None
    waiter = embedded.sagemaker.get_waiter(xform_name(name))
    with pytest.raises(WaiterError, match="terminal failure state"):
        waiter.wait(**fails(embedded), WaiterConfig=_QUICK)


@dataclass(frozen=True, kw_only=True)
class Paged:
    """A paginator over three things, two to a page where the action allows so few."""

    arguments: dict[str, Any]
    names: Callable[[dict[str, Any]], list[str]]
    expected: list[str]
    page_size: int = 2


def of_a_list(embedded: Embedded, listed: Listed) -> Paged:
    prefix = three_of(listed, embedded)
    return Paged(
        arguments={listed.prefix: prefix, "SortBy": "Name", "SortOrder": "Ascending"},
        names=lambda page: [item[listed.name] for item in page[listed.result]],
        expected=[f"{prefix}-{letter}" for letter in "abc"],
    )


def of_tags(embedded: Embedded) -> Paged:
    name = embedded.a_model()
    arn = embedded.sagemaker.describe_model(ModelName=name)["ModelArn"]
    tags = [{"Key": key, "Value": key} for key in "abc"]
    embedded.sagemaker.add_tags(ResourceArn=arn, Tags=tags)
    return Paged(
        arguments={"ResourceArn": arn},
        names=lambda page: sorted(tag["Key"] for tag in page["Tags"]),
        expected=["a", "b", "c"],
        page_size=50,
    )


def of_search(embedded: Embedded) -> Paged:
    groups = [unique("searched") for _ in range(3)]
    arns = [
        embedded.sagemaker.create_model_package_group(ModelPackageGroupName=group)[
            "ModelPackageGroupArn"
        ]
        for group in groups
    ]
    tag = unique("search")
    for arn in arns:
        embedded.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "of", "Value": tag}])
    found = {"Name": "Tags.of", "Operator": "Equals", "Value": tag}
    return Paged(
        arguments={
            "Resource": "ModelPackageGroup",
            "SearchExpression": {"Filters": [found]},
            "SortBy": "ModelPackageGroupName",
            "SortOrder": "Ascending",
        },
        names=lambda page: [
            item["ModelPackageGroup"]["ModelPackageGroupName"] for item in page["Results"]
        ],
        expected=sorted(groups),
    )


PAGED: dict[str, Callable[[Embedded], Paged]] = {
    **{listed.action: functools.partial(of_a_list, listed=listed) for listed in LISTED},
    "ListTags": of_tags,
    "Search": of_search,
}


def paginators_of_ours() -> set[str]:
    loader = _SESSION.get_component("data_loader")
    known = loader.load_service_model("sagemaker", "paginators-1")["pagination"]
    return set(known) & set(ACTIONS)


def test_no_paginator_is_left_out() -> None:
    assert set(PAGED) == paginators_of_ours()


@pytest.mark.parametrize("action", sorted(PAGED))
def test_a_paginator_finds_all_and_goes_on_from_its_token(embedded: Embedded, action: str) -> None:
    paged = PAGED[action](embedded)
    paginator = embedded.sagemaker.get_paginator(xform_name(action))
    config = {"PageSize": paged.page_size}
    pages = list(paginator.paginate(**paged.arguments, PaginationConfig=config))
    assert [name for page in pages for name in paged.names(page)] == paged.expected
    assert len(pages) == (2 if paged.page_size == 2 else 1)
    first = paginator.paginate(**paged.arguments, PaginationConfig={**config, "MaxItems": 1})
    token = first.build_full_result()["NextToken"]
    rest = paginator.paginate(
        **paged.arguments, PaginationConfig={**config, "StartingToken": token}
    )
    assert paged.names(rest.build_full_result()) == paged.expected[1:]

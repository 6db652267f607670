"""SageMaker's answers as the core's records, and its refusals as errors that help."""

import time
from typing import Any

import pytest

from emulator.tests.support.embedded import IMAGE, Embedded, unique
from pipeline.core.errors import CloudUnusable, JobFailed, UsageError
from pipeline.core.outcomes import EndpointStatus
from pipeline.core.records import ApprovalStatus
from pipeline.gateways.logs import Logs
from pipeline.gateways.sagemaker import NameTaken, SageMaker
from tests.gateways.gateways import a_training_request, cloud_of, sagemaker_of

pytestmark = pytest.mark.emulated

WRITES = "import os, pathlib; pathlib.Path(os.environ['SM_MODEL_DIR'], 'm').write_text('x')"
RAISES = "print('reading the table'); raise ValueError('no column species')"
SLEEPS = "import time; time.sleep(300)"
STARTS_SLOWLY = "import time\n\ndef model_fn(model_dir):\n    time.sleep(6)\n"
FAILS_TO_LOAD = "def model_fn(model_dir):\n    raise RuntimeError('no such weights')\n"


@pytest.fixture
def sagemaker(embedded: Embedded) -> SageMaker:
    return sagemaker_of(embedded)


def a_package(group: str, **members: Any) -> dict[str, Any]:
    container = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
    return {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        **members,
    }


@pytest.fixture
def group(embedded: Embedded) -> str:
    name = unique("group")
    embedded.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


def test_a_finished_job_is_described(sagemaker: SageMaker, embedded: Embedded) -> None:
    request = a_training_request(embedded, WRITES)
    sagemaker.start_training(request)
    outcome = sagemaker.wait_for_training(request["TrainingJobName"], timeout_s=60)
    assert outcome.description["ModelArtifacts"]["S3ModelArtifacts"].endswith("model.tar.gz")
    assert sagemaker.find_training(outcome.name) == outcome


def test_a_job_that_failed_shows_its_reason_and_its_last_lines(
    sagemaker: SageMaker, embedded: Embedded
) -> None:
    request = a_training_request(embedded, RAISES)
    sagemaker.start_training(request)
    with pytest.raises(JobFailed) as failed:
        sagemaker.wait_for_training(request["TrainingJobName"], timeout_s=60)
    assert "ended as Failed: AlgorithmError" in failed.value.message
    assert "no column species" in failed.value.message
    assert "  | reading the table" in failed.value.message
    assert request["TrainingJobName"] in failed.value.remedy


def test_a_job_that_takes_too_long_is_a_failure(sagemaker: SageMaker, embedded: Embedded) -> None:
    request = a_training_request(embedded, SLEEPS)
    name = request["TrainingJobName"]
    sagemaker.start_training(request)
    with pytest.raises(JobFailed, match=f"{name} has not ended after 0 s"):
        sagemaker.wait_for_training(name, timeout_s=0.2)
    embedded.sagemaker.stop_training_job(TrainingJobName=name)


def test_a_stopped_job_is_a_failure(sagemaker: SageMaker, embedded: Embedded) -> None:
    request = a_training_request(embedded, SLEEPS)
    name = request["TrainingJobName"]
    sagemaker.start_training(request)
    embedded.sagemaker.stop_training_job(TrainingJobName=name)
    with pytest.raises(JobFailed, match="ended as Stopped"):
        sagemaker.wait_for_training(name, timeout_s=60)


def test_a_name_that_is_taken_is_told_apart(sagemaker: SageMaker, embedded: Embedded) -> None:
    request = a_training_request(embedded, WRITES)
    sagemaker.start_training(request)
    with pytest.raises(NameTaken):
        sagemaker.start_training(request)


def test_a_refused_request_names_what_is_wrong(sagemaker: SageMaker, embedded: Embedded) -> None:
    request = a_training_request(embedded, WRITES, TrainingJobName="not_a_name")
    with pytest.raises(UsageError, match=r"refused to start training job .*not_a_name"):
        sagemaker.start_training(request)


def test_a_quota_that_is_used_up_says_what_to_ask_for(
    sagemaker: SageMaker, embedded: Embedded
) -> None:
    error = {"code": "ResourceLimitExceeded", "message": "ml.m5.large", "status": 400}
    embedded.add_fault({"service": "sagemaker", "action": "CreateTrainingJob", "error": error})
    with pytest.raises(CloudUnusable, match="Ask for a higher quota"):
        sagemaker.start_training(a_training_request(embedded, WRITES))


def test_a_job_that_never_was_is_not_found(sagemaker: SageMaker) -> None:
    assert sagemaker.find_training("iris-classifier-20260101-000000") is None


def test_a_denied_look_is_no_absence(sagemaker: SageMaker, embedded: Embedded) -> None:
    denied = {"code": "AccessDeniedException", "message": "no", "status": 400}
    embedded.add_fault({"service": "sagemaker", "action": "Describe*", "error": denied})
    with pytest.raises(CloudUnusable, match="Could not describe training job x"):
        sagemaker.find_training("x")
    with pytest.raises(CloudUnusable, match="Could not describe endpoint x"):
        sagemaker.observe("x")


def test_packages_are_listed_newest_first(sagemaker: SageMaker, group: str) -> None:
    for job in ("first", "second"):
        properties = {"training_job": job}
        sagemaker.register(a_package(group, CustomerMetadataProperties=properties))
        time.sleep(0.01)
    found = list(sagemaker.packages(group))
    assert [each.training_job for each in found] == ["second", "first"]
    assert [each.package.version for each in found] == [2, 1]


def test_an_approval_is_seen_with_its_reason(
    sagemaker: SageMaker, embedded: Embedded, group: str
) -> None:
    package = sagemaker.register(a_package(group))
    assert sagemaker.set_approval(package.arn, ApprovalStatus.APPROVED, "looked at " * 200)
    (found,) = sagemaker.packages(group)
    assert found.package.approval_status is ApprovalStatus.APPROVED
    described = embedded.sagemaker.describe_model_package(ModelPackageName=package.arn)
    assert described["ApprovalDescription"].startswith("looked at")


def test_an_approval_whose_reason_has_lines_is_taken(
    sagemaker: SageMaker, embedded: Embedded, group: str
) -> None:
    package = sagemaker.register(a_package(group))
    assert sagemaker.set_approval(package.arn, ApprovalStatus.REJECTED, "it said:\n\tKeyError")
    described = embedded.sagemaker.describe_model_package(ModelPackageName=package.arn)
    assert described["ApprovalDescription"] == "it said: KeyError"


def test_an_approval_is_one_of_the_model_card_too(
    sagemaker: SageMaker, embedded: Embedded, group: str
) -> None:
    card = {"ModelCardContent": '{"intended_uses":{}}', "ModelCardStatus": "PendingReview"}
    package = sagemaker.register(a_package(group, ModelCard=card))
    assert sagemaker.set_approval(package.arn, ApprovalStatus.APPROVED, "looked at")
    described = embedded.sagemaker.describe_model_package(ModelPackageName=package.arn)
    assert described["ModelCard"] == {**card, "ModelCardStatus": "Approved"}


def test_an_approval_that_the_role_may_not_give_is_told_and_a_withdrawal_an_error(
    sagemaker: SageMaker, embedded: Embedded, group: str
) -> None:
    package = sagemaker.register(a_package(group))
    denied = {"code": "AccessDeniedException", "message": "no", "status": 400}
    embedded.add_fault({"service": "sagemaker", "action": "UpdateModelPackage", "error": denied})
    assert not sagemaker.set_approval(package.arn, ApprovalStatus.APPROVED, "passed")
    with pytest.raises(CloudUnusable, match="set the approval"):
        sagemaker.set_approval(package.arn, ApprovalStatus.REJECTED, "failed")


def test_a_group_that_never_was_has_no_packages(sagemaker: SageMaker) -> None:
    assert list(sagemaker.packages("no-such-group")) == []


def test_an_endpoint_that_never_was_is_absent(sagemaker: SageMaker) -> None:
    seen = sagemaker.observe("no-such-endpoint")
    assert (seen.status, seen.config_name) == (EndpointStatus.ABSENT, None)


def test_an_endpoint_in_service_is_seen_with_config_and_capacity(
    sagemaker: SageMaker, embedded: Embedded
) -> None:
    config = embedded.a_config(count=2)
    seen = sagemaker.observe(embedded.an_endpoint(config))
    assert seen.serves(config)
    assert (seen.desired_count, seen.current_count) == (2, 2)


def test_an_endpoint_on_its_way_is_waited_for(sagemaker: SageMaker, embedded: Embedded) -> None:
    name = embedded.an_endpoint(embedded.a_config())
    target = embedded.a_config(model=embedded.a_model(inference=STARTS_SLOWLY))
    embedded.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=target)
    assert not sagemaker.observe(name).serves(target)
    assert sagemaker.wait_until_settled(name, timeout_s=60).serves(target)


def test_an_endpoint_that_does_not_settle_is_returned_as_it_is(
    sagemaker: SageMaker, embedded: Embedded
) -> None:
    name = embedded.an_endpoint(embedded.a_config())
    target = embedded.a_config(model=embedded.a_model(inference=STARTS_SLOWLY))
    embedded.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=target)
    assert sagemaker.wait_until_settled(name, timeout_s=0).status is EndpointStatus.UPDATING
    embedded.settled(name)


def test_the_last_lines_are_those_of_the_newest_container(
    sagemaker: SageMaker, embedded: Embedded
) -> None:
    name = embedded.an_endpoint(embedded.a_config())
    broken = embedded.a_config(model=embedded.a_model(inference=FAILS_TO_LOAD))
    embedded.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=broken)
    embedded.settled(name)
    embedded.answer(name)  # the old container goes on serving, and writing
    lines = sagemaker.endpoint_log_tail(name, count=20)
    assert any("no such weights" in line for line in lines)


def test_a_log_that_is_not_there_is_no_failure(sagemaker: SageMaker, embedded: Embedded) -> None:
    denied = {"code": "AccessDeniedException", "message": "no", "status": 400}
    embedded.add_fault({"service": "logs", "action": "*", "error": denied})
    assert sagemaker.endpoint_log_tail("no-such-endpoint", count=5) == ()
    assert Logs(cloud_of(embedded)).tail("/no/such/group", "", count=5) == ()


def test_a_group_that_is_gone_names_the_mode_that_makes_it_again(sagemaker: SageMaker) -> None:
    with pytest.raises(CloudUnusable) as gone:
        sagemaker.register(a_package(unique("group")))
    assert "--mode bootstrap" in gone.value.remedy

"""What SageMaker is asked for, where the user's own words are part of it."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluate import parse_arguments
from model.slices import read_asked
from pipeline.core.foundation import Foundation, Network
from pipeline.core.jobs import (
    ComparedWith,
    EvaluationOrder,
    Machine,
    description,
    evaluation_request,
    package_request,
)
from pipeline.core.records import ApprovalStatus
from tests.unit.core_builders import a_training_run, an_evaluation

FOUNDATION = Foundation(
    schema_version=1,
    account_id="000000000000",
    bucket="bucket",
    environment="staging",
    inputs_digest=None,
    inter_container_encryption=False,
    kms_key_arn="arn:aws:kms:us-east-1:000000000000:key/k",
    model_package_groups={},
    network_isolation=True,
    project="mlops",
    region="us-east-1",
    role_arn="arn:aws:iam::000000000000:role/sagemaker",
    tags={},
    topic_arn="arn:aws:sns:us-east-1:000000000000:topic",
    vpc=Network(subnet_ids=None, security_group_ids=None),
)


def evaluation_on(
    instance_type: str = "ml.m5.large",
    *,
    target: str = "species",
    champion: ComparedWith | None = None,
    slices: str = "[]",
) -> dict[str, Any]:
    order = EvaluationOrder(
        job_name="job",
        image_uri="image:1",
        machine=Machine(instance_type=instance_type, max_runtime_s=3600),
        artifact_uri="s3://bucket/model.tar.gz",
        test_uri="s3://bucket/test/",
        source_uri="s3://bucket/src/",
        output_uri="s3://bucket/out/",
        arguments={"target": target},
        serving_environment={"SAGEMAKER_PROGRAM": "inference.py", "EMPTY": ""},
        slices=slices,
        champion=champion,
    )
    return evaluation_request(order, FOUNDATION, tags={})


@pytest.mark.parametrize(
    ("instance_type", "keyed"), [("ml.m5.large", True), ("ml.g5.2xlarge", False)]
)
def test_a_volume_gets_a_key_where_the_instance_has_none_of_its_own(
    instance_type: str, keyed: bool
) -> None:
    request = evaluation_on(instance_type)
    assert ("VolumeKmsKeyId" in request["ProcessingResources"]["ClusterConfig"]) is keyed
    assert request["ProcessingOutputConfig"]["KmsKeyId"] == FOUNDATION.kms_key_arn


@pytest.mark.parametrize("train_uri", [None, "s3://bucket/data/2/train/"])
def test_what_is_live_and_the_rows_that_it_has_seen_are_inputs(train_uri: str | None) -> None:
    live = ComparedWith(
        release_id="r",
        artifact_sha256="a" * 64,
        artifact_uri="s3://bucket/artifacts/sha256/a/model.tar.gz",
        champion_train_uri=train_uri and "s3://bucket/data/1/train/",
        train_uri=train_uri,
    )
    request = evaluation_on(champion=live)
    alone = {each["InputName"] for each in evaluation_on()["ProcessingInputs"]}
    inputs = {each["InputName"]: each["S3Input"] for each in request["ProcessingInputs"]}
    names = {"champion", "champion-train", "train"} if train_uri else {"champion"}
    assert inputs.keys() - alone == names
    arguments = request["AppSpecification"]["ContainerArguments"]
    for name in names:
        assert arguments[arguments.index(f"--{name}-dir") + 1] == inputs[name]["LocalPath"]


def arguments_for(target: str) -> list[str]:
    request = evaluation_on(target=target)
    found: list[str] = request["AppSpecification"]["ContainerArguments"]
    return found


@pytest.mark.parametrize("target", ["species", "", "a b", '"${x}"', "-y", "--model-dir"])
def test_the_evaluation_script_reads_the_target_as_it_was_named(target: str) -> None:
    assert parse_arguments(arguments_for(target)).target == target


@pytest.mark.parametrize("names", [0, 1, 9])
def test_slices_travel_in_arguments_that_are_short_enough(names: int) -> None:
    asked = [{"column": f"-column {n}" * 9, "bins": [-1, 2]} for n in range(names)]
    request = evaluation_on(slices=json.dumps(asked))
    arguments = request["AppSpecification"]["ContainerArguments"]
    assert all(len(each) <= 256 for each in arguments)
    read = read_asked("".join(parse_arguments(arguments).slices) or "[]")
    assert [{"column": each.column, "bins": list(each.bins)} for each in read] == asked


def test_the_evaluation_script_gets_the_environment_of_the_serving_container() -> None:
    arguments = parse_arguments(arguments_for("species"))
    assert arguments.serve_with == ["EMPTY=", "SAGEMAKER_PROGRAM=inference.py"]
    assert str(arguments.serve_in) == "/opt/ml/model"


def package_of(*, metrics: dict[str, float], reason: str = "") -> dict[str, Any]:
    return package_request(
        a_training_run(),
        an_evaluation(metrics=metrics),
        group="group",
        status=ApprovalStatus.APPROVED,
        status_reason=reason,
        artifact_uri="s3://bucket/model.tar.gz",
        evaluation_uri="s3://bucket/evaluation.json",
        region="us-east-1",
        instance_type="ml.m5.large",
        card={"ModelCardContent": "{}", "ModelCardStatus": "Approved"},
    )


def metadata_for(metrics: dict[str, float]) -> dict[str, str]:
    found: dict[str, str] = package_of(metrics=metrics)["CustomerMetadataProperties"]
    return found


def test_a_package_carries_its_metrics() -> None:
    assert metadata_for({"f1 score": 0.5})["metric_f1 score"] == "0.5"


@pytest.mark.parametrize("name", ["x" * 130, "two\nlines", "100 %"])
def test_a_metric_whose_name_a_package_cannot_hold_is_left_out(name: str) -> None:
    metadata = metadata_for({"accuracy": 0.9, name: 0.5})
    assert [each for each in metadata if each.startswith("metric_")] == ["metric_accuracy"]


def test_of_very_many_metrics_a_package_carries_accuracy_and_no_more_than_it_can() -> None:
    many = {f"a{number}": 0.5 for number in range(100)}
    metadata = metadata_for({**many, "accuracy": 0.9, "cv_mean_accuracy": 0.8})
    assert len(metadata) <= 50
    assert {"metric_accuracy", "metric_cv_mean_accuracy", "training_job"} <= metadata.keys()


def test_a_reason_that_quotes_a_container_becomes_one_line() -> None:
    quoted = "it cannot serve: HTTP 500: Traceback:\r\n\tKeyError \x1b[31mx\x1b[0m … 5 €"
    found = package_of(metrics={}, reason=quoted)["ModelPackageDescription"]
    assert found.endswith("it cannot serve: HTTP 500: Traceback: KeyError  [31mx [0m … 5 €")


@given(st.text(max_size=2000))
def test_whatever_the_reason_is_sagemaker_takes_it(reason: str) -> None:
    """By SageMaker's own pattern: letters, marks, separators, signs, digits and punctuation."""
    found = description(reason)
    assert len(found) <= 1024
    assert {unicodedata.category(each)[0] for each in found} <= set("LMZSNP")
    assert found.splitlines() in ([], [found])

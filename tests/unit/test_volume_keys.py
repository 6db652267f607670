"""Which instance types take no key for their volume: here, in Terraform, IAM and the embedded AWS.

Source: sagemaker-core, instance_supports_kms, for every type that botocore knows; and the EC2 user
guide, "Instance store volumes", for what that table has not yet.
"""

import re
import warnings
from typing import Any

import boto3
import pytest

from emulator.api.errors import ValidationError
from emulator.sagemaker.instances import check_volume_key
from pipeline.core.jobs import takes_volume_key
from tests.support.iam import _like
from tests.support.project import PROJECT_ROOT

MODULES = PROJECT_ROOT / "terraform" / "modules"
SHAPES = (
    "ProcessingInstanceType",
    "ProductionVariantInstanceType",
    "TrainingInstanceType",
    "TransformInstanceType",
)
NOT_IN_SAGEMAKER_CORE = re.compile(r"ml\.p6[^.]*\..*")
KEY = "arn:aws:kms:us-east-1:111122223333:key/1"


def all_types() -> list[str]:
    model: Any = boto3.client("sagemaker", region_name="us-east-1").meta.service_model
    return sorted({each for shape in SHAPES for each in model.shape_for(shape).enum})


TYPES = all_types()


def sagemaker_core_says(instance_type: str) -> bool:
    with warnings.catch_warnings():  # its own source, compiled for the first time, warns
        warnings.simplefilter("ignore")
        from sagemaker.core.common_utils import instance_supports_kms
    return bool(instance_supports_kms(instance_type))


def patterns_of_terraform(module: str) -> list[str]:
    text = "\n".join(path.read_text() for path in sorted((MODULES / module).glob("*.tf")))
    found = re.search(r"local_storage\w* += (.*?)\n(?:\n|\})", text, re.DOTALL)
    assert found, module
    return re.findall(r'"([^"]+)"', found[1])


def test_types_with_local_storage_take_no_key_as_sagemaker_s_own_library_says() -> None:
    assert len(TYPES) > 100
    wrong = [
        each
        for each in TYPES
        if takes_volume_key(each) != sagemaker_core_says(each)
        and not NOT_IN_SAGEMAKER_CORE.fullmatch(each)
    ]
    assert wrong == []
    for family in ("c5d", "g4dn", "g5", "m5d", "p4d", "p6-b300", "r7gd", "trn1"):
        assert not takes_volume_key(f"ml.{family}.xlarge")
    for family in ("c5", "m5", "m7i-flex", "p3", "r5", "t3"):
        assert takes_volume_key(f"ml.{family}.xlarge")


def test_terraform_and_iam_know_the_same_types() -> None:
    (endpoint,) = patterns_of_terraform("endpoint")
    roles = patterns_of_terraform("ci_roles")
    for each in TYPES:
        local = not takes_volume_key(each)
        assert (re.match(endpoint.replace("\\\\", "\\"), each) is not None) is local, each
        assert any(_like(pattern, each) for pattern in roles) is local, each


@pytest.mark.parametrize("instance_type", TYPES)
def test_embedded_aws_refuses_a_key_for_local_storage(instance_type: str) -> None:
    check_volume_key(None, [instance_type], name="VolumeKmsKeyId")
    if takes_volume_key(instance_type):
        check_volume_key(KEY, [instance_type], name="VolumeKmsKeyId")
        return
    with pytest.raises(ValidationError, match=f"VolumeKmsKeyId .*{instance_type}"):
        check_volume_key(KEY, ["ml.m5.large", instance_type], name="VolumeKmsKeyId")

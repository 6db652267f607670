"""Where the scikit-learn image is, and on which machines: as SageMaker's own library says."""

import json
import re
import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import UsageError
from pipeline.core.images import VERSION, image_uri, runs_the_image
from tests.unit.test_volume_keys import TYPES

# sagemaker-core's list of Graviton types ends with the seventh generation, and it takes an image
# of 2022 for them; the image of today's version is built for x86 alone.
GRAVITON_OF_LATER_LISTS = ("c8g", "m8g", "r7gd", "r8g")
# That library has no image of scikit-learn for Nvidia, Inferentia and Trainium, which it would not
# use; on the x86 processor beside them it runs.
ACCELERATED = re.compile(r"ml\.(g|p|inf|trn)\d")


def registries() -> dict[str, str]:
    (package,) = find_spec("sagemaker").submodule_search_locations or ()  # type: ignore[misc, union-attr]
    file = Path(package) / "core" / "image_uri_config" / "sklearn.json"
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    found: dict[str, str] = document["training"]["versions"][VERSION]["registries"]
    return found


# The library reads all of AWS's endpoints for each answer, and what it says goes by the family.
FAMILIES = tuple({each.split(".")[1]: each for each in TYPES}.values())
OF_EACH_DOMAIN = (
    *("us-east-1", "eu-central-1", "il-central-1", "cn-north-1", "us-gov-west-1"),
    *("us-iso-east-1", "us-isob-east-1", "us-isof-south-1"),
)


@cache
def library_says(*, region: str = "us-east-1", instance_type: str = "ml.m5.large") -> str | None:
    with warnings.catch_warnings():  # its own source, compiled for the first time, warns
        warnings.simplefilter("ignore")
        from sagemaker.core import image_uris
    try:
        uri = image_uris.retrieve(
            "sklearn",
            region=region,
            version=VERSION,
            instance_type=instance_type,
            image_scope="inference",
            py_version="py3",
        )
    except ValueError:
        return None
    return str(uri)


def test_every_region_has_the_account_that_sagemaker_s_own_library_names() -> None:
    assert len(registries()) > 30
    for region, account in registries().items():
        assert image_uri(region).split(".")[:4] == [account, "dkr", "ecr", region]


@pytest.mark.parametrize("region", OF_EACH_DOMAIN)
def test_a_region_has_the_image_that_sagemaker_s_own_library_names(region: str) -> None:
    assert image_uri(region) == library_says(region=region)


def test_a_region_without_the_image_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no scikit-learn image in mx-central-1"):
        image_uri("mx-central-1")


def test_machines_run_the_image_where_sagemaker_s_own_library_has_it_for_them() -> None:
    here = image_uri("us-east-1")
    wrong = [
        each
        for each in FAMILIES
        if runs_the_image(each) != (library_says(instance_type=each) == here)
        and each.split(".")[1] not in GRAVITON_OF_LATER_LISTS
        and not ACCELERATED.match(each)
    ]
    assert wrong == []


@pytest.mark.parametrize("family", [*GRAVITON_OF_LATER_LISTS, "m6g", "c7g", "r6gd", "t4g", "x2gd"])
def test_no_graviton_runs_the_image(family: str) -> None:
    assert not runs_the_image(f"ml.{family}.large")


def test_an_accelerator_is_no_hindrance_but_beside_an_arm_processor() -> None:
    accelerated = [each for each in FAMILIES if ACCELERATED.match(each)]
    assert {library_says(instance_type=each) for each in accelerated} == {None}
    arm = {each for each in (*accelerated, "ml.g5g.xlarge") if not runs_the_image(each)}
    assert {each.split(".")[1] for each in arm} == {"g5g", "p6e-gb200"}

"""Search as clients see it: each resource's records have the shape of AWS's model."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded, unique
from emulator.tests.support.sagemaker_things import (
    a_model_package,
    a_model_package_group,
    a_pipeline,
    a_training_job,
    a_transform_job,
    an_endpoint,
)

pytestmark = pytest.mark.emulated


def found(embedded: Embedded, resource: str, condition: dict[str, str]) -> list[dict[str, Any]]:
    answer = embedded.sagemaker.search(Resource=resource, SearchExpression={"Filters": [condition]})
    assert answer["TotalHits"] == {"Value": len(answer["Results"]), "Relation": "EqualTo"}
    return [each[resource] for each in answer["Results"]]


@pytest.mark.parametrize(
    ("resource", "create"),
    [
        ("TrainingJob", a_training_job),
        ("Endpoint", an_endpoint),
        ("ModelPackage", a_model_package),
        ("ModelPackageGroup", a_model_package_group),
        ("Pipeline", a_pipeline),
    ],
)
def test_a_resource_is_found_by_its_name(
    embedded: Embedded, resource: str, create: Callable[[Embedded, str], None]
) -> None:
    name, member = unique("found"), f"{resource}Name"
    create(embedded, name)
    (record,) = found(embedded, resource, {"Name": member, "Operator": "Equals", "Value": name})
    assert record[member] == name
    assert found(embedded, resource, {"Name": member, "Value": "absent"}) == []


def test_a_model_is_found_with_its_endpoints_and_last_transform_job(embedded: Embedded) -> None:
    name = unique("found")
    an_endpoint(embedded, name)
    (record,) = found(embedded, "Model", {"Name": "ModelName", "Value": name})
    assert [each["EndpointName"] for each in record["Endpoints"]] == [name]
    other = unique("found")
    a_transform_job(embedded, other)
    (record,) = found(embedded, "Model", {"Name": "Model.ModelName", "Value": other})
    assert record["LastBatchTransformJob"]["TransformJobName"] == other


def test_a_training_job_is_found_by_its_tag(embedded: Embedded) -> None:
    name, team = unique("found"), unique("team")
    a_training_job(embedded, name)
    described = embedded.sagemaker.describe_training_job(TrainingJobName=name)
    tags = [{"Key": "team", "Value": team}]
    embedded.sagemaker.add_tags(ResourceArn=described["TrainingJobArn"], Tags=tags)
    (record,) = found(embedded, "TrainingJob", {"Name": "Tags.team", "Value": team})
    assert (record["TrainingJobName"], record["Tags"]) == (name, tags)

"""Shadow variants: copies of the traffic that no caller notices, measured under their own name."""

import datetime as dt
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, a_variant, eventually, unique

pytestmark = pytest.mark.emulated

SLOW_AND_BROKEN = """
import time
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    time.sleep(3)
    raise RuntimeError("the shadow is bad")
"""


def a_shadowed_config(
    embedded: Embedded, shadow_model: str, *, weight: float = 1, **members: Any
) -> str:
    shadow = a_variant(shadow_model, name="shadow", InitialVariantWeight=weight)
    config = unique("config")
    embedded.sagemaker.create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[a_variant(embedded.a_model(answer="production"))],
        ShadowProductionVariants=[shadow],
        **members,
    )
    return config


def invocations(embedded: Embedded, endpoint: str, variant: str) -> float:
    now = dt.datetime.now(dt.UTC)
    points = embedded.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ],
        StartTime=now - dt.timedelta(hours=1),
        EndTime=now + dt.timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(float(point["Sum"]) for point in points)


def test_the_shadow_gets_copies_and_the_caller_only_productions_answer(embedded: Embedded) -> None:
    config = a_shadowed_config(embedded, embedded.a_model(answer="shadow"))
    endpoint = embedded.an_endpoint(config)
    assert {embedded.answer(endpoint) for _ in range(10)} == {"production"}
    eventually(
        lambda: invocations(embedded, endpoint, "shadow"), lambda found: found == 10, limit_s=20
    )
    assert invocations(embedded, endpoint, "primary") == 10
    with pytest.raises(ClientError, match="Variant shadow of endpoint"):
        embedded.answer(endpoint, TargetVariant="shadow")


def test_the_weights_say_which_share_is_copied(embedded: Embedded) -> None:
    endpoint = embedded.an_endpoint(
        a_shadowed_config(embedded, embedded.a_model(answer="shadow"), weight=0)
    )
    described = embedded.endpoint(endpoint)["ShadowProductionVariants"][0]
    assert (described["VariantName"], described["CurrentWeight"]) == ("shadow", 0)
    for _ in range(5):
        embedded.answer(endpoint)
    assert invocations(embedded, endpoint, "shadow") == 0
    embedded.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "shadow", "DesiredWeight": 0.5}],
    )
    embedded.settled(endpoint)
    for _ in range(40):
        embedded.answer(endpoint)
    copied = eventually(lambda: invocations(embedded, endpoint, "shadow"), lambda found: found > 5)
    assert copied < 40


def test_a_slow_and_broken_shadow_neither_slows_nor_fails_a_caller(embedded: Embedded) -> None:
    broken = embedded.a_model(inference=SLOW_AND_BROKEN)
    endpoint = embedded.an_endpoint(a_shadowed_config(embedded, broken))
    started = time.monotonic()
    assert {embedded.answer(endpoint) for _ in range(20)} == {"production"}
    assert time.monotonic() - started < 3


def test_the_shadows_data_is_captured_under_its_own_variant(embedded: Embedded) -> None:
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}",
        "CaptureOptions": [{"CaptureMode": "Output"}],
    }
    config = a_shadowed_config(
        embedded, embedded.a_model(answer="shadow"), DataCaptureConfig=capture
    )
    endpoint = embedded.an_endpoint(config)
    embedded.answer(endpoint)

    def variants() -> set[str]:
        listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {entry["Key"].split("/")[1] for entry in listed}

    assert eventually(variants, lambda found: len(found) == 2) == {"primary", "shadow"}


def test_only_one_variant_of_each_kind_is_allowed(embedded: Embedded) -> None:
    model = embedded.a_model()
    with pytest.raises(ClientError, match="you can only specify one variant"):
        embedded.sagemaker.create_endpoint_config(
            EndpointConfigName=unique("config"),
            ProductionVariants=[a_variant(model, name="a"), a_variant(model, name="b")],
            ShadowProductionVariants=[a_variant(model, name="shadow")],
        )

"""Which metric counts what a container answered, or did not."""

import pytest

from emulator.containers.fleet import Variant
from emulator.containers.runtime import Invocation
from emulator.metrics.endpoint_metrics import record_invocation
from emulator.metrics.statistic import statistic
from emulator.metrics.store import MetricStore, metric_key

REGION = "us-east-1"
VARIANT = Variant(
    endpoint_name="iris",
    endpoint_config_name="iris-1",
    variant_name="primary",
    region=REGION,
    image="image",
    model_data_url=None,
    environment={},
    instance_count=1,
    startup_timeout_s=60,
)
ERRORS = ("Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors")


@pytest.mark.parametrize(
    ("model_status", "counted"),
    [
        (200, (0, 0, 0)),
        (204, (0, 0, 0)),
        (302, (0, 0, 1)),
        (400, (1, 0, 1)),
        (415, (1, 0, 1)),
        (499, (1, 0, 1)),
        (500, (0, 1, 1)),
        (503, (0, 1, 1)),
        (0, (0, 0, 1)),  # a crash or a time limit: the model returned no code
    ],
)
def test_a_status_is_counted_by_whose_error_it_is(
    model_status: int, counted: tuple[int, int, int]
) -> None:
    store = MetricStore()
    invocation = Invocation(
        variant=VARIANT,
        status=424,
        model_status=model_status,
        model_latency_us=1,
        overhead_latency_us=1,
    )
    record_invocation(store, invocation, now=30)
    dimensions = {"EndpointName": "iris", "VariantName": "primary"}
    for where in (dimensions, {**dimensions, "EndpointConfigName": "iris-1"}):
        keys = [metric_key("AWS/SageMaker", name, where) for name in ERRORS]
        found = [store.periods(REGION, key, start=0, end=60, period_s=60)[0] for key in keys]
        assert tuple(statistic("Sum")(samples) for samples in found) == counted

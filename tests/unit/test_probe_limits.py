"""An endpoint is judged by the limits that are meant for its model."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.context import Context
from pipeline.core.outcomes import LatencyReport
from pipeline.gateways.aws import Cloud
from pipeline.recorder import Recorder
from pipeline.steps import probe
from pipeline.steps.testing import limits_for
from tests.unit.config_files import Load, load
from tests.unit.core_builders import NOON, a_release, some_limits

__all__ = ["load"]

RELEASE = a_release(test_limits=some_limits(minimum_prediction_accuracy=0.61))


def a_context(load: Load, *, endpoint_name: str | None = None, **values: Any) -> Context:
    return Context(
        settings=load(**values),
        cloud=Cloud(region="us-east-1", endpoint_url=None, inherited={}),
        run_id="one",
        git_sha="",
        work_dir=Path(),
        output_dir=Path(),
        recorder=Recorder(),
        now=lambda: NOON,
        endpoint_name=endpoint_name,
    )


@pytest.mark.parametrize("named", [None, "iris-model-staging"])
def test_the_own_endpoint_is_judged_by_the_configuration(load: Load, named: str | None) -> None:
    context = a_context(load, endpoint_name=named, testing={"minimum_prediction_accuracy": 0.7})
    limits, whose = limits_for(context, RELEASE)
    assert (limits.minimum_prediction_accuracy, whose) == (0.7, "this configuration")


def test_another_endpoint_is_judged_by_what_was_recorded_with_its_release(load: Load) -> None:
    limits, whose = limits_for(a_context(load, endpoint_name="wine-staging"), RELEASE)
    assert limits == RELEASE.test_limits
    assert whose.startswith(f"release {RELEASE.release_id}")


def test_without_an_own_accuracy_the_gates_minimum_is_asked_for(load: Load) -> None:
    assert load(minimum_accuracy=0.8).test_limits.minimum_prediction_accuracy == 0.8


def a_load(*, p95_ms: float) -> LatencyReport:
    return LatencyReport(
        request_count=10,
        success_rate=0.9,
        throughput_rps=1.0,
        avg_ms=90.0,
        p50_ms=90.0,
        p95_ms=p95_ms,
        p99_ms=100.0,
    )


@pytest.mark.parametrize(
    ("p95_ms", "limit_ms", "said"),
    [
        (61.25, 0.001, "61.25 ms, at most 0.001 ms"),
        (61.254, 250.0, "61.25 ms, at most 250 ms"),
        (0.01234, 12345.0, "0.01234 ms, at most 12345 ms"),
        (100.0, 100.0, "100 ms, at most 100 ms"),
        (100.04, 100.0, "100.04 ms, at most 100 ms"),
    ],
)
def test_a_limit_of_latency_is_said_as_it_is_and_looks_not_like_what_misses_it(
    p95_ms: float, limit_ms: float, said: str
) -> None:
    limits = some_limits(maximum_latency_p95_ms=limit_ms)
    _, latency = probe.load_cases(a_load(p95_ms=p95_ms), limits, 0.0)
    assert latency.detail == f"The 95th percentile is {said} is asked."


def test_each_limit_decides_its_own_case() -> None:
    report = a_load(p95_ms=100.0)
    strict = some_limits(minimum_success_rate=0.91, maximum_latency_p95_ms=99.9)
    lax = some_limits(minimum_success_rate=0.9, maximum_latency_p95_ms=100.0)
    cases = {limits: probe.load_cases(report, limits, 0.0) for limits in (strict, lax)}
    assert [case.passed for case in cases[strict]] == [False, False]
    assert [case.passed for case in cases[lax]] == [True, True]

"""One limit of latency for the endpoint tests and the alarms, unless both are set."""

from typing import Any

import pytest

from pipeline.configuration.settings import Settings
from pipeline.steps.surrounding_settings import surroundings_of
from tests.unit.config_files import Load, load

__all__ = ["load"]

WATCHED = {"enabled": True}
BAKED = {"termination_wait_s": 60}


def limits(settings: Settings) -> tuple[float, float, Any]:
    """Return those of the tests, of the rollback alarms and of the endpoint's alarms."""
    alarms: Any = surroundings_of(settings, topic_arns={}).alarms
    return (
        settings.test_limits.maximum_latency_p95_ms,
        settings.rollback_alarms.latency_p95_ms,
        alarms["thresholds"]["latency_p95_ms"],
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((None, None, None), (1000, 1000, 1000)),
        ((900, None, None), (900, 900, 900)),
        ((None, 900, None), (900, 900, 900)),
        ((None, None, 900), (900, 900, 900)),
        ((100, None, None), (100, 100, 100)),
        ((1000, 500, None), (1000, 500, 500)),
        ((1000, None, 500), (1000, 500, 500)),
        ((None, 700, 300), (300, 700, 300)),
        ((1000, 700, 300), (1000, 700, 300)),
    ],
)
def test_what_is_not_set_follows_what_is(
    load: Load, given: tuple[float | None, ...], expected: tuple[float, float, float]
) -> None:
    names = ("maximum_latency_p95_ms", "latency_p95_ms", "latency_p95_ms")
    testing, rollback, monitoring = (
        {} if value is None else {name: value} for name, value in zip(names, given, strict=True)
    )
    settings = load(
        testing=testing,
        deployment=BAKED | ({"rollback_alarms": rollback} if rollback else {}),
        monitoring=WATCHED | monitoring,
    )
    assert limits(settings) == expected


def test_a_limit_of_none_in_the_file_is_a_limit_that_is_not_set(load: Load) -> None:
    assert limits(load(testing={"maximum_latency_p95_ms": None}, monitoring=WATCHED))[0] == 1000

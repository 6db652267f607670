"""What a status report says of the things around an endpoint."""

from dataclasses import replace

import pytest

from pipeline.core.surroundings import NOTHING, Surroundings, without_scaling
from pipeline.steps.status import surroundings
from tests.unit.core_builders import an_empty_head

BOTH = Surroundings(alarms={}, autoscaling={"max_capacity": 4})


@pytest.mark.parametrize(
    ("found", "wanted", "lines"),
    [
        (NOTHING, NOTHING, []),
        (BOTH, BOTH, ["Around the endpoint: autoscaling on, alarms on"]),
        (
            without_scaling(BOTH),
            BOTH,
            ["Around the endpoint: autoscaling off (wanted), alarms on"],
        ),
        (
            BOTH,
            Surroundings(autoscaling={"max_capacity": 5}),
            ["Around the endpoint: autoscaling on (wanted otherwise), alarms on (not wanted)"],
        ),
    ],
)
def test_what_surrounds_the_endpoint_is_said_against_what_is_wanted(
    found: Surroundings, wanted: Surroundings, lines: list[str]
) -> None:
    head = replace(an_empty_head(), surroundings=found, wanted=wanted)
    assert list(surroundings(head)) == lines

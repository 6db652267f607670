"""What a status report says of the things around an endpoint."""

from dataclasses import replace

import pytest

from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.surroundings import NOTHING, Surroundings, without_scaling
from pipeline.steps.status import against_ledger, surroundings
from tests.unit.core_builders import a_head_retaining, an_empty_head

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


@pytest.mark.parametrize(
    ("status", "config", "otherwise"),
    [
        (EndpointStatus.IN_SERVICE, "r-1-n1", False),
        (EndpointStatus.UPDATING, "r-1-n1", False),  # instances come or go
        (EndpointStatus.SYSTEM_UPDATING, "r-1-n1", False),
        (EndpointStatus.FAILED, "r-1-n1", True),
        (EndpointStatus.IN_SERVICE, "r-2-n1", True),
        (EndpointStatus.UPDATING, "r-2-n1", True),
    ],
)
def test_an_endpoint_that_scales_is_no_contradiction(
    status: EndpointStatus, config: str, otherwise: bool
) -> None:
    head = replace(a_head_retaining("r-1", "r-2"), live="r-1-n1")
    name = f"{head.endpoint}-{config}"
    seen = EndpointObservation(name=head.endpoint, status=status, config_name=name)
    assert any("says otherwise" in line for line in against_ledger(head, seen)) is otherwise

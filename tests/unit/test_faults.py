"""Whose fault a failed deployment is: only a release's own fault quarantines it."""

import pytest

from pipeline.core.faults import is_release_fault, reason_of, was_sent
from pipeline.core.outcomes import EndpointObservation, EndpointStatus

ORIGIN = "e-before"


def seen(
    status: EndpointStatus, reason: str | None, *, config: str = ORIGIN
) -> EndpointObservation:
    return EndpointObservation(name="e", status=status, failure_reason=reason, config_name=config)


def blames(seen: EndpointObservation) -> bool:
    return is_release_fault(seen, origin=ORIGIN)


@pytest.mark.parametrize(
    "reason",
    [
        None,
        "",
        "The primary container for production variant primary did not pass the ping health check.",
        "One or more CloudWatch alarms went into ALARM state: e-errors.",
    ],
)
def test_a_rollback_for_the_containers_sake_speaks_against_the_release(reason: str | None) -> None:
    assert blames(seen(EndpointStatus.IN_SERVICE, reason))
    assert blames(seen(EndpointStatus.FAILED, reason))


@pytest.mark.parametrize(
    "reason",
    [
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity.",
        "Rate exceeded",
        "User is not authorized to perform kms:Decrypt",
    ],
)
def test_a_lack_of_machines_or_rights_does_not(reason: str) -> None:
    assert not blames(seen(EndpointStatus.FAILED, reason))


def test_a_reason_that_stood_there_before_the_update_is_told_as_such() -> None:
    before = seen(EndpointStatus.IN_SERVICE, "No capacity.")
    assert reason_of(before, before) == (
        "no reason of its own; already before this update SageMaker said: No capacity."
    )


@pytest.mark.parametrize("earlier", [None, "Another reason."])
def test_a_new_reason_is_the_updates_own(earlier: str | None) -> None:
    after = seen(EndpointStatus.FAILED, "No capacity.")
    assert reason_of(after, seen(EndpointStatus.IN_SERVICE, earlier)) == "No capacity."


def test_no_reason_is_none() -> None:
    assert reason_of(seen(EndpointStatus.IN_SERVICE, None), seen(EndpointStatus.FAILED, "x")) == ""


@pytest.mark.parametrize("config", ["e-target", "somebody-else"])
def test_an_endpoint_that_somebody_moved_meanwhile_says_nothing(config: str) -> None:
    """SageMaker's own way back leads to what served before."""
    assert not blames(seen(EndpointStatus.IN_SERVICE, None, config=config))


def test_an_endpoint_that_has_not_settled_says_nothing() -> None:
    assert not blames(seen(EndpointStatus.UPDATING, None))


def test_words_that_terraform_breaks_over_two_lines_are_understood() -> None:
    assert was_sent("Error: waiting\n  for SageMaker AI Endpoint (e) create: unexpected\nstate")
    assert was_sent("SageMaker rolled the\nupdate back")
    assert not was_sent("Error: creating SageMaker AI Model: AccessDeniedException")

"""Whose fault a failed deployment is: only a release's own fault quarantines it."""

import pytest

from pipeline.core.faults import is_release_fault, reason_of, was_sent
from pipeline.core.outcomes import EndpointObservation, EndpointStatus

ORIGIN = "e-r-1-n1"


def seen(
    status: EndpointStatus, reason: str | None, *, config: str | None = ORIGIN
) -> EndpointObservation:
    return EndpointObservation(name="e", status=status, failure_reason=reason, config_name=config)


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
    assert is_release_fault(seen(EndpointStatus.IN_SERVICE, reason), origin=ORIGIN)
    assert is_release_fault(seen(EndpointStatus.FAILED, reason), origin=ORIGIN)


@pytest.mark.parametrize(
    "reason",
    [
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity.",
        "Rate exceeded",
        "User is not authorized to perform kms:Decrypt",
    ],
)
def test_a_lack_of_machines_or_rights_does_not(reason: str) -> None:
    assert not is_release_fault(seen(EndpointStatus.FAILED, reason), origin=ORIGIN)


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


def test_an_endpoint_that_has_not_settled_says_nothing() -> None:
    assert not is_release_fault(seen(EndpointStatus.UPDATING, None), origin=ORIGIN)


def test_words_that_terraform_breaks_over_two_lines_are_understood() -> None:
    assert was_sent("Error: waiting\n  for SageMaker AI Endpoint (e) create: unexpected\nstate")
    assert was_sent("SageMaker rolled the\nupdate back")
    assert not was_sent("Error: creating SageMaker AI Model: AccessDeniedException")


@pytest.mark.parametrize("origin", [None, "e-r-2-n1"])
def test_an_endpoint_that_a_hand_has_moved_meanwhile_says_nothing(origin: str | None) -> None:
    assert not is_release_fault(seen(EndpointStatus.IN_SERVICE, None), origin=origin)


@pytest.mark.parametrize("status", [EndpointStatus.FAILED, EndpointStatus.UPDATE_ROLLBACK_FAILED])
@pytest.mark.parametrize("config", [None, "e-r-2-n1"])
def test_where_the_way_back_failed_it_does_not_matter_what_is_left(
    status: EndpointStatus, config: str | None
) -> None:
    assert is_release_fault(seen(status, None, config=config), origin=ORIGIN)

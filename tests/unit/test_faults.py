"""Whose fault a failed deployment is: only a release's own fault quarantines it."""

import pytest

from pipeline.core.faults import is_release_fault, was_sent
from pipeline.core.outcomes import EndpointObservation, EndpointStatus


def seen(status: EndpointStatus, reason: str | None) -> EndpointObservation:
    return EndpointObservation(name="e", status=status, failure_reason=reason)


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
    assert is_release_fault(seen(EndpointStatus.IN_SERVICE, reason))
    assert is_release_fault(seen(EndpointStatus.FAILED, reason))


@pytest.mark.parametrize(
    "reason",
    [
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity.",
        "Rate exceeded",
        "User is not authorized to perform kms:Decrypt",
    ],
)
def test_a_lack_of_machines_or_rights_does_not(reason: str) -> None:
    assert not is_release_fault(seen(EndpointStatus.FAILED, reason))


def test_an_endpoint_that_has_not_settled_says_nothing() -> None:
    assert not is_release_fault(seen(EndpointStatus.UPDATING, None))


def test_words_that_terraform_breaks_over_two_lines_are_understood() -> None:
    assert was_sent("Error: waiting\n  for SageMaker AI Endpoint (e) create: unexpected\nstate")
    assert was_sent("SageMaker rolled the\nupdate back")
    assert not was_sent("Error: creating SageMaker AI Model: AccessDeniedException")

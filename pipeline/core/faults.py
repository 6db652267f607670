"""Whose fault a failed deployment is: only a cause that lies in the release quarantines it."""

from pipeline.core.outcomes import EndpointObservation, EndpointStatus

# SageMaker's words for causes that lie in the release (developer guide, "Troubleshoot Amazon
# SageMaker model deployments"; "Auto-Rollback Configuration"): its container or its own alarm.
# Whatever else it says may not come again: capacity, rights, throttling, the service itself.
_OF_THE_RELEASE = ("health check", "alarm")
_UPDATE_IS_OVER = {
    EndpointStatus.IN_SERVICE,
    EndpointStatus.FAILED,
    EndpointStatus.UPDATE_ROLLBACK_FAILED,
}


# What Terraform says once SageMaker has taken the call: the provider's waiter, our postcondition.
_AFTER_THE_CALL = ("waiting for SageMaker AI Endpoint", "SageMaker rolled the update back")


def was_sent(terraform_error: str) -> bool:
    """Tell from Terraform's words whether SageMaker had begun to move or create the endpoint."""
    unwrapped = " ".join(terraform_error.split())  # Terraform breaks its lines at 78 columns
    return any(words in unwrapped for words in _AFTER_THE_CALL)


def reason_of(seen: EndpointObservation, before: EndpointObservation) -> str:
    """Return SageMaker's reason for the end of an update, and whether it may be an older one's.

    DescribeEndpoint keeps the reason of an earlier failure. The same words as before the update
    therefore explain nothing for certain: they may be left over, or have come true again.
    """
    reason = seen.failure_reason or ""
    if reason and reason == before.failure_reason:
        return f"no reason of its own; already before this update SageMaker said: {reason}"
    return reason


def is_release_fault(seen: EndpointObservation, *, origin: str | None) -> bool:
    """Tell whether an update that SageMaker gave up speaks against the release itself.

    `origin` is the name of the endpoint config that served before: SageMaker's own way back leads
    there. An endpoint that is found elsewhere was moved by somebody's hand.

    A rollback without any reason does (an alarm or a container that does not answer leaves none);
    one for another reason does not, also where that reason may be an older one's: a release that is
    not quarantined fails once more at worst.
    """
    if seen.status not in _UPDATE_IS_OVER:
        return False
    if seen.status is EndpointStatus.IN_SERVICE and seen.config_name != origin:
        return False
    reason = (seen.failure_reason or "").lower()
    return not reason or any(word in reason for word in _OF_THE_RELEASE)

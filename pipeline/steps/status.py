"""What is live, from the ledger and from SageMaker side by side: where they differ, it says so."""

from collections.abc import Iterator

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.head import LedgerHead
from pipeline.core.outcomes import EndpointObservation, EndpointStatus

# While instances come or go, too.
_SCALING = (EndpointStatus.UPDATING, EndpointStatus.SYSTEM_UPDATING)
_AROUND = ("autoscaling", "alarms", "dashboard")


def status(workspace: Workspace) -> tuple[str, ...]:
    """Return the lines of a status report; changes nothing."""
    head = workspace.ledger.read().head
    seen = workspace.sagemaker.observe(workspace.context.endpoint)
    return (
        *_endpoint(seen),
        *against_ledger(head, seen),
        *surroundings(head),
        *_releases(head),
        *_quarantine(head),
    )


def _endpoint(seen: EndpointObservation) -> Iterator[str]:
    if seen.status is EndpointStatus.ABSENT:
        yield f"Endpoint {seen.name}: there is none"
        return
    yield f"Endpoint {seen.name}: {seen.status.value}, serves {seen.config_name}"
    if seen.pending_config:
        yield f"  under way to {seen.pending_config}"
    if seen.failure_reason:
        yield f"  {seen.failure_reason}"
    yield f"  instances: {seen.current_count} of {seen.desired_count}"


def against_ledger(head: LedgerHead, seen: EndpointObservation) -> Iterator[str]:
    """Yield what the ledger says, and whether SageMaker says otherwise."""
    if head.target:
        yield f"Ledger: a move to {head.target} is under way, or its run died"
    if head.live is None:
        yield "Ledger: nothing is live"
        if seen.status is EndpointStatus.IN_SERVICE:
            yield "  SageMaker says otherwise: the ledger is lost, or the endpoint is not ours"
        return
    yield f"Ledger: {head.live} is live"
    wanted = naming.endpoint_config_name(head.endpoint, head.live)
    scales = seen.status in _SCALING and seen.config_name == wanted
    if seen.pending_config is None and not scales and not seen.serves(wanted):
        yield "  SageMaker says otherwise: do not deploy before you know why"


def surroundings(head: LedgerHead) -> Iterator[str]:
    """Yield a line for what is or should be around the endpoint; none where nothing is."""
    found, wanted = vars(head.surroundings), vars(head.wanted)
    names = [name for name in _AROUND if found[name] is not None or wanted[name] is not None]
    if names:
        words = (f"{name} {_state(found[name], wanted[name])}" for name in names)
        yield f"Around the endpoint: {', '.join(words)}"


def _state(found: object, wanted: object) -> str:
    if found == wanted:
        return "on"
    if found is None:
        return "off (wanted)"
    return "on (not wanted)" if wanted is None else "on (wanted otherwise)"


def _releases(head: LedgerHead) -> Iterator[str]:
    yield f"Retained releases: {len(head.retained)}"
    healthy = {each.release_id for each in head.lived if each.healthy}
    barred = {each.content_digest for each in head.quarantined}
    for each in reversed(head.retained):
        marks = [
            *(["live"] if each.release_id == head.live_release else []),
            *(["quarantined"] if each.content_digest in barred else []),
            "healthy" if each.release_id in healthy else "never healthy",
        ]
        yield f"  {each.release_id} ({', '.join(marks)})"


def _quarantine(head: LedgerHead) -> Iterator[str]:
    for each in head.quarantined:
        first_line = each.reason.splitlines()[0] if each.reason else ""
        yield f"Quarantined: {each.release_id} since {each.when:%Y-%m-%d %H:%M} UTC: {first_line}"

"""What is live, from the ledger and from SageMaker side by side: where they differ, it says so."""

from collections.abc import Iterator

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.errors import PipelineError
from pipeline.core.head import LedgerHead, Move
from pipeline.core.lease import Owner, is_free
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.gateways import leases, owners
from pipeline.steps.leased import is_unknown, to_restore

# While instances come or go, too.
_SCALING = (EndpointStatus.UPDATING, EndpointStatus.SYSTEM_UPDATING)
_AROUND = ("autoscaling", "alarms", "dashboard")


def status(workspace: Workspace) -> Iterator[str]:
    """Yield the lines of a status report, SageMaker's word first; changes nothing.

    A ledger that cannot be read hides nothing of what SageMaker says: its error comes after that.
    """
    seen = workspace.hosting.observe(workspace.context.endpoint)
    yield from _endpoint(seen)
    try:
        head = workspace.ledger.read().head
    except PipelineError as error:
        yield f"Ledger: cannot be read: {error.message}"
        raise
    yield from against_ledger(head, seen)
    holder = at_work(workspace)
    if is_unknown(head, seen):
        workspace.context.recorder.note(to_restore(seen.name))
    elif holder is not None:
        yield f"At work: run {holder.run_id} of {holder.who} on {holder.host}, process {holder.pid}"
    elif to_settle(head, seen):
        begun = "The command that was cut off finishes it when typed again. " if head.move else ""
        note = f"{begun}Ledger, SageMaker and Terraform may differ."
        to_do = "To bring them together, by a plan that is shown first: --mode settle"
        workspace.context.recorder.note(note, to_do=to_do)
    yield from surroundings(head)
    yield from _releases(head)
    yield from _quarantine(head)


def at_work(workspace: Workspace) -> Owner | None:
    """Return who holds the lease, unless it is free by now or its process is known to be gone."""
    lease = leases.find(workspace.store, workspace.context.endpoint)
    if lease is None or is_free(
        lease, now=workspace.context.now(), owner_is_dead=owners.is_dead(lease.owner)
    ):
        return None
    return lease.owner


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
    if head.move:
        yield _unfinished(head.move)
    if head.live is None:
        yield "Ledger: nothing is live"
        if is_unknown(head, seen):
            yield "  SageMaker says otherwise: the ledger is lost, or the endpoint is not ours"
        return
    yield f"Ledger: {head.live} is live"
    wanted = naming.endpoint_config_name(head.endpoint, head.live)
    scales = seen.status in _SCALING and seen.config_name == wanted
    if seen.pending_config is None and not scales and not seen.serves(wanted):
        yield "  SageMaker says otherwise"


def to_settle(head: LedgerHead, seen: EndpointObservation) -> bool:
    """Tell whether something was left that mode settle would finish or put right."""
    differs = any("otherwise" in line for line in against_ledger(head, seen))
    by_hand = seen.status is EndpointStatus.IN_SERVICE and seen.deployment_config is None
    due = head.surroundings_due or head.state_due
    return head.move is not None or due or differs or by_hand


def _unfinished(move: Move) -> str:
    state = "serves and is not proved yet" if move.has_arrived else "was begun"
    return f"Ledger: {move.kind.value} to {move.target}: {state}"


def surroundings(head: LedgerHead) -> Iterator[str]:
    """Yield a line for what was asked for around the endpoint; none where nothing was."""
    asked = [name for name in _AROUND if vars(head.surroundings)[name] is not None]
    if asked or head.surroundings_due:
        due = " (not applied yet)" if head.surroundings_due else ""
        yield f"Around the endpoint: {', '.join(asked) or 'nothing'}{due}"


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

"""What is live, from the ledger and from SageMaker side by side: where they differ, it says so."""

import logging
from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import history as chain
from pipeline.core import naming
from pipeline.core.errors import PipelineError
from pipeline.core.head import LedgerHead
from pipeline.core.lease import Owner, is_free
from pipeline.core.measures import ACCURACY, RMSE
from pipeline.core.outcomes import (
    EndpointObservation,
    EndpointStatus,
    LedgerView,
    LiveRelease,
    RetainedRelease,
    Standing,
)
from pipeline.gateways import leases, owners
from pipeline.steps.leased import is_unknown, to_restore

logger = logging.getLogger(__name__)

_AROUND = ("autoscaling", "alarms", "dashboard")
_LAST_EVENTS = 5


def status(workspace: Workspace) -> None:
    """Record how the endpoint stands, SageMaker's word first; changes nothing.

    A ledger that cannot be read hides nothing of what SageMaker says: its error comes after that.
    """
    recorder = workspace.context.recorder
    standing = seen(workspace)
    recorder.add(standing=standing)
    try:
        standing = with_ledger(workspace, standing)
    except PipelineError as error:
        recorder.add(standing=replace(standing, ledger_error=error.message))
        raise
    recorder.add(standing=standing)
    tell_what_is_due(workspace, standing)


def with_ledger(workspace: Workspace, standing: Standing, *, last: int = _LAST_EVENTS) -> Standing:
    """Add what the ledger says, and who is at work. Raises where the ledger cannot be read."""
    head = workspace.ledger.read().head
    view = ledger_view(head, standing.endpoint)
    recorded = _recorded(workspace, view, head, last)
    return replace(standing, at_work=at_work(workspace), ledger=recorded)


def tell_what_is_due(workspace: Workspace, standing: Standing) -> None:
    """Note what is to be done about an endpoint where ledger and SageMaker differ."""
    recorder, view = workspace.context.recorder, standing.ledger
    if view is None:
        return
    if view.unknown:
        recorder.note(to_restore(standing.endpoint.name))
    elif standing.at_work is None and view.to_settle:
        begun = "The command that was cut off finishes it when typed again. " if view.move else ""
        note = f"{begun}Ledger, SageMaker and Terraform may differ."
        to_do = "To bring them together, by a plan that is shown first: --mode settle"
        recorder.note(note, to_do=to_do)


def seen(workspace: Workspace) -> Standing:
    """Return how the endpoint stands by SageMaker and CloudWatch."""
    found = workspace.hosting.observe(workspace.context.endpoint)
    try:
        alarms = tuple(sorted(workspace.alarms.named(f"{found.name}-")))
        return Standing(
            endpoint=found, alarms=alarms, ringing_alarms=workspace.alarms.ringing(alarms)
        )
    except PipelineError as error:  # who may look at endpoints may perhaps not look at alarms
        logger.warning("%s", error.message)
        return Standing(endpoint=found)


def at_work(workspace: Workspace) -> Owner | None:
    """Return who holds the lease, unless it is free by now or its process is known to be gone."""
    lease = leases.find(workspace.store, workspace.context.endpoint)
    if lease is None or is_free(
        lease, now=workspace.context.now(), owner_is_dead=owners.is_dead(lease.owner)
    ):
        return None
    return lease.owner


def ledger_view(head: LedgerHead, seen: EndpointObservation) -> LedgerView:
    """Return what the ledger says, and whether SageMaker says otherwise."""
    unknown, contradicted = is_unknown(head, seen), _is_contradicted(head, seen)
    by_hand = seen.status is EndpointStatus.IN_SERVICE and seen.deployment_config is None
    due = head.surroundings_due or head.state_due
    healthy = {each.release_id for each in head.lived if each.healthy}
    barred = {each.content_digest for each in head.quarantined}
    return LedgerView(
        live=head.live,
        move=head.move,
        contradicted=contradicted,
        unknown=unknown,
        to_settle=head.move is not None or due or contradicted or by_hand,
        around=tuple(name for name in _AROUND if vars(head.surroundings)[name] is not None),
        around_due=head.surroundings_due,
        releases=tuple(
            RetainedRelease(
                release_id=each.release_id,
                live=each.release_id == head.live_release,
                healthy=each.release_id in healthy,
                quarantined=each.content_digest in barred,
            )
            for each in reversed(head.retained)
        ),
        quarantined=head.quarantined,
        lived=head.lived,
    )


def _is_contradicted(head: LedgerHead, seen: EndpointObservation) -> bool:
    if head.live is None:
        return is_unknown(head, seen)
    wanted = naming.endpoint_config_name(head.endpoint, head.live)
    return seen.pending_config is None and not seen.stays_on(wanted)


def _recorded(workspace: Workspace, view: LedgerView, head: LedgerHead, last: int) -> LedgerView:
    """Add what is recorded elsewhere; where that cannot be read, the ledger still speaks."""
    try:
        events = chain.whole(workspace.ledger.events(last=last), head)[-last:]
        return replace(view, last_events=events, release=_live(workspace, head.live_release))
    except PipelineError as error:
        workspace.context.recorder.note(f"{error.message} {error.remedy}")
        return view


def _live(workspace: Workspace, release_id: str | None) -> LiveRelease | None:
    if release_id is None:
        return None
    release = workspace.ledger.release(release_id)
    return LiveRelease(
        release_id=release_id,
        created_at=release.created_at,
        created_by=release.created_by,
        training_job=release.training_job,
        accuracy=release.evaluation.metrics.get(ACCURACY),
        decision=release.decision,
        approval=release.approval,
        rmse=release.evaluation.metrics.get(RMSE),
    )

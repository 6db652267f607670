"""What every change of an endpoint begins with: the lease, and a ledger that SageMaker confirms."""

import logging
from collections.abc import Callable
from typing import TypeVar

from pipeline.context import Workspace
from pipeline.core import ledger, naming
from pipeline.core.errors import CorruptRecord, LeaseHeld, NotServing, UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.lease import is_unheard
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.reconcile import GIVEN_UP, reconcile
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import Root
from pipeline.gateways.terraform_words import STATE_LOCKED

logger = logging.getLogger(__name__)

_SETTLE_TIMEOUT_S = 900.0
MOVE_TIMEOUT_S = 4200.0  # longer than the provider's own wait for an endpoint (60 minutes)
# UpdateEndpoint takes an endpoint whose rollback failed; it is the way out (developer guide,
# "Rolling deployments").
_MOVABLE = {
    EndpointStatus.IN_SERVICE,
    EndpointStatus.ABSENT,
    EndpointStatus.FAILED,
    EndpointStatus.UPDATE_ROLLBACK_FAILED,
}
T = TypeVar("T")


def take_over(workspace: Workspace, *, may_begin: bool = False) -> LeasedLedger:
    """Take the lease, and bring the ledger into agreement with what SageMaker serves.

    Raises LeaseHeld where another run is at work or SageMaker is, CorruptRecord where the endpoint
    serves and the ledger knows of nothing that ever did, and UsageError where there is no ledger
    yet, before a lease and a ledger are made for it: only a deployment `may_begin` one.
    """
    context = workspace.context
    found = workspace.ledger.read()
    if found.etag is None and not may_begin:
        require_known(found.head, workspace.hosting.observe(context.endpoint))
        raise never_deployed(context.endpoint)
    book = hold(workspace, after=found.head.fencing)
    seen = settled_endpoint(workspace)
    known = _known_again(workspace, book.head, seen)
    agreed = reconcile(known, seen, when=context.now(), run_id=context.run_id)
    if agreed.event is not None:
        logger.warning("endpoint=%s: %s", seen.name, agreed.event)
        about = agreed.head.move or book.head.move
        book.record(agreed.head, agreed.event, config=about.target if about else "nothing")
    require_known(book.head, seen)
    return book


def hold(workspace: Workspace, *, after: int) -> LeasedLedger:
    """Take the lease, and wait until nothing of former holders lives here. Raises LeaseHeld.

    `after` is the number of the ledger's last writer.
    """
    context, request = workspace.context, workspace.context.request
    book = LeasedLedger(
        workspace.ledger,
        workspace.take_lease(after),
        who=context.who,
        now=context.now,
        details={"run": context.run_id, **(request.details if request else {})},
    )
    book.lease.await_former()
    return book


def _known_again(workspace: Workspace, head: LedgerHead, seen: EndpointObservation) -> LedgerHead:
    """Retain again what serves and is a release of ours, which the ledger has dropped.

    A run that slept through its lease has moved the endpoint there, or somebody's hand.
    """
    key = naming.config_key_of(head.endpoint, seen.config_name or "")
    if key is None or key in head.endpoint_configs or not head.was_ever_live:
        return head
    release = naming.parse_config_key(key).release
    if not (seen.serves(seen.config_name or "") and workspace.ledger.has_release(release)):
        return head
    return ledger.retain_again(head, workspace.ledger.release(release), key)


def settled_endpoint(
    workspace: Workspace, *, timeout_s: float = _SETTLE_TIMEOUT_S
) -> EndpointObservation:
    """Return the endpoint, ready to be moved. Raises LeaseHeld when it is busy."""
    endpoint = workspace.context.endpoint
    seen = workspace.hosting.wait_until_settled(endpoint, timeout_s=timeout_s)
    if seen.status in _MOVABLE and seen.pending_config is None:
        return seen
    message = f"Endpoint {endpoint} is {seen.status.value} and cannot be moved now."
    raise LeaseHeld(
        message, remedy=f"Look at aws sagemaker describe-endpoint --endpoint-name {endpoint}."
    )


def delete_endpoint(workspace: Workspace, book: LeasedLedger) -> EndpointObservation:
    """Delete the endpoint, and wait until it is gone. Raises LeaseHeld where it stays."""
    name = book.head.endpoint
    book.lease.require_held()
    workspace.hosting.delete_endpoint(name)
    left = workspace.hosting.wait_until_settled(name, timeout_s=MOVE_TIMEOUT_S)
    if left.status is EndpointStatus.ABSENT:
        return left
    message = f"Endpoint {name} is {left.status.value} and was not deleted."
    raise LeaseHeld(message, remedy="Wait until it has settled, then repeat the command.")


def deletion_of(endpoint: str) -> str:
    """Name what makes the way for a plan that replaces a Failed endpoint."""
    return f"DeleteEndpoint of {endpoint}, Failed and serving nothing."


def what_was_done(*done: str) -> str:
    """Say what came of a plan that was not applied; `done` has made the way for it."""
    if not done:
        return "Nothing was applied."
    return f"Nothing of the plan was applied; done before it: {' '.join(done)}"


def require_endpoint(seen: EndpointObservation) -> None:
    """Refuse to go back where there is no endpoint: what was live is not to blame for that."""
    if seen.status is not EndpointStatus.ABSENT:
        return
    message = f"There is no endpoint {seen.name}: somebody deleted it. No release is serving."
    raise NotServing(message, remedy="To make it again, with what was live: --mode settle --yes")


def never_deployed(endpoint: str) -> UsageError:
    """Return the refusal of what needs a release, where there is not even a ledger."""
    message = f"Nothing was ever deployed to {endpoint}."
    return UsageError(message, remedy="Check the endpoint's name. To make one, type: --mode full")


def is_unknown(head: LedgerHead, seen: EndpointObservation) -> bool:
    """Tell whether the endpoint serves while the ledger knows of nothing that ever could have."""
    is_up = seen.status not in (EndpointStatus.ABSENT, EndpointStatus.FAILED)
    return is_up and head.move is None and not head.was_ever_live


def to_restore(endpoint: str) -> str:
    """Return what to do about an endpoint whose ledger is lost."""
    return (
        f"Restore the newest good version of {naming.ledger_object(endpoint)} in the artifact "
        "bucket, or use another endpoint_prefix."
    )


def require_known(head: LedgerHead, seen: EndpointObservation) -> None:
    """Refuse an endpoint that serves while the ledger knows of nothing that ever did."""
    if not is_unknown(head, seen):
        return
    message = (
        f"Endpoint {seen.name} serves {seen.config_name}, but its ledger knows nothing live: the "
        "ledger is lost, or somebody else made this endpoint."
    )
    raise CorruptRecord(message, remedy=to_restore(seen.name))


def unlocked(root: Root, book: LeasedLedger, attempt: Callable[[], T]) -> T:
    """Do what needs Terraform's state, while the lease is ours.

    A lock that a dead run of ours left is taken away first.
    """
    book.lease.require_held()
    try:
        return attempt()
    except LeaseHeld as held:
        if held.code != STATE_LOCKED or not _release_dead_lock(root, book):
            raise
    return attempt()


def _release_dead_lock(root: Root, book: LeasedLedger) -> bool:
    lock = root.state_lock()
    if lock is None:
        return True  # it was given back meanwhile
    if not (book.lease.may_unlock(lock) or book.was_killed_during(lock)):
        return False
    logger.warning("the state of %s is locked by a dead run (%s): unlocked", root.name, lock.who)
    root.force_unlock(lock.lock_id)
    return True


def never_moved(book: LeasedLedger) -> str | None:
    """Return what a deployment ended with that nobody was told of and that never moved anything."""
    last = book.head.last_event
    if last is None or last.what not in ("deployment failed", GIVEN_UP):
        return None
    run, lease = last.details.get("run", ""), book.lease.lease
    is_now = run == lease.owner.run_id
    return last.what if is_now or is_unheard(lease, run) else None

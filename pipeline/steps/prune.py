"""Removes what no rollback needs: a plan of its own, of which the endpoint is no part."""

import logging
from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import intents, ledger, naming
from pipeline.core.errors import PlanRefused
from pipeline.core.head import LedgerHead
from pipeline.core.intents import IntentKind
from pipeline.core.ledger import Pruned
from pipeline.core.outcomes import EndpointObservation
from pipeline.core.reconcile import serves_live
from pipeline.gateways.ledger import LeasedLedger
from pipeline.steps import around
from pipeline.steps.go_back import complete_state
from pipeline.steps.leased import settled_endpoint, take_over
from pipeline.steps.move import apply_whole
from pipeline.steps.planning import plan_serving

logger = logging.getLogger(__name__)


def prune(workspace: Workspace) -> tuple[str, ...]:
    """Keep the live release and the last healthy ones; return lines that say what went.

    The records in S3 stay. Raises PlanRefused, and LeaseHeld where another run is at work.
    """
    book = take_over(workspace)
    pruned, remaining = ledger.prune(book.head)
    if not pruned.releases:
        complete_state(workspace, book)
        return (f"Nothing to do: {book.head.endpoint} has no release to remove.",)
    _require_meant(workspace, book.head, pruned, remaining)
    seen = _serving(workspace, book.head)
    _remove(workspace, book, pruned, remaining, seen)
    around.converge_if_possible(workspace, book)
    removed = (f"Removed: {release}" for release in pruned.releases)
    return (*removed, *(f"Kept: {release}" for release in remaining.release_ids))


def _require_meant(
    workspace: Workspace, head: LedgerHead, pruned: Pruned, remaining: LedgerHead
) -> None:
    """Ask where all that would be left is the live release: no command could go back then."""
    question = loss(head, pruned, remaining)
    if question is not None and not workspace.context.confirm(f"{question} Remove them?"):
        remedy = "Nothing was pruned. To remove them: --mode prune --yes"
        raise PlanRefused(question, remedy=remedy)


def loss(head: LedgerHead, pruned: Pruned, remaining: LedgerHead) -> str | None:
    """Return what nobody could go back to any more; None where something earlier is left."""
    healthy = {each.release_id for each in head.lived if each.healthy}
    lost = [each for each in pruned.releases if each in healthy]
    if not lost or ledger.previous(remaining) is not None:
        return None
    return (
        f"These releases passed their tests and are quarantined: {', '.join(lost)}. Without them "
        f"there is nothing to go back to from {head.live_release}."
    )


def _serving(workspace: Workspace, head: LedgerHead) -> EndpointObservation:
    """SageMaker lets an endpoint's config be deleted while it serves: look before."""
    seen = settled_endpoint(workspace)
    if serves_live(head, seen):
        return seen
    wanted = naming.endpoint_config_name(head.endpoint, head.live or "")
    found = seen.config_name or "nothing"
    message = f"Endpoint {seen.name} is {seen.status.value} and serves {found}, not {wanted}."
    raise PlanRefused(message, remedy="Nothing was pruned. --mode settle brings them together.")


def _remove(
    workspace: Workspace,
    book: LeasedLedger,
    pruned: Pruned,
    remaining: LedgerHead,
    seen: EndpointObservation,
) -> None:
    """Apply first, forget then: what the ledger names and Terraform lost is only made again.

    The other way round, a run that dies in between would leave what every later plan would delete,
    and no deployment may delete anything.
    """
    book.write(replace(book.head, state_due=True))
    removable = intents.addresses_of_all(pruned.releases, pruned.configs)
    planned = plan_serving(workspace, book, remaining, IntentKind.PRUNE, seen, removable=removable)
    apply_whole(workspace, book, planned)
    releases = " ".join(pruned.releases)
    book.record(replace(remaining, state_due=True), "pruned", releases=releases)
    complete_state(workspace, book, is_whole=True)
    logger.info("pruned endpoint=%s releases=%s", remaining.endpoint, releases)

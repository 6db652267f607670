"""Removes what no rollback needs: a plan of its own, of which the endpoint is no part."""

import logging

from pipeline.context import Workspace
from pipeline.core import intents, ledger, naming
from pipeline.core.errors import PlanRefused
from pipeline.core.head import LedgerHead
from pipeline.core.ledger import Pruned
from pipeline.gateways.ledger import HeadVersion
from pipeline.steps import around, moves
from pipeline.steps.move import apply_aside, plan_move

logger = logging.getLogger(__name__)


def prune(workspace: Workspace) -> tuple[str, ...]:
    """Keep the live release and the last healthy ones; return lines that say what went.

    The records in S3 stay. Raises PlanRefused, and LeaseHeld where another run is at work.
    """
    moves.require_ledger(workspace)
    with moves.leased(workspace) as version:
        pruned, remaining = ledger.prune(version.head)
        if not pruned.releases:
            return (f"Nothing to do: {version.head.endpoint} has no release to remove.",)
        _require_serving(workspace, version.head)
        _remove(workspace, version, pruned, remaining)
    removed = (f"Removed: {release}" for release in pruned.releases)
    return (*removed, *(f"Kept: {release}" for release in remaining.release_ids))


def _require_serving(workspace: Workspace, head: LedgerHead) -> None:
    """SageMaker lets an endpoint's config be deleted while it serves: look before."""
    wanted = naming.endpoint_config_name(head.endpoint, head.live or "")
    seen = moves.settled_endpoint(workspace)
    if not seen.serves(wanted):
        found = seen.config_name or "nothing"
        message = f"Endpoint {seen.name} is {seen.status.value} and serves {found}, not {wanted}."
        raise PlanRefused(message, remedy="Nothing was pruned. Look at --mode status first.")


def _remove(
    workspace: Workspace, version: HeadVersion, pruned: Pruned, remaining: LedgerHead
) -> None:
    """Apply first, forget then: what the ledger names and Terraform lost is only made again.

    The other way round, a run that dies in between would leave what every later plan would delete,
    and no deployment may delete anything.
    """
    planned = plan_move(workspace, remaining, intents.prune_intent(remaining, pruned))
    apply_aside(workspace, planned)
    releases = " ".join(pruned.releases)
    version = moves.record(workspace, version, remaining, "pruned", releases=releases)
    around.settled(workspace, version, anyway=planned.summary.is_limited)
    logger.info("pruned endpoint=%s releases=%s", remaining.endpoint, releases)

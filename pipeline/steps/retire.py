"""Takes an endpoint out of service for good: what surrounds it, all that serves, its ledger.

By the endpoint's own states, with plans in which everything carries this environment's tags; then
what a dead run made and no state knows. Cut off anywhere, the same command goes on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.context import Context, Workspace
from pipeline.core import destruction, ledger, naming
from pipeline.core.errors import PlanRefused
from pipeline.core.outcomes import EndpointStatus
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import Root, SavedPlan
from pipeline.steps.leased import MOVE_TIMEOUT_S, delete_endpoint, unlocked
from pipeline.steps.move import apply_whole_of
from pipeline.steps.orphans import remove_orphans

BEGUN, DONE = "cleanup begun", "cleaned up"
# Terraform wants a value for each variable, and reads none of them to destroy.
_SERVING = {"deployment": {}, "endpoint_configs": {}, "live_config": "none", "releases": {}}
_SURROUNDINGS = {"instance_count": 1, "instance_type": "ml.none"}


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """What of an endpoint is to be destroyed, by reviewed plans in their order."""

    plans: tuple[tuple[Root, SavedPlan], ...]


def plan_retirement(workspace: Workspace, book: LeasedLedger | None) -> Retirement:
    """Plan to destroy what both states of an endpoint hold. Raises PlanRefused.

    Without a lease in hand no lock of a dead run is released: a dry run changes nothing.
    """
    wanted = ((workspace.surroundings, _SURROUNDINGS), (workspace.serving, _SERVING))
    plans = (_planned(workspace, root, book, needed) for root, needed in wanted)
    return Retirement(plans=tuple(each for each in plans if each is not None))


def _planned(
    workspace: Workspace, root: Root, book: LeasedLedger | None, needed: Mapping[str, object]
) -> tuple[Root, SavedPlan] | None:
    def plan() -> SavedPlan | None:
        held = root.addresses()
        return root.plan_destroy(_variables(workspace, needed)) if held else None

    saved = unlocked(root, book, plan) if book else plan()
    if saved is None:
        return None
    refuse_foreign(place_of(workspace.context), saved)
    return root, saved


def _variables(workspace: Workspace, needed: Mapping[str, object]) -> str:
    cloud = workspace.context.cloud
    place = {"region": cloud.region, "s3_use_path_style": cloud.is_local}
    return json.dumps({**needed, **place, "endpoint_name": workspace.context.endpoint})


def place_of(context: Context) -> destruction.Place:
    """Return whose things may be destroyed by this run."""
    settings = context.settings
    return destruction.Place(project=settings.project, environment=settings.environment)


def refuse_foreign(place: destruction.Place, saved: SavedPlan) -> None:
    """Refuse a plan that holds anything but deletions of what is this environment's."""
    refusals = destruction.review(saved.summary, place)
    if refusals:
        message = "The plan was refused: " + " ".join(refusals)
        raise PlanRefused(message, remedy="Nothing was destroyed. Look who put it into this state.")


def retire(workspace: Workspace, book: LeasedLedger, planned: Retirement) -> None:
    """Destroy what was planned; afterwards the ledger is a record of what was.

    The intent is a line of the history, written before anything goes.
    """
    if planned.plans or book.head != ledger.retired(book.head):
        book.record(book.head, BEGUN)
        workspace.hosting.wait_until_settled(book.head.endpoint, timeout_s=MOVE_TIMEOUT_S)
        for root, saved in planned.plans:
            apply_whole_of(root, book, saved)
        _delete_unknown(workspace, book)
        book.record(ledger.retired(book.head), DONE)
    remove_orphans(workspace, book)
    _delete_quiet_alarm(workspace, book)


def _delete_unknown(workspace: Workspace, book: LeasedLedger) -> None:
    """Delete an endpoint that Terraform's state does not know, where it serves a release of ours.

    A run that was killed could not write down that it had made it. Terraform itself does not wait
    until an endpoint is gone.
    """
    seen = workspace.hosting.wait_until_settled(book.head.endpoint, timeout_s=MOVE_TIMEOUT_S)
    if seen.status is EndpointStatus.ABSENT:
        return
    key = naming.config_key_of(seen.name, seen.config_name or "")
    release = naming.parse_config_key(key).release if key else None
    if release is None or not workspace.ledger.has_release(release):
        message = f"Endpoint {seen.name} serves {seen.config_name}, which is no release of ours."
        raise PlanRefused(message, remedy="Delete it by hand if it may go, then repeat.")
    delete_endpoint(workspace, book)


def _delete_quiet_alarm(workspace: Workspace, book: LeasedLedger) -> None:
    """It belongs to the endpoint, not to a release, and has its name from it alone."""
    quiet = naming.quiet_alarm_name(book.head.endpoint)
    if quiet in workspace.alarms.named(quiet):
        book.lease.require_held()
        workspace.alarms.delete([quiet])

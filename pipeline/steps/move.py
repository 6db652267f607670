"""The one way to change an endpoint: render the ledger, plan, guard, apply, look at the truth.

A deployment, a rollback and a pruning are the same path with another head.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.config import PROJECT_ROOT
from pipeline.context import Workspace
from pipeline.core import intents, naming, plan_review, tfvars
from pipeline.core.errors import CloudUnusable, CorruptRecord, PipelineError, PlanRefused
from pipeline.core.faults import reason_of, was_sent
from pipeline.core.head import LedgerHead, Move
from pipeline.core.intents import IntentKind, MoveIntent
from pipeline.core.ledger import arrive
from pipeline.core.outcomes import Action, EndpointObservation, EndpointStatus, PlanSummary
from pipeline.core.reconcile import quiet_shift
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import Applied, SavedPlan
from pipeline.steps.leased import settled_endpoint, unlocked

logger = logging.getLogger(__name__)

# Longer than the provider's own wait for an endpoint (60 minutes).
_SETTLE_TIMEOUT_S = 4200.0
# Of a cause, which may hold a page of Terraform's words. The head is read and written whole.
MOST_RECORDED = 500


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """SageMaker serves the target. `is_whole`: Terraform, too, said that all is done."""

    plan: PlanSummary | None
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class Stayed:
    """The endpoint does not serve what was asked for, whatever Terraform said.

    `sent`: SageMaker was asked to move the endpoint, or to create it. `addresses` is what
    Terraform's state holds afterwards; None where that cannot be read.
    """

    cause: str
    seen: EndpointObservation
    before: EndpointObservation
    sent: bool
    addresses: frozenset[str] | None


@dataclass(frozen=True, kw_only=True)
class PlannedMove:
    """A guarded plan of the move that the head announces, and the endpoint as it was before."""

    saved: SavedPlan
    before: EndpointObservation

    @property
    def moves(self) -> bool:
        """Tell whether applying it asks SageMaker for anything."""
        return not plan_review.leaves_endpoint_alone(self.saved.summary)


def plan_move(workspace: Workspace, book: LeasedLedger) -> PlannedMove:
    """Plan the move that the head announces. Nothing is changed where this raises."""
    announced = announced_in(book.head)
    kind = IntentKind.ROLLBACK if announced.goes_back else IntentKind.DEPLOY
    before = workspace.hosting.observe(book.head.endpoint)
    saved = plan_serving(workspace, book, book.head, kind, before)
    return PlannedMove(saved=saved, before=before)


def carry_out(workspace: Workspace, book: LeasedLedger, planned: PlannedMove) -> Arrived | Stayed:
    """Apply the planned move; record the arrival, and what it bars, in one write.

    What is raised leaves the announcement in the ledger: only the endpoint knows how the move ends,
    and the next run asks it.
    """
    target = announced_in(book.head).target
    applied = apply(workspace, book, planned.saved)
    seen = settled_endpoint(workspace, timeout_s=_SETTLE_TIMEOUT_S)
    if not seen.serves(naming.endpoint_config_name(book.head.endpoint, target)):
        return _stayed(workspace, applied, seen, planned)
    logger.info("endpoint=%s serves=%s", book.head.endpoint, target)
    book.write(arrive(book.head, when=workspace.context.now()))
    return Arrived(plan=planned.saved.summary, is_whole=applied.exit_code == 0)


def announced_in(head: LedgerHead) -> Move:
    """Return the move that the head announces. Raises CorruptRecord where it announces none."""
    if head.move is None:
        message = f"The ledger of {head.endpoint} announces no move."
        raise CorruptRecord(message, remedy="Look at --mode status, then run the command again.")
    return head.move


def apply(workspace: Workspace, book: LeasedLedger, planned: SavedPlan) -> Applied:
    """Apply exactly this plan, while the lease is still ours."""
    book.lease.require_held()
    began = workspace.context.now()
    applied = unlocked(workspace.serving, book, lambda: workspace.serving.apply(planned))
    if applied.was_killed:
        book.note_killed(began)
    return applied


def apply_whole(workspace: Workspace, book: LeasedLedger, planned: SavedPlan) -> None:
    """Apply a plan of which nothing may be left undone. Raises CloudUnusable."""
    applied = apply(workspace, book, planned)
    if applied.exit_code:
        failed = apply_failed(workspace.serving.name, applied)
        raise failed


def apply_failed(root: str, applied: Applied) -> CloudUnusable:
    message = (
        f"terraform apply of {root} failed with exit code {applied.exit_code}.\n{applied.said}"
    )
    return CloudUnusable(
        message, remedy="Mend what Terraform names, then run the same command again."
    )


def _stayed(
    workspace: Workspace, applied: Applied, seen: EndpointObservation, planned: PlannedMove
) -> Stayed:
    said = applied.said if applied.exit_code else "terraform apply reported success."
    serving = f", serving {seen.config_name}" if seen.config_name else ""
    reason = reason_of(seen, planned.before)
    why = f" ({reason})" if reason else ""
    return Stayed(
        cause=f"Endpoint {seen.name} is {seen.status.value}{serving}{why}. {said}",
        seen=seen,
        before=planned.before,
        sent=planned.moves and (applied.exit_code == 0 or was_sent(applied.said)),
        addresses=state_addresses(workspace),
    )


def state_addresses(workspace: Workspace) -> frozenset[str] | None:
    """Return what Terraform's state of the endpoint holds; None where it cannot be read."""
    try:
        return workspace.serving.addresses()
    except PipelineError as error:
        logger.warning("the state cannot be read: %s", error.message)
        return None


def plan_serving(
    workspace: Workspace,
    book: LeasedLedger,
    head: LedgerHead,
    kind: IntentKind,
    seen: EndpointObservation,
    *,
    removable: frozenset[str] = frozenset(),
    consent: Callable[[str], bool] = lambda _: True,
) -> SavedPlan:
    """Render the head and plan it. Raises PlanRefused when the guard finds anything unmeant.

    `consent` is asked before an endpoint gets back the settings that Terraform needs to plan it.
    """
    intent = intents.intent_of(head, kind, seen, removable=removable)
    saved = _plan(workspace, book, head, seen)
    if _correct_state(workspace, head, intent, saved, seen):
        saved = _plan(workspace, book, head, seen)
    if plan_review.replaces_for_its_deployment_config(saved.summary) and _is_up(seen):
        saved = _plan_of_one_updated_by_hand(workspace, book, head, intent, seen, consent)
    elif _must_move(intent, seen) and plan_review.leaves_endpoint_alone(saved.summary):
        saved = _plan(workspace, book, head, seen, nudged=True)
    refusals = plan_review.review(saved.summary, intent)
    if refusals:
        message = "The plan was refused: " + " ".join(refusals)
        raise PlanRefused(message, remedy="Nothing was applied.")
    return saved


def _plan(
    workspace: Workspace,
    book: LeasedLedger,
    head: LedgerHead,
    seen: EndpointObservation,
    *,
    refresh: bool = True,
    nudged: bool = False,
) -> SavedPlan:
    variables = rendered(workspace, head, seen, nudged=nudged)
    root = workspace.serving
    return unlocked(root, book, lambda: root.plan(variables, refresh=refresh))


def _must_move(intent: MoveIntent, seen: EndpointObservation) -> bool:
    """Tell whether SageMaker has to be asked for something, whatever Terraform believes."""
    wanted = naming.endpoint_config_name(intent.endpoint_name, intent.target)
    is_there = seen.serves(wanted) and seen.deployment_config is not None
    return intent.moves and _is_up(seen) and not is_there


def _plan_of_one_updated_by_hand(
    workspace: Workspace,
    book: LeasedLedger,
    head: LedgerHead,
    intent: MoveIntent,
    seen: EndpointObservation,
    consent: Callable[[str], bool],
) -> SavedPlan:
    """Plan an endpoint whose last update had no DeploymentConfig, which cannot be added in place.

    Terraform's own state mostly still has one, and from there the plan is a change in place, which
    puts it right. Where that state names the target already, other settings make it a change; where
    it has lost them too, the endpoint is updated to what it serves, with settings.
    """
    logger.warning("the endpoint was updated by hand: planned from Terraform's own state")
    saved = _plan(workspace, book, head, seen, refresh=False)
    if _must_move(intent, seen) and plan_review.leaves_endpoint_alone(saved.summary):
        saved = _plan(workspace, book, head, seen, refresh=False, nudged=True)
    lost = plan_review.replaces_for_its_deployment_config(saved.summary)
    if not (lost and intent.moves and seen.config_name):
        return saved
    what = f"UpdateEndpoint of {seen.name} to what it serves, {seen.config_name}, with settings."
    if not consent(what):
        raise PlanRefused(what, remedy="Nothing was done. To do it: --mode settle --yes")
    book.lease.require_held()
    workspace.hosting.restore_settings(seen.name, seen.config_name, quiet_shift(seen.name))
    return _plan(workspace, book, head, settled_endpoint(workspace, timeout_s=_SETTLE_TIMEOUT_S))


def _correct_state(
    workspace: Workspace,
    head: LedgerHead,
    intent: MoveIntent,
    saved: SavedPlan,
    seen: EndpointObservation,
) -> bool:
    """Tell Terraform what it does not know; True when the plan has to be made again.

    An apply that was killed leaves things that its state has not heard of, and marks an endpoint as
    broken that came up. One that SageMaker calls Failed can only be deleted.
    """
    imported = _import_what_exists(workspace, head, saved, seen)
    tainted = plan_review.replaces_because_tainted(saved.summary)
    if tainted and _is_up(seen):
        logger.warning("an apply was cut off, but the endpoint came up: it is not replaced")
        workspace.serving.untaint(intents.ENDPOINT)
        return True
    created = intents.ENDPOINT not in imported and any(
        each.address == intents.ENDPOINT and each.action is Action.CREATE
        for each in saved.summary.changes
    )
    if intent.is_failed and intent.moves and not (tainted or created):
        workspace.serving.taint(intents.ENDPOINT)
        return True
    return bool(imported)


def _import_what_exists(
    workspace: Workspace, head: LedgerHead, saved: SavedPlan, seen: EndpointObservation
) -> frozenset[str]:
    """Import what the plan would create and what is there; names are never used twice."""
    created = {change.address for change in saved.summary.changes if change.action is Action.CREATE}
    ids = {each: name for each, name in _names(head) if each in created}
    if not ids:
        return frozenset()
    found = workspace.hosting.hosted_names(head.endpoint)
    there = found.models | found.configs
    if seen.status is not EndpointStatus.ABSENT:
        there |= {head.endpoint}
    missing = [(address, name) for address, name in ids.items() if name in there]
    for address, name in missing:
        logger.warning("%s exists, and Terraform's state does not know it: imported", name)
        workspace.serving.import_object(address, name, saved.variables)
    return frozenset(address for address, _ in missing)


def _names(head: LedgerHead) -> Sequence[tuple[str, str]]:
    """Return address and name of what cannot be created twice; in the order they depend."""
    models = [
        (intents.model_address(each), naming.model_name(head.endpoint, each))
        for each in head.release_ids
    ]
    configs = [
        (intents.config_address(key), naming.endpoint_config_name(head.endpoint, key))
        for key in head.endpoint_configs
    ]
    return [*models, *configs, (intents.ENDPOINT, head.endpoint)]


def _is_up(seen: EndpointObservation) -> bool:
    return seen.status in (EndpointStatus.IN_SERVICE, EndpointStatus.UPDATE_ROLLBACK_FAILED)


def rendered(
    workspace: Workspace, head: LedgerHead, seen: EndpointObservation, *, nudged: bool = False
) -> str:
    """Return the variables of terraform/serving for this head.

    `nudged`: with a time limit of one second more, by which an update is sent that would change
    nothing else.
    """
    moving = head.move is not None and not head.move.has_arrived
    shift = seen.deployment_config or quiet_shift(head.endpoint)
    shift = head.move.deployment_config if head.move and moving else shift
    if nudged:
        limit_s = shift.maximum_execution_timeout_s + 1
        shift = replace(shift, maximum_execution_timeout_s=limit_s)
    variables = tfvars.release_variables(
        head,
        {each: workspace.ledger.release(each) for each in head.release_ids},
        place=place_of(workspace),
        deployment_config=shift,
    )
    return tfvars.render(variables, template(tfvars.RELEASE_TEMPLATE), name=tfvars.RELEASE_TEMPLATE)


def place_of(workspace: Workspace) -> tfvars.Place:
    cloud = workspace.context.cloud
    return tfvars.Place(region=cloud.region, s3_use_path_style=cloud.is_local, tags=workspace.tags)


def template(name: str) -> str:
    return (PROJECT_ROOT / "templates" / name).read_text(encoding="utf-8")


def keep_variables(workspace: Workspace, book: LeasedLedger) -> None:
    """Store the variables of what serves beside the ledger; a failure must not hide the outcome."""
    if book.head.live is None:
        return
    try:
        seen = workspace.hosting.observe(book.head.endpoint)
        workspace.ledger.store_tfvars(rendered(workspace, book.head, seen))
    except PipelineError as error:
        logger.warning("the variables of what serves were not stored: %s", error.message)

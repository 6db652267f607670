"""Plans of an endpoint: render the ledger, plan, tell Terraform what it does not know, guard.

A deployment, a rollback and a pruning are planned alike, each from another head.
"""

import logging
from collections.abc import Callable, Sequence

from pipeline.config import PROJECT_ROOT
from pipeline.context import Workspace
from pipeline.core import intents, naming, plan_review, tfvars
from pipeline.core.errors import PipelineError, PlanRefused
from pipeline.core.head import LedgerHead
from pipeline.core.intents import IntentKind, MoveIntent
from pipeline.core.outcomes import Action, EndpointObservation, EndpointStatus
from pipeline.core.reconcile import quiet_shift
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import SavedPlan
from pipeline.steps.leased import MOVE_TIMEOUT_S, settled_endpoint, unlocked

logger = logging.getLogger(__name__)


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
    return _plan(workspace, book, head, settled_endpoint(workspace, timeout_s=MOVE_TIMEOUT_S))


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
    """Return the variables of terraform/serving for this head."""
    variables = tfvars.release_variables(
        head,
        {each: workspace.ledger.release(each) for each in head.release_ids},
        place=place_of(workspace),
        deployment_config=seen.deployment_config or quiet_shift(head.endpoint),
        nudged=nudged,
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

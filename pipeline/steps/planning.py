"""Plans of an endpoint: render the ledger, plan, tell Terraform what it does not know, guard.

A deployment, a rollback and a pruning are planned alike, each from another head.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Workspace
from pipeline.core import intents, naming, plan_review, tfvars
from pipeline.core.errors import PlanRefused
from pipeline.core.head import LedgerHead
from pipeline.core.intents import IntentKind, MoveIntent
from pipeline.core.outcomes import Action, EndpointObservation, EndpointStatus
from pipeline.core.reconcile import quiet_shift
from pipeline.core.records import Release
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import SavedPlan
from pipeline.steps.leased import (
    MOVE_TIMEOUT_S,
    delete_endpoint,
    deletion_of,
    settled_endpoint,
    unlocked,
    what_was_done,
)

logger = logging.getLogger(__name__)

_NOTHING: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What a plan is made from, the same for every attempt at it."""

    workspace: Workspace
    book: LeasedLedger
    head: LedgerHead
    seen: EndpointObservation
    imports: tfvars.Imports = tfvars.NO_IMPORTS

    def plan(self, *, refresh: bool = True, nudged: bool = False) -> SavedPlan:
        variables = rendered(
            self.workspace, self.head, self.seen, imports=self.imports, nudged=nudged
        )
        root = self.workspace.serving
        return unlocked(root, self.book, lambda: root.plan(variables, refresh=refresh))


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

    `consent` is asked before something is done that no plan can show: see _without_settings and
    _deleted.
    """
    head, strays = without_unmade(workspace, head)
    intent = intents.intent_of(head, kind, seen, removable=removable | strays)
    asked = _Asked(workspace=workspace, book=book, head=head, seen=seen)
    saved, done = asked.plan(), _NOTHING
    if intent.is_failed and intent.moves and intents.ENDPOINT in _created(saved):
        # Failed and not in Terraform's state, which therefore cannot replace it.
        seen, done = _deleted(asked, intent, saved, consent), (deletion_of(head.endpoint),)
        intent = intents.intent_of(head, kind, seen, removable=removable | strays)
        asked = replace(asked, seen=seen)
    asked, saved = _with_imports(asked, saved, intent)
    if _corrected_marks(workspace, intent, saved, seen):
        saved = asked.plan()
    if plan_review.replaces_for_its_deployment_config(saved.summary) and _is_up(seen):
        saved, done = _without_settings(asked, intent, consent)
    elif _must_move(intent, seen) and plan_review.leaves_endpoint_alone(saved.summary):
        saved = asked.plan(nudged=True)
    refusals = plan_review.review(saved.summary, intent)
    if refusals:
        raise _refused(refusals, done)
    return saved


def _refused(refusals: tuple[str, ...], done: tuple[str, ...] = _NOTHING) -> PlanRefused:
    message = "The plan was refused: " + " ".join(refusals)
    remedy = f"{what_was_done(*done)} To put right what died or was done by hand: --mode settle"
    return PlanRefused(message, remedy=remedy)


def without_unmade(workspace: Workspace, head: LedgerHead) -> tuple[LedgerHead, frozenset[str]]:
    """Leave out what never served and could not be made whole; return what of it may go.

    A plan that makes it again could stop every way back.
    """
    if not intents.never_served(head):
        return head, frozenset()
    held, whole = workspace.serving.addresses(), head
    head = intents.without_unmade(head, held)
    kept = intents.addresses_of_all(head.release_ids, head.endpoint_configs)
    known = intents.addresses_of_all(whole.release_ids, whole.endpoint_configs)
    return head, (known - kept) & held


def _must_move(intent: MoveIntent, seen: EndpointObservation) -> bool:
    """Tell whether SageMaker has to be asked for something, whatever Terraform believes."""
    wanted = naming.endpoint_config_name(intent.endpoint_name, intent.target)
    is_there = seen.serves(wanted) and seen.deployment_config is not None
    return intent.moves and _is_up(seen) and not is_there


def _without_settings(
    asked: _Asked, intent: MoveIntent, consent: Callable[[str], bool]
) -> tuple[SavedPlan, tuple[str, ...]]:
    """Plan an endpoint whose last update had no DeploymentConfig, which cannot be added in place.

    Terraform's own state mostly still has one, and from there the plan is a change in place, which
    puts it right. Where that state names the target already, other settings make it a change; where
    it has lost them too, or holds what is gone, the endpoint is updated to what it serves, with
    settings. Return what was done for it, too.
    """
    seen = asked.seen
    logger.warning("the endpoint was updated by hand: planned from Terraform's own state")
    saved = asked.plan(refresh=False)
    if _must_move(intent, seen) and plan_review.leaves_endpoint_alone(saved.summary):
        saved = asked.plan(refresh=False, nudged=True)
    lost = plan_review.replaces_for_its_deployment_config(saved.summary)
    if not (
        intent.moves and seen.config_name and (lost or _believes_in_what_is_gone(asked, saved))
    ):
        return saved, _NOTHING
    what = f"UpdateEndpoint of {seen.name} to what it serves, {seen.config_name}, with settings."
    _require_consent(what, consent)
    asked.book.lease.require_held()
    hosting = asked.workspace.hosting
    hosting.restore_settings(seen.name, seen.config_name, quiet_shift(seen.name))
    settled = settled_endpoint(asked.workspace, timeout_s=MOVE_TIMEOUT_S)
    return replace(asked, seen=settled).plan(), (what,)


def _believes_in_what_is_gone(asked: _Asked, saved: SavedPlan) -> bool:
    """Tell whether a plan that has not looked at AWS takes for made what is not there."""
    head, made = asked.head, _created(saved)
    there = asked.workspace.hosting.hosted_names(head.endpoint)
    configs = {
        naming.endpoint_config_name(head.endpoint, key)
        for key in head.endpoint_configs
        if intents.config_address(key) not in made
    }
    models = {
        naming.model_name(head.endpoint, each)
        for each in head.release_ids
        if intents.model_address(each) not in made
    }
    return not (configs <= there.configs and models <= there.models)


def _require_consent(what: str, consent: Callable[[str], bool]) -> None:
    if not consent(what):
        raise PlanRefused(what, remedy="Nothing was done. To do it: --mode settle --yes")


def _with_imports(asked: _Asked, saved: SavedPlan, intent: MoveIntent) -> tuple[_Asked, SavedPlan]:
    """Take into the state what the plan would create and what is there: names are used once.

    An apply that was killed could not write down what it had made.
    """
    head, created = asked.head, _created(saved)
    models = [each for each in head.release_ids if intents.model_address(each) in created]
    configs = [key for key in head.endpoint_configs if intents.config_address(key) in created]
    endpoint = intents.ENDPOINT in created and intent.endpoint_exists
    if not (models or configs or endpoint):
        return asked, saved
    name = head.endpoint
    found = asked.workspace.hosting.hosted_names(name)
    imports = tfvars.Imports(
        endpoint=endpoint,
        endpoint_configs=tuple(
            key for key in configs if naming.endpoint_config_name(name, key) in found.configs
        ),
        releases=tuple(each for each in models if naming.model_name(name, each) in found.models),
    )
    if imports == tfvars.NO_IMPORTS:
        return asked, saved
    known = (*imports.releases, *imports.endpoint_configs, *([name] if imports.endpoint else ()))
    logger.warning("Terraform's state does not know what exists: importing %s", ", ".join(known))
    asked = replace(asked, imports=imports)
    return asked, asked.plan()


def _created(saved: SavedPlan) -> frozenset[str]:
    """Return the addresses of what the plan would create."""
    changes = saved.summary.changes
    return frozenset(each.address for each in changes if each.action is Action.CREATE)


def _deleted(
    asked: _Asked, intent: MoveIntent, saved: SavedPlan, consent: Callable[[str], bool]
) -> EndpointObservation:
    """Delete an endpoint that can only be deleted, where the rest of the plan may be applied.

    SageMaker takes nothing but its deletion (API reference, DescribeEndpoint, EndpointStatus).
    """
    name = asked.head.endpoint
    rest = [each for each in saved.summary.changes if each.address != intents.ENDPOINT]
    refusals = plan_review.review(replace(saved.summary, changes=tuple(rest)), intent)
    if refusals:
        raise _refused(refusals)
    _require_consent(deletion_of(name), consent)
    return delete_endpoint(asked.workspace, asked.book)


def _corrected_marks(
    workspace: Workspace, intent: MoveIntent, saved: SavedPlan, seen: EndpointObservation
) -> bool:
    """Correct what Terraform's state says of what is ours; True when there has to be a new plan.

    It marks as broken what was created and could not be read back, or whose creation was cut off.
    A model or config that is there is whole, and so is an endpoint that came up; one that SageMaker
    calls Failed can only be replaced.
    """
    tainted = plan_review.tainted(saved.summary)
    wrongly = [each for each in tainted if each != intents.ENDPOINT or _is_up(seen)]
    for address in wrongly:
        logger.warning("%s was created, and is not replaced for a doubt of Terraform's", address)
        workspace.serving.untaint(address)
    is_new = intents.ENDPOINT in tainted or intents.ENDPOINT in _created(saved)
    if intent.is_failed and intent.moves and not is_new:
        workspace.serving.taint(intents.ENDPOINT)
        return True
    return bool(wrongly)


def _is_up(seen: EndpointObservation) -> bool:
    return seen.status in (EndpointStatus.IN_SERVICE, EndpointStatus.UPDATE_ROLLBACK_FAILED)


def rendered(
    workspace: Workspace,
    head: LedgerHead,
    seen: EndpointObservation,
    *,
    imports: tfvars.Imports = tfvars.NO_IMPORTS,
    nudged: bool = False,
    unstored: Release | None = None,
) -> str:
    """Return the variables of terraform/serving for this head.

    `unstored` is a release of it that is not in the ledger yet.
    """
    known = {unstored.release_id: unstored} if unstored else {}
    variables = tfvars.release_variables(
        head,
        {each: known.get(each) or workspace.ledger.release(each) for each in head.release_ids},
        place=place_of(workspace),
        deployment_config=seen.deployment_config or quiet_shift(head.endpoint),
        imports=imports,
        nudged=nudged,
    )
    return tfvars.render(variables, template(tfvars.RELEASE_TEMPLATE), name=tfvars.RELEASE_TEMPLATE)


def place_of(workspace: Workspace) -> tfvars.Place:
    cloud = workspace.context.cloud
    return tfvars.Place(region=cloud.region, s3_use_path_style=cloud.is_local, tags=workspace.tags)


def template(name: str) -> str:
    return (PROJECT_ROOT / "templates" / name).read_text(encoding="utf-8")


def keep_variables(workspace: Workspace, book: LeasedLedger) -> None:
    """Store the variables of what serves beside the ledger, for a person at the keyboard."""
    if book.head.live is not None:
        seen = workspace.hosting.observe(book.head.endpoint)
        workspace.ledger.store_tfvars(rendered(workspace, book.head, seen))

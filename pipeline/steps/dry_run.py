"""What a command would do, told and not done: no lease, no state lock, no write anywhere.

It asks what the command asks before its first effect, and plans as mode plan does. Where something
is unfinished, or ledger and SageMaker differ, there is nothing to foretell before that is settled.
"""

from collections.abc import Collection, Iterator, Mapping

from pipeline.context import Context, Workspace
from pipeline.core import intents, ledger, plan, plan_review
from pipeline.core.errors import LeaseHeld, PlanRefused
from pipeline.core.gate import GatePolicy, Limits
from pipeline.core.head import LedgerHead, MoveKind
from pipeline.core.intents import IntentKind
from pipeline.core.lease import is_unheard
from pipeline.core.outcomes import EndpointObservation
from pipeline.core.records import ModelKind, TrainingRun
from pipeline.core.serving_gate import limits_by_name
from pipeline.gateways import leases
from pipeline.gateways.ports import SavedPlan
from pipeline.steps import planned, preflight
from pipeline.steps.bootstrap import find_workspace, known_workspace
from pipeline.steps.deploy import Candidate
from pipeline.steps.go_back import begin_way_back
from pipeline.steps.leased import never_deployed, require_endpoint, require_known
from pipeline.steps.planned import SERVING, Agreed
from pipeline.steps.planning import rendered, without_unmade
from pipeline.steps.prune import loss
from pipeline.steps.roll_back import PREVIOUS, target_of
from pipeline.steps.status import at_work
from pipeline.steps.train import Material

NOTHING_CHANGED = "Nothing was changed: it was only looked at."


def full(context: Context, material: Material) -> None:
    """Tell what would be trained and judged by which limits, and what Terraform has to change.

    Whether the model passes only its training tells, so its release is not planned.
    """
    workspace = workspace_so_far(context)
    if workspace is not None:
        preflight.require_instances(workspace)
    for line in told_training(context, material):
        context.recorder.show(line)
    if workspace is None:
        _tell_foundation_first(context)
        return
    if not context.settings.auto_deploy_enabled:
        context.recorder.note(NOTHING_CHANGED)
        return
    agreed = _agreed(workspace, may_begin=True)
    workspace = planned.private_workspace(workspace, context.work_dir)
    found = planned.infrastructure(workspace, agreed, context.work_dir)
    for line in found.left_out:
        context.recorder.show(f"Not planned: {line}")
    _tell(workspace, found.plans, found.refusals)


def workspace_so_far(context: Context) -> Workspace | None:
    """Return this environment's workspace; None where the command itself would make one first.

    The embedded AWS gets a foundation by itself, but not where nothing may change.
    """
    return known_workspace(context) if context.cloud.is_local else find_workspace(context)


def _tell_foundation_first(context: Context) -> None:
    context.recorder.show("Would be made first: the foundation, of which nothing is here yet.")
    context.recorder.note(NOTHING_CHANGED)


def deployment(workspace: Workspace, candidate: Candidate) -> None:
    """Tell what the release of a registered candidate would change. Raises as a deployment does."""
    _release(workspace, candidate, "Would deploy")


def promotion(workspace: Workspace, candidate: Candidate) -> None:
    """Tell what a promotion would change here. It copies nothing, and registers nothing."""
    _release(workspace, candidate, _would_promote(candidate.origin), is_here=False)


def first_promotion(context: Context, run: TrainingRun, *, origin: str) -> None:
    """Tell what a promotion would do to an environment of which nothing is here yet."""
    context.recorder.show(_of_model(_would_promote(origin), run, in_place_of=None))
    _tell_foundation_first(context)


def _would_promote(origin: str | None) -> str:
    return f"Would promote {origin}"


def _of_model(what: str, run: TrainingRun, *, in_place_of: str | None) -> str:
    return (
        f"{what}: the model of {run.job_name}, sha256 {run.artifact_sha256[:12]}, in place of "
        f"{in_place_of or 'nothing'}"
    )


def _release(
    workspace: Workspace, candidate: Candidate, what: str, *, is_here: bool = True
) -> None:
    agreed = _agreed(workspace, may_begin=True)
    if planned.is_served_already(workspace, agreed, candidate):
        _nothing_to_do(workspace, f"{agreed.head.live_release} holds this model and serves.")
        return
    found = planned.with_release(workspace, agreed, candidate, is_here=is_here)
    workspace.context.recorder.show(
        _of_model(what, candidate.run, in_place_of=agreed.head.live_release)
    )
    _tell(workspace, found.plans, found.refusals)


def rollback(workspace: Workspace, *, to: str) -> None:
    """Tell where a rollback would go and what it would change. Raises as a rollback does."""
    agreed = _agreed(workspace, needs_endpoint=True)
    head, seen = agreed.head, agreed.seen
    if to in (PREVIOUS, head.live_release) and _is_still_to_be_told(workspace, head):
        _nothing_to_do(workspace, f"the rollback to {head.live_release} would be proved and told.")
        return
    target = target_of(workspace, head, to, live_serves=True)
    if target == head.live_release:
        _nothing_to_do(workspace, f"{target} serves already; it would only be tested.")
        return
    begun = begin_way_back(workspace, head, target, kind=MoveKind.ROLLBACK, reason="", bars=True)
    saved, refusals = _planned(workspace, begun, IntentKind.ROLLBACK, seen)
    workspace.context.recorder.show(
        f"Would go back: from {head.live_release}, which would be quarantined, to {target}"
    )
    _tell(workspace, {SERVING: saved}, refusals)


def prune(workspace: Workspace) -> None:
    """Tell what a pruning would remove, keep and ask. Raises as a pruning does."""
    agreed = _agreed(workspace)
    head = agreed.head
    pruned, remaining = ledger.prune(head)
    if not pruned.releases:
        _nothing_to_do(workspace, f"{head.endpoint} has no release to remove.")
        return
    removable = intents.addresses_of_all(pruned.releases, pruned.configs)
    saved, refusals = _planned(
        workspace, remaining, IntentKind.PRUNE, agreed.seen, removable=removable
    )
    show = workspace.context.recorder.show
    for release in pruned.releases:
        show(f"Would remove: {release}")
    for release in remaining.release_ids:
        show(f"Would keep: {release}")
    question = loss(head, pruned, remaining)
    if question is not None:
        show(f"Would ask first: {question}")
    _tell(workspace, {SERVING: saved}, refusals)


def told_training(context: Context, material: Material) -> Iterator[str]:
    """Say what would be trained, judged by what, and deployed as what."""
    settings, training = context.settings, context.settings.training
    divided, deployment = material.divided, settings.deployment
    given = ", ".join(f"{name}={value}" for name, value in training.hyperparameters.items())
    yield (
        f"Would train: {material.identity.name} for {material.identity.target}, from "
        f"{training.data}, sha256 {divided.source_sha256}"
    )
    yield f"Rows: {divided.train_rows} to train, {divided.test_rows} held out to test"
    yield f"Code: sha256 {material.packed.sha256}"
    yield (
        f"Training job: {training.instance_type}, at most {training.max_runtime_s} s, "
        f"{training.cross_validation_folds} folds, seed {training.seed}, "
        f"hyperparameters: {given or 'none'}"
    )
    yield from told_gates(divided.kind, settings.gate_policy)
    if not settings.auto_deploy_enabled:
        yield "auto_deploy_enabled is off: the model would be registered, not deployed."
        return
    yield (
        f"A model that passes would be deployed to {context.endpoint}: "
        f"{deployment.instance_count} x {settings.instance_type}, {deployment.strategy.value}"
    )


def told_gates(kind: ModelKind, policy: GatePolicy) -> Iterator[str]:
    yield from (_gate(name, limits) for name, limits in limits_by_name(kind, policy).items())
    for each in policy.slices:
        if each.limits is not None:
            yield _gate(f"{each.metric or 'quality'} of each {each.column}", each.limits)
    if policy.dry_run:
        yield "gates.mode is dry_run: no gate blocks."


def _gate(name: str, limits: Limits) -> str:
    until, beyond = ("from", "below") if limits.more_is_better else ("up to", "above")
    return f"Gate: {name} {until} {limits.deploy_from} deploys, {beyond} {limits.last} is rejected"


def _agreed(
    workspace: Workspace, *, may_begin: bool = False, needs_endpoint: bool = False
) -> Agreed:
    """Look as a command does that takes the lease, and take none."""
    found = workspace.ledger.read()
    seen = workspace.hosting.observe(workspace.context.endpoint)
    require_known(found.head, seen)
    if found.etag is None and not may_begin:
        raise never_deployed(seen.name)
    holder = at_work(workspace)
    if holder is not None and not workspace.context.break_lease:
        message = f"{seen.name} is held by run {holder.run_id} of {holder.who}."
        raise LeaseHeld(message, remedy="Wait until it has ended, then run the same command again.")
    if needs_endpoint and found.head.move is None:
        require_endpoint(seen)
    return planned.agreed_of(workspace)


def _is_still_to_be_told(workspace: Workspace, head: LedgerHead) -> bool:
    """Tell whether an earlier rollback was cut off before its run could say that it was done."""
    lease = leases.find(workspace.store, head.endpoint)
    return bool(head.unheard and lease and is_unheard(lease, head.unheard))


def _planned(
    workspace: Workspace,
    head: LedgerHead,
    kind: IntentKind,
    seen: EndpointObservation,
    *,
    removable: frozenset[str] = frozenset(),
) -> tuple[SavedPlan, tuple[str, ...]]:
    """Plan terraform/serving for a head that nobody writes down; return why it may not be."""
    head, strays = without_unmade(workspace, head)
    saved = workspace.serving.plan(rendered(workspace, head, seen), lock=False)
    intent = intents.intent_of(head, kind, seen, removable=removable | strays)
    return saved, plan_review.review(saved.summary, intent)


def _tell(workspace: Workspace, plans: Mapping[str, SavedPlan], refusals: Collection[str]) -> None:
    """Show every change in words. Raises PlanRefused where the review would refuse them."""
    recorder = workspace.context.recorder
    for root, saved in plans.items():
        for change in saved.summary.changes:
            recorder.show(f"{root}: {plan.in_words(change)}")
        if saved.summary.is_empty:
            recorder.show(f"{root}: no changes")
    if refusals:
        message = "The plan would be refused: " + " ".join(refusals)
        remedy = "Nothing was changed. To put right what died or was done by hand: --mode settle"
        raise PlanRefused(message, remedy=remedy)
    recorder.show("The review would let it pass.")
    recorder.note(NOTHING_CHANGED)


def _nothing_to_do(workspace: Workspace, why: str) -> None:
    workspace.context.recorder.show(f"Nothing to do: {why}")
    workspace.context.recorder.note(NOTHING_CHANGED)

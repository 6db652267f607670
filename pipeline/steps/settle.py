"""Brings ledger, Terraform's state and endpoint into agreement, whatever died or was done by hand.

A mode of its own, and no part of every other one: the one command that every message may name. What
it would do to the endpoint itself is shown first, and done after a yes.
"""

from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import intents, ledger, naming, plan_review
from pipeline.core.errors import NotServing, PipelineError, PlanRefused, RolledBack
from pipeline.core.head import LedgerHead, MoveKind
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import Action, EndpointStatus, ResourceChange
from pipeline.core.reconcile import serves_live
from pipeline.core.surroundings import NOTHING
from pipeline.gateways.ledger import LeasedLedger
from pipeline.steps import around
from pipeline.steps.go_back import (
    NotAnswering,
    complete_state,
    go_back,
    what_then,
    why_unsound,
)
from pipeline.steps.leased import settled_endpoint, take_over, what_was_done
from pipeline.steps.move import MOST_RECORDED, Arrived, apply, apply_failed, apply_whole
from pipeline.steps.orphans import remove_orphans
from pipeline.steps.planning import plan_serving
from pipeline.steps.probe import probe_answers
from pipeline.steps.prove import conclude_deployment
from pipeline.steps.unfinished import adopt, end_unproved


def settle(workspace: Workspace) -> None:
    """Finish what was begun, put right what differs, remove orphans, turn on what was off.

    What is done is shown line by line. Raises PlanRefused with the plan where the endpoint itself
    would change and nobody said yes; at its end what finishing raised, such as RolledBack.
    """
    book = take_over(workspace)
    show = workspace.context.recorder.show
    begun = book.head.move
    if book.head.is_moving:
        _clear_the_way(workspace, book)
    failed = _finish(workspace, book)
    if book.head.live is None:
        show(f"Nothing is live on {book.head.endpoint}.")
    else:
        changed = _agree(workspace, book)
        _require_serving(workspace, book)
        removed = remove_orphans(workspace, book)
        for name in removed:
            show(f"Removed: {name}")
        around.converge(workspace, book)
        book.write(replace(book.head, state_due=True))  # the variables are kept anew in any case
        complete_state(workspace, book, is_whole=True)
        idle = "" if begun or changed or removed else "Nothing to do: "
        show(f"{idle}{book.head.endpoint} serves {book.head.live_release}.")
    if failed is not None:
        raise failed


def _clear_the_way(workspace: Workspace, book: LeasedLedger) -> None:
    """Delete what the state holds of releases that nobody retains: no plan of a move may do it.

    A run that slept through its lease and woke up again has made them.
    """
    resting = ledger.drop_move(book.head)
    seen = settled_endpoint(workspace)
    serving = naming.config_key_of(resting.endpoint, seen.config_name or "")
    strays = _strays(resting, workspace.serving.addresses())
    if resting.live is None or not strays or serving not in resting.endpoint_configs:
        return
    planned = plan_serving(workspace, book, resting, IntentKind.PRUNE, seen, removable=strays)
    apply_whole(workspace, book, planned)


def _finish(workspace: Workspace, book: LeasedLedger) -> PipelineError | None:
    """Prove what has arrived, carry on a way back; return what that ended with where it is over."""
    begun = book.head.move
    if begun is None:
        return None
    try:
        if begun.goes_back:
            go_back(workspace, book)
        elif begun.kind is MoveKind.ADOPTION:
            adopt(workspace, book)
        else:
            release = book.live
            arrived = Arrived(plan=None, is_whole=True)  # the state is looked at in any case
            conclude_deployment(workspace, book, release, arrived)
    except NotAnswering as failed:
        if failed.report.is_inconclusive:
            raise
        end_unproved(book, failed)
        return failed
    except (NotServing, RolledBack) as failed:
        if book.head.move is not None:
            raise
        return failed
    workspace.context.recorder.show(f"Finished: {begun.kind.value} to {begun.target}.")
    return None


def _agree(workspace: Workspace, book: LeasedLedger) -> bool:
    """Plan what the ledger says, show it, apply it, prove what serves; tell if anything changed."""
    seen = settled_endpoint(workspace)
    held = workspace.serving.addresses()
    head = intents.without_unmade(book.head, held)
    removable = _strays(head, held)
    kind = IntentKind.SETTLE
    done: list[str] = []  # what was said yes to is done before there is a plan to show

    def confirm(question: str) -> bool:
        _require_sound(workspace, book)
        return workspace.context.confirm(question)

    def consent(what: str) -> bool:
        agreed = confirm(what)
        done.extend([what] * agreed)
        return agreed

    planned = plan_serving(workspace, book, head, kind, seen, removable=removable, consent=consent)
    if planned.summary.is_empty and head == book.head:
        return False
    lines = tuple(_shown(change) for change in planned.summary.changes)
    touched = not plan_review.leaves_endpoint_alone(planned.summary)
    message = "\n".join(("This would be done to the endpoint itself:", *lines))
    if touched and not confirm(f"{message}\nDo it?"):
        remedy = f"{what_was_done(*done)} To do it: --mode settle --yes"
        raise PlanRefused(message, remedy=remedy)
    due = book.head.surroundings_due or (touched and book.head.surroundings != NOTHING)
    if due:  # with an endpoint its scaling may be gone, too
        head = replace(head, surroundings_due=True)
        book.write(replace(book.head, surroundings_due=True))
    applied = apply(workspace, book, planned)
    if touched:
        _require_live(workspace, book)
    if applied.exit_code:
        raise apply_failed(workspace.serving.name, applied)
    book.record(head, "settled", changes=" ".join(lines)[:MOST_RECORDED])
    for line in lines:
        workspace.context.recorder.show(line)
    return True


def _shown(change: ResourceChange) -> str:
    """Return a line of the plan; of what is there already, what becomes of it."""
    line = f"{change.action.value}: {change.address}"
    if change.action not in (Action.UPDATE, Action.REPLACE):
        return line
    each = (f"{one.path}: {one.before} -> {one.after}" for one in change.attributes)
    return "\n    ".join((line, *each))


def _require_sound(workspace: Workspace, book: LeasedLedger) -> None:
    """Refuse to let SageMaker load what is live anew where its artifact is not what was judged."""
    problem = why_unsound(workspace, book.live)
    if problem is None:
        return
    remedy = (
        "Restore the version of the artifact that was judged, or deploy another model: "
        "--mode deployment --training-job NAME"
    )
    message = f"{problem} The endpoint was not changed."
    raise NotServing(message, remedy=remedy)


def _require_live(workspace: Workspace, book: LeasedLedger) -> None:
    """Show that the endpoint serves what the ledger calls live, and that it answers."""
    live = naming.endpoint_config_name(book.head.endpoint, book.head.live or "")
    seen = settled_endpoint(workspace)
    report = probe_answers(workspace, book.live)
    if seen.serves(live) and report.passed:
        return
    message = (
        f"Endpoint {seen.name} is {seen.status.value} and serves {seen.config_name}: "
        f"{report.failures or 'it is not what was asked for.'}"
    )
    if seen.status is EndpointStatus.FAILED:
        remedy = "SageMaker cannot start it. Deploy another model: the failed endpoint is replaced."
        raise NotServing(message, remedy=remedy)
    raise NotServing(message, remedy=what_then(report))


def _require_serving(workspace: Workspace, book: LeasedLedger) -> None:
    """Show by SageMaker's word that what the ledger calls live serves."""
    seen = settled_endpoint(workspace)
    if serves_live(book.head, seen):
        return
    message = f"Endpoint {seen.name} is {seen.status.value} and serves {seen.config_name}."
    raise NotServing(message, remedy="Look at --mode status; to go back, type: --mode rollback")


def _strays(head: LedgerHead, held: frozenset[str]) -> frozenset[str]:
    """Return what Terraform's state holds of releases that the ledger does not retain."""
    kept = intents.addresses_of_all(head.release_ids, head.endpoint_configs)
    return frozenset(held - kept - {intents.ENDPOINT, intents.QUIET_ALARM})

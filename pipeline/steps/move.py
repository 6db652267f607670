"""The one way to change an endpoint: plan what the ledger announces, apply, look at the truth."""

import logging
from dataclasses import dataclass, replace

from pipeline.context import Workspace
from pipeline.core import naming, plan_review
from pipeline.core.errors import CloudUnusable, CorruptRecord, PipelineError
from pipeline.core.faults import reason_of, was_sent
from pipeline.core.head import LedgerHead, Move
from pipeline.core.intents import IntentKind
from pipeline.core.ledger import arrive
from pipeline.core.outcomes import EndpointObservation, EndpointStatus, PlanSummary, ProbeReport
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import Applied, Root, SavedPlan
from pipeline.steps import bake, progress
from pipeline.steps.bake import BakeTests
from pipeline.steps.leased import MOVE_TIMEOUT_S, delete_endpoint, settled_endpoint, unlocked
from pipeline.steps.planning import plan_serving

logger = logging.getLogger(__name__)

# Of a cause, which may hold a page of Terraform's words. The head is read and written whole.
MOST_RECORDED = 500


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """SageMaker serves the target. `is_whole`: Terraform, too, said that all is done.

    `failed_tests`: what was found while it baked, too late for SageMaker to shift back.
    `is_unbaked`: all of a serving fleet's traffic moved before anything could be tested.
    """

    plan: PlanSummary | None
    is_whole: bool
    is_unbaked: bool = False
    failed_tests: ProbeReport | None = None


@dataclass(frozen=True, kw_only=True)
class Stayed:
    """The endpoint does not serve what was asked for, whatever Terraform said.

    `sent`: SageMaker was asked to move the endpoint, or to create it. `addresses` is what
    Terraform's state holds afterwards; None where that cannot be read. `failed_tests`: why it was
    taken back, where the tests during its bake said so.
    """

    cause: str
    seen: EndpointObservation
    before: EndpointObservation
    sent: bool
    addresses: frozenset[str] | None
    failed_tests: ProbeReport | None = None


@dataclass(frozen=True, kw_only=True)
class PlannedMove:
    """A guarded plan of the move that the head announces, and the endpoint as it was before."""

    saved: SavedPlan
    before: EndpointObservation

    @property
    def moves(self) -> bool:
        """Tell whether applying it asks SageMaker for anything."""
        return not plan_review.leaves_endpoint_alone(self.saved.summary)

    @property
    def shifts_traffic(self) -> bool:
        """Tell whether a fleet that takes requests hands them over to another one."""
        return self.moves and self.before.status is EndpointStatus.IN_SERVICE


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
    begun, target = announced_in(book.head), announced_in(book.head).target
    tests = _tests_of(workspace, book, planned)
    with progress.of_move(workspace, begun):
        applied = apply(workspace, book, planned.saved, tests=tests)
        seen = settled_endpoint(workspace, timeout_s=MOVE_TIMEOUT_S)
    failed_tests = tests.failed if tests else None
    if not seen.serves(naming.endpoint_config_name(book.head.endpoint, target)):
        return replace(_stayed(workspace, applied, seen, planned), failed_tests=failed_tests)
    logger.info("endpoint=%s serves=%s", book.head.endpoint, target)
    book.write(arrive(book.head, when=workspace.context.now()))
    return Arrived(
        plan=planned.saved.summary,
        is_whole=applied.exit_code == 0 and not begun.found_due,
        is_unbaked=tests is None and planned.shifts_traffic,
        failed_tests=failed_tests,
    )


def _tests_of(workspace: Workspace, book: LeasedLedger, planned: PlannedMove) -> BakeTests | None:
    """Return the tests during the bake of the move, if it bakes; the old fleet was asked first."""
    move = announced_in(book.head)
    target = book.head.endpoint_configs[move.target]
    tests = bake.bake_tests(
        workspace,
        book.release(target.release),
        move,
        planned.before,
        instance_count=target.instance_count,
    )
    if tests is not None:
        tests.ask_before()
    return tests


def announced_in(head: LedgerHead) -> Move:
    """Return the move that the head announces. Raises CorruptRecord where it announces none."""
    if head.move is None:
        message = f"The ledger of {head.endpoint} announces no move."
        raise CorruptRecord(message, remedy="Look at --mode status, then run the command again.")
    return head.move


def apply(
    workspace: Workspace, book: LeasedLedger, planned: SavedPlan, *, tests: BakeTests | None = None
) -> Applied:
    """Apply exactly this plan, while the lease is still ours; test it meanwhile."""
    _make_way(workspace, book, planned)
    return _applied(workspace.serving, book, planned, tests=tests)


def _make_way(workspace: Workspace, book: LeasedLedger, planned: SavedPlan) -> None:
    """Delete an endpoint that the plan replaces, before Terraform does.

    Terraform's provider (5.100.0, measured) takes Deleting for gone and creates at once, which
    SageMaker refuses; of what is gone already it deletes nothing.
    """
    if plan_review.replaces_endpoint(planned.summary):
        delete_endpoint(workspace, book)


def _applied(
    root: Root, book: LeasedLedger, planned: SavedPlan, *, tests: BakeTests | None = None
) -> Applied:
    began, meanwhile = book.now(), tests.meanwhile if tests else None
    applied = unlocked(root, book, lambda: root.apply(planned, meanwhile=meanwhile))
    if applied.was_killed:
        book.note_killed(began)
    return applied


def apply_whole(workspace: Workspace, book: LeasedLedger, planned: SavedPlan) -> None:
    """Apply a plan of which nothing may be left undone. Raises CloudUnusable."""
    _make_way(workspace, book, planned)
    apply_whole_of(workspace.serving, book, planned)


def apply_whole_of(root: Root, book: LeasedLedger, planned: SavedPlan) -> None:
    """Apply a plan of any root of the endpoint in this way."""
    applied = _applied(root, book, planned)
    if applied.exit_code:
        raise apply_failed(root.name, applied)


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

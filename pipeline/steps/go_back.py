"""The way back to an earlier release, from its announcement in the ledger to its proof."""

import logging
from dataclasses import dataclass, replace

from pipeline.context import Workspace
from pipeline.core import ledger
from pipeline.core.errors import CorruptRecord, NotServing, PipelineError, UsageError
from pipeline.core.head import LedgerHead, Move, MoveKind
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import PlanSummary, ProbeReport
from pipeline.core.reconcile import quiet_shift
from pipeline.core.records import Release
from pipeline.gateways.ledger import LeasedLedger
from pipeline.steps import around
from pipeline.steps.leased import settled_endpoint
from pipeline.steps.move import (
    MOST_RECORDED,
    Arrived,
    Stayed,
    announced_in,
    apply_whole,
    carry_out,
    plan_move,
)
from pipeline.steps.orphans import remove_orphans
from pipeline.steps.planning import keep_variables, plan_serving
from pipeline.steps.probe import held_out, probe_answers

logger = logging.getLogger(__name__)

BACK = "--mode rollback"


@dataclass(frozen=True, kw_only=True)
class WentBack:
    """A way back that came true: by which plan, if this run made one, and what its tests saw."""

    plan: PlanSummary | None
    probe: ProbeReport
    moved: bool = True  # False where the target was what served all along


class NotAnswering(NotServing):
    """The release that was gone back to serves, and does not pass. `report` says how."""

    def __init__(self, message: str, *, remedy: str, report: ProbeReport) -> None:
        super().__init__(message, remedy=remedy, code=NotServing.__name__)
        self.report = report


def what_then(report: ProbeReport) -> str:
    """Return what to type where what serves did not pass; what was not measured is no cause."""
    if report.is_inconclusive:
        return "It could not be measured, which says nothing about it. Try again: --mode testing"
    return f"To leave it: {BACK}"


def go_back(workspace: Workspace, book: LeasedLedger) -> WentBack:
    """Carry the way back that is announced to its end: moved, proved, recorded.

    Raises NotServing where it does not come true. Where the target serves and does not answer, the
    move stays in the ledger: the same command proves it again.
    """
    way_back = announced_in(book.head)
    release = book.head.endpoint_configs[way_back.target].release
    logger.warning("going back endpoint=%s to=%s: %s", book.head.endpoint, release, way_back.reason)
    moved = Arrived(plan=None, is_whole=False)
    if not way_back.has_arrived:
        moved = _moved_back(workspace, book, book.release(release))
    report = probe_answers(workspace, book.release(release))
    if not report.passed:
        raise _not_answering(workspace, release, report)
    origin = book.head.endpoint_configs.get(way_back.origin or "")
    left = origin.release if origin else "nothing"
    details = {"to": release, "left": left, "reason": way_back.reason}
    proved = ledger.finish(book.head, run_id=workspace.context.run_id)
    book.record(proved, "rolled back", **details)
    complete_state(workspace, book, is_whole=moved.is_whole)
    return WentBack(plan=moved.plan, probe=report)


def _moved_back(workspace: Workspace, book: LeasedLedger, release: Release) -> Arrived:
    begun_now = announced_in(book.head).run_id == workspace.context.run_id
    problem = None if begun_now else why_unsound(workspace, release)
    if problem is not None:
        raise _not_moved_back(workspace, book, release, problem)
    around.without_scaling_for(workspace, book, release)
    outcome = carry_out(workspace, book, plan_move(workspace, book))
    if isinstance(outcome, Stayed):
        raise _not_moved_back(workspace, book, release, outcome.cause)
    return outcome


def why_unsound(workspace: Workspace, release: Release) -> str | None:
    """Return why a release must not be gone back to: its artifact, or the rows to test it with."""
    try:
        held_out(workspace, release)  # nothing is gone back to that cannot be tested
        found = workspace.store.sha256(release.artifact_uri)
    except (CorruptRecord, UsageError) as missing:
        return missing.message
    if found == release.artifact_sha256:
        return None
    return (
        f"{release.artifact_uri} of release {release.release_id} has the sha256 {found}, not "
        f"{release.artifact_sha256}: it is not what was judged."
    )


def sound_previous(
    workspace: Workspace, head: LedgerHead, *, live_serves: bool = True
) -> str | None:
    """Return the newest release to go back to whose artifact is still what was judged."""
    unsound: set[str] = set()
    while (found := ledger.previous(head, live_serves=live_serves, without=unsound)) is not None:
        problem = why_unsound(workspace, workspace.ledger.release(found))
        if problem is None:
            return found
        logger.error("%s", problem)
        workspace.context.recorder.note(f"{found} is passed over: {problem}")
        unsound.add(found)
    return None


def begin_way_back(
    workspace: Workspace,
    head: LedgerHead,
    release: str,
    *,
    kind: MoveKind,
    reason: str,
    bars: bool = False,
) -> LedgerHead:
    """Announce a way back to a release: a return, or a rollback that bars what is left."""
    seen = workspace.hosting.observe(head.endpoint)
    key, head = config_for(workspace, head, release, seen.desired_count)
    request = workspace.context.request if kind is MoveKind.ROLLBACK else None
    way_back = Move(
        kind=kind,
        origin=head.live,
        target=key,
        deployment_config=quiet_shift(head.endpoint),
        run_id=workspace.context.run_id,
        reason=reason,
        bars=bars,
        request_id=request.request_id if request else None,
    )
    return ledger.begin(head, way_back)


def config_for(
    workspace: Workspace, head: LedgerHead, release: str, live_count: int | None
) -> tuple[str, LedgerHead]:
    """Choose the config that keeps the live capacity: an update resets it to the config's own."""
    deployment = workspace.settings.deployment
    return ledger.config_for(
        head,
        release,
        live_count=live_count or deployment.instance_count,
        minimum=deployment.minimum_instance_count,
        maximum=deployment.maximum_instance_count,
    )


def _not_moved_back(
    workspace: Workspace, book: LeasedLedger, release: Release, cause: str
) -> NotServing:
    details = {"release": release.release_id, "cause": cause[:MOST_RECORDED]}
    book.record(ledger.drop_move(book.head), "rollback failed", **details)
    complete_state(workspace, book)
    name = workspace.context.endpoint
    message = f"The rollback of {name} to {release.release_id} failed: {cause}"
    remedy = (
        f"Look at --mode status, mend what it names, then type: {BACK} --to {release.release_id}"
    )
    return NotServing(message, remedy=remedy)


def _not_answering(workspace: Workspace, release: str, report: ProbeReport) -> NotAnswering:
    name = workspace.context.endpoint
    what = "could not be tested" if report.is_inconclusive else "does not answer as it must"
    message = f"Endpoint {name} serves {release}, which {what}: {report.failures}"
    remedy = (
        f"Look at --mode status and the logs, then type: {BACK}. It tests {release} again, and "
        "goes further back where that fails again."
    )
    return NotAnswering(message, remedy=remedy, report=report)


def complete_state(workspace: Workspace, book: LeasedLedger, *, is_whole: bool = False) -> None:
    """Bring Terraform's state and the kept variables to what serves; the endpoint is not touched.

    `is_whole`: the state is in order. What serves is proved by then: a failure here is told, is no
    other outcome, and the next command tries again.
    """
    if not book.head.state_due:
        return
    try:
        if not is_whole:
            remove_orphans(workspace, book)
        if not is_whole and book.head.live is not None:
            seen = settled_endpoint(workspace)
            planned = plan_serving(workspace, book, book.head, IntentKind.PRUNE, seen)
            # Also a plan that changes nothing: the state then has what the look at AWS has found.
            apply_whole(workspace, book, planned)
        keep_variables(workspace, book)
        book.write(replace(book.head, state_due=False))
    except PipelineError as error:
        logger.error("%s", error)
        workspace.context.recorder.note(
            f"Terraform's state is behind: {error.message}", to_do="To complete it: --mode settle"
        )

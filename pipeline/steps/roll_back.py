"""Moves the endpoint back to an earlier release, because a person or an alarm asks for it."""

from dataclasses import replace
from time import monotonic

from pipeline.context import Workspace
from pipeline.core import ledger
from pipeline.core.errors import NOTHING_EARLIER, NotServing, PipelineError
from pipeline.core.head import LedgerHead, MoveKind
from pipeline.core.lease import is_unheard
from pipeline.core.outcomes import DeploymentReport, DeploymentStatus, ProbeReport
from pipeline.core.reconcile import serves_live
from pipeline.gateways.ledger import LeasedLedger
from pipeline.steps import around
from pipeline.steps.go_back import (
    NotAnswering,
    WentBack,
    begin_way_back,
    complete_state,
    go_back,
    sound_previous,
    what_then,
    why_unsound,
)
from pipeline.steps.leased import (
    never_moved,
    require_endpoint,
    settled_endpoint,
    take_over,
)
from pipeline.steps.move import MOST_RECORDED
from pipeline.steps.probe import probe_answers

PREVIOUS = "previous"


def roll_back(workspace: Workspace, *, to: str, reason: str) -> None:
    """Go back because a person says so; what was live is quarantined with their reason."""
    roll_back_leased(workspace, take_over(workspace), to=to, reason=reason)


def roll_back_leased(workspace: Workspace, book: LeasedLedger, *, to: str, reason: str) -> None:
    """Finish the way back that was begun, else begin one. Scaling is on again afterwards."""
    started = monotonic()
    if book.head.move is None or not book.head.move.goes_back:
        require_endpoint(settled_endpoint(workspace))
    try:
        back = _finished(workspace, book, to=to) or _begun(workspace, book, to=to, reason=reason)
    except PipelineError:
        around.converge_if_possible(workspace, book)
        raise
    around.converge_if_possible(workspace, book)
    release = book.head.live_release or ""
    report = DeploymentReport(
        status=DeploymentStatus.SUCCESS if back.moved else DeploymentStatus.NOTHING_TO_DO,
        endpoint_name=book.head.endpoint,
        release_id=release,
        duration_s=round(monotonic() - started, 2),
        plan=back.plan,
        rolled_back_to=release if back.moved else None,
    )
    workspace.context.recorder.add(deployment=report, probe=back.probe, release_id=release)


def _finished(workspace: Workspace, book: LeasedLedger, *, to: str) -> WentBack | None:
    """Finish what an earlier run of this command began; None where nothing like it was begun."""
    head, begun = book.head, book.head.move
    if begun is None:
        serves = serves_live(head, settled_endpoint(workspace))
        if to not in (PREVIOUS, head.live_release) or not serves:
            return None
        if head.unheard and is_unheard(book.lease.lease, head.unheard):
            return _told_late(workspace, book, f"The rollback to {head.live_release} was finished")
        never = never_moved(book)
        return (
            _told_late(workspace, book, f"What was to be left never served ({never})")
            if (never and to == PREVIOUS)
            else None
        )
    target = head.endpoint_configs[begun.target].release
    if begun.goes_back and to in (PREVIOUS, target):
        return _carried_on(workspace, book, to=to)
    return None


def _told_late(workspace: Workspace, book: LeasedLedger, what: str) -> WentBack:
    """A run before this one was cut off before it could say so: going on from there is too far."""
    release = book.head.live_release or ""
    report = _proved(workspace, book, release)
    # Until this run has told it, nobody has heard of it.
    told_by = replace(book.head, unheard=workspace.context.run_id)
    book.record(told_by, "rollback told", release=release)
    workspace.context.recorder.note(
        f"{what} by an earlier run, which was cut off before it could say so; {release} serves and "
        "answers. Type the command once more to go further back."
    )
    complete_state(workspace, book)
    return WentBack(plan=None, probe=report)


def _proved(workspace: Workspace, book: LeasedLedger, release: str) -> ProbeReport:
    report = probe_answers(workspace, book.release(release))
    if not report.passed:
        message = f"Endpoint {book.head.endpoint} serves {release}, and fails: {report.failures}"
        raise NotAnswering(message, remedy=what_then(report), report=report)
    return report


def _carried_on(workspace: Workspace, book: LeasedLedger, *, to: str) -> WentBack:
    """Go on; where what had arrived fails its test again, go further back, if nobody named it."""
    had_arrived = book.head.move is not None and book.head.move.has_arrived
    try:
        return go_back(workspace, book)
    except NotAnswering as failed:
        if not had_arrived or failed.report.is_inconclusive or to != PREVIOUS:
            raise
        head = ledger.drop_move(book.head)
        reason = failed.report.failures[:MOST_RECORDED]
        live, now = head.live_release or "", workspace.context.now()
        barred = ledger.quarantine(head, live, reason=reason, when=now)
        further = sound_previous(workspace, barred)
        if further is None:
            remedy = (
                "Nothing further down can be gone back to. Deploy a good model, or name a release: "
                "--mode rollback --to RELEASE --force"
            )
            raise NotServing(failed.message, remedy=remedy) from failed
    announced = begin_way_back(workspace, barred, further, kind=MoveKind.ROLLBACK, reason=reason)
    book.record(announced, "rollback failed", release=live, cause=reason)
    return go_back(workspace, book)


def _begun(workspace: Workspace, book: LeasedLedger, *, to: str, reason: str) -> WentBack:
    """Announce the way back, then go it; what was begun to go elsewhere is given up for it."""
    given_up = book.head.move
    head = ledger.drop_move(book.head) if given_up else book.head
    serves = serves_live(head, settled_endpoint(workspace))
    target = target_of(workspace, head, to, live_serves=serves)
    if serves and target == head.live_release:
        if given_up:
            book.record(head, f"{given_up.kind.value} given up", config=given_up.target)
        report = _proved(workspace, book, target)
        if not ledger.is_healthy(book.head):
            book.record(ledger.mark_healthy(book.head), "proved", release=target)
        complete_state(workspace, book)
        return WentBack(plan=None, probe=report, moved=False)
    said = f"Rolled back by {workspace.context.who}: {reason}"
    announced = begin_way_back(
        workspace, head, target, kind=MoveKind.ROLLBACK, reason=said, bars=serves
    )
    if given_up:
        book.record(announced, f"{given_up.kind.value} given up", config=given_up.target)
    else:
        book.write(announced)
    back = go_back(workspace, book)
    if serves:
        workspace.context.recorder.note(
            f"{head.live_release} is quarantined: {reason}",
            to_do=f"To return to it: --mode rollback --to {head.live_release} --force",
        )
    return back


def target_of(workspace: Workspace, head: LedgerHead, to: str, *, live_serves: bool) -> str:
    """Return the release to go back to, still what was judged. Raises UsageError, NotServing."""
    if to != PREVIOUS:
        force = workspace.context.force
        target = ledger.named_target(head, to, force=force, live_serves=live_serves)
        problem = why_unsound(workspace, workspace.ledger.release(target))
        if problem is not None:
            remedy = "Name another one: --mode rollback --to RELEASE; mode status lists them."
            message = f"{problem} Nothing was changed."
            raise NotServing(message, remedy=remedy)
        return target
    found = sound_previous(workspace, head, live_serves=live_serves)
    if found is None:
        raise ledger.nothing_earlier(head, code=NOTHING_EARLIER)
    return found

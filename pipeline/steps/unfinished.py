"""What an earlier run or somebody's hand left on an endpoint, finished before anything is begun."""

import logging

from pipeline.context import Workspace
from pipeline.core import ledger
from pipeline.core.errors import NotServing, RolledBack
from pipeline.core.head import MoveKind
from pipeline.gateways.ledger import LeasedLedger
from pipeline.steps.go_back import NotAnswering, go_back
from pipeline.steps.move import MOST_RECORDED, Arrived, announced_in
from pipeline.steps.probe import probe_answers
from pipeline.steps.prove import conclude_deployment, mended

logger = logging.getLogger(__name__)


def finish_what_was_begun(workspace: Workspace, book: LeasedLedger, digest: str) -> Arrived | None:
    """Finish what an earlier run left; return the arrival where that was this very deployment.

    Raises RolledBack where this very content had failed and its way back was cut off.
    """
    begun = book.head.move
    if begun is None:
        return None
    if begun.goes_back:
        _finish_way_back(workspace, book, digest)
        return None
    release = book.live
    arrived = Arrived(plan=None, is_whole=False)
    if begun.kind is MoveKind.ADOPTION:
        adopt(workspace, book)
        return None
    if release.content_digest == digest:
        workspace.context.recorder.add(release_id=release.release_id)
        conclude_deployment(workspace, book, release, arrived)
        return arrived
    try:
        conclude_deployment(workspace, book, release, arrived)
    except (RolledBack, NotServing) as failed:
        if book.head.move is not None:
            raise
        logger.warning("%s", failed)
        workspace.context.recorder.note(failed.message)
    return None


def _finish_way_back(workspace: Workspace, book: LeasedLedger, digest: str) -> None:
    """Finish it. Where what has arrived fails its proof it is over: a deployment may cure that."""
    begun = announced_in(book.head)
    left = book.head.endpoint_configs.get(begun.origin or "")
    is_ours = (
        begun.kind is MoveKind.RETURN
        and left
        and book.release(left.release).content_digest == digest
    )
    if left and is_ours:
        workspace.context.recorder.add(release_id=left.release)
    try:
        go_back(workspace, book)
    except NotAnswering as failed:
        if failed.report.is_inconclusive or is_ours:
            raise
        end_unproved(book, failed)
        workspace.context.recorder.note(failed.message)
        return
    if is_ours:
        raise RolledBack(begun.reason, remedy=mended(book.head.live_release))


def end_unproved(book: LeasedLedger, failed: NotAnswering) -> None:
    """End a way back that has arrived and does not answer: it serves, and is not healthy."""
    cause = failed.report.failures[:MOST_RECORDED]
    live = book.head.live_release or ""
    book.record(ledger.drop_move(book.head), "rollback failed", release=live, cause=cause)


def adopt(workspace: Workspace, book: LeasedLedger) -> None:
    """Ask what somebody put there by hand whether it answers; it stays in any case."""
    release = book.live
    report = probe_answers(workspace, release)
    if report.passed:
        proved = ledger.finish(book.head, run_id=workspace.context.run_id)
        book.record(proved, "adopted", release=release.release_id)
        return
    failures = report.failures[:MOST_RECORDED]
    head = ledger.drop_move(book.head)
    book.record(head, "adopted untested", release=release.release_id, failures=failures)

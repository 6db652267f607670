"""What follows from a move: prove, record, bar, go back, report. One place decides it."""

import logging
from dataclasses import dataclass

from pipeline.context import Workspace
from pipeline.core import intents, ledger
from pipeline.core.errors import NotServing, PipelineError, RolledBack, UsageError
from pipeline.core.faults import is_release_fault
from pipeline.core.head import LedgerHead, Move, MoveKind
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import EndpointStatus, PlanSummary, ProbeReport
from pipeline.core.reconcile import quiet_shift
from pipeline.core.records import Release
from pipeline.gateways.ledger import LeasedLedger
from pipeline.steps import around
from pipeline.steps.leased import serves_live, settled_endpoint
from pipeline.steps.move import (
    MOST_RECORDED,
    Arrived,
    Stayed,
    announced_in,
    apply_whole,
    carry_out,
    keep_variables,
    plan_move,
    plan_serving,
)
from pipeline.steps.orphans import remove_orphans
from pipeline.steps.probe import held_out, probe, probe_answers

logger = logging.getLogger(__name__)

_LOG_LINES = 20
_BACK = "--mode rollback"


def conclude_deployment(
    workspace: Workspace, book: LeasedLedger, release: Release, outcome: Arrived | Stayed
) -> None:
    """Prove what has arrived and record it; else go back. Raises RolledBack or NotServing."""
    if isinstance(outcome, Stayed):
        raise _after_a_move_that_failed(workspace, book, release, outcome)
    with workspace.context.recorder.phase("testing"):
        report = probe(workspace, held_out(workspace, release), workspace.settings.test_limits)
    workspace.context.recorder.add(probe=report)
    if not report.passed:
        raise _after_failed_tests(workspace, book, release, report)
    book.record(ledger.finish(book.head), "deployed", release=release.release_id)
    keep_variables(workspace, book)
    if not outcome.is_whole:
        complete_state(workspace, book)


def _after_failed_tests(
    workspace: Workspace, book: LeasedLedger, release: Release, report: ProbeReport
) -> PipelineError:
    """Bar what failed, not what could not be measured, and begin the way back in the same write."""
    failures = report.failures[:MOST_RECORDED]
    if report.is_inconclusive:
        what, head = "tests inconclusive", ledger.drop_move(book.head)
        said = f"Release {release.release_id} could not be tested: {report.failures}"
    else:
        what, head = "tests failed", _barred(workspace, ledger.drop_move(book.head), failures)
        said = f"Release {release.release_id} failed its tests: {report.failures}"
    previous = sound_previous(workspace, head)
    goes_back = previous is not None and workspace.settings.rollback_on_failure
    if previous is not None and goes_back:
        head = begin_return(workspace, head, previous, reason=said[:MOST_RECORDED])
    book.record(head, what, release=release.release_id, failures=failures)
    if goes_back:
        return _returned(workspace, book, said)
    keep_variables(workspace, book)
    if previous is None:
        remedy = (
            f"There is no earlier healthy release to go back to: {release.release_id} keeps "
            "serving. Deploy a better model."
        )
        return NotServing(said, remedy=remedy)
    remedy = f"rollback_on_failure is off. To go back, type: {_BACK} --to {previous}"
    return NotServing(said, remedy=remedy)


def _barred(workspace: Workspace, head: LedgerHead, reason: str) -> LedgerHead:
    live = head.live_release or ""
    return ledger.quarantine(head, live, reason=reason, when=workspace.context.now())


def begin_return(
    workspace: Workspace, head: LedgerHead, release: str, *, reason: str
) -> LedgerHead:
    """Announce the way back of a deployment that failed; what is to blame is barred already."""
    seen = workspace.hosting.observe(head.endpoint)
    key, head = config_for(workspace, head, release, seen.desired_count)
    way_back = Move(
        kind=MoveKind.RETURN,
        origin=head.live,
        target=key,
        deployment_config=quiet_shift(head.endpoint),
        run_id=workspace.context.run_id,
        reason=reason,
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


def _returned(workspace: Workspace, book: LeasedLedger, said: str) -> PipelineError:
    """Return the error of a deployment after its way back, which has been announced."""
    way_back = announced_in(book.head)
    release = book.head.endpoint_configs[way_back.target].release
    try:
        go_back(workspace, book)
    except PipelineError as error:
        return NotServing(f"{said}\nGoing back failed too: {error.message}", remedy=error.remedy)
    remedy = f"Release {release} is serving again. Mend the cause and deploy again."
    return RolledBack(said, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class WentBack:
    """A way back that came true: by which plan, if this run made one, and what its tests saw."""

    plan: PlanSummary | None
    probe: ProbeReport


class NotAnswering(NotServing):
    """The release that was gone back to serves, and does not pass. `report` says how."""

    def __init__(self, message: str, *, remedy: str, report: ProbeReport) -> None:
        super().__init__(message, remedy=remedy)
        self.report = report


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
    left = _release_of(book.head, way_back.origin)
    details = {"to": release, "left": left, "reason": way_back.reason}
    book.record(ledger.finish(book.head), "rolled back", **details)
    keep_variables(workspace, book)
    if not moved.is_whole:
        complete_state(workspace, book)
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
    """Return why the artifact of a release must not be served; None where it is what was judged."""
    try:
        found = workspace.store.sha256(release.artifact_uri)
    except UsageError as missing:
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


def _release_of(head: LedgerHead, key: str | None) -> str:
    entry = head.endpoint_configs.get(key or "")
    return entry.release if entry else "nothing"


def _not_moved_back(
    workspace: Workspace, book: LeasedLedger, release: Release, cause: str
) -> NotServing:
    details = {"release": release.release_id, "cause": cause[:MOST_RECORDED]}
    book.record(ledger.drop_move(book.head), "rollback failed", **details)
    keep_variables(workspace, book)
    name = workspace.context.endpoint
    message = f"The rollback of {name} to {release.release_id} failed: {cause}"
    remedy = (
        f"Look at --mode status, mend what it names, then type: {_BACK} --to {release.release_id}"
    )
    return NotServing(message, remedy=remedy)


def _not_answering(workspace: Workspace, release: str, report: ProbeReport) -> NotAnswering:
    name = workspace.context.endpoint
    what = "could not be tested" if report.is_inconclusive else "does not answer as it must"
    message = f"Endpoint {name} serves {release}, which {what}: {report.failures}"
    remedy = (
        f"Look at --mode status and the logs, then type: {_BACK}. It tests {release} again, and "
        "goes further back where that fails again."
    )
    return NotAnswering(message, remedy=remedy, report=report)


def _after_a_move_that_failed(
    workspace: Workspace, book: LeasedLedger, release: Release, outcome: Stayed
) -> PipelineError:
    """Bar what is to blame, drop what could not be made, and say truly what serves now."""
    cause = outcome.cause[:MOST_RECORDED]
    origin = outcome.before.config_name
    to_blame = outcome.sent and is_release_fault(outcome.seen, origin=origin)
    head = ledger.drop_move(book.head)
    if to_blame:
        now = workspace.context.now()
        head = ledger.quarantine(head, release.release_id, reason=cause, when=now)
    book.record(head, "deployment failed", release=release.release_id, cause=cause)
    drop_unmade(workspace, book, release.release_id, outcome.addresses)
    keep_variables(workspace, book)
    logs = _last_words(workspace) if to_blame else ""
    said = f"Release {release.release_id} was not deployed. {outcome.cause}{logs}"
    if book.head.live is None:
        return _nothing_serves(workspace, said, outcome)
    return _still_or_again(workspace, book, said)


def _still_or_again(workspace: Workspace, book: LeasedLedger, said: str) -> PipelineError:
    """Say what serves after a move that failed, by SageMaker's word and by asking it."""
    live = book.head.live_release or ""
    seen = settled_endpoint(workspace)
    if serves_live(book.head, seen):
        report = probe_answers(workspace, book.release(live))
        if not report.passed:
            return NotServing(f"{said}\n{report.failures}", remedy=f"Type: {_BACK}")
        if not ledger.is_healthy(book.head):
            still = f"{live}, which never passed its tests, still serves."
            return NotServing(f"{said} {still}", remedy="Mend the cause and deploy again.")
        remedy = f"Release {live} never stopped serving. Mend the cause and deploy again."
        return RolledBack(said, remedy=remedy)
    if not workspace.settings.rollback_on_failure:
        return NotServing(said, remedy=f"rollback_on_failure is off. To go back, type: {_BACK}")
    way_back = begin_return(workspace, book.head, live, reason=said[:MOST_RECORDED])
    book.write(way_back)
    return _returned(workspace, book, said)


def drop_unmade(
    workspace: Workspace, book: LeasedLedger, release: str, held: frozenset[str] | None
) -> None:
    """Drop a release of which something could not be created: it would fail every later plan.

    `held` is what Terraform's state holds; None where nobody knows.
    """
    whole = intents.addresses_of(book.head, release)
    if held is None or whole <= held:
        return
    dropped, head = ledger.abandon(book.head, release)
    if not dropped.releases:
        return
    try:
        seen = workspace.hosting.observe(head.endpoint)
        if head.live is not None and whole & held:
            removable = intents.addresses_of_pruned(dropped)
            kind = IntentKind.PRUNE
            planned = plan_serving(workspace, book, head, kind, seen, removable=removable)
            apply_whole(workspace, book, planned)
        book.write(head)
        remove_orphans(workspace, book)
    except PipelineError as error:
        # The ledger must not forget what Terraform still has: --mode settle completes it.
        logger.warning("the rest of release %s stays: %s", release, error.message)


def _nothing_serves(workspace: Workspace, said: str, outcome: Stayed) -> NotServing:
    name = workspace.context.endpoint
    if outcome.seen.status is EndpointStatus.FAILED:
        remedy = (
            "There is no earlier release to go back to. Mend the cause and deploy again: the "
            f"failed endpoint {name} is then replaced."
        )
    else:
        remedy = "There is no earlier release to go back to. Mend the cause and deploy again."
    return NotServing(said, remedy=remedy)


def _last_words(workspace: Workspace) -> str:
    """Return what the containers wrote last: the only place where a crash explains itself."""
    name = workspace.context.endpoint
    lines = workspace.hosting.endpoint_log_tail(name, count=_LOG_LINES)
    if not lines:
        return ""
    shown = "\n".join(f"  | {line}" for line in lines)
    return f"\nThe container's last lines (/aws/sagemaker/Endpoints/{name}):\n{shown}"


def complete_state(workspace: Workspace, book: LeasedLedger) -> None:
    """Bring Terraform's state to what ledger and cloud hold; the endpoint is not touched.

    What serves is proved by then: a failure here is told, and is no other outcome.
    """
    if book.head.live is None:
        return
    try:
        seen = settled_endpoint(workspace)
        planned = plan_serving(workspace, book, book.head, IntentKind.PRUNE, seen)
        if not planned.summary.is_empty:
            apply_whole(workspace, book, planned)
    except PipelineError as error:
        logger.error("%s", error)
        workspace.context.recorder.note(
            f"Terraform's state is behind: {error.message}", to_do="To complete it: --mode settle"
        )

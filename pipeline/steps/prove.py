"""What follows from a deployment's move: prove, record, bar, go back, report. Decided here."""

import logging

from pipeline.context import Workspace
from pipeline.core import intents, ledger
from pipeline.core.errors import NotServing, PipelineError, RolledBack
from pipeline.core.evidence import DETAIL, evidence_of
from pipeline.core.faults import is_release_fault
from pipeline.core.head import LedgerHead, MoveKind
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import EndpointStatus, ProbeReport
from pipeline.core.reconcile import serves_live
from pipeline.core.records import Release
from pipeline.gateways.ledger import LeasedLedger
from pipeline.steps import recorded
from pipeline.steps.go_back import (
    BACK,
    begin_way_back,
    complete_state,
    go_back,
    sound_previous,
    what_then,
)
from pipeline.steps.leased import settled_endpoint
from pipeline.steps.move import MOST_RECORDED, Arrived, Stayed, announced_in, apply_whole
from pipeline.steps.orphans import remove_orphans
from pipeline.steps.planning import plan_serving
from pipeline.steps.probe import held_out, probe, probe_answers

logger = logging.getLogger(__name__)

_LOG_LINES = 20
_NO_BAKE = (
    "No bake: the tests came after all of the traffic had moved. With "
    "deployment.termination_wait_s they come while the old instances are warm, and SageMaker takes "
    "a bad release back by itself."
)
_LOOK = "deploy a good model, or look at --mode status"


def conclude_deployment(
    workspace: Workspace, book: LeasedLedger, release: Release, outcome: Arrived | Stayed
) -> None:
    """Prove what has arrived and record it; else go back. Raises RolledBack or NotServing."""
    if isinstance(outcome, Stayed):
        raise _after_a_move_that_failed(workspace, book, release, outcome)
    with workspace.context.recorder.phase("testing"):
        limits = workspace.settings.test_limits_for(release.evaluation)
        report = outcome.failed_tests or probe(workspace, held_out(workspace, release), limits)
    workspace.context.recorder.add(probe=report)
    if outcome.is_unbaked:
        workspace.context.recorder.note(_NO_BAKE)
    if not report.passed:
        raise _after_failed_tests(workspace, book, release, report)
    proved = ledger.finish(book.head, run_id=workspace.context.run_id)
    told = {**_came_by(release), DETAIL: _evidence(workspace, release, report)}
    book.record(proved, "deployed", release=release.release_id, **told)
    complete_state(workspace, book, is_whole=outcome.is_whole)


def _came_by(release: Release) -> dict[str, str]:
    """Return who let it pass and where it was promoted from, as its line of the history says."""
    found = {}
    if release.approval is not None:
        found["approved_by"] = release.approval.who
    if release.promoted_from is not None:
        found["promoted_from"] = release.promoted_from
    return found


def _evidence(workspace: Workspace, release: Release, tests: ProbeReport) -> str:
    """Keep what speaks for this deployment; return the sha256 of it."""
    evidence = evidence_of(
        release,
        recorded.training_run(workspace, release.training_job),
        tests,
        plan_digest=workspace.context.recorder.part("plan_digest"),
        run_id=workspace.context.run_id,
    )
    return workspace.ledger.store_evidence(evidence)


def _after_failed_tests(
    workspace: Workspace, book: LeasedLedger, release: Release, report: ProbeReport
) -> PipelineError:
    """Bar what failed, not what could not be measured, and begin the way back in the same write."""
    failures = report.failures[:MOST_RECORDED]
    if report.is_inconclusive:
        what, head = "tests inconclusive", ledger.drop_move(book.head)
        said = f"Release {release.release_id} could not be tested: {report.failures}"
    else:
        what, head = "tests failed", _barred(workspace, book, release, failures)
        said = f"Release {release.release_id} failed its tests: {report.failures}"
    previous = sound_previous(workspace, head)
    goes_back = previous is not None and workspace.settings.rollback_on_failure
    if previous is not None and goes_back:
        head = begin_way_back(
            workspace, head, previous, kind=MoveKind.RETURN, reason=said[:MOST_RECORDED]
        )
    book.record(head, what, release=release.release_id, failures=failures)
    if goes_back:
        return _returned(workspace, book, said)
    complete_state(workspace, book)
    if previous is None:
        remedy = (
            f"There is no earlier healthy release to go back to: {release.release_id} keeps "
            "serving. Deploy a better model."
        )
        return NotServing(said, remedy=remedy)
    remedy = f"rollback_on_failure is off. To go back, type: {BACK} --to {previous}"
    return NotServing(said, remedy=remedy)


def _barred(workspace: Workspace, book: LeasedLedger, release: Release, reason: str) -> LedgerHead:
    head, now = ledger.drop_move(book.head), workspace.context.now()
    return ledger.quarantine(head, release.release_id, reason=reason, when=now)


def _returned(workspace: Workspace, book: LeasedLedger, said: str) -> PipelineError:
    """Return the error of a deployment after its way back, which has been announced."""
    way_back = announced_in(book.head)
    release = book.head.endpoint_configs[way_back.target].release
    try:
        go_back(workspace, book)
    except PipelineError as error:
        return NotServing(f"{said}\nGoing back failed too: {error.message}", remedy=error.remedy)
    return RolledBack(said, remedy=mended(release))


def mended(release: str | None) -> str:
    """Return what follows from a deployment after which an earlier release serves again."""
    return f"Release {release} is serving again. Mend the cause and deploy again."


def _after_a_move_that_failed(
    workspace: Workspace, book: LeasedLedger, release: Release, outcome: Stayed
) -> PipelineError:
    """Bar what is to blame, drop what could not be made, and say truly what serves now."""
    cause, tests = outcome.cause, outcome.failed_tests
    if tests is not None:
        workspace.context.recorder.add(probe=tests)
        cause = f"It failed its tests during the bake: {tests.failures} {cause}"
    origin = outcome.before.config_name
    to_blame = outcome.sent and (tests is not None or is_release_fault(outcome.seen, origin=origin))
    reason = cause[:MOST_RECORDED]
    head = _barred(workspace, book, release, reason) if to_blame else ledger.drop_move(book.head)
    book.record(head, "deployment failed", release=release.release_id, cause=reason)
    drop_unmade(workspace, book, release.release_id, outcome.addresses)
    complete_state(workspace, book)
    logs = _last_words(workspace) if to_blame else ""
    said = f"Release {release.release_id} was not deployed. {cause}{logs}"
    if book.head.live is None:
        return _nothing_serves(workspace, said, outcome)
    return _still_or_again(workspace, book, release.release_id, said)


def _still_or_again(
    workspace: Workspace, book: LeasedLedger, failed: str, said: str
) -> PipelineError:
    """Say what serves after a move that failed, by SageMaker's word and by asking it."""
    live = book.head.live_release or ""
    seen = settled_endpoint(workspace)
    if serves_live(book.head, seen):
        report = probe_answers(workspace, book.release(live))
        if not report.passed:
            return NotServing(f"{said}\n{report.failures}", remedy=what_then(report))
        if not ledger.is_healthy(book.head):
            still = f"{live}, which never passed its tests, still serves."
            return NotServing(f"{said} {still}", remedy="Mend the cause and deploy again.")
        remedy = f"Release {live} never stopped serving. Mend the cause and deploy again."
        return RolledBack(said, remedy=remedy)
    if not workspace.settings.rollback_on_failure:
        return NotServing(said, remedy=f"rollback_on_failure is off. To go back, type: {BACK}")
    # What was live itself, unless it never passed, has just failed to come, or was tampered with.
    usable = failed != live and ledger.is_healthy(book.head)
    earlier = sound_previous(workspace, book.head, live_serves=not usable)
    if earlier is None:
        return NotServing(said, remedy=f"Endpoint {seen.name} serves {seen.config_name}: {_LOOK}")
    way_back = begin_way_back(
        workspace, book.head, earlier, kind=MoveKind.RETURN, reason=said[:MOST_RECORDED]
    )
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
            removable = intents.addresses_of_all(dropped.releases, dropped.configs)
            kind = IntentKind.PRUNE
            planned = plan_serving(workspace, book, head, kind, seen, removable=removable)
            apply_whole(workspace, book, planned)
        book.write(head)
        remove_orphans(workspace, book)
    except PipelineError as error:
        # The ledger must not forget what Terraform still has: --mode settle completes it.
        logger.warning("the rest of release %s stays: %s", release, error.message)


def _nothing_serves(workspace: Workspace, said: str, outcome: Stayed) -> NotServing:
    name, is_failed = workspace.context.endpoint, outcome.seen.status is EndpointStatus.FAILED
    then = f": the failed endpoint {name} is then replaced" if is_failed else ""
    remedy = f"There is no earlier release to go back to. Mend the cause and deploy again{then}."
    return NotServing(said, remedy=remedy)


def _last_words(workspace: Workspace) -> str:
    """Return what the containers wrote last: the only place where a crash explains itself."""
    name = workspace.context.endpoint
    lines = workspace.hosting.endpoint_log_tail(name, count=_LOG_LINES)
    if not lines:
        return ""
    shown = "\n".join(f"  | {line}" for line in lines)
    return f"\nThe container's last lines (/aws/sagemaker/Endpoints/{name}):\n{shown}"

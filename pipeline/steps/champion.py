"""What is live, as a candidate meets it: the champion, and the rows on which both are compared."""

from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import jobs, ledger, naming
from pipeline.core.champion import Champion, Rule, covers, needs_comparison
from pipeline.core.errors import GateNotPassed, LeaseHeld, UsageError
from pipeline.core.records import (
    Approval,
    Comparison,
    Decision,
    Evaluation,
    Outcome,
    Release,
    TrainingRun,
)
from pipeline.steps import recorded
from pipeline.steps.leased import take_over

_KEEPS_LIVE = (Outcome.HELD, Outcome.KEPT, Outcome.FAILED)
_UNKNOWN_ROWS = "nobody knows any more on which rows it was trained"


def live(workspace: Workspace) -> Release | None:
    """Return the release that the ledger calls live. One that is quarantined beats nobody."""
    head = workspace.ledger.read().head
    if head.live_release is None:
        return None
    release = workspace.ledger.release(head.live_release)
    barred = ledger.quarantine_of(head, release.content_digest)
    return None if barred else release


def champion(workspace: Workspace) -> Champion | None:
    found = live(workspace)
    if found is None:
        return None
    return Champion(release_id=found.release_id, artifact_sha256=found.artifact_sha256)


def to_compare(workspace: Workspace, run: TrainingRun) -> jobs.ComparedWith | Comparison | None:
    """Return what a job needs to compare with what is live, or why it cannot; None for neither."""
    if workspace.context.gate_policy.champion.rule is Rule.OFF:
        return None
    release = live(workspace)
    if release is None or release.artifact_sha256 == run.artifact_sha256:
        return None
    trained_on, store = _training_rows(workspace, release), workspace.store
    compared = jobs.ComparedWith(
        release_id=release.release_id,
        artifact_sha256=release.artifact_sha256,
        artifact_uri=store.uri(naming.artifact_object(release.artifact_sha256)),
    )
    if trained_on == run.train_uri:
        return compared
    if trained_on and all(uri.startswith(store.uri("")) for uri in (trained_on, run.train_uri)):
        return replace(compared, champion_train_uri=trained_on, train_uri=run.train_uri)
    return Comparison(
        release_id=release.release_id,
        artifact_sha256=release.artifact_sha256,
        failure=_UNKNOWN_ROWS,
    )


def require_compared(
    workspace: Workspace, run: TrainingRun, evaluation: Evaluation, approval: Approval | None
) -> None:
    """Refuse what was not compared with what is live by now. To be asked under the lease.

    What was live when the gate judged may have been replaced, by a run beside or by one that died.
    """
    against = champion(workspace)
    limits = workspace.context.gate_policy.champion
    if against is None or not needs_comparison(evaluation, against, limits):
        return
    if approval is not None and covers(approval, against):
        return
    message = f"{against.release_id} went live since {run.job_name} was judged."
    remedy = f"To compare with it: --mode deployment --training-job {run.job_name}"
    raise GateNotPassed(message, remedy=remedy)


def _training_rows(workspace: Workspace, release: Release) -> str | None:
    try:
        return recorded.run_in(workspace.store, release.training_job).train_uri
    except UsageError:
        return None


def keep(workspace: Workspace, run: TrainingRun, decision: Decision) -> None:
    """Write into the history that what is live stays, and why."""
    if workspace.ledger.read().head.live_release is None:
        return
    try:
        book = take_over(workspace)
    except LeaseHeld as held:
        workspace.context.recorder.note(f"The history does not tell of it: {held.message}")
        return
    reason = " ".join(each.reason for each in decision.gates if each.outcome in _KEEPS_LIVE)
    book.record(
        book.head, "kept", release=book.head.live_release or "", job=run.job_name, reason=reason
    )

"""Reads back at the end of a run what only its report shows: nothing here changes anything."""

from collections.abc import Iterator

from pipeline.context import Context, Workspace
from pipeline.core import ledger, naming
from pipeline.core.head import LedgerHead
from pipeline.core.outcomes import NOTHING_SHOWN, RunReport, Shown
from pipeline.core.records import Release, TrainingRun
from pipeline.core.results import training_job_of
from pipeline.steps.bootstrap import known_workspace
from pipeline.steps.post_office import quietly
from pipeline.steps.recorded import run_in
from pipeline.steps.register import plots_of

# An AWS that hangs holds no end of a run up.
_LIMIT_S = 8.0


def gathered(context: Context, report: RunReport) -> Shown:
    """Return what could be read within a few seconds; what could not is absent from the page."""
    found: list[Shown] = []

    def gather() -> None:
        workspace = known_workspace(context)
        if workspace is not None:
            found.append(_shown(workspace, report))

    quietly("gather the report", gather, limit_s=_LIMIT_S)
    return found[0] if found else NOTHING_SHOWN


def _shown(workspace: Workspace, report: RunReport) -> Shown:
    head = workspace.ledger.read().head
    release = _release(workspace, report)
    job = training_job_of(report) or (release.training_job if release else None)
    run = report.training or (_run(workspace, job) if job else None)
    return Shown(
        plots=plots_of(workspace, run) if run else None,
        release=release,
        run=run,
        commands=tuple(
            (what, workspace.context.recorder.completed(command))
            for what, command in _commands(head)
        ),
    )


def _release(workspace: Workspace, report: RunReport) -> Release | None:
    release = report.release_id
    known = release is not None and workspace.ledger.has_release(release)
    return workspace.ledger.release(release) if release and known else None


def _run(workspace: Workspace, job: str) -> TrainingRun | None:
    is_recorded = workspace.store.exists(naming.training_run_object(job))
    return run_in(workspace.store, job) if is_recorded else None


def _commands(head: LedgerHead) -> Iterator[tuple[str, str]]:
    """Yield what leads away from what is live, where it can be left."""
    if head.live is None:
        return
    previous = ledger.previous(head)
    if previous is not None:
        yield (
            f"To go back from {head.live_release} to {previous}, the last one that was healthy:",
            f"--mode rollback --to {previous}",
        )
    yield "To see what is live, retained and quarantined:", "--mode status"
    yield "To see who did what to the endpoint, and whether that record is whole:", "--mode history"

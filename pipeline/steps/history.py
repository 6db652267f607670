"""Who did what to an endpoint, when and why; and whether anybody has changed that record since."""

from pathlib import Path

from pipeline.context import Context, Workspace
from pipeline.core import history as chain
from pipeline.core import naming
from pipeline.core.audit import history_csv
from pipeline.core.errors import CorruptRecord
from pipeline.core.evidence import Kept, Verifier
from pipeline.core.outcomes import History
from pipeline.core.records import Approval
from pipeline.gateways.files import write_whole
from pipeline.gateways.kept import KeptInBucket, KeptInFolder


def history(workspace: Workspace) -> History:
    """Return each event, oldest first, with the approvals; write them as a table too.

    Nothing is changed but this run's own folder.
    """
    head = workspace.ledger.read().head
    events = chain.whole(workspace.ledger.events(), head)
    found = History(
        endpoint=head.endpoint,
        events=events,
        first_broken=chain.first_broken_link(events, head),
        approvals=_approvals(workspace),
    )
    write_whole(workspace.context.output_dir / "history.csv", history_csv(found))
    return found


def _approvals(workspace: Workspace) -> tuple[Approval, ...]:
    """Return who let jobs of this model pass; the bucket may hold those of others."""
    store, found = workspace.store, []
    for key in store.keys("jobs/"):
        job = key.split("/")[1]
        is_ours = naming.is_training_job_of(job, workspace.settings.model_name_prefix)
        if is_ours and key == naming.approval_object(job):
            stored = store.find(key)
            if stored is not None:
                found.append(Approval.from_json(stored.body, place=store.uri(key)))
    return tuple(found)


def verify(workspace: Workspace) -> None:
    """Compare all that the history vouches for with what lies in the bucket."""
    _verify(workspace.context, KeptInBucket(workspace.store))


def verify_folder(context: Context, folder: Path) -> None:
    """Compare it with what was downloaded from the bucket."""
    _verify(context, KeptInFolder(folder))


def _verify(context: Context, kept: Kept) -> None:
    """Show what was found. Raises CorruptRecord for what is not what it was."""
    verified = Verifier(kept, context.endpoint).verify()
    for problem in verified.problems:
        context.recorder.show(problem)
    if verified.problems:
        message = (
            f"{len(verified.problems)} of {verified.checked} documents and files of "
            f"{context.endpoint} are not what they were: {verified.problems[0]}"
        )
        raise CorruptRecord(message, remedy="Restore their earlier versions from the bucket.")
    context.recorder.show(
        f"The record is whole: {verified.checked} documents and files are what they were."
    )

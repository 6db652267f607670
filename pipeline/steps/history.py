"""Who did what to an endpoint, when and why; and whether anybody has changed that record since."""

from pipeline.context import Workspace
from pipeline.core import history as chain
from pipeline.core import naming
from pipeline.core.audit import history_csv
from pipeline.core.outcomes import History
from pipeline.core.records import Approval
from pipeline.gateways.files import write_whole


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

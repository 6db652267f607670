"""Who did what to an endpoint, when and why; and whether anybody has changed that record since."""

from pipeline.context import Workspace
from pipeline.core import history as chain
from pipeline.core.outcomes import History


def history(workspace: Workspace) -> History:
    """Return each event, oldest first; changes nothing."""
    head = workspace.ledger.read().head
    events = chain.whole(workspace.ledger.events(), head)
    return History(
        endpoint=head.endpoint,
        events=events,
        first_broken=chain.first_broken_link(events, head),
    )

"""Who did what to an endpoint, when and why; and whether anybody has changed that record since."""

from collections.abc import Iterator

from pipeline.context import Workspace
from pipeline.core import history as chain
from pipeline.core.head import HistoryEvent


def history(workspace: Workspace) -> Iterator[str]:
    """Yield a line for each event, oldest first; changes nothing."""
    head = workspace.ledger.read().head
    events = chain.whole(workspace.ledger.events(), head)
    if not events:
        yield f"Nothing was ever done to {workspace.context.endpoint}."
    for event in events:
        yield _line(event)
    broken = chain.first_broken_link(events, head)
    if broken is not None:
        yield f"The record is not whole: line {broken} is missing or was changed."


def _line(event: HistoryEvent) -> str:
    details = " ".join(f"{name}={_one_line(value)}" for name, value in event.details.items())
    when = f"{event.when:%Y-%m-%d %H:%M:%S} UTC"
    return f"{event.number:>4} {when} {event.what} by {event.who} {details}"


def _one_line(text: str) -> str:
    folded = " ".join(text.split())
    return f'"{folded}"' if " " in folded else folded

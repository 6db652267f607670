"""What an event asked for: done once for each event, and a rollback only while it still helps."""

import logging

from pipeline.context import Workspace
from pipeline.core import ledger, requests
from pipeline.core.requests import Claim, Request
from pipeline.steps.go_back import complete_state, sound_previous
from pipeline.steps.leased import require_endpoint, settled_endpoint, take_over
from pipeline.steps.roll_back import PREVIOUS, roll_back, roll_back_leased

logger = logging.getLogger(__name__)


def take_up(workspace: Workspace) -> bool:
    """Claim the event that started this run, and tell whether the run has something to do.

    Another delivery of it starts another pipeline, which finds the claim. A run that no event
    started always has.
    """
    request = workspace.context.request
    if request is None:
        return True
    if not request.is_for(workspace.context.endpoint):
        _nothing_to_do(workspace, f"request {request.request_id} is for {request.cause}.")
        return False
    ours = _claim(workspace, request)
    stands = workspace.ledger.claimed(ours)
    if stands.pipeline_id != ours.pipeline_id:
        by = f"run {stands.run_id} of {stands.who} in pipeline {stands.pipeline_id}"
        at = f"{stands.claimed_at:%Y-%m-%d %H:%M:%S} UTC"
        _nothing_to_do(workspace, f"request {request.request_id} was taken by {by} at {at}.")
        return False
    return True


def _claim(workspace: Workspace, request: Request) -> Claim:
    context = workspace.context
    return Claim(
        request_id=request.request_id,
        cause=request.cause,
        time=request.time,
        pipeline_id=request.pipeline_id or context.run_id,
        run_id=context.run_id,
        who=context.who,
        claimed_at=context.now(),
    )


def roll_back_as_asked(workspace: Workspace, *, to: str, reason: str | None) -> None:
    """Go back as a person or an event asks; an event's rollback only while it still helps."""
    request = workspace.context.request
    if request is None:
        roll_back(workspace, to=to, reason=reason or "no reason given")
        return
    book = take_over(workspace)
    if book.head.move is None:
        require_endpoint(settled_endpoint(workspace))
    if requests.is_begun_by(book.head, request):
        roll_back_leased(workspace, book, to=to, reason=request.cause)
        return
    window_s = workspace.settings.deployment.rollback_window_s
    why_not = requests.why_not_rolled_back(
        book.head, request, settled_endpoint(workspace), window_s=window_s
    )
    if why_not is not None:
        book.record(book.head, "rollback not done", reason=why_not)
        complete_state(workspace, book)  # of the run that did it, and was cut off thereafter
        _nothing_to_do(workspace, why_not)
        return
    # Where there is nothing to go back to, nothing was begun.
    if to == PREVIOUS and sound_previous(workspace, book.head) is None:
        raise ledger.nothing_earlier(book.head)
    book.write(requests.begin_requested_rollback(book.head, request))
    roll_back_leased(workspace, book, to=to, reason=request.cause)


def _nothing_to_do(workspace: Workspace, reason: str) -> None:
    line = f"Nothing to do on {workspace.context.endpoint}: {reason}"
    logger.info("%s", line)
    workspace.context.recorder.note(line)

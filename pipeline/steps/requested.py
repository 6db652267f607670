"""What an event asked for: done once for each event, and a rollback only while it still helps."""

import logging

from pipeline.context import Workspace
from pipeline.core import ledger, requests
from pipeline.core.requests import Claim, Request
from pipeline.gateways.claims import claimed
from pipeline.gateways.ledger import HeadVersion
from pipeline.steps import moves
from pipeline.steps.roll_back import (
    WentBack,
    finish_rollback,
    leave,
    roll_back,
)

logger = logging.getLogger(__name__)


def is_ours(workspace: Workspace) -> bool:
    """Tell whether this run has something to do; one that no event started always has.

    The event is claimed: another delivery of it starts another pipeline, which finds the claim.
    """
    request = workspace.context.request
    if request is None:
        return True
    if not request.is_for(workspace.context.endpoint):
        _nothing_to_do(workspace, f"request {request.request_id} is for {request.cause}.")
        return False
    ours = _claim(workspace, request)
    stands = claimed(workspace.store, workspace.context.endpoint, ours)
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


def went_back(workspace: Workspace, *, to: str, reason: str | None) -> WentBack | None:
    """Go back as a person or an event asks; None where an event's rollback is not to be done."""
    request = workspace.context.request
    if request is None:
        return roll_back(workspace, to=to, reason=reason or "no reason given")
    moves.require_ledger(workspace)
    with moves.leased(workspace) as version:
        return _went_back_as_asked(workspace, version, request, to=to)


def _went_back_as_asked(
    workspace: Workspace, version: HeadVersion, request: Request, *, to: str
) -> WentBack | None:
    head, cause = version.head, request.cause
    left = requests.left_behind(head, request)
    if left is not None and head.live_release is not None:
        return finish_rollback(workspace, version, head.live_release, left=left, reason=cause)
    window_s = workspace.settings.deployment.rollback_window_s
    why_not = requests.why_not_rolled_back(head, request, window_s=window_s)
    if why_not is not None:
        moves.record(workspace, version, head, "rollback not done", reason=why_not)
        _nothing_to_do(workspace, why_not)
        return None
    # Where there is nothing to go back to, nothing was begun.
    ledger.rollback_target(head, to, force=workspace.context.force)
    begun = workspace.ledger.write(version, requests.begin_requested_rollback(head, request))
    return leave(workspace, begun, to=to, reason=cause)


def _nothing_to_do(workspace: Workspace, reason: str) -> None:
    line = f"Nothing to do on {workspace.context.endpoint}: {reason}"
    logger.info("%s", line)
    workspace.context.recorder.note(line)

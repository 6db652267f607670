"""Moves the endpoint back to an earlier release: a deployment's path with an older pointer."""

import logging
from dataclasses import dataclass, replace
from time import monotonic

from pipeline.context import Workspace
from pipeline.core import ledger
from pipeline.core.errors import NotServing, PipelineError
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import DeploymentReport, DeploymentStatus, ProbeReport
from pipeline.gateways.ledger import HeadVersion
from pipeline.steps import around, moves
from pipeline.steps.move import MoveFailed, make_move
from pipeline.steps.probe import held_out, probe_health

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class WentBack:
    """A rollback that came true: how, and what its health test saw."""

    report: DeploymentReport
    probe: ProbeReport
    version: HeadVersion


def roll_back(workspace: Workspace, *, to: str, reason: str) -> WentBack:
    """Go back because a person says so; what was live is quarantined with their reason."""
    moves.require_ledger(workspace)
    with moves.leased(workspace) as version:
        return leave(workspace, version, to=to, reason=reason)


def leave(workspace: Workspace, version: HeadVersion, *, to: str, reason: str) -> WentBack:
    """Go back from what is live, and quarantine it. Scaling that was off for it is on again."""
    target = ledger.rollback_target(version.head, to, force=workspace.context.force)
    left = version.head.live_release
    try:
        back = go_back(workspace, version, target, reason=reason)
    except PipelineError:
        around.settled(workspace)
        raise
    back = _quarantine_left(workspace, back, left, reason=reason) if left else back
    return _settled(workspace, back)


def _settled(workspace: Workspace, back: WentBack) -> WentBack:
    plan = back.report.plan
    anyway = plan is not None and plan.is_limited
    return replace(back, version=around.settled(workspace, back.version, anyway=anyway))


def finish_rollback(
    workspace: Workspace, version: HeadVersion, release: str, *, left: str, reason: str
) -> WentBack:
    """Do what a run left undone that died after its move. Raises NotServing."""
    back = _prove(workspace, version, release, left=left, reason=reason)
    return _settled(workspace, _quarantine_left(workspace, back, left, reason=reason))


def _quarantine_left(workspace: Workspace, back: WentBack, left: str, *, reason: str) -> WentBack:
    """Bar what a rollback left, and only now: one that failed may have left it serving."""
    barred = ledger.quarantine(
        back.version.head,
        left,
        reason=f"Rolled back by {workspace.context.who}: {reason}",
        when=workspace.context.now(),
    )
    workspace.context.recorder.note(
        f"{left} is quarantined.", to_do=f"To return to it: --mode rollback --to {left} --force"
    )
    return replace(back, version=workspace.ledger.write(back.version, barred))


def go_back(workspace: Workspace, version: HeadVersion, release: str, *, reason: str) -> WentBack:
    """Move to a retained release and prove it. Raises NotServing when that does not come true."""
    started = monotonic()
    left = version.head.live_release or "nothing"
    logger.warning("rolling back endpoint=%s from=%s to=%s", version.head.endpoint, left, release)
    instance_type = workspace.ledger.release(release).serving.instance_type
    version = around.without_scaling_for(workspace, version, instance_type)
    moved = _move_back(workspace, version, release)
    back = _prove(workspace, moved.version, release, left=left, reason=reason)
    duration_s = round(monotonic() - started, 2)
    return replace(back, report=replace(back.report, plan=moved.plan, duration_s=duration_s))


def _prove(
    workspace: Workspace, version: HeadVersion, release: str, *, left: str, reason: str
) -> WentBack:
    """Show that the release answers, and record that it is back. Raises NotServing."""
    started = monotonic()
    health = probe_health(workspace, held_out(workspace, workspace.ledger.release(release)))
    if not health.passed:
        raise _not_back(workspace, release, health.failures)
    version = moves.finish(workspace, version, "rolled back", to=release, left=left, reason=reason)
    report = DeploymentReport(
        status=DeploymentStatus.SUCCESS,
        endpoint_name=version.head.endpoint,
        release_id=release,
        duration_s=round(monotonic() - started, 2),
        rolled_back_to=release,
    )
    return WentBack(report=report, probe=health, version=version)


def _move_back(workspace: Workspace, version: HeadVersion, release: str) -> moves.Moved:
    seen = moves.settled_endpoint(workspace)
    key, head = moves.config_for(workspace, version.head, release, seen)
    head = ledger.begin_move(head, key, move=moves.all_at_once(head.endpoint, key))
    version = workspace.ledger.write(version, head)
    try:
        plan = make_move(
            workspace,
            head,
            IntentKind.ROLLBACK,
            target=key,
            forget=lambda: workspace.ledger.write(version, ledger.fail_move(head, sent=False)),
        )
    except MoveFailed as failed:
        given_up = ledger.fail_move(head, sent=failed.sent)
        details = {"release": release, "cause": failed.cause[: moves.MOST_RECORDED]}
        moves.record(workspace, version, given_up, "rollback failed", **details)
        raise _not_back(workspace, release, failed.cause) from failed
    back = ledger.complete_move(head, when=workspace.context.now())
    return moves.Moved(plan=plan, version=workspace.ledger.write(version, back))


def _not_back(workspace: Workspace, release: str, cause: str) -> NotServing:
    """Return the error of a rollback that failed, with the exact command for a person."""
    message = f"The rollback of {workspace.context.endpoint} to {release} failed: {cause}"
    remedy = f"Look at --mode status, mend what it names, then type: --mode rollback --to {release}"
    return NotServing(message, remedy=remedy)

"""Makes what surrounds the endpoint what is wanted, by plans of its own before and after a move."""

import logging
from dataclasses import replace

from pipeline.configuration.surroundings import surroundings_of
from pipeline.context import Workspace
from pipeline.core import intents
from pipeline.core.errors import PipelineError
from pipeline.core.head import LedgerHead
from pipeline.core.surroundings import Surroundings, can_scale, fitting, without_scaling
from pipeline.gateways.ledger import HeadVersion
from pipeline.steps import moves
from pipeline.steps.move import apply_aside, plan_move

logger = logging.getLogger(__name__)

_SEVERITIES = ("critical", "info", "warning")


def asked_for(workspace: Workspace) -> Surroundings:
    """Return what the settings ask for; alarms notify the foundation's topics."""
    foundation = workspace.foundation
    topics = {each: foundation.topic_arns.get(each, foundation.topic_arn) for each in _SEVERITIES}
    return surroundings_of(workspace.settings, topic_arns=topics)


def without_scaling_for(
    workspace: Workspace, version: HeadVersion, instance_type: str
) -> HeadVersion:
    """Turn scaling off before a move to another instance type, which SageMaker refuses with it.

    Also where it is only wanted: a run that died may have turned it on unrecorded.
    """
    head = version.head
    if head.live is None or not (head.surroundings.autoscaling or head.wanted.autoscaling):
        return version
    if instance_type == (serving := _instance_type(workspace, head)) or not can_scale(serving):
        return version
    what = f"scaling off for a move to {instance_type}"
    return _change(workspace, version, without_scaling(head.surroundings), what)


def converge(
    workspace: Workspace, version: HeadVersion, wanted: Surroundings, *, anyway: bool = False
) -> HeadVersion:
    """Apply what is wanted as far as the endpoint can have it; `anyway` also where it is recorded.

    What is wanted is written first: if this run dies, the next one knows it. What an earlier run
    did not finish may be there in part, also of what is not wanted any more.
    """
    is_finished = _fitting(workspace, version.head) == version.head.surroundings
    if wanted != version.head.wanted:
        version = workspace.ledger.write(version, replace(version.head, wanted=wanted))
    fit = _fitting(workspace, version.head)
    if fit != wanted:
        _say_unscaled(workspace)
    if fit == version.head.surroundings and is_finished and not anyway:
        return version
    try:
        return _change(workspace, version, fit, "surroundings changed")
    except PipelineError as error:
        message = (
            f"{version.head.live_release} serves, but scaling, alarms and dashboard of "
            f"{version.head.endpoint} could not be changed: {error.message}"
        )
        raise type(error)(message, remedy=error.remedy, code=error.code) from error


def settled(
    workspace: Workspace, version: HeadVersion | None = None, *, anyway: bool = False
) -> HeadVersion:
    """Bring back what was wanted before; where that fails, say so and leave it to the next run.

    Without a version it is for the end of a failure: whatever the ledger says by then.
    """
    version = version or workspace.ledger.read()
    if version.head.live is None or version.head.target is not None:
        return version
    try:
        return converge(workspace, version, version.head.wanted, anyway=anyway)
    except PipelineError as error:
        logger.error("%s", error)
        workspace.context.recorder.note(f"{error.message} The next run tries again.")
        return workspace.ledger.read()


def _fitting(workspace: Workspace, head: LedgerHead) -> Surroundings:
    if head.wanted.autoscaling is None:
        return head.wanted
    return fitting(head.wanted, _instance_type(workspace, head))


def _say_unscaled(workspace: Workspace) -> None:
    line = "Autoscaling stays off: SageMaker does not scale burstable instances."
    logger.warning("%s", line)
    workspace.context.recorder.note(line)


def _instance_type(workspace: Workspace, head: LedgerHead) -> str:
    return workspace.ledger.release(head.live_release or "").serving.instance_type


def _change(
    workspace: Workspace, version: HeadVersion, surroundings: Surroundings, what: str
) -> HeadVersion:
    """Plan, guard and apply other surroundings for the endpoint as it is, and record them."""
    head = replace(version.head, surroundings=surroundings)
    planned = plan_move(workspace, head, intents.converge_intent(head))
    summary = planned.summary
    if summary.is_empty and head == version.head:
        return version
    if not summary.is_empty:
        apply_aside(workspace, planned)
    counts = {"create": summary.create, "update": summary.update, "delete": summary.delete}
    details = {action: str(count) for action, count in counts.items()}
    shown = ", ".join(f"{count} to {action}" for action, count in counts.items())
    workspace.context.recorder.note(f"Around the endpoint: {what} ({shown}).")
    return moves.record(workspace, version, head, what, **details)

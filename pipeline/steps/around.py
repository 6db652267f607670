"""Makes what surrounds the endpoint what was asked for: a Terraform root and a state of its own."""

import logging
from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import tfvars
from pipeline.core.errors import PipelineError
from pipeline.core.head import LedgerHead
from pipeline.core.outcomes import PlanSummary
from pipeline.core.records import Release
from pipeline.core.surroundings import Surroundings, can_scale, fitting, without_scaling
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import SavedPlan
from pipeline.steps.leased import unlocked
from pipeline.steps.move import apply_failed
from pipeline.steps.planning import place_of, template
from pipeline.steps.surrounding_settings import surroundings_of

logger = logging.getLogger(__name__)

_SEVERITIES = ("critical", "info", "warning")


def asked_for(workspace: Workspace) -> Surroundings:
    """Return what the settings ask for; alarms notify the foundation's topics."""
    foundation = workspace.foundation
    topics = {each: foundation.topic_arns.get(each, foundation.topic_arn) for each in _SEVERITIES}
    return surroundings_of(workspace.settings, topic_arns=topics)


def ask(workspace: Workspace, book: LeasedLedger) -> None:
    """Write down what this run's settings ask for, before anything is changed for it."""
    wanted = asked_for(workspace)
    if wanted != book.head.surroundings:
        book.write(replace(book.head, surroundings=wanted, surroundings_due=True))


def converge(workspace: Workspace, book: LeasedLedger) -> None:
    """Apply what was asked for, where that is due. A failure says what serves all the same."""
    head = book.head
    if not head.surroundings_due or head.live_release is None or head.is_moving:
        return
    live = book.release(head.live_release)
    fit = fitting(head.surroundings, live.serving.instance_type)
    if fit != head.surroundings:
        line = "Autoscaling stays off: SageMaker does not scale burstable instances."
        logger.warning("%s", line)
        workspace.context.recorder.note(line)
    try:
        summary = _apply(workspace, book, live, fit)
    except PipelineError as error:
        message = (
            f"{head.live_release} serves, but scaling, alarms and dashboard of "
            f"{head.endpoint} could not be changed: {error.message}"
        )
        raise type(error)(message, remedy=error.remedy, code=error.code) from error
    done = replace(book.head, surroundings_due=False)
    if summary.is_empty:
        book.write(done)
        return
    counts = {"create": summary.create, "update": summary.update, "delete": summary.delete}
    shown = ", ".join(f"{count} to {action}" for action, count in counts.items())
    workspace.context.recorder.note(f"Around the endpoint: surroundings changed ({shown}).")
    details = {action: str(count) for action, count in counts.items()}
    book.record(done, "surroundings changed", **details)


def apply_reviewed(workspace: Workspace, book: LeasedLedger, saved: SavedPlan) -> None:
    """Apply a reviewed plan of what these settings ask for."""
    book.write(replace(book.head, surroundings=asked_for(workspace), surroundings_due=True))
    applied = unlocked(workspace.surroundings, book, lambda: workspace.surroundings.apply(saved))
    if applied.exit_code:
        raise apply_failed(workspace.surroundings.name, applied)
    book.write(replace(book.head, surroundings_due=False))


def converge_if_possible(workspace: Workspace, book: LeasedLedger) -> None:
    """Converge at the end of a rollback or a failure, which must not end otherwise for that."""
    try:
        converge(workspace, book)
    except PipelineError as error:
        logger.error("%s", error)
        workspace.context.recorder.note(f"{error.message} The next run tries again.")


def without_scaling_for(workspace: Workspace, book: LeasedLedger, target: Release) -> None:
    """Turn scaling off before a move to another instance type, which SageMaker refuses with it."""
    head = book.head
    if head.live_release is None or head.surroundings.autoscaling is None:
        return
    live, wanted = book.release(head.live_release), target.serving.instance_type
    serving = live.serving.instance_type
    if wanted == serving or not can_scale(serving):
        return
    logger.info("scaling off for a move from %s to %s", serving, wanted)
    book.write(replace(head, surroundings_due=True))
    _apply(workspace, book, live, without_scaling(head.surroundings))


def variables_of(
    workspace: Workspace, head: LedgerHead, live: Release, surroundings: Surroundings
) -> str:
    """Return the variables of terraform/surroundings for a head that serves this release."""
    variables = tfvars.surroundings_variables(
        head, live, place=place_of(workspace), surroundings=surroundings
    )
    name = tfvars.SURROUNDINGS_TEMPLATE
    return tfvars.render(variables, template(name), name=name)


def _apply(
    workspace: Workspace, book: LeasedLedger, live: Release, surroundings: Surroundings
) -> PlanSummary:
    """Plan and apply these for the endpoint as it is. Nothing there serves: any change may be."""
    root = workspace.surroundings
    variables = variables_of(workspace, book.head, live, surroundings)
    saved = unlocked(root, book, lambda: root.plan(variables))
    if saved.summary.is_empty:
        return saved.summary
    applied = unlocked(root, book, lambda: root.apply(saved))
    if applied.exit_code:
        raise apply_failed(root.name, applied)
    return saved.summary

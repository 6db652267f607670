"""The one way to change an endpoint: render the ledger, plan, guard, apply, look at the truth.

A deployment, a rollback and a convergence are the same path with another pointer.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config import PROJECT_ROOT
from pipeline.context import Workspace
from pipeline.core import intents, naming, plan, plan_review, tfvars
from pipeline.core.errors import LeaseHeld, PipelineError, PlanRefused
from pipeline.core.faults import reason_of, was_sent
from pipeline.core.head import LedgerHead
from pipeline.core.intents import IntentKind, MoveIntent
from pipeline.core.outcomes import EndpointObservation, EndpointStatus, PlanSummary
from pipeline.gateways.terraform import Terraform, error_text, failure
from pipeline.gateways.terraform_words import STATE_LOCKED

logger = logging.getLogger(__name__)

# Longer than the provider's own wait for an endpoint (60 minutes).
_SETTLE_TIMEOUT_S = 4200.0


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A saved plan that passed the guard, with the variables it was made from."""

    terraform: Terraform
    plan_file: Path
    variables: str
    summary: PlanSummary


class MoveFailed(Exception):
    """The endpoint does not serve what was asked for, whatever Terraform said."""

    def __init__(
        self, cause: str, observation: EndpointObservation, *, sent: bool, addresses: frozenset[str]
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.observation = observation
        self.sent = sent  # SageMaker was asked to move the endpoint, or to create it
        self.addresses = addresses  # what Terraform's state holds after the failure


def make_move(
    workspace: Workspace,
    head: LedgerHead,
    kind: IntentKind,
    *,
    target: str,
    forget: Callable[[], object],
) -> PlanSummary:
    """Plan and apply the move that the head announces; return the plan that came true.

    Raises MoveFailed, PlanRefused, and LeaseHeld where another run holds Terraform's state.
    `forget` takes the announcement back when Terraform did not begin. After any other failure the
    ledger keeps the target: only the endpoint knows how the move ends, and the next run asks it.
    """
    try:
        before = workspace.sagemaker.observe(head.endpoint)
        planned = plan_move(workspace, head, _intent(workspace, head, kind, before))
    except LeaseHeld as held:
        forget()
        raise _whose_lock(held, head.endpoint) from held
    except Exception:
        forget()
        raise
    try:
        _apply(workspace, planned, target=target, before=before)
    except LeaseHeld as held:
        forget()
        raise _whose_lock(held, head.endpoint) from held
    return planned.summary


def _whose_lock(held: LeaseHeld, endpoint: str) -> LeaseHeld:
    """Say what our own lease proves about somebody else's lock on the state."""
    if held.code != STATE_LOCKED:
        return held
    proof = (
        f"This run holds the lease on {endpoint}, so no other run is moving it: a Terraform that "
        "was killed has left this lock, or a person is at work by hand."
    )
    return LeaseHeld(f"{held.message}\n{proof}", remedy=held.remedy, code=held.code)


def _intent(
    workspace: Workspace, head: LedgerHead, kind: IntentKind, observation: EndpointObservation
) -> MoveIntent:
    """Return what a plan of this head may do; an endpoint that never came up may be replaced."""
    return intents.intent_of(
        head,
        kind,
        allow_failed_create_replacement=(
            observation.status is EndpointStatus.FAILED and not head.was_ever_live
        ),
        nothing_serves=observation.status in (EndpointStatus.ABSENT, EndpointStatus.FAILED),
        endpoint_exists=observation.status is not EndpointStatus.ABSENT,
        changes_type=_changes_type(workspace, head),
    )


def _changes_type(workspace: Workspace, head: LedgerHead) -> bool:
    """Tell whether the move is to another type of instance, where anything asks for that."""
    if head.live is None or head.target is None or not head.surroundings.counts_cpu:
        return False
    ids = {head.endpoint_configs[key].release for key in (head.live, head.target)}
    return len({workspace.ledger.release(each).serving.instance_type for each in ids}) > 1


def plan_move(workspace: Workspace, head: LedgerHead, intent: MoveIntent) -> Planned:
    """Render the head and plan it. Raises PlanRefused when the guard finds anything unmeant."""
    variables = _render(workspace, head)
    folder = workspace.context.work_dir
    var_file = folder / "release.tfvars.json"
    var_file.write_text(variables, encoding="utf-8")
    (workspace.context.output_dir / "release.tfvars.json").write_text(variables, encoding="utf-8")
    state_key = naming.serving_state_key(workspace.settings.environment, head.endpoint)
    terraform = workspace.context.terraform("serving", state_key=state_key)
    plan_file = folder / f"serving-{intent.kind.value}.tfplan"
    summary = _summary(terraform, var_file, plan_file)
    if plan_review.replaces_because_tainted(summary) and _serves(workspace):
        logger.warning("an apply was cut off, but the endpoint came up: it is not replaced")
        terraform.untaint(intents.ENDPOINT)
        summary = _summary(terraform, var_file, plan_file)
    if plan_review.touches_surroundings(summary, intent):
        # A move, and a rollback above all, must not wait until somebody has mended an alarm.
        logger.warning("around the endpoint something differs: this plan is for the endpoint alone")
        targets = (intents.ENDPOINT_MODULE,)
        limited = _summary(terraform, var_file, plan_file, targets=targets)
        summary = replace(limited, is_limited=True)
    _log(summary, intent.kind)
    refusals = plan_review.review(summary, intent)
    if refusals:
        message = "The plan was refused: " + " ".join(refusals)
        raise PlanRefused(message, remedy="Nothing was applied.")
    return Planned(terraform=terraform, plan_file=plan_file, variables=variables, summary=summary)


def _summary(
    terraform: Terraform, var_file: Path, plan_file: Path, *, targets: Sequence[str] = ()
) -> PlanSummary:
    terraform.plan(var_files=[var_file], out=plan_file, targets=targets)
    return plan.summarize(terraform.show(plan_file))


def _serves(workspace: Workspace) -> bool:
    seen = workspace.sagemaker.observe(workspace.context.endpoint)
    return seen.status is EndpointStatus.IN_SERVICE


def _apply(
    workspace: Workspace, planned: Planned, *, target: str, before: EndpointObservation
) -> None:
    """Apply exactly this plan, then ask SageMaker what it really serves."""
    endpoint = workspace.context.endpoint
    applied = planned.terraform.apply(planned.plan_file)
    if applied.exit_code:
        problem = failure("apply", "serving", applied)
        if isinstance(problem, LeaseHeld):  # Terraform has not begun
            raise problem
    _keep_variables(workspace, planned)
    seen = workspace.sagemaker.wait_until_settled(endpoint, timeout_s=_SETTLE_TIMEOUT_S)
    if applied.exit_code == 0 and seen.serves(naming.endpoint_config_name(endpoint, target)):
        logger.info("endpoint=%s serves=%s duration_s=%.1f", endpoint, target, applied.duration_s)
        return
    cause = error_text(applied) if applied.exit_code else "terraform apply reported success."
    raise MoveFailed(
        _truth(seen, reason_of(seen, before), cause),
        seen,
        sent=applied.exit_code == 0 or was_sent(applied.stderr),
        addresses=_addresses(planned),
    )


def _keep_variables(workspace: Workspace, planned: Planned) -> None:
    """Store what was applied beside the ledger; a failure here must not hide how the move ended."""
    try:
        workspace.ledger.store_tfvars(planned.variables)
    except PipelineError as error:
        logger.warning("the applied variables were not stored: %s", error.message)


def _addresses(planned: Planned) -> frozenset[str]:
    """Return what the state holds; all that was planned where the state cannot be read."""
    try:
        return planned.terraform.addresses()
    except PipelineError as error:
        logger.warning("the state cannot be read: %s", error.message)
        return frozenset(change.address for change in planned.summary.changes)


def apply_prune(planned: Planned) -> None:
    """Apply a plan that removes releases; the endpoint is none of its business."""
    applied = planned.terraform.apply(planned.plan_file)
    if applied.exit_code:
        problem = failure("apply", "serving", applied)
        raise problem


def apply_aside(workspace: Workspace, planned: Planned) -> None:
    """Apply a plan that leaves the endpoint alone, and keep its variables."""
    applied = planned.terraform.apply(planned.plan_file)
    if applied.exit_code:
        problem = failure("apply", "serving", applied)
        raise problem
    _keep_variables(workspace, planned)


def _render(workspace: Workspace, head: LedgerHead) -> str:
    releases = {each: workspace.ledger.release(each) for each in head.release_ids}
    variables = tfvars.release_variables(
        head,
        releases,
        region=workspace.context.cloud.region,
        s3_use_path_style=workspace.context.cloud.is_local,
        tags=workspace.tags,
    )
    template = PROJECT_ROOT / "templates" / tfvars.TEMPLATE_NAME
    return tfvars.render(variables, template.read_text(encoding="utf-8"))


def _truth(seen: EndpointObservation, reason: str, cause: str) -> str:
    serving = f", serving {seen.config_name}" if seen.config_name else ""
    said = f" ({reason})" if reason else ""
    return f"Endpoint {seen.name} is {seen.status.value}{serving}{said}. {cause}"


def _log(summary: PlanSummary, kind: IntentKind) -> None:
    logger.info(
        "plan kind=%s create=%d update=%d delete=%d replace=%d",
        kind.value,
        summary.create,
        summary.update,
        summary.delete,
        summary.replace,
    )
    for change in summary.changes:
        logger.info("plan %s %s", change.action.value, change.address)

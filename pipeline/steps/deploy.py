"""Deploys a candidate: gate, release, move, truth, tests; goes back by itself when one fails."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from pipeline.context import Workspace
from pipeline.core import jobs, ledger, naming, plan_review
from pipeline.core.errors import (
    QUARANTINED,
    GateNotPassed,
    LeaseHeld,
    PipelineError,
    PlanRefused,
    RolledBack,
)
from pipeline.core.head import DeploymentConfig, LedgerHead, Move, MoveKind
from pipeline.core.outcomes import (
    DeploymentReport,
    DeploymentStatus,
    EndpointObservation,
    EndpointStatus,
)
from pipeline.core.plan_record import PLAN_STALE
from pipeline.core.reconcile import quiet_shift, serves_live
from pipeline.core.records import (
    Approval,
    DataCapture,
    Decision,
    Evaluation,
    ModelPackage,
    Release,
    ServingSettings,
    TrainingRun,
    Verdict,
    content_digest,
)
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import SavedPlan
from pipeline.steps import around, champion, preflight, quota
from pipeline.steps.baseline import store_baseline
from pipeline.steps.go_back import complete_state, config_for, why_unsound
from pipeline.steps.leased import deletion_of, settled_endpoint, take_over, what_was_done
from pipeline.steps.move import (
    MOST_RECORDED,
    Arrived,
    PlannedMove,
    Stayed,
    carry_out,
    plan_move,
    state_addresses,
)
from pipeline.steps.probe import held_out
from pipeline.steps.prove import conclude_deployment, drop_unmade
from pipeline.steps.unfinished import finish_what_was_begun

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model that asks to be deployed, with everything that speaks for it."""

    run: TrainingRun
    evaluation: Evaluation
    decision: Decision
    approval: Approval | None
    package: ModelPackage
    origin: str | None = None  # of one that was promoted: environment/release


def require_passed(run: TrainingRun, decision: Decision, approval: Approval | None) -> None:
    """Refuse what the gate does not let pass, unless a person approved what may be approved."""
    verdict = decision.verdict
    if verdict is Verdict.DEPLOY or (verdict.may_be_approved and approval):
        return
    message = f"The gate says {verdict.value}: " + " ".join(decision.reasons)
    if verdict.may_be_approved:
        stays = "Nothing was deployed: what is live stays. " if verdict is Verdict.KEEP else ""
        remedy = (
            f"{stays}To let it pass: --mode approve --training-job {run.job_name} "
            '--reason "looked at its evaluation"\n'
            f"then: --mode deployment --training-job {run.job_name}"
        )
    else:
        remedy = "Nothing was deployed. Train a better model; a rejected one is never deployed."
    raise GateNotPassed(message, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class Approved:
    """A reviewed plan that this deployment carries out: its release, and its plan of the move."""

    release: Release
    target: str
    saved: SavedPlan


Approve = Callable[[LeasedLedger], Approved]


def deploy(workspace: Workspace, candidate: Candidate, *, approve: Approve | None = None) -> None:
    """Make the endpoint serve the candidate, proved by SageMaker's word and by tests.

    `approve` returns the reviewed plan that is to be applied, under the lease, or refuses it.
    Without it the deployment plans by itself.
    Raises GateNotPassed, PlanRefused, LeaseHeld, RolledBack or NotServing.
    """
    require_passed(candidate.run, candidate.decision, candidate.approval)
    started = monotonic()
    book = take_over(workspace, may_begin=True)
    run = candidate.run
    preflight.require_same_model(workspace, book.head, run.identity, job=run.job_name)
    digest = content_of(workspace, candidate)
    try:
        finished = finish_what_was_begun(workspace, book, digest)
        if finished is None and not _serves(workspace, book, digest):
            champion.require_compared(workspace, run, candidate.evaluation, candidate.approval)
            finished = _deploy_new(workspace, book, candidate, approve)
    except PipelineError as error:
        _report_failure(workspace, book, error, duration_s=monotonic() - started)
        around.converge_if_possible(workspace, book)
        raise
    _report_success(workspace, book, finished, duration_s=monotonic() - started)
    around.ask(workspace, book)
    around.converge(workspace, book)


def _serving_settings(workspace: Workspace, *, image_uri: str) -> ServingSettings:
    """Copy settings and foundation into what a release keeps for ever."""
    settings, foundation = workspace.settings, workspace.foundation
    return ServingSettings(
        image_uri=image_uri,
        instance_type=settings.instance_type,
        container_environment=jobs.serving_environment(workspace.context.cloud.region),
        execution_role_arn=foundation.role_arn,
        network_isolation=foundation.network_isolation,
        startup_timeout_s=settings.deployment.startup_timeout_s,
        subnet_ids=foundation.vpc.subnet_ids or (),
        security_group_ids=foundation.vpc.security_group_ids or (),
        kms_key_arn=foundation.kms_key_arn,
        data_capture=_data_capture(workspace),
        rollback_alarms=settings.rollback_alarms,
    )


def _data_capture(workspace: Workspace) -> DataCapture | None:
    """Capture what the image reads and writes as text; a release gets a place of its own later."""
    percentage = workspace.settings.monitoring.data_capture_percentage
    if not percentage:
        return None
    return DataCapture(
        percentage=percentage,
        destination_uri=workspace.store.uri(naming.capture_prefix(workspace.context.endpoint)),
        csv_content_types=("text/csv",),
        json_content_types=("application/json",),
    )


def _captured_apart(
    workspace: Workspace, serving: ServingSettings, release: str
) -> ServingSettings:
    if serving.data_capture is None:
        return serving
    place = naming.capture_prefix_of(workspace.context.endpoint, release)
    capture = replace(serving.data_capture, destination_uri=workspace.store.uri(place))
    return replace(serving, data_capture=capture)


def _deploy_new(
    workspace: Workspace, book: LeasedLedger, candidate: Candidate, approve: Approve | None
) -> Arrived:
    """Add the release, move to it, prove it."""
    digest = content_of(workspace, candidate)
    refuse_quarantined(workspace, book.head, digest, job=candidate.run.job_name)
    approved = approve(book) if approve else None
    release = approved.release if approved else release_of(workspace, candidate, book.head)
    if release.release_id not in book.head.release_ids:
        store_baseline(workspace, release)
        workspace.ledger.store_release(release)
    workspace.context.recorder.add(release_id=release.release_id)
    held_out(workspace, release)  # no move without a way to test it
    around.without_scaling_for(workspace, book, release)
    _announce(workspace, book, release, approved)
    outcome = _moved(workspace, book, release, approved)
    conclude_deployment(workspace, book, release, outcome)
    assert isinstance(outcome, Arrived)
    return outcome


def _announce(
    workspace: Workspace, book: LeasedLedger, release: Release, approved: Approved | None
) -> None:
    """Write down where the endpoint is about to go, before anything changes."""
    seen = settled_endpoint(workspace)
    problem = why_unsound(workspace, release)
    if problem is not None:
        raise PlanRefused(problem, remedy="Train again: an artifact never changes once judged.")
    head = ledger.add_release(book.head, release)
    count = seen.desired_count
    if approved:
        count = naming.parse_config_key(approved.target).instance_count
    target, head = config_for(workspace, head, release.release_id, count)
    preflight.require_silence(workspace, book.head, target)
    shift = configured_shift(workspace, target, seen)
    quota.require_quota(
        workspace,
        shift,
        instance_type=release.serving.instance_type,
        instance_count=head.endpoint_configs[target].instance_count,
    )
    deployment = Move(
        kind=MoveKind.DEPLOYMENT,
        origin=head.live,
        target=target,
        deployment_config=shift,
        run_id=workspace.context.run_id,
    )
    book.write(ledger.begin(head, deployment))


def _moved(
    workspace: Workspace, book: LeasedLedger, release: Release, approved: Approved | None
) -> Arrived | Stayed:
    """Move; where not even a plan could be made, the ledger forgets the move and the release."""
    if approved:
        return _moved_as_approved(workspace, book, approved)
    try:
        planned = plan_move(workspace, book)
    except PipelineError as error:
        _forget_move(workspace, book, release, error)
        raise
    return carry_out(workspace, book, planned)


def _moved_as_approved(
    workspace: Workspace, book: LeasedLedger, approved: Approved
) -> Arrived | Stayed:
    before = workspace.hosting.observe(book.head.endpoint)
    try:
        return carry_out(workspace, book, PlannedMove(saved=approved.saved, before=before))
    except LeaseHeld as held:
        if held.code == PLAN_STALE:
            _forget_move(workspace, book, approved.release, held)
            # Terraform looks at its state's serial only after the way was made for it.
            made_way = plan_review.replaces_endpoint(approved.saved.summary)
            done = (deletion_of(book.head.endpoint),) if made_way else ()
            remedy = f"{what_was_done(*done)} To look again: --mode plan"
            raise PlanRefused(held.message, remedy=remedy) from held
        raise


def _forget_move(
    workspace: Workspace, book: LeasedLedger, release: Release, error: PipelineError
) -> None:
    cause = error.message[:MOST_RECORDED]
    head = ledger.drop_move(book.head)
    book.record(head, "deployment failed", release=release.release_id, cause=cause)
    drop_unmade(workspace, book, release.release_id, state_addresses(workspace))


def configured_shift(
    workspace: Workspace, target: str, seen: EndpointObservation
) -> DeploymentConfig:
    """Return how a deployment shifts traffic: the configured strategy, bake and time limit.

    An endpoint that is only made has no traffic to move in steps. The target's own alarms watch.
    """
    deployment = workspace.settings.deployment
    endpoint = workspace.context.endpoint
    shift = replace(
        quiet_shift(endpoint),
        termination_wait_s=deployment.termination_wait_s,
        maximum_execution_timeout_s=deployment.maximum_execution_timeout_s,
        alarm_names=naming.rollback_alarm_names(endpoint, target),
    )
    if seen.status in (EndpointStatus.ABSENT, EndpointStatus.FAILED):
        return shift
    return replace(
        shift,
        strategy=deployment.strategy,
        step_percentage=deployment.step_percentage,
        wait_interval_s=deployment.wait_interval_s,
    )


def _serves(workspace: Workspace, book: LeasedLedger, digest: str) -> bool:
    """Tell whether this content is live, healthy, and what SageMaker serves."""
    if not ledger.is_nothing_to_do(book.head, digest):
        return False
    seen = workspace.hosting.observe(book.head.endpoint)
    if not serves_live(book.head, seen):
        return False
    logger.info("endpoint=%s serves this model already; nothing to do", book.head.endpoint)
    complete_state(workspace, book)
    return True


def _report_success(
    workspace: Workspace, book: LeasedLedger, finished: Arrived | None, *, duration_s: float
) -> None:
    status = DeploymentStatus.SUCCESS if finished else DeploymentStatus.NOTHING_TO_DO
    report = DeploymentReport(
        status=status,
        endpoint_name=book.head.endpoint,
        release_id=book.head.live_release or "",
        duration_s=round(duration_s, 2) if finished else 0.0,
        plan=finished.plan if finished else None,
    )
    workspace.context.recorder.add(deployment=report, release_id=report.release_id)


def _report_failure(
    workspace: Workspace, book: LeasedLedger, error: PipelineError, *, duration_s: float
) -> None:
    release_id = workspace.context.recorder.part("release_id")
    if release_id is None:
        return  # refused before there was a release
    rolled_back = isinstance(error, RolledBack)
    report = DeploymentReport(
        status=DeploymentStatus.ROLLED_BACK if rolled_back else DeploymentStatus.FAILED,
        endpoint_name=book.head.endpoint,
        release_id=str(release_id),
        duration_s=round(duration_s, 2),
        rolled_back_to=book.head.live_release if rolled_back else None,
    )
    workspace.context.recorder.add(deployment=report)


def refuse_quarantined(workspace: Workspace, head: LedgerHead, digest: str, *, job: str) -> None:
    """Refuse content that is barred, without --force."""
    barred = ledger.quarantine_of(head, digest)
    if barred is None or workspace.context.force:
        return
    # A reason given by hand names who gave it; entries of earlier versions know nobody
    says_who = barred.who and not barred.reason.startswith("Rolled back by ")
    by = f" by {barred.who}" if says_who else ""
    message = (
        f"This model was quarantined as release {barred.release_id} at "
        f"{barred.when:%Y-%m-%d %H:%M} UTC{by}: {barred.reason}"
    )
    remedy = (
        f"Deploy another one. This one all the same: --mode deployment --training-job {job} --force"
    )
    raise PlanRefused(message, remedy=remedy, code=QUARANTINED)


def content_of(workspace: Workspace, candidate: Candidate) -> str:
    """Return the digest of what the candidate would serve by these settings."""
    serving = _serving_settings(workspace, image_uri=candidate.run.image_uri)
    return content_digest(candidate.run.artifact_sha256, serving)


def release_of(workspace: Workspace, candidate: Candidate, head: LedgerHead) -> Release:
    """Return the retained release of this very content, else a new one, which is not stored yet."""
    digest = content_of(workspace, candidate)
    retained = [each.release_id for each in head.retained if each.content_digest == digest]
    if retained:
        return workspace.ledger.release(retained[-1])
    serving = _serving_settings(workspace, image_uri=candidate.run.image_uri)
    return _new_release(workspace, candidate, serving)


def _new_release(workspace: Workspace, candidate: Candidate, serving: ServingSettings) -> Release:
    now = workspace.context.now()
    release_id = naming.release_id(candidate.run.artifact_sha256, now)
    return Release(
        release_id=release_id,
        endpoint_name=workspace.context.endpoint,
        model_package_arn=candidate.package.arn,
        artifact_uri=workspace.store.uri(naming.artifact_object(candidate.run.artifact_sha256)),
        artifact_sha256=candidate.run.artifact_sha256,
        training_job=candidate.run.job_name,
        identity=candidate.run.identity,
        evaluation=candidate.evaluation,
        decision=candidate.decision,
        approval=candidate.approval,
        data_sha256=candidate.run.data_sha256,
        code_sha256=candidate.run.code_sha256,
        git_sha=workspace.context.git_sha,
        created_at=now,
        created_by=workspace.context.who,
        serving=_captured_apart(workspace, serving, release_id),
        test_limits=workspace.settings.test_limits_for(candidate.evaluation),
        promoted_from=candidate.origin,
    )

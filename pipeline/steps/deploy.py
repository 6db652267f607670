"""Deploys a candidate: gate, release, move, truth, tests; goes back by itself when one fails."""

import logging
from dataclasses import dataclass
from time import monotonic

from pipeline.context import Workspace
from pipeline.core import ledger, naming
from pipeline.core.errors import GateNotPassed, PipelineError, PlanRefused, RolledBack
from pipeline.core.head import LedgerHead
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import (
    DeploymentReport,
    DeploymentStatus,
    EndpointObservation,
    PlanSummary,
)
from pipeline.core.records import (
    Approval,
    Decision,
    Evaluation,
    ModelPackage,
    Release,
    ServingSettings,
    TrainingRun,
    Verdict,
    content_digest,
)
from pipeline.gateways.ledger import HeadVersion
from pipeline.split import HeldOutRows
from pipeline.steps import around, moves, preflight, recover
from pipeline.steps.move import MoveFailed, make_move
from pipeline.steps.probe import held_out, probe
from pipeline.steps.serving import serving_settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model that asks to be deployed, with everything that speaks for it."""

    run: TrainingRun
    evaluation: Evaluation
    decision: Decision
    approval: Approval | None
    package: ModelPackage


def require_passed(run: TrainingRun, decision: Decision, approval: Approval | None) -> None:
    """Refuse what the gate holds or rejects. A held model passes after a person approved it."""
    if decision.verdict is Verdict.DEPLOY or (decision.verdict is Verdict.HOLD and approval):
        return
    message = f"The gate says {decision.verdict.value}: " + " ".join(decision.reasons)
    if decision.verdict is Verdict.HOLD:
        remedy = (
            f'To let it pass: --mode approve --training-job {run.job_name} --reason "...", '
            f"then --mode deployment --training-job {run.job_name}."
        )
    else:
        remedy = "Nothing was deployed. Train a better model; a rejected one is never deployed."
    raise GateNotPassed(message, remedy=remedy)


def deploy(workspace: Workspace, candidate: Candidate) -> None:
    """Make the endpoint serve the candidate, proved by SageMaker's word and by tests.

    Raises GateNotPassed, PlanRefused, LeaseHeld, RolledBack or NotServing.
    """
    require_passed(candidate.run, candidate.decision, candidate.approval)
    with moves.leased(workspace) as version:
        _deploy(workspace, candidate, version)


def _deploy(workspace: Workspace, candidate: Candidate, version: HeadVersion) -> None:
    started = monotonic()
    run = candidate.run
    preflight.require_same_model(workspace, version.head, run.identity, job=run.job_name)
    observation = moves.settled_endpoint(workspace)
    moves.require_known(version.head, observation)
    serving = serving_settings(workspace, image_uri=candidate.run.image_uri)
    digest = content_digest(candidate.run.artifact_sha256, serving)
    if _is_live(version.head, digest, observation):
        _report_nothing_to_do(workspace, version.head)
        around.converge(workspace, version, around.asked_for(workspace))
        return
    _refuse_quarantined(workspace, version.head, digest)
    release = _release(workspace, candidate, serving, digest=digest, head=version.head)
    rows = held_out(workspace, release)
    try:
        version = around.without_scaling_for(workspace, version, serving.instance_type)
        target, version = _announce(workspace, version, release, observation)
        moved = _move(workspace, version, target, release)
        version = _test(workspace, moved, release, rows)
    except PipelineError as error:
        _report_failure(workspace, release, error, duration_s=monotonic() - started)
        around.settled(workspace)
        raise
    _report_success(workspace, release, moved.plan, duration_s=monotonic() - started)
    wanted = around.asked_for(workspace)
    around.converge(workspace, version, wanted, anyway=moved.plan.is_limited)


def _test(
    workspace: Workspace, moved: moves.Moved, release: Release, rows: HeldOutRows
) -> HeadVersion:
    recorder = workspace.context.recorder
    with recorder.phase("testing"):
        report = probe(workspace, rows, workspace.settings.test_limits)
    recorder.add(probe=report)
    if not report.passed:
        raise recover.from_failed_tests(workspace, moved.version, release, report)
    return moves.finish(workspace, moved.version, "deployed", release=release.release_id)


def _report_success(
    workspace: Workspace, release: Release, plan: PlanSummary, *, duration_s: float
) -> None:
    report = DeploymentReport(
        status=DeploymentStatus.SUCCESS,
        endpoint_name=workspace.context.endpoint,
        release_id=release.release_id,
        duration_s=round(duration_s, 2),
        plan=plan,
    )
    workspace.context.recorder.add(deployment=report, release_id=release.release_id)


def _report_failure(
    workspace: Workspace, release: Release, error: PipelineError, *, duration_s: float
) -> None:
    rolled_back = isinstance(error, RolledBack)
    serving = workspace.ledger.read().head.live_release if rolled_back else None
    report = DeploymentReport(
        status=DeploymentStatus.ROLLED_BACK if rolled_back else DeploymentStatus.FAILED,
        endpoint_name=workspace.context.endpoint,
        release_id=release.release_id,
        duration_s=round(duration_s, 2),
        rolled_back_to=serving,
    )
    workspace.context.recorder.add(deployment=report, release_id=release.release_id)


def _is_live(head: LedgerHead, digest: str, observation: EndpointObservation) -> bool:
    if head.live is None or not ledger.is_nothing_to_do(head, digest):
        return False
    return observation.serves(naming.endpoint_config_name(head.endpoint, head.live))


def _report_nothing_to_do(workspace: Workspace, head: LedgerHead) -> None:
    release_id = head.live_release or ""
    logger.info("endpoint=%s serves this model already; nothing to do", head.endpoint)
    report = DeploymentReport(
        status=DeploymentStatus.NOTHING_TO_DO,
        endpoint_name=head.endpoint,
        release_id=release_id,
        duration_s=0.0,
    )
    workspace.context.recorder.add(deployment=report, release_id=release_id)


def _refuse_quarantined(workspace: Workspace, head: LedgerHead, digest: str) -> None:
    barred = ledger.quarantine_of(head, digest)
    if barred is None or workspace.context.force:
        return
    message = (
        f"This model was quarantined as release {barred.release_id} at "
        f"{barred.when:%Y-%m-%d %H:%M} UTC: {barred.reason}"
    )
    raise PlanRefused(message, remedy="Deploy another one, or repeat with --force.")


def _release(
    workspace: Workspace,
    candidate: Candidate,
    serving: ServingSettings,
    *,
    digest: str,
    head: LedgerHead,
) -> Release:
    """Return the retained release of this very content, else a new one."""
    retained = [each.release_id for each in head.retained if each.content_digest == digest]
    if retained:
        return workspace.ledger.release(retained[-1])
    release = _new_release(workspace, candidate, serving)
    workspace.ledger.store_release(release)
    return release


def _new_release(workspace: Workspace, candidate: Candidate, serving: ServingSettings) -> Release:
    now = workspace.context.now()
    return Release(
        release_id=naming.release_id(candidate.run.artifact_sha256, now),
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
        serving=serving,
        test_limits=workspace.settings.test_limits,
    )


def _announce(
    workspace: Workspace, version: HeadVersion, release: Release, seen: EndpointObservation
) -> tuple[str, HeadVersion]:
    """Write down where the endpoint is about to go, before anything changes."""
    head = ledger.add_release(version.head, release)
    target, head = moves.config_for(workspace, head, release.release_id, seen)
    preflight.require_silence(workspace, version.head, target)
    head = ledger.begin_move(head, target, move=moves.configured(workspace, target, seen))
    return target, workspace.ledger.write(version, head)


def _move(workspace: Workspace, version: HeadVersion, target: str, release: Release) -> moves.Moved:
    try:
        plan = make_move(
            workspace,
            version.head,
            IntentKind.DEPLOY,
            target=target,
            forget=lambda: recover.from_unmade_plan(workspace, version),
        )
    except MoveFailed as failed:
        raise recover.from_failed_move(workspace, version, failed, release) from failed
    head = ledger.complete_move(version.head, when=workspace.context.now())
    live = workspace.ledger.write(version, head)
    return moves.Moved(plan=plan, version=live)

"""Which mode does what, in which order. Each mode is a straight line of steps."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace

from pipeline.context import Context, Workspace
from pipeline.core import checkup
from pipeline.core.errors import UsageError
from pipeline.core.modes import ONLY_LOOKS, Mode, StopAfter
from pipeline.core.outcomes import Notice, RunReport
from pipeline.core.records import Approval, Decision, Evaluation, TrainingRun, Verdict
from pipeline.core.serving_gate import judge_candidate
from pipeline.request import Options
from pipeline.steps import dry_run, planned, promote, recorded, register, requested, tell
from pipeline.steps.apply_mode import (
    apply_infrastructure,
    apply_release,
    require_applicable,
    reviewed_plan,
)
from pipeline.steps.approve import approve
from pipeline.steps.bootstrap import (
    bootstrap,
    entered_workspace,
    find_workspace,
    known_workspace,
    require_terraform,
)
from pipeline.steps.cleanup import cleanup
from pipeline.steps.deploy import Candidate, deploy, require_passed
from pipeline.steps.doctor import doctor
from pipeline.steps.evaluate import evaluate
from pipeline.steps.history import history
from pipeline.steps.list_endpoints import list_endpoints
from pipeline.steps.plan_mode import plan
from pipeline.steps.post_office import PostOffice
from pipeline.steps.preflight import require_free_for, require_instances
from pipeline.steps.prune import prune
from pipeline.steps.put_labels import put_labels, read_labels
from pipeline.steps.retrain import retrain
from pipeline.steps.settle import settle
from pipeline.steps.status import status
from pipeline.steps.testing import require_passing
from pipeline.steps.train import Material, gather, train
from pipeline.steps.validate import validate

logger = logging.getLogger(__name__)


def execute(context: Context, options: Options) -> None:
    """Run one mode. What it does is in the context's recorder, also when it raises."""
    if options.mode not in (*ONLY_LOOKS, Mode.PLAN):
        tell.started(context)
    _MODES[options.mode](context, options)


def posted(context: Context, mode: Mode, report: RunReport) -> PostOffice | None:
    """Post what a run has to tell; None where its mode only looks, or nobody can be told."""
    if mode in ONLY_LOOKS:
        return None
    return tell.posted(context, report, keeps=mode is not Mode.PLAN)


def delivered(office: PostOffice) -> tuple[Notice, ...]:
    """Send what was posted, within 15 seconds."""
    return tell.delivered(office)


def _full(context: Context, options: Options) -> None:
    material = gather(context)
    if context.settings.auto_deploy_enabled:
        require_terraform(context)
        require_free_for(known_workspace(context), material.identity)
    if options.wish.dry_run:
        with context.recorder.phase("plan"):
            dry_run.full(context, material)
        return
    workspace = entered_workspace(context)
    require_instances(workspace)
    if not requested.take_up(workspace):
        return
    may_deploy = context.settings.auto_deploy_enabled and options.stop_after is None
    with workspace.connecting() if may_deploy else nullcontext():
        candidate = _train_to_register(workspace, material, options)
        if candidate is None:
            return
        require_passed(candidate.run, candidate.decision, candidate.approval)
        if may_deploy:
            _deploy(workspace, candidate)
            return
    context.recorder.note("auto_deploy_enabled is off: the model is registered, not deployed.")


def _training(context: Context, options: Options) -> None:
    material = gather(context)
    workspace = entered_workspace(context)
    if not requested.take_up(workspace):
        return
    candidate = _train_to_register(workspace, material, options)
    if candidate is not None:
        require_passed(candidate.run, candidate.decision, candidate.approval)


def _train_to_register(
    workspace: Workspace, material: Material, options: Options
) -> Candidate | None:
    """Train, evaluate, judge, register; None when the run was to stop before the registration."""
    recorder = workspace.context.recorder
    with recorder.phase("training"):
        run = train(workspace, material)
        recorder.add(training=run)
    if options.stop_after is StopAfter.TRAIN:
        return None
    with recorder.phase("evaluation"):
        evaluation = evaluate(workspace, run)
    decision = _judged(workspace, evaluation)
    if options.stop_after is StopAfter.EVALUATION:
        return None
    return _registered(workspace, run, evaluation, decision)


def _judged(workspace: Workspace, evaluation: Evaluation) -> Decision:
    settings = workspace.settings
    decision = judge_candidate(evaluation, settings.accuracy_limits, gates=settings.gate_limits)
    logger.info("gate verdict=%s %s", decision.verdict.value, " ".join(decision.reasons))
    workspace.context.recorder.add(evaluation=evaluation, decision=decision)
    return decision


def _registered(
    workspace: Workspace, run: TrainingRun, evaluation: Evaluation, decision: Decision
) -> Candidate:
    recorder = workspace.context.recorder
    approval = recorded.approval(workspace, run)
    if approval and decision.verdict is Verdict.HOLD:
        recorder.note(f"Held by the gate, approved by {approval.who}: {approval.reason}")
    with recorder.phase("registration"):
        package = register.register(
            workspace, run, evaluation, decision=decision, approval=approval
        )
    recorder.add(package=package)
    return Candidate(
        run=run, evaluation=evaluation, decision=decision, approval=approval, package=package
    )


def _evaluation(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    run = _named_run(workspace, options)
    with context.recorder.phase("evaluation"):
        evaluation = evaluate(workspace, run)
    require_passed(run, _judged(workspace, evaluation), recorded.approval(workspace, run))


def _registration(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    run = _named_run(workspace, options)
    evaluation = recorded.evaluation(workspace, run)
    _registered(workspace, run, evaluation, _judged(workspace, evaluation))


def _approve(context: Context, options: Options) -> None:
    if not (options.reason and options.training_job):
        message = "--mode approve needs --training-job and --reason, recorded with who and when."
        raise UsageError(message, remedy="Name a held job, and say why it may pass.")
    workspace = find_workspace(context)
    run = _named_run(workspace, options)
    evaluation = recorded.evaluation(workspace, run)
    decision = _judged(workspace, evaluation)
    if decision.verdict is Verdict.DEPLOY:
        context.recorder.note(f"{run.job_name} passes the gate; it needs no approval.")
        return
    package = approve(workspace, run, decision, reason=options.reason)
    context.recorder.add(package=package)
    context.recorder.note(
        f"Approved by {context.who}: {options.reason}",
        to_do=f"To deploy it: --mode deployment --training-job {run.job_name}",
    )


def _deployment(context: Context, options: Options) -> None:
    require_terraform(context)
    workspace = find_workspace(context)
    require_instances(workspace)
    if options.wish.dry_run:
        named = replace(options, training_job=_job_to_deploy(workspace, options))
        with context.recorder.phase("plan"):
            dry_run.deployment(_only_planning(workspace), _candidate_of(workspace, named))
        return
    if not requested.take_up(workspace):
        return
    run = _run_of(workspace, options, _job_to_deploy(workspace, options))
    require_free_for(workspace, run.identity, job=run.job_name)
    if not options.training_job:
        context.recorder.note(f"The newest job that may be deployed: {run.job_name}")
    evaluation = recorded.evaluation(workspace, run)
    decision = _judged(workspace, evaluation)
    require_passed(run, decision, recorded.approval(workspace, run))
    _deploy(workspace, _registered(workspace, run, evaluation, decision))


def _only_planning(workspace: Workspace) -> Workspace:
    return planned.private_workspace(workspace, workspace.context.work_dir)


def _deploy(workspace: Workspace, candidate: Candidate) -> None:
    with workspace.context.recorder.phase("deployment"):
        deploy(workspace, candidate)


def _job_to_deploy(workspace: Workspace, options: Options) -> str:
    """Return the named job, else the newest one that may be deployed."""
    if options.training_job:
        return options.training_job
    if options.in_ci:
        message = (
            "--mode deployment needs --training-job in CI: another run may have trained since."
        )
        raise UsageError(
            message, remedy="Pass MLOPS_TRAINING_JOB of the training job's results.env."
        )
    return recorded.newest_approved(workspace)


def _plan(context: Context, options: Options) -> None:
    require_terraform(context)
    workspace = find_workspace(context)
    require_instances(workspace)
    with context.recorder.phase("plan"):
        plan(workspace, _candidate_of(workspace, options) if options.training_job else None)


def _candidate_of(workspace: Workspace, options: Options) -> Candidate:
    """Return a registered candidate that the gate lets pass; nothing is registered for it."""
    job = options.training_job or ""
    recorded.require_recorded(workspace, job)
    run = _run_of(workspace, options, job)
    evaluation = recorded.evaluation(workspace, run)
    decision, approval = _judged(workspace, evaluation), recorded.approval(workspace, run)
    require_passed(run, decision, approval)
    package = register.find_package(workspace, job)
    if package is None:
        message = f"The training job {job} is not registered."
        raise UsageError(message, remedy=f"Type first: --mode registration --training-job {job}")
    return Candidate(
        run=run, evaluation=evaluation, decision=decision, approval=approval, package=package
    )


def _apply(context: Context, options: Options) -> None:
    if options.plan_dir is None:
        message = "--mode apply needs --plan-dir, the folder plan/ of a reviewed plan."
        raise UsageError(message, remedy="To make one, type: --mode plan")
    folder = reviewed_plan(options.plan_dir)
    require_terraform(context)
    workspace = find_workspace(context)
    require_instances(workspace)
    require_applicable(workspace, folder)
    context.recorder.add(plan_digest=folder.record.digest)
    job = folder.record.training_job
    candidate = _candidate_of(workspace, replace(options, training_job=job)) if job else None
    with context.recorder.phase("deployment"):
        if candidate:
            apply_release(workspace, folder, candidate)
        else:
            apply_infrastructure(workspace, folder)


def _rollback(context: Context, options: Options) -> None:
    require_terraform(context)
    workspace = find_workspace(context)
    if options.wish.dry_run:
        with context.recorder.phase("plan"):
            dry_run.rollback(_only_planning(workspace), to=options.to)
        return
    if not requested.take_up(workspace):
        return
    with workspace.connecting(), context.recorder.phase("rollback"):
        requested.roll_back_as_asked(workspace, to=options.to, reason=options.reason)


def _history(context: Context, _: Options) -> None:
    context.recorder.add(history=history(find_workspace(context)))


def _list(context: Context, _: Options) -> None:
    context.recorder.add(endpoints=list_endpoints(context))


def _promote(context: Context, options: Options) -> None:
    """Look and judge first: what is rejected here leaves nothing in this environment."""
    if not options.from_environment:
        message = "--mode promote needs --from: the environment whose live release is to be taken."
        raise UsageError(message, remedy="For instance: --mode promote --from staging")
    require_terraform(context)
    found = promote.promoted(promote.source_of(context, options.from_environment))
    for line in promote.told(found):
        context.recorder.show(line)
    evaluation, settings = found.release.evaluation, context.settings
    decision = judge_candidate(evaluation, settings.accuracy_limits, gates=settings.gate_limits)
    context.recorder.add(training=found.run, evaluation=evaluation, decision=decision)
    if decision.verdict is Verdict.REJECT:
        require_passed(found.run, decision, None)
    # The embedded AWS gets a foundation by itself, but not where nothing may change.
    dry_run = options.wish.dry_run
    workspace = find_workspace(context) if dry_run else entered_workspace(context)
    promote.require_fitting(workspace, found)
    approval = promote.counting_approval(workspace, found, decision)
    if dry_run:
        require_passed(found.run, decision, approval)
        context.recorder.note("Nothing was promoted: it was only looked at.")
        return
    with workspace.connecting():
        _promoted(workspace, found, decision, approval)


def _promoted(
    workspace: Workspace, found: promote.Promoted, decision: Decision, approval: Approval | None
) -> None:
    evaluation = found.release.evaluation
    run = promote.bring(workspace, found, approval if decision.verdict is Verdict.HOLD else None)
    candidate = _registered(workspace, run, evaluation, decision)
    require_passed(run, decision, approval)
    _deploy(workspace, replace(candidate, approval=approval, origin=found.origin))


def _cleanup(context: Context, options: Options) -> None:
    require_terraform(context)
    with context.recorder.phase("cleanup"):
        cleanup(context, options.wish)


def _show(context: Context, lines: Iterable[str]) -> None:
    for line in lines:
        context.recorder.show(line)


def _prune(context: Context, options: Options) -> None:
    require_terraform(context)
    if options.wish.dry_run:
        with context.recorder.phase("plan"):
            dry_run.prune(_only_planning(find_workspace(context)))
        return
    with context.recorder.phase("prune"):
        _show(context, prune(find_workspace(context)))


def _settle(context: Context, _: Options) -> None:
    require_terraform(context)
    with context.recorder.phase("settle"):
        settle(find_workspace(context))


def _labels(context: Context, options: Options) -> None:
    if options.labels_file is None:
        message = "--mode labels needs --file, a CSV file with the columns id and label."
        raise UsageError(message, remedy="For instance: --mode labels --file labels.csv")
    workspace = find_workspace(context)
    found = read_labels(workspace, options.labels_file)
    with context.recorder.phase("labels"):
        stored = put_labels(workspace, found)
    context.recorder.show(
        f"Labels: {stored.rows} of {stored.requests} requests, put there by {stored.who} at "
        f"{stored.since:%Y-%m-%d %H:%M:%S} UTC"
    )


def _retrain(context: Context, options: Options) -> None:
    event_id = retrain(find_workspace(context), reason=options.reason or "no reason given")
    context.recorder.show(f"Asked for a retraining: request {event_id}")


def _bootstrap(context: Context, _: Options) -> None:
    with context.recorder.phase("bootstrap"):
        workspace = bootstrap(context)
    context.recorder.show(f"Artifact bucket: {workspace.foundation.bucket}")
    context.recorder.show(f"Execution role: {workspace.foundation.role_arn}")


def _doctor(context: Context, options: Options) -> None:
    findings = []
    for finding in doctor(context, options.refused):
        findings.append(finding)
        context.recorder.show(finding.found, to_do=finding.to_do)
    error = checkup.failure(findings)
    if error is not None:
        raise error


def _notify_test(context: Context, options: Options) -> None:
    del options
    notices = tell.tested(find_workspace(context))
    for notice in notices:
        context.recorder.show(f"{notice.channel}: {notice.error or notice.state.value}")
    silent = [notice.channel for notice in notices if notice.error]
    if silent:
        message = f"{len(silent)} of {len(notices)} channels failed: {', '.join(silent)}."
        raise UsageError(message, remedy="Each line above says why, and what to do.")


def _named_run(workspace: Workspace, options: Options) -> TrainingRun:
    if not options.training_job:
        message = f"--mode {options.mode.value} needs --training-job."
        raise UsageError(message, remedy="Name a job that mode training printed.")
    return _run_of(workspace, options, options.training_job)


def _run_of(workspace: Workspace, options: Options, job: str) -> TrainingRun:
    run = recorded.model_run(workspace, job, mode=options.mode.value, reason=options.reason)
    workspace.context.recorder.add(training=run)
    return run


_MODES: Mapping[Mode, Callable[[Context, Options], None]] = {
    Mode.FULL: _full,
    Mode.TRAINING: _training,
    Mode.EVALUATION: _evaluation,
    Mode.REGISTRATION: _registration,
    Mode.APPROVE: _approve,
    Mode.PLAN: _plan,
    Mode.APPLY: _apply,
    Mode.DEPLOYMENT: _deployment,
    Mode.TESTING: lambda context, _: require_passing(find_workspace(context)),
    Mode.ROLLBACK: _rollback,
    Mode.STATUS: lambda context, _: status(find_workspace(context)),
    Mode.HISTORY: _history,
    Mode.PROMOTE: _promote,
    Mode.LIST: _list,
    Mode.CLEANUP: _cleanup,
    Mode.PRUNE: _prune,
    Mode.SETTLE: _settle,
    Mode.LABELS: _labels,
    Mode.RETRAIN: _retrain,
    Mode.BOOTSTRAP: _bootstrap,
    Mode.VALIDATE: lambda context, _: _show(context, validate(context)),
    Mode.DOCTOR: _doctor,
    Mode.NOTIFY_TEST: _notify_test,
}

"""What the modes do that change or judge something. Each is a straight line of steps."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace

from pipeline.context import Context, Workspace
from pipeline.core import report_page, report_summary
from pipeline.core.modes import FACTS, Mode
from pipeline.core.records import Decision, TrainingRun, Verdict
from pipeline.request import Options
from pipeline.steps import candidacy, dry_run, planned, promote, recorded, requested, show, tell
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
from pipeline.steps.check_data import check_data
from pipeline.steps.cleanup import cleanup
from pipeline.steps.deploy import Candidate, deploy, require_passed
from pipeline.steps.evaluate import evaluate
from pipeline.steps.forget_drift import forget_drift
from pipeline.steps.monitor import monitor, require_nothing_found
from pipeline.steps.plan_mode import plan
from pipeline.steps.preflight import require_free_for, require_instances
from pipeline.steps.promote import Promoted
from pipeline.steps.prune import prune
from pipeline.steps.put_labels import put_labels, read_labels
from pipeline.steps.retrain import retrain
from pipeline.steps.settle import settle
from pipeline.steps.testing import require_passing
from pipeline.steps.train import Material, gather
from pipeline.steps.validate import validate

# Loaded before a run that may last for hours: the files may be another commit's at its end.
NEEDED_AT_THE_END = (report_page, report_summary, show)


def execute(context: Context, options: Options) -> None:
    """Run one mode, or foretell it."""
    if not options.only_looks and options.mode is not Mode.PLAN:
        tell.started(context)
    if FACTS[options.mode].needs_terraform:
        require_terraform(context)
    if options.wish.dry_run:
        with context.recorder.phase("plan"):
            _FORETOLD[options.mode](context, options)
    else:
        _MODES[options.mode](context, options)


def _full(context: Context, options: Options) -> None:
    del options
    material = _gathered(context)
    workspace = entered_workspace(context)
    require_instances(workspace)
    if not requested.take_up(workspace):
        return
    may_deploy = context.settings.auto_deploy_enabled
    with workspace.connecting() if may_deploy else nullcontext():
        candidate = candidacy.train_to_register(workspace, material)
        assert candidate is not None
        candidacy.require_passed_or_kept(
            workspace, candidate.run, candidate.decision, candidate.approval
        )
        if may_deploy:
            _deploy(workspace, candidate)
            return
    context.recorder.note("auto_deploy_enabled is off: the model is registered, not deployed.")


def _gathered(context: Context) -> Material:
    """Find out now, not after minutes of training, what stands in the way of a deployment."""
    material = gather(context)
    known = known_workspace(context)
    check_data(context, known, material)
    if context.settings.auto_deploy_enabled:
        require_terraform(context)
        require_free_for(known, material.identity)
    return material


def _training(context: Context, options: Options) -> None:
    material = gather(context)
    check_data(context, known_workspace(context), material)
    workspace = entered_workspace(context)
    if not requested.take_up(workspace):
        return
    candidate = candidacy.train_to_register(workspace, material, stop_after=options.stop_after)
    if candidate is not None:
        candidacy.require_passed_or_kept(
            workspace, candidate.run, candidate.decision, candidate.approval
        )


def _evaluation(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    run = _run_of(workspace, options)
    with context.recorder.phase("evaluation"):
        evaluation = evaluate(workspace, run)
    decision = candidacy.judged(workspace, evaluation)
    require_passed(run, decision, candidacy.counting_approval(workspace, run, decision))


def _registration(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    run = _run_of(workspace, options)
    evaluation = recorded.evaluation(workspace, run)
    candidacy.registered(workspace, run, evaluation, candidacy.judged(workspace, evaluation))


def _approve(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    run, reason = _run_of(workspace, options), options.reason or ""
    decision = candidacy.judged(workspace, recorded.evaluation(workspace, run))
    if decision.verdict is Verdict.DEPLOY:
        context.recorder.note(f"{run.job_name} passes the gate; it needs no approval.")
        return
    context.recorder.add(package=approve(workspace, run, decision, reason=reason))
    context.recorder.note(
        f"Approved by {context.who}: {reason}",
        to_do=f"To deploy it: --mode deployment --training-job {run.job_name}",
    )


def _deployment(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    require_instances(workspace)
    if not requested.take_up(workspace):
        return
    job = _job_to_deploy(workspace, options)
    run = _run_of(workspace, options, job)
    require_free_for(workspace, run.identity, job=job)
    if not options.training_job:
        context.recorder.note(f"The newest job that may be deployed: {job}")
    recorded_evaluation = recorded.evaluation(workspace, run)
    evaluation = candidacy.compared(workspace, run, recorded_evaluation)
    decision = candidacy.judged(workspace, evaluation)
    approval = candidacy.counting_approval(workspace, run, decision)
    candidacy.require_passed_or_kept(workspace, run, decision, approval)
    _deploy(workspace, candidacy.registered(workspace, run, evaluation, decision))


def _foretell_deployment(context: Context, options: Options) -> None:
    workspace = _planning_workspace(context)
    require_instances(workspace)
    job = _job_to_deploy(workspace, options)
    candidate = candidacy.found(workspace, job, mode=options.mode.value, compares_later=True)
    dry_run.deployment(workspace, candidate)


def _deploy(workspace: Workspace, candidate: Candidate) -> None:
    with workspace.context.recorder.phase("deployment"):
        deploy(workspace, candidate)
    forget_drift(workspace)


def _planning_workspace(context: Context) -> Workspace:
    """Return a workspace whose plans lie in the folder of this run alone."""
    return planned.private_workspace(find_workspace(context), context.work_dir)


def _job_to_deploy(workspace: Workspace, options: Options) -> str:
    return options.training_job or candidacy.newest(workspace, in_ci=options.in_ci)


def _plan(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    require_instances(workspace)
    with context.recorder.phase("plan"):
        job = options.training_job
        plan(workspace, _candidate_of(workspace, options, job) if job else None)


def _apply(context: Context, options: Options) -> None:
    assert options.plan_dir is not None
    folder = reviewed_plan(options.plan_dir)
    workspace = _planning_workspace(context)
    require_instances(workspace)
    require_applicable(workspace, folder, options.approved)
    context.recorder.add(plan_digest=folder.record.digest)
    job = folder.record.training_job
    candidate = _candidate_of(workspace, options, job) if job else None
    with context.recorder.phase("deployment"):
        if candidate:
            apply_release(workspace, folder, candidate)
        else:
            apply_infrastructure(workspace, folder)
    forget_drift(workspace)


def _rollback(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    if not requested.take_up(workspace):
        return
    with workspace.connecting(), context.recorder.phase("rollback"):
        requested.roll_back_as_asked(workspace, to=options.to, reason=options.reason)
    forget_drift(workspace)


def _promote(context: Context, options: Options) -> None:
    found, _ = _to_promote(context, options)
    workspace = entered_workspace(context)
    promote.require_fitting(workspace, found)
    with workspace.connecting():
        run = promote.bring(workspace, found)
        evaluation = candidacy.compared(workspace, run, found.release.evaluation)
        decision = candidacy.judged(workspace, evaluation)
        approval = promote.counting_approval(workspace, found, decision)
        promote.take_along(workspace, run, decision, approval)
        candidate = candidacy.registered(workspace, run, evaluation, decision)
        candidacy.require_passed_or_kept(workspace, run, decision, approval)
        _deploy(workspace, replace(candidate, approval=approval, origin=found.origin))


def _foretell_promotion(context: Context, options: Options) -> None:
    found, decision = _to_promote(context, options)
    known = dry_run.workspace_so_far(context)
    if known is None:
        promote.require_configured_name(context, found)
        require_passed(found.run, decision, promote.approval_of_there(found, decision))
        dry_run.first_promotion(context, found.run, origin=found.origin)
        return
    workspace = planned.private_workspace(known, context.work_dir)
    promote.require_fitting(workspace, found)
    approval = promote.counting_approval(workspace, found, decision)
    require_passed(found.run, decision, approval)
    dry_run.promotion(workspace, promote.candidate(workspace, found, decision, approval))


def _to_promote(context: Context, options: Options) -> tuple[Promoted, Decision]:
    """Look and judge first: what is rejected here leaves nothing in this environment."""
    source = promote.source_of(context, options.from_environment or "")
    found = promote.promoted(source)
    _show(context, promote.told(found))
    decision = candidacy.judged_alone(context, found.release.evaluation)
    context.recorder.add(training=found.run)
    if decision.verdict is Verdict.REJECT:
        require_passed(found.run, decision, None)
    return found, decision


def _cleanup(context: Context, options: Options) -> None:
    with context.recorder.phase("cleanup"):
        cleanup(context, options.wish)


def _prune(context: Context, _: Options) -> None:
    with context.recorder.phase("prune"):
        _show(context, prune(find_workspace(context)))


def _settle(context: Context, _: Options) -> None:
    with context.recorder.phase("settle"):
        settle(find_workspace(context))


def _monitor(context: Context, options: Options) -> None:
    workspace = find_workspace(context)
    with context.recorder.phase("monitoring"):
        found = monitor(workspace, window=options.window)
    context.recorder.add(monitored=found, release_id=found.record.release_id)
    require_nothing_found(found, asks_pipeline=workspace.foundation.retraining is not None)


def _labels(context: Context, options: Options) -> None:
    assert options.labels_file is not None
    workspace = find_workspace(context)
    with context.recorder.phase("labels"):
        stored = put_labels(workspace, read_labels(workspace, options.labels_file))
    context.recorder.show(
        f"Labels: {stored.rows} for {stored.requests} ids, put there by {stored.who} at "
        f"{stored.since:%Y-%m-%d %H:%M:%S} UTC. Which requests have these ids is seen when "
        "mode monitor counts them."
    )


def _retrain(context: Context, options: Options) -> None:
    request_id = retrain(find_workspace(context), reason=options.reason or "no reason given")
    context.recorder.show(f"Asked for a retraining: request {request_id}")


def _bootstrap(context: Context, _: Options) -> None:
    with context.recorder.phase("bootstrap"):
        workspace = bootstrap(context)
    context.recorder.show(f"Artifact bucket: {workspace.foundation.bucket}")
    context.recorder.show(f"Execution role: {workspace.foundation.role_arn}")
    drift = context.settings.drift
    if drift.enabled and drift.schedule and workspace.foundation.retraining is None:
        context.recorder.note(
            "drift.schedule starts nothing: this foundation asks no pipeline (retraining in its "
            "tfvars). A schedule of GitLab with MODE monitor does the same."
        )


def _show(context: Context, lines: Iterable[str]) -> None:
    for line in lines:
        context.recorder.show(line)


def _run_of(workspace: Workspace, options: Options, job: str | None = None) -> TrainingRun:
    job = job or options.training_job or ""
    return candidacy.run_of(workspace, job, mode=options.mode.value, reason=options.reason)


def _candidate_of(workspace: Workspace, options: Options, job: str) -> Candidate:
    return candidacy.found(workspace, job, mode=options.mode.value)


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
    Mode.PROMOTE: _promote,
    Mode.CLEANUP: _cleanup,
    Mode.PRUNE: _prune,
    Mode.SETTLE: _settle,
    Mode.MONITOR: _monitor,
    Mode.LABELS: _labels,
    Mode.RETRAIN: _retrain,
    Mode.BOOTSTRAP: _bootstrap,
    Mode.VALIDATE: lambda context, _: _show(context, validate(context)),
    Mode.NOTIFY_TEST: lambda context, _: tell.test_channels(find_workspace(context)),
}

_FORETOLD: Mapping[Mode, Callable[[Context, Options], None]] = {
    Mode.FULL: lambda context, _: dry_run.full(context, _gathered(context)),
    Mode.DEPLOYMENT: _foretell_deployment,
    Mode.ROLLBACK: lambda context, asked: dry_run.rollback(
        _planning_workspace(context), to=asked.to
    ),
    Mode.PROMOTE: _foretell_promotion,
    Mode.CLEANUP: _cleanup,
    Mode.PRUNE: lambda context, _: dry_run.prune(_planning_workspace(context)),
}

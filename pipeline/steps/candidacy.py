"""How a model becomes a candidate: trained, evaluated, judged, registered; or found as such."""

import logging
from dataclasses import replace

from pipeline.configuration.rules import require_fitting_limits
from pipeline.context import Context, Workspace
from pipeline.core.champion import Champion, Rule, covers, holds_back, needs_comparison
from pipeline.core.errors import UsageError
from pipeline.core.gate import GatePolicy
from pipeline.core.modes import StopAfter
from pipeline.core.records import Approval, Decision, Evaluation, TrainingRun, Verdict
from pipeline.core.serving_gate import judge_candidate
from pipeline.steps import champion, recorded, register
from pipeline.steps.deploy import Candidate, require_passed
from pipeline.steps.evaluate import evaluate
from pipeline.steps.train import Material, train

logger = logging.getLogger(__name__)


def train_to_register(
    workspace: Workspace, material: Material, *, stop_after: StopAfter | None = None
) -> Candidate | None:
    """Train, evaluate, judge, register; None when the run was to stop before the registration."""
    recorder = workspace.context.recorder
    with recorder.phase("training"):
        run = train(workspace, material)
        recorder.add(training=run)
    if stop_after is StopAfter.TRAIN:
        return None
    with recorder.phase("evaluation"):
        evaluation = evaluate(workspace, run)
    decision = judged(workspace, evaluation)
    if stop_after is StopAfter.EVALUATION:
        return None
    return registered(workspace, run, evaluation, decision)


def judged(workspace: Workspace, evaluation: Evaluation) -> Decision:
    """Ask the gate of these settings. Raises ConfigError for limits of another kind of model."""
    policy = workspace.context.gate_policy
    against = None if policy.champion.rule is Rule.OFF else champion.champion(workspace)
    return _judged(workspace.context, evaluation, policy, against)


def judged_alone(context: Context, evaluation: Evaluation) -> Decision:
    """Ask the gate without a look at what is live."""
    return _judged(context, evaluation, context.settings.gate_policy.without_champion, None)


def _judged(
    context: Context, evaluation: Evaluation, policy: GatePolicy, against: Champion | None
) -> Decision:
    require_fitting_limits(context.settings, evaluation.kind)
    decision = judge_candidate(evaluation, policy, against)
    logger.info("gate verdict=%s %s", decision.verdict.value, " ".join(decision.reasons))
    context.recorder.add(evaluation=evaluation, decision=decision)
    return decision


def counting_approval(
    workspace: Workspace, run: TrainingRun, decision: Decision
) -> Approval | None:
    """Return the approval that counts: one of before a release went live does not overrule it."""
    approval = recorded.approval(workspace, run)
    if approval is None or not holds_back(decision):
        return approval
    against = champion.champion(workspace)
    if against is None or covers(approval, against):
        return approval
    workspace.context.recorder.note(
        f"{approval.who} approved {run.job_name} before {against.release_id} went live: that does "
        "not count against it."
    )
    return None


def require_passed_or_kept(
    workspace: Workspace, run: TrainingRun, decision: Decision, approval: Approval | None
) -> None:
    """Refuse what the gate does not let pass; that what is live stays is told by its history.

    So it is of every retraining that somebody asked for, whatever the gate's reason.
    """
    is_asked = workspace.context.request is not None and decision.verdict is not Verdict.DEPLOY
    if (decision.verdict is Verdict.KEEP or is_asked) and not approval:
        champion.keep(workspace, run, decision)
    require_passed(run, decision, approval)


def compared(workspace: Workspace, run: TrainingRun, evaluation: Evaluation) -> Evaluation:
    """Return an evaluation that was compared with what is live, in a job of its own where need be.

    Another one may be live than when it was evaluated, or in the environment where that was.
    """
    limits = workspace.context.gate_policy.champion
    if not needs_comparison(evaluation, champion.champion(workspace), limits):
        return evaluation
    with workspace.context.recorder.phase("evaluation"):
        anew = evaluate(workspace, run)
    compared = replace(evaluation, comparison=anew.comparison)
    recorded.record_evaluation(workspace, compared)
    return compared


def registered(
    workspace: Workspace, run: TrainingRun, evaluation: Evaluation, decision: Decision
) -> Candidate:
    """Register what was judged, whatever the gate said of it."""
    recorder = workspace.context.recorder
    approval = counting_approval(workspace, run, decision)
    if approval and decision.verdict.may_be_approved:
        said = "Kept back" if decision.verdict is Verdict.KEEP else "Held"
        recorder.note(f"{said} by the gate, approved by {approval.who}: {approval.reason}")
    with recorder.phase("registration"):
        package = register.register(
            workspace, run, evaluation, decision=decision, approval=approval
        )
    recorder.add(package=package)
    return Candidate(
        run=run, evaluation=evaluation, decision=decision, approval=approval, package=package
    )


def found(workspace: Workspace, job: str, *, mode: str, compares_later: bool = False) -> Candidate:
    """Return a registered candidate that the gate lets pass; nothing is registered for it.

    `compares_later`: a real run would compare with what is live where that was not done yet.
    """
    recorded.require_recorded(workspace, job)
    run = run_of(workspace, job, mode=mode)
    evaluation = recorded.evaluation(workspace, run)
    against, limits = champion.champion(workspace), workspace.context.gate_policy.champion
    if compares_later and needs_comparison(evaluation, against, limits):
        workspace.context.recorder.note("It would be compared with what is live first.")
        decision = judged_alone(workspace.context, evaluation)
    else:
        decision = judged(workspace, evaluation)
    approval = counting_approval(workspace, run, decision)
    require_passed(run, decision, approval)
    package = register.find_package(workspace, job)
    if package is None:
        message = f"The training job {job} is not registered."
        raise UsageError(message, remedy=f"Type first: --mode registration --training-job {job}")
    return Candidate(
        run=run, evaluation=evaluation, decision=decision, approval=approval, package=package
    )


def newest(workspace: Workspace, *, in_ci: bool) -> str:
    """Return the newest job that may be deployed. Raises UsageError in a pipeline."""
    if in_ci:
        message = (
            "--mode deployment needs --training-job in CI: another run may have trained since."
        )
        remedy = "Pass MLOPS_TRAINING_JOB of the training job's results.env."
        raise UsageError(message, remedy=remedy)
    return recorded.newest_approved(workspace)


def run_of(workspace: Workspace, job: str, *, mode: str, reason: str | None = None) -> TrainingRun:
    """Return what a training job left; `mode` and `reason` are what was asked for."""
    run = recorded.model_run(workspace, job, mode=mode, reason=reason)
    workspace.context.recorder.add(training=run)
    return run

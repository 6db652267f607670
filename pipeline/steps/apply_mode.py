"""Mode apply: a plan that people have reviewed, and nothing else, once.

Looked at first: where it is for, how old it is, which Terraform and which commit made it, whether
it was used, whether the endpoint has moved. Then everything is planned again: only what would still
be planned is applied, from the plan files of the review, on the way of a deployment.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Workspace
from pipeline.core import plan_record, plan_review, redaction
from pipeline.core.errors import LeaseHeld, NotServing, PlanRefused
from pipeline.core.head import LedgerHead
from pipeline.core.plan_digest import facts_of
from pipeline.core.plan_record import PLAN_STALE, ApprovedPlan, PlanClaim, PlanRecord
from pipeline.core.reconcile import serves_live
from pipeline.gateways import git, plan_folder
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.plan_folder import PlanFolder
from pipeline.gateways.ports import SavedPlan
from pipeline.steps import around, bootstrap, planned
from pipeline.steps.deploy import Approved, Candidate, deploy
from pipeline.steps.leased import settled_endpoint, take_over
from pipeline.steps.move import apply_failed, apply_whole
from pipeline.steps.plan_mode import secrets_of
from pipeline.steps.planned import SERVING, SURROUNDINGS, Agreed, Planned
from pipeline.steps.probe import probe_answers


def reviewed_plan(path: Path) -> PlanFolder:
    """Read the folder of a plan. Raises UsageError for none, PlanRefused for one that was changed.

    Its record says which training job it is about, if it is about one.
    """
    return plan_folder.read(path)


def require_applicable(
    workspace: Workspace, folder: PlanFolder, approved: ApprovedPlan | None = None
) -> None:
    """Refuse, before a lease is taken, a plan that may not be applied here and now.

    One that is not what people `approved` is refused, too.
    """
    context, record = workspace.context, folder.record
    if approved is not None:
        plan_record.require_approved(record, approved, hidden=_hidden(workspace))
    plan_record.require_place(record, planned.place_of_run(workspace))
    plan_record.require_terraform_version(record, context.engine.version)
    most = timedelta(seconds=context.settings.deployment.maximum_plan_age_s)
    plan_record.require_young(record, context.now(), most=most)
    head = workspace.ledger.read().head
    if _is_begun(record, head):
        return
    _require_unused(workspace, record)
    _require_newer_commit(workspace, record, head)
    plan_record.require_unmoved(record, head)


def apply_release(workspace: Workspace, folder: PlanFolder, candidate: Candidate) -> None:
    """Deploy by the reviewed plan. Typed again after a crash it finishes what it began."""

    def approve(book: LeasedLedger) -> Approved:
        record = folder.record
        found = _planned_again(workspace, folder, book, candidate)
        _use_up(workspace, record)
        assert found.release
        assert found.target
        saved = _saved(workspace, folder, SERVING)
        if found.target != record.target:  # more instances live than were planned for
            saved = found.plans[SERVING]
        return Approved(release=found.release, target=found.target, saved=saved)

    deploy(workspace, candidate, approve=approve)


def apply_infrastructure(workspace: Workspace, folder: PlanFolder) -> None:
    """Apply the reviewed plans of all roots, one after the other, and prove what serves."""
    record = folder.record
    book = take_over(workspace, may_begin=True)
    found = _planned_again(workspace, folder, book, None)
    _use_up(workspace, record)
    for root in record.roots:
        try:
            _apply(workspace, book, root, _saved(workspace, folder, root))
        except LeaseHeld as held:
            if held.code != PLAN_STALE:
                raise
            raise PlanRefused(held.message, remedy=f"Plan what is left: {record.again}") from held
    _require_serving(workspace, book)
    commit = record.commit or "unknown"
    head = replace(book.head, applied_commit=record.commit or book.head.applied_commit)
    book.record(head, "plan applied", plan=record.digest[:12], commit=commit[:12])
    for root, saved in found.plans.items():
        counts = saved.summary
        workspace.context.recorder.show(
            f"Applied {root}: +{counts.create} ~{counts.update} -{counts.delete}"
        )


def _is_begun(record: PlanRecord, head: LedgerHead) -> bool:
    """Tell whether the endpoint is on its way to what this plan is for: a run of it died."""
    return head.move is not None and head.move.target == record.target


def _require_unused(workspace: Workspace, record: PlanRecord) -> None:
    claim = workspace.ledger.plan_claim(record.plan_id)
    if claim is not None:
        raise plan_record.used(record, claim)


def _require_newer_commit(workspace: Workspace, record: PlanRecord, head: LedgerHead) -> None:
    live = workspace.ledger.release(head.live_release).git_sha if head.live_release else ""
    for applied in filter(None, {live, head.applied_commit}):
        if not (record.commit and workspace.context.git_sha):
            note = f"The plan's commit was not compared with {applied[:12]}: a copy has no git."
            workspace.context.recorder.note(note)
            continue
        is_older = git.is_older(PROJECT_ROOT, record.commit, than=applied)
        plan_record.require_newer_commit(record, applied, is_older=is_older)


def _planned_again(
    workspace: Workspace, folder: PlanFolder, book: LeasedLedger, candidate: Candidate | None
) -> Planned:
    """Plan anew under the lease. Raises PlanRefused where that is not what was reviewed."""
    record = folder.record
    plan_record.require_unmoved(record, book.head)
    agreed = Agreed(head=book.head, seen=settled_endpoint(workspace))
    if candidate:
        found = planned.with_release(
            workspace,
            agreed,
            candidate,
            release=record.release,
            at_least=plan_record.planned_count(record),
        )
    else:
        work = workspace.context.work_dir
        found = planned.infrastructure(workspace, agreed, work, only=record.roots)
    if found.refusals:
        raise PlanRefused(" ".join(found.refusals), remedy=f"Nothing was applied. {record.again}")
    _require_same(workspace, record, found.facts)
    _require_same_files(workspace, folder, found)
    return found


def _require_same_files(workspace: Workspace, folder: PlanFolder, found: Planned) -> None:
    """Refuse plan files that hold another plan than the one that was reviewed."""
    content = replace(
        found.content,
        summaries={
            root: redaction.redacted(_saved(workspace, folder, root).summary, ())
            for root in folder.record.roots
        },
    )
    _require_same(workspace, folder.record, facts_of(content))


def _require_same(workspace: Workspace, record: PlanRecord, facts: tuple[str, ...]) -> None:
    plan_record.require_same(record, facts, hidden=_hidden(workspace))


def _hidden(workspace: Workspace) -> Callable[[str], str]:
    secrets = secrets_of(workspace)
    return lambda line: redaction.hidden_in(line, secrets)


def _saved(workspace: Workspace, folder: PlanFolder, root: str) -> SavedPlan:
    where = planned.root_of(workspace, root, workspace.context.work_dir)
    return where.saved(folder.plan_file(root), folder.variables(root))


def _use_up(workspace: Workspace, record: PlanRecord) -> None:
    """Claim the plan, once and for ever, before its first effect."""
    context = workspace.context
    claim = PlanClaim(
        plan_id=record.plan_id,
        digest=record.digest,
        commit=record.commit,
        run_id=context.run_id,
        who=context.who,
        when=context.now(),
    )
    if not workspace.ledger.claim_plan(claim):
        _require_unused(workspace, record)
        message = f"The claim on the plan {record.plan_id} was there, and is gone."
        raise LeaseHeld(message, remedy=f"Review a new plan: {record.again}")


def _apply(workspace: Workspace, book: LeasedLedger, root: str, saved: SavedPlan) -> None:
    """Apply one root's plan, where it changes anything."""
    if saved.summary.is_empty:
        return
    book.lease.require_held()
    if root == SERVING:
        intent = planned.kept_intent(Agreed(head=book.head, seen=settled_endpoint(workspace)))
        refusals = plan_review.review(saved.summary, intent)
        if refusals:
            raise PlanRefused(" ".join(refusals), remedy="Undo what causes it, and plan again.")
        apply_whole(workspace, book, saved)
        return
    if root == SURROUNDINGS:
        around.apply_reviewed(workspace, book, saved)
        return
    bootstrap.refuse_losses(root, saved.summary)
    applied = planned.root_of(workspace, root, workspace.context.work_dir).apply(saved)
    if applied.exit_code:
        raise apply_failed(root, applied)


def _require_serving(workspace: Workspace, book: LeasedLedger) -> None:
    """Show by SageMaker's word and by asking that what was live serves."""
    if book.head.live is None:
        return
    seen = settled_endpoint(workspace)
    report = probe_answers(workspace, book.release(book.head.live_release or ""))
    if serves_live(book.head, seen) and report.passed:
        return
    message = (
        f"After the apply, endpoint {seen.name} is {seen.status.value} and serves "
        f"{seen.config_name}: {report.failures or 'it is not what is live by its ledger.'}"
    )
    raise NotServing(message, remedy="Look at --mode status; to go back, type: --mode rollback")

"""Mode plan: what an apply would do, for people to review. Changes nothing, writes nothing to AWS.

What guests may read is rendered from a redacted copy; plan files and variables lie in a folder that
is the user's alone.
"""

import shlex
from dataclasses import replace
from pathlib import Path

from pipeline.configuration import settings
from pipeline.context import Workspace, hosting_prices
from pipeline.core import naming, plan_digest, plan_record, redaction
from pipeline.core.errors import PlanRefused, UsageError
from pipeline.core.hosting_cost import CostLine, Fleet, PriceTable, cost_lines
from pipeline.core.news import APPLY_IT
from pipeline.core.plan_document import Figure, Reviewed, counts_of, document_of, widget
from pipeline.core.plan_pages import note, page
from pipeline.core.plan_record import PlanKind, PlanRecord
from pipeline.core.records import Release
from pipeline.core.secret_names import secrets_among
from pipeline.gateways import plan_folder
from pipeline.gateways.files import write_whole
from pipeline.steps import planned
from pipeline.steps.deploy import Candidate
from pipeline.steps.planned import Planned

FOLDER = "plan"


def plan(workspace: Workspace, candidate: Candidate | None) -> None:
    """Plan, write the review and the plan folder. Raises PlanRefused where it may not be applied.

    Without a candidate it is the plan of this commit's Terraform, with one that of its release.
    """
    folder = plan_folder.emptied(workspace.context.output_dir / FOLDER)
    workspace = planned.private_workspace(workspace, workspace.context.work_dir)
    agreed = planned.agreed_of(workspace)
    if candidate is None:
        found = planned.infrastructure(workspace, agreed, workspace.context.work_dir)
    elif planned.is_served_already(workspace, agreed, candidate):
        found = planned.nothing(workspace, agreed)
    else:
        found = planned.with_release(workspace, agreed, candidate)
    facts = found.facts
    digest = plan_digest.digest_of(facts)
    if found.is_applicable:
        _seal(workspace, folder, found, candidate, facts=facts)
    _write_review(workspace, _reviewed(workspace, folder, found, candidate, digest), facts)
    recorder = workspace.context.recorder
    recorder.add(plan_digest=digest)
    _tell(workspace, folder, found, digest)
    if found.refusals:
        message = "The plan may not be applied: " + " ".join(found.refusals)
        remedy = f"Read {workspace.context.output_dir / 'plan.md'}, and plan again without it."
        raise PlanRefused(message, remedy=remedy)


def secrets_of(workspace: Workspace) -> tuple[str, ...]:
    """Return the values that no reader of a review may see, wherever they stand."""
    own = settings.secrets_of(workspace.settings)
    return (*own, *secrets_among(workspace.context.cloud.inherited))


def _seal(
    workspace: Workspace,
    folder: Path,
    found: Planned,
    candidate: Candidate | None,
    *,
    facts: tuple[str, ...],
) -> None:
    """Put the plan files and their variables into the folder, and write down what they are for."""
    for root, saved in found.plans.items():
        plan_folder.keep(folder, saved.file, plan_folder.plan_file_name(root))
        plan_folder.keep_text(folder, saved.variables, plan_folder.variables_name(root))
    version = workspace.context.engine.version
    record = record_of(workspace, found, candidate, facts=facts, terraform_version=version)
    plan_folder.seal(folder, replace(record, files=plan_folder.digests(folder)))


def record_of(
    workspace: Workspace,
    found: Planned,
    candidate: Candidate | None,
    *,
    facts: tuple[str, ...],
    terraform_version: str,
) -> PlanRecord:
    """Return what a plan says of itself, yet without its files."""
    context, head = workspace.context, found.agreed.head
    return PlanRecord(
        schema_version=plan_record.SCHEMA_VERSION,
        plan_id=context.run_id,
        kind=PlanKind.RELEASE if candidate else PlanKind.INFRASTRUCTURE,
        made_at=context.now(),
        made_by=context.who,
        place=planned.place_of_run(workspace),
        commit=context.git_sha,
        terraform_version=terraform_version,
        digest=plan_digest.digest_of(facts),
        facts=facts,
        files={},
        roots=tuple(found.plans),
        head_digest=plan_record.head_digest(head),
        head_line=plan_record.head_line(head),
        training_job=candidate.run.job_name if candidate else None,
        release=found.release,
        target=found.target,
    )


def _reviewed(
    workspace: Workspace, folder: Path, found: Planned, candidate: Candidate | None, digest: str
) -> Reviewed:
    context = workspace.context
    secrets = secrets_of(workspace)
    live = found.agreed.head.live_release
    live_release = workspace.ledger.release(live) if live else None
    prices = hosting_prices()
    hide = redaction.hidden_in
    return Reviewed(
        environment=context.settings.environment,
        endpoint=context.endpoint,
        place=f"{context.settings.backend}, account {context.account}, {context.cloud.region}",
        release_id=found.release.release_id if found.release else None,
        plan_id=context.run_id,
        commit=context.git_sha,
        made_at=context.now(),
        terraform_version=context.engine.version,
        digest=digest,
        summaries={
            root: redaction.redacted(saved.summary, secrets) for root, saved in found.plans.items()
        },
        refusals=tuple(hide(each, secrets) for each in found.refusals),
        left_out=found.left_out,
        figures=_figures(candidate, live_release),
        reasons=candidate.decision.reasons if candidate else (),
        costs=_costs(workspace, found, live_release, prices),
        prices=prices,
        command=""
        if not found.is_applicable
        else context.recorder.completed(_apply_command(folder)),
    )


def _figures(candidate: Candidate | None, live: Release | None) -> tuple[Figure, ...]:
    if candidate is None:
        return ()
    metrics = candidate.evaluation.metrics
    before = live.evaluation.metrics if live else {}
    return tuple(
        Figure(name=name, release=f"{value:.4f}", live=_number(before.get(name)))
        for name, value in sorted(metrics.items())
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def _costs(
    workspace: Workspace, found: Planned, live: Release | None, prices: PriceTable
) -> tuple[CostLine, ...]:
    """Return what the fleet costs, where a plan has one: a live one, or one that it makes."""
    head, seen = found.agreed.head, found.agreed.seen
    before = None
    if live is not None and head.live is not None:
        count = seen.desired_count or head.endpoint_configs[head.live].instance_count
        before = Fleet(instance_type=live.serving.instance_type, count=count)
    after = before
    if found.release and found.target:
        count = naming.parse_config_key(found.target).instance_count
        after = Fleet(instance_type=found.release.serving.instance_type, count=count)
    if after is None:
        return ()
    settings = workspace.settings
    bounds = None
    if settings.autoscaling.enabled:
        deployment = settings.deployment
        bounds = (deployment.minimum_instance_count, deployment.maximum_instance_count)
    region = workspace.context.cloud.region
    moves = found.release is not None
    return cost_lines(prices, region, before=before, after=after, bounds=bounds, moves=moves)


def _write_review(workspace: Workspace, reviewed: Reviewed, facts: tuple[str, ...]) -> None:
    folder, secrets = workspace.context.output_dir, secrets_of(workspace)
    digest = reviewed.digest
    texts = {
        "plan.md": note(reviewed),
        "plan.html": page(document_of(reviewed)),
        "terraform.json": widget(reviewed.summaries),
        "plan.digest": f"{digest}\n",
        "plan.facts": plan_record.facts_text(
            digest, facts, hidden=lambda line: redaction.hidden_in(line, secrets)
        ),
    }
    for name, text in texts.items():
        try:
            write_whole(folder / name, text)
        except OSError as error:
            message = f"{folder / name} cannot be written: {error.strerror}."
            raise UsageError(message, remedy="Name another place with --output-dir.") from error


def _tell(workspace: Workspace, folder: Path, found: Planned, digest: str) -> None:
    recorder = workspace.context.recorder
    counts = counts_of({root: each.summary for root, each in found.plans.items()})
    recorder.show(f"Plan: {counts} ({', '.join(found.plans)})")
    for line in found.left_out:
        recorder.show(f"Not planned: {line}")
    recorder.show(f"Digest: {digest}")
    recorder.show(f"Review: {workspace.context.output_dir / 'plan.md'}")
    if found.is_applicable:
        recorder.show(APPLY_IT, to_do=_apply_command(folder))


def _apply_command(folder: Path) -> str:
    return f"--mode apply --plan-dir {shlex.quote(str(folder))}"

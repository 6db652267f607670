"""What would be planned now, with nothing written: no lease, no state lock, no line of the ledger.

Mode plan shows it to people, mode apply compares it with what they have seen. A plan without a
release takes what the ledger calls live; one with a release adds it and moves the endpoint to it.
"""

import json
import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context, Workspace
from pipeline.core import intents, ledger, naming, plan_review, redaction, tfvars
from pipeline.core.errors import CloudUnusable, LeaseHeld, PlanRefused
from pipeline.core.head import LedgerHead, Move, MoveKind
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import EndpointObservation
from pipeline.core.plan_digest import PlanContent, facts_of
from pipeline.core.reconcile import reconcile, serves_live
from pipeline.core.records import Release
from pipeline.core.surroundings import fitting
from pipeline.gateways.ports import Root, SavedPlan
from pipeline.gateways.roots import TerraformRoot
from pipeline.gateways.terraform_code import code_of
from pipeline.steps import around, bootstrap, preflight, quota
from pipeline.steps.deploy import (
    Candidate,
    configured_shift,
    content_of,
    refuse_quarantined,
    release_of,
)
from pipeline.steps.go_back import config_for, why_unsound
from pipeline.steps.leased import is_unknown
from pipeline.steps.planning import rendered, without_unmade

logger = logging.getLogger(__name__)

SERVING, SURROUNDINGS = "serving", "surroundings"
_SETTLE = "Nothing was planned. To bring them together: --mode settle"
_DENIED = re.compile(r"AccessDenied|Forbidden|StatusCode: 403")


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """An endpoint that ledger and SageMaker agree about, and that nobody is moving."""

    head: LedgerHead
    seen: EndpointObservation


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The plans of all roots that could be planned, by name, in the order of their apply.

    `refusals` say why they may not be applied, `left_out` what is not planned and why. Of a plan
    with a release: the release, and the config key that the endpoint gets.
    """

    agreed: Agreed
    plans: Mapping[str, SavedPlan]
    content: PlanContent
    refusals: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    release: Release | None = None
    target: str | None = None

    @property
    def is_applicable(self) -> bool:
        return bool(self.plans) and not self.refusals

    @property
    def facts(self) -> tuple[str, ...]:
        return facts_of(self.content)


def private_workspace(workspace: Workspace, folder: Path) -> Workspace:
    """Return the workspace with roots that keep their variables in this folder alone."""
    roots = {
        name: _root(workspace.context, name, folder, key=key)
        for name, key in _endpoint_state_keys(workspace.context).items()
    }
    return replace(workspace, serving=roots[SERVING], surroundings=roots[SURROUNDINGS])


def place_of_run(workspace: Workspace) -> dict[str, str]:
    """Return what a plan of this run is for."""
    context = workspace.context
    return {
        "account": workspace.foundation.account_id,
        "backend": context.settings.backend,
        "endpoint": context.endpoint,
        "environment": context.settings.environment,
        "project": context.settings.project,
        "region": context.cloud.region,
    }


def agreed_of(workspace: Workspace) -> Agreed:
    """Look at ledger and endpoint. Raises LeaseHeld while it moves, PlanRefused where they differ.

    What is unfinished or was done by hand is settled first: a plan over it would show too much.
    """
    head = workspace.ledger.read().head
    seen = workspace.hosting.observe(workspace.context.endpoint)
    if head.move is not None or seen.pending_config is not None:
        message = f"A move of {head.endpoint} is under way, or was left unfinished."
        remedy = "Wait until it has ended and repeat. Where no run is at work: --mode settle"
        raise LeaseHeld(message, remedy=remedy)
    now, run = workspace.context.now(), workspace.context.run_id
    event = reconcile(head, seen, when=now, run_id=run).event
    differs = (head.live is not None and not serves_live(head, seen)) or is_unknown(head, seen)
    if event is not None or differs:
        message = (
            f"The ledger of {head.endpoint} says that {head.live or 'nothing'} is live; SageMaker "
            f"says {seen.status.value}, serving {seen.config_name or 'nothing'}."
        )
        raise PlanRefused(message, remedy=_SETTLE)
    return Agreed(head=head, seen=seen)


def infrastructure(
    workspace: Workspace, agreed: Agreed, folder: Path, *, only: Collection[str] | None = None
) -> Planned:
    """Plan this commit's Terraform with the ledger as it is; `only` these roots, where given.

    Raises what Terraform failed with, except where this role may not see account or foundation.
    """
    plans: dict[str, SavedPlan] = {}
    left_out: list[str] = []
    refusals: list[str] = []
    files: list[Path] = []
    for name, variables in bootstrap.root_variables(workspace.context).items():
        if only is not None and name not in only:
            continue
        given = bootstrap.given_variables(workspace.context, name)
        saved = _seen_or_not(workspace.context, name, folder, variables, given)
        if saved is None:
            left_out.append(f"{name}: this role may not see it; plan it with bootstrap's rights.")
            continue
        plans[name] = saved
        files += given
        refusals += bootstrap.losses(name, saved.summary)
    if agreed.head.live is not None:
        plans |= _kept(workspace, agreed)
        refusals += plan_review.review(plans[SERVING].summary, kept_intent(agreed))
    else:
        left_out.append(f"{SERVING}, {SURROUNDINGS}: nothing is live; a release makes them.")
    return Planned(
        agreed=agreed,
        plans=plans,
        content=_content(workspace, plans, files=files),
        refusals=tuple(refusals),
        left_out=tuple(left_out),
    )


def is_served_already(workspace: Workspace, agreed: Agreed, candidate: Candidate) -> bool:
    """Tell whether the candidate's content is live and healthy: a deployment would do nothing."""
    return ledger.is_nothing_to_do(agreed.head, content_of(workspace, candidate))


def nothing(workspace: Workspace, agreed: Agreed) -> Planned:
    """Return the plan of a release that is live already."""
    line = f"{SERVING}, {SURROUNDINGS}: {agreed.head.live_release} is live; nothing to do."
    content = _content(workspace, {})
    return Planned(agreed=agreed, plans={}, content=content, left_out=(line,))


def with_release(
    workspace: Workspace,
    agreed: Agreed,
    candidate: Candidate,
    *,
    release: Release | None = None,
    at_least: int = 1,
    is_here: bool = True,
) -> Planned:
    """Plan the candidate's release; `release` is that of an earlier plan of it, if there is one.

    It is made anew from these settings, under the id that it got then. `at_least` instances: of
    what was planned and what lives, the larger count is taken. An artifact that `is_here` must be
    what was judged; one that is only to be promoted was looked at where it is. Raises PlanRefused
    for what a deployment would refuse too.
    """
    head, seen, job = agreed.head, agreed.seen, candidate.run.job_name
    preflight.require_same_model(workspace, head, candidate.run.identity, job=job)
    refuse_quarantined(workspace, head, content_of(workspace, candidate), job=job)
    release = _under_its_id(release_of(workspace, candidate, head), release, head)
    problem = why_unsound(workspace, release) if is_here else None
    if problem is not None:
        raise PlanRefused(problem, remedy="Train again: an artifact never changes once judged.")
    begun, target = _announced(workspace, agreed, release, at_least=at_least)
    plans = {SERVING: _serving_plan(workspace, begun, seen, release)}
    refusals = plan_review.review(
        plans[SERVING].summary, intents.intent_of(begun, IntentKind.DEPLOY, seen)
    )
    plans[SURROUNDINGS] = _surroundings_after(workspace, begun, release)
    is_new = release.release_id not in head.release_ids
    return Planned(
        agreed=agreed,
        plans=plans,
        content=_content(workspace, plans, new=release.release_id if is_new else None),
        refusals=(
            *refusals,
            *_unmoved(plans[SERVING], release),
            *_shortage(workspace, release, target, seen),
        ),
        release=release,
        target=target,
    )


def _under_its_id(now: Release, planned: Release | None, head: LedgerHead) -> Release:
    if planned is None or now.release_id in head.release_ids:
        return now
    return replace(now, release_id=planned.release_id)


def foundation_root(context: Context, name: str, folder: Path) -> TerraformRoot:
    """Return the root module account or foundation."""
    given = bootstrap.given_variables(context, name)
    key = bootstrap.state_key(context, name)
    return _root(context, name, folder, key=key, var_files=given)


def root_of(workspace: Workspace, name: str, folder: Path) -> Root:
    """Return a root module by its name."""
    own = {SERVING: workspace.serving, SURROUNDINGS: workspace.surroundings}
    return own.get(name) or foundation_root(workspace.context, name, folder)


def _endpoint_state_keys(context: Context) -> dict[str, str]:
    environment, endpoint = context.settings.environment, context.endpoint
    return {
        SERVING: naming.serving_state_key(environment, endpoint),
        SURROUNDINGS: naming.surroundings_state_key(environment, endpoint),
    }


def _root(
    context: Context, name: str, folder: Path, *, key: str, var_files: tuple[Path, ...] = ()
) -> TerraformRoot:
    return TerraformRoot(
        name,
        lambda: context.terraform(name, state_key=key),
        work_dir=context.work_dir,
        output_dir=folder,
        var_files=var_files,
    )


def _seen_or_not(
    context: Context, name: str, folder: Path, variables: Mapping[str, Any], given: tuple[Path, ...]
) -> SavedPlan | None:
    """Plan account or foundation; None where this role may not read its state or what it holds."""
    root = _root(context, name, folder, key=bootstrap.state_key(context, name), var_files=given)
    try:
        return root.plan(json.dumps(variables, sort_keys=True), lock=False)
    except CloudUnusable as error:
        if not _DENIED.search(error.message):
            raise
        logger.info("terraform root=%s is not planned: %s", name, error.message)
        return None


def _kept(workspace: Workspace, agreed: Agreed) -> dict[str, SavedPlan]:
    """Plan what serves and what surrounds it, as this commit and these settings want them."""
    head, seen = agreed.head, agreed.seen
    live = workspace.ledger.release(head.live_release or "")
    wanted = fitting(around.asked_for(workspace), live.serving.instance_type)
    variables = around.variables_of(workspace, head, live, wanted)
    return {
        SERVING: workspace.serving.plan(rendered(workspace, head, seen), lock=False),
        SURROUNDINGS: workspace.surroundings.plan(variables, lock=False),
    }


def kept_intent(agreed: Agreed) -> intents.MoveIntent:
    """Return what a plan without a release may do: nothing to the endpoint but its tags."""
    return intents.intent_of(agreed.head, IntentKind.INFRASTRUCTURE, agreed.seen)


def _announced(
    workspace: Workspace, agreed: Agreed, release: Release, *, at_least: int
) -> tuple[LedgerHead, str]:
    """Return the head that a deployment would write before it moves, and its target."""
    seen = agreed.seen
    head = ledger.add_release(agreed.head, release)
    count = max(seen.desired_count or 0, at_least)
    target, head = config_for(workspace, head, release.release_id, count)
    preflight.require_silence(workspace, head, target)
    move = Move(
        kind=MoveKind.DEPLOYMENT,
        origin=head.live,
        target=target,
        deployment_config=configured_shift(workspace, target, seen),
        run_id=workspace.context.run_id,
    )
    return ledger.begin(head, move), target


def _serving_plan(
    workspace: Workspace, begun: LedgerHead, seen: EndpointObservation, release: Release
) -> SavedPlan:
    head, _ = without_unmade(workspace, begun)
    return workspace.serving.plan(rendered(workspace, head, seen, unstored=release), lock=False)


def _surroundings_after(workspace: Workspace, begun: LedgerHead, release: Release) -> SavedPlan:
    """Plan what surrounds the endpoint once it serves the release."""
    after = ledger.arrive(begun, when=workspace.context.now())
    wanted = fitting(around.asked_for(workspace), release.serving.instance_type)
    variables = around.variables_of(workspace, after, release, wanted)
    return workspace.surroundings.plan(variables, lock=False)


def _unmoved(saved: SavedPlan, release: Release) -> tuple[str, ...]:
    """Say where a plan leaves the endpoint as it is, or makes what is there already."""
    if not plan_review.leaves_endpoint_alone(saved.summary):
        return ()
    return (
        f"Terraform's state believes that the endpoint serves {release.release_id} already. "
        "--mode settle puts it right.",
    )


def _shortage(
    workspace: Workspace, release: Release, target: str, seen: EndpointObservation
) -> tuple[str, ...]:
    """Say where the account may not have the instances that the move needs."""
    problem = quota.shortage_here(
        workspace,
        configured_shift(workspace, target, seen),
        instance_type=release.serving.instance_type,
        instance_count=naming.parse_config_key(target).instance_count,
    )
    return () if problem is None else (problem,)


def _content(
    workspace: Workspace,
    plans: Mapping[str, SavedPlan],
    *,
    files: Collection[Path] = (),
    new: str | None = None,
) -> PlanContent:
    templates = [
        PROJECT_ROOT / "templates" / name
        for name in (tfvars.RELEASE_TEMPLATE, tfvars.SURROUNDINGS_TEMPLATE)
    ]
    return PlanContent(
        place=place_of_run(workspace),
        code=code_of(PROJECT_ROOT, plans, [*files, *templates]),
        variables={
            name: redaction.redacted_variables(json.loads(each.variables), ())
            for name, each in plans.items()
        },
        summaries={name: redaction.redacted(each.summary, ()) for name, each in plans.items()},
        new_release=new,
    )

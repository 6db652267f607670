"""Destroys an environment: its endpoints, what runs for it, its foundation; its data if asked to.

What goes is what the environment's own Terraform states hold and what carries its tags. All of it
is planned and shown before anything is destroyed; each plan is reviewed: it may hold nothing else.
Cut off anywhere, the same command goes on.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypeVar

from pipeline.context import Context, Workspace, hosting_prices, workspace_of
from pipeline.core import destruction, naming
from pipeline.core.destruction import Consent, Wish, is_part
from pipeline.core.errors import CloudUnusable, PlanRefused
from pipeline.core.foundation import Foundation
from pipeline.core.hosting_cost import HOURS_PER_MONTH
from pipeline.gateways import inventory, remains
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.ports import SavedPlan
from pipeline.gateways.remains import RunningJob
from pipeline.gateways.roots import TerraformRoot
from pipeline.gateways.state_bucket import has_bucket
from pipeline.gateways.store import Store
from pipeline.steps.bootstrap import foundation_variables, published_here, variable_files
from pipeline.steps.leased import hold, unlocked
from pipeline.steps.move import apply_failed
from pipeline.steps.retire import (
    Retirement,
    place_of,
    plan_retirement,
    refuse_foreign,
    retire,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _Endpoint:
    """One endpoint of the environment with the plan of its end; the book of a dry run is None."""

    workspace: Workspace
    book: LeasedLedger | None
    retirement: Retirement


@dataclass(frozen=True, kw_only=True)
class _Doomed:
    """All that a cleanup found. `base` is what of the foundation goes, None for nothing.

    `data` is what of the foundation stays then, in people's words: what holds data or is needed to
    read it, without its parts, and with --with-data all that can go only when that is empty.
    """

    endpoints: tuple[_Endpoint, ...]
    jobs: tuple[RunningJob, ...]
    base: SavedPlan | None
    data: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        return not (self.jobs or self.base or any(each.retirement.plans for each in self.endpoints))


def cleanup(context: Context, wish: Wish) -> None:
    """Show what would be destroyed, ask, and destroy it. Raises PlanRefused, LeaseHeld."""
    environment = context.settings.environment
    if not wish.dry_run and destruction.may_go(environment, wish.consent) is False:
        raise _refused(environment)
    if not has_bucket(context.cloud, context.state_bucket):
        context.recorder.show(f"Nothing to do: there is no state bucket {context.state_bucket}.")
        return
    foundation = _Foundation(context)
    doomed = _found(context, foundation, wish)
    lines = tuple(_listing(context, doomed, wish))
    for line in lines:
        context.recorder.show(line)
    if wish.dry_run or (doomed.is_nothing and not (wish.with_data and doomed.data)):
        context.recorder.note("Nothing was destroyed.")
        return
    _require_consent(context, wish.consent, lines)
    _destroy(context, foundation, doomed, wish)


class _Foundation:
    """terraform/foundation of the environment: by its own state, under any lease of this run."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.books: list[LeasedLedger] = []
        files = variable_files(context, "foundation")
        self.root = TerraformRoot(
            "foundation",
            lambda: context.terraform("foundation", state_key=_foundation_key(context)),
            work_dir=context.work_dir,
            output_dir=context.output_dir,
            var_files=[path for path in files if path.is_file()],
        )

    def addresses(self) -> tuple[str, ...]:
        """Return what its state holds, without what it only looked up."""
        found = sorted(self._do(self.root.addresses))
        return tuple(each for each in found if "data" not in each.split("."))

    def in_words(self) -> dict[str, str]:
        """Return what people call what its state holds, by address."""
        states = Store(self._context.cloud, self._context.state_bucket)
        found = states.find(_foundation_key(self._context))
        return destruction.names_in(json.loads(found.body)) if found else {}

    def plan(self, targets: Sequence[str]) -> SavedPlan:
        """Plan to destroy these and nothing else. Raises PlanRefused."""
        variables = {**foundation_variables(self._context), "model_package_groups": []}
        saved = self._do(lambda: self.root.plan_destroy(json.dumps(variables), targets=targets))
        refuse_foreign(place_of(self._context), saved)
        more = {each.address for each in saved.summary.changes} - set(targets)
        if more:
            message = f"The plan of foundation would also destroy {', '.join(sorted(more))}."
            raise PlanRefused(message, remedy="Nothing was destroyed. Report it with run.log.")
        return saved

    def apply(self, saved: SavedPlan) -> None:
        applied = self._do(lambda: self.root.apply(saved))
        if applied.exit_code:
            raise apply_failed(self.root.name, applied)

    def _do(self, attempt: Callable[[], T]) -> T:
        return unlocked(self.root, self.books[0], attempt) if self.books else attempt()


def _foundation_key(context: Context) -> str:
    return f"foundation/{context.settings.environment}.tfstate"


# What there is


def _found(context: Context, foundation: _Foundation, wish: Wish) -> _Doomed:
    endpoints = tuple(_endpoints(context, dry_run=wish.dry_run))
    foundation.books = [each.book for each in endpoints if each.book]
    held = foundation.addresses()
    stays = destruction.goes_last if wish.with_data else destruction.holds_data
    goes = [each for each in held if not stays(each)]
    told = (each for each in held if stays(each) and (wish.with_data or not is_part(each)))
    words = foundation.in_words()
    return _Doomed(
        endpoints=endpoints,
        jobs=remains.running_jobs(context.cloud, place_of(context)),
        base=foundation.plan(goes) if goes else None,
        data=tuple(words.get(each, each) for each in told),
    )


def _endpoints(context: Context, *, dry_run: bool) -> Iterator[_Endpoint]:
    """Yield each endpoint that has a state, taken into this run's hands unless nothing is to go."""
    foundation = published_here(context) or _left_of_foundation(context)
    for name in _names_in_states(context):
        if foundation is None:
            _require_empty(context, name)
            continue
        workspace = workspace_of(replace(context, endpoint_name=name), foundation)
        book = None if dry_run else hold(workspace, after=workspace.ledger.read().head.fencing)
        yield _Endpoint(workspace=workspace, book=book, retirement=plan_retirement(workspace, book))


def _left_of_foundation(context: Context) -> Foundation | None:
    """Return what a cleanup that was cut off has left: the bucket with ledgers and leases.

    The parameter is the first thing of a foundation to go.
    """
    settings, account, region = context.settings, context.account, context.cloud.region
    named = naming.artifact_bucket_name(
        settings.project, settings.environment, account=account, region=region
    )
    bucket = settings.s3_bucket or named
    return Foundation.of_bucket(bucket) if has_bucket(context.cloud, bucket) else None


def _names_in_states(context: Context) -> tuple[str, ...]:
    """Return the endpoints of the environment that Terraform ever kept a state of."""
    states, environment = Store(context.cloud, context.state_bucket), context.settings.environment
    keys = [*states.keys(f"serving/{environment}/"), *states.keys(f"surroundings/{environment}/")]
    names = {PurePosixPath(key).stem for key in keys if key.endswith(".tfstate")}
    return tuple(sorted(names))


def _require_empty(context: Context, endpoint: str) -> None:
    """Refuse to destroy an endpoint without its ledger, which only the foundation says where."""
    states, environment = Store(context.cloud, context.state_bucket), context.settings.environment
    for key_of in (naming.serving_state_key, naming.surroundings_state_key):
        found = states.find(key_of(environment, endpoint))
        if found is not None and json.loads(found.body).get("resources"):
            message = f"The state of {endpoint} holds something, but its foundation is gone."
            remedy = "Make the foundation again, then repeat: --mode bootstrap"
            raise CloudUnusable(message, remedy=remedy)


# What is said, and who agrees


def _listing(context: Context, doomed: _Doomed, wish: Wish) -> Iterator[str]:
    environment = context.settings.environment
    if doomed.is_nothing:
        yield f"Nothing of {environment} is there to destroy."
    for each in doomed.endpoints:
        for root, saved in each.retirement.plans:
            name = each.workspace.context.endpoint
            yield from destruction.listed(f"{name}, {root.name}", saved.summary)
    yield from (f"{each.kind} job {each.name}: to be stopped" for each in doomed.jobs)
    if doomed.base is not None:
        yield from destruction.listed("foundation", doomed.base.summary)
    if not doomed.is_nothing:
        yield _cost(context)
    verb = "To be destroyed at last, with the data" if wish.with_data else "Kept"
    yield from (f"{verb}: {each}" for each in doomed.data)
    yield from _kept(context, wish)


def _cost(context: Context) -> str:
    """Say what the instances cost that go; what has no known price is said so."""
    hosted = inventory.hosted_endpoints(context.cloud, context.settings.project)
    own = [each for each in hosted if each.environment == context.settings.environment]
    prices, region = hosting_prices(), context.cloud.region
    known = [prices.hourly(region, each.instance_type or "") for each in own]
    monthly = sum(
        price * (each.seen.current_count or 0) * HOURS_PER_MONTH
        for each, price in zip(own, known, strict=True)
        if price is not None
    )
    unknown = f", and {known.count(None)} of unknown price" if None in known else ""
    return f"Cost of its endpoints: USD {monthly:.2f} per month{unknown}"


def _kept(context: Context, wish: Wish) -> Iterator[str]:
    """Say what a cleanup leaves where it is, and why."""
    if not wish.with_data:
        yield from (f"Kept: log group {each}" for each in _log_groups(context))
    if context.settings.s3_bucket:
        yield f"Kept: bucket {context.settings.s3_bucket}, which is your own"
    yield "Kept: records of ended jobs and their logs, which SageMaker keeps without cost"
    yield f"Kept: {context.state_bucket} and terraform/account, which other environments use"


def _log_groups(context: Context) -> tuple[str, ...]:
    return tuple(f"/aws/sagemaker/Endpoints/{name}" for name in _names_in_states(context))


def _require_consent(context: Context, consent: Consent, lines: Sequence[str]) -> None:
    environment = context.settings.environment
    answer = destruction.may_go(environment, consent)
    if answer is None:
        shown = "\n".join(lines)
        question = f"{shown}\nType the environment's name to destroy this ({environment}):"
        answer = context.ask(question) == environment
    if not answer:
        raise _refused(environment)


def _refused(environment: str) -> PlanRefused:
    production = environment == naming.PRODUCTION
    needs = "--yes and its name" if production else "--yes or its name"
    typed = f" --confirm {environment}" if production else ""
    message = f"Destroying {environment} needs {needs}."
    return PlanRefused(
        message, remedy=f"Nothing was destroyed. To do it: --mode cleanup --yes{typed}"
    )


# What is done


def _destroy(context: Context, foundation: _Foundation, doomed: _Doomed, wish: Wish) -> None:
    for job in doomed.jobs:
        remains.stop(context.cloud, job)
    for each in doomed.endpoints:
        if each.book is not None:
            retire(each.workspace, each.book, each.retirement)
    for job in doomed.jobs:  # each works with the role, the network and the bucket until then
        remains.wait_until_ended(context.cloud, job)
    if doomed.base is not None:
        foundation.apply(doomed.base)
    if wish.with_data:
        _destroy_data(context, foundation)
    context.recorder.note(f"{context.settings.environment} is destroyed, but for what is kept.")


def _destroy_data(context: Context, foundation: _Foundation) -> None:
    """Empty what the foundation still holds, then destroy it; the leases lie in there, too."""
    for group in _log_groups(context):
        remains.delete_log_group(context.cloud, group)
    held = foundation.addresses()
    if not held:
        return
    saved = foundation.plan(held)
    foundation.books = []
    while context.held:
        context.held.pop().give_back(told=True)
    for change in saved.summary.changes:
        name = destruction.named(change)
        if change.resource_type == "aws_s3_bucket":
            count = remains.empty_bucket(context.cloud, name)
            logger.info("bucket=%s versions deleted=%d", name, count)
        elif change.resource_type == "aws_sagemaker_model_package_group":
            count = remains.delete_packages(context.cloud, name)
            logger.info("group=%s packages deleted=%d", name, count)
    foundation.apply(saved)

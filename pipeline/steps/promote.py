"""Takes the release that is live and healthy in one environment to another one.

Nothing is trained again: the bytes that were judged are copied and compared, with the rows that
test them; evaluation and approval come with who and when; this environment's gate judges the
evaluation anew. From there on it is a deployment, from this environment's foundation.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.context import Context, Workspace
from pipeline.core import identity, ledger, naming
from pipeline.core.champion import apart_from_champion, holds_back
from pipeline.core.errors import CloudUnusable, LeaseHeld, PlanRefused, UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.outcomes import EndpointObservation
from pipeline.core.records import (
    Approval,
    ApprovalStatus,
    Decision,
    ModelPackage,
    Release,
    TrainingRun,
    Verdict,
)
from pipeline.gateways.account import published_foundation
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.ports import Hosting, Objects
from pipeline.gateways.store import Store
from pipeline.steps import candidacy, preflight, recorded, register
from pipeline.steps.deploy import Candidate

logger = logging.getLogger(__name__)

NOT_YET_REGISTERED = ModelPackage(
    arn="known-after-registration", version=0, approval_status=ApprovalStatus.PENDING
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a release comes from: another environment's bucket and endpoint, only read."""

    environment: str
    endpoint: str
    store: Objects
    hosting: Hosting


@dataclass(frozen=True, kw_only=True)
class Promoted:
    """The release that is promoted, and the record of the job that trained it."""

    source: Source
    release: Release
    run: TrainingRun

    @property
    def origin(self) -> str:
        return f"{self.source.environment}/{self.release.release_id}"


def source_of(context: Context, environment: str) -> Source:
    """Return the environment to promote from. Raises UsageError, CloudUnusable."""
    settings = context.settings
    if environment == settings.environment:
        message = f"--from {environment} is the environment to promote to."
        raise UsageError(message, remedy="Name another one, or choose --environment.")
    parameter = naming.foundation_parameter_name(settings.project, environment)
    published = published_foundation(context.cloud, parameter)
    if published is None:
        message = f"There is no foundation for {environment} in this account and region."
        remedy = "Check --from; --mode list shows the environments that have endpoints."
        raise CloudUnusable(message, remedy=remedy)
    return Source(
        environment=environment,
        endpoint=naming.endpoint_name(settings.endpoint_prefix, environment),
        store=Store(context.cloud, published.bucket),
        hosting=context.sagemaker,
    )


def promoted(source: Source) -> Promoted:
    """Return what is live and healthy there, and still what was judged.

    Raises PlanRefused where nothing is, LeaseHeld while something moves.
    """
    book = Ledger(source.store, source.endpoint)
    head = book.read().head
    seen = source.hosting.observe(source.endpoint)
    if head.move is not None or seen.pending_config is not None:
        message = f"A move of {source.endpoint} is under way, or was left unfinished."
        raise LeaseHeld(message, remedy="Wait until it has ended, then run the same command again.")
    problem = _why_not(head, seen)
    if problem is not None:
        raise PlanRefused(problem, remedy=f"Nothing was promoted. Look at {source.endpoint} first.")
    release = book.release(head.live_release or "")
    found = source.store.sha256(release.artifact_uri)
    if found != release.artifact_sha256:
        message = f"{release.artifact_uri} has the sha256 {found[:12]}: it is not what was judged."
        raise PlanRefused(
            message, remedy="Nothing was promoted. Restore its version in the bucket."
        )
    return Promoted(
        source=source, release=release, run=recorded.run_in(source.store, release.training_job)
    )


def _why_not(head: LedgerHead, seen: EndpointObservation) -> str | None:
    if head.live is None or head.live_release is None:
        return f"Nothing is live on {head.endpoint}."
    if not seen.serves(naming.endpoint_config_name(head.endpoint, head.live)):
        served = seen.config_name or "nothing"
        return f"The ledger of {head.endpoint} says {head.live}, SageMaker serves {served}."
    healthy = {each.release_id for each in head.lived if each.healthy}
    if head.live_release not in healthy:
        return f"{head.live_release} serves on {head.endpoint} and has not passed its tests."
    if ledger.quarantine_of(head, ledger.content_of(head, head.live_release)) is not None:
        return f"{head.live_release} of {head.endpoint} is quarantined."
    return None


def candidate(
    workspace: Workspace, found: Promoted, decision: Decision, approval: Approval | None
) -> Candidate:
    """Return what a promotion would deploy. It is registered here only by a real one."""
    known = register.find_package(workspace, found.run.job_name)
    return Candidate(
        run=found.run,
        evaluation=found.release.evaluation,
        decision=decision,
        approval=approval,
        package=known or NOT_YET_REGISTERED,
        origin=found.origin,
    )


def require_configured_name(context: Context, found: Promoted) -> None:
    """Refuse another model than the configured one where nothing else is here to be asked."""
    name, configured = found.run.identity.name, context.settings.model_name_prefix
    if name != configured:
        remedy = f"Name the configuration of {name} with --config-file."
        job = found.run.job_name
        raise identity.another_name(
            found.run.identity, job=job, configured=configured, remedy=remedy
        )


def require_fitting(workspace: Workspace, found: Promoted) -> None:
    """Refuse another model than the configured one, and fewer instances than asked for here."""
    run, command = found.run, f"--mode promote --from {found.source.environment}"
    preflight.require_configured_model(workspace, run, command=command)
    preflight.require_instances(workspace)
    preflight.require_free_for(workspace, run.identity, job=run.job_name)


def counting_approval(workspace: Workspace, found: Promoted, decision: Decision) -> Approval | None:
    """Return the approval that counts here: this environment's own, else the one that came along.

    That one let pass what the other gate said; where this gate says anything else, or what is live
    here is better, it does not count.
    """
    own = candidacy.counting_approval(workspace, found.run, decision)
    return own or approval_of_there(found, decision)


def approval_of_there(found: Promoted, decision: Decision) -> Approval | None:
    """Return the approval that came along, where it counts here too."""
    if decision.verdict is Verdict.DEPLOY:
        return found.release.approval
    same = apart_from_champion(decision) == apart_from_champion(found.release.decision)
    return found.release.approval if same and not holds_back(decision) else None


def take_along(
    workspace: Workspace, run: TrainingRun, decision: Decision, approval: Approval | None
) -> None:
    """Record here the approval that came along and lets a held model pass."""
    if approval is not None and decision.verdict.may_be_approved:
        key = naming.approval_object(run.job_name)
        workspace.store.put(key, approval.to_json().encode())


def bring(workspace: Workspace, found: Promoted) -> TrainingRun:
    """Copy what was judged, its rows and its code, then record the job here.

    Each copy is made once and compared with its source. Nothing is written where that fails.
    """
    release, run = found.release, found.run
    store = workspace.store
    _copy(found.source.store, store, naming.artifact_object(release.artifact_sha256))
    rows = _places_of_rows(found)
    places = (*rows.values(), naming.code_prefix(run.code_sha256))
    brought = [key for place in places for key in found.source.store.keys(place)]
    for key in brought:
        _copy(found.source.store, store, key)
    baseline = naming.baseline_object(run.job_name)
    if found.source.store.exists(baseline):
        _copy(found.source.store, store, baseline)
    moved = replace(
        run,
        artifact_uri=store.uri(naming.artifact_object(release.artifact_sha256)),
        test_uri=store.uri(rows["test_uri"]),
        train_uri=store.uri(rows["train_uri"]) if "train_uri" in rows else run.train_uri,
        files={key: digest for key, digest in run.files.items() if key in brought},
    )
    job = run.job_name
    store.put(naming.evaluation_object(job), release.evaluation.to_json().encode())
    profile = found.source.store.find(naming.data_profile_object(job))
    if profile is not None:
        store.put(naming.data_profile_object(job), profile.body)
    store.put(naming.training_run_object(job), moved.to_json().encode())
    logger.info("promoted from=%s job=%s", found.origin, job)
    return moved


def _places_of_rows(found: Promoted) -> dict[str, str]:
    """Return where the rows lie by the name of their address in the record.

    The training rows say what the model has seen, when a later one is compared with it.
    """
    store, run = found.source.store, found.run
    places = {"test_uri": _key_of(store, run.test_uri)}
    if run.train_uri.startswith(store.uri("")):  # else it was promoted without them
        places["train_uri"] = _key_of(store, run.train_uri)
    return places


def _key_of(store: Objects, uri: str) -> str:
    """Return the key of an address in a bucket. Raises UsageError for one somewhere else."""
    start = store.uri("")
    if not uri.startswith(start):
        message = f"The rows that test this model lie in {uri}, not in {store.bucket}."
        raise UsageError(message, remedy="Promote from the environment in which it was trained.")
    return uri.removeprefix(start)


def _copy(source: Objects, target: Objects, key: str) -> None:
    """Copy an object under its own key, and make sure that both are the same bytes."""
    wanted = source.sha256(source.uri(key))
    target.copy_to(source.uri(key), key)
    found = target.sha256(target.uri(key))
    if found != wanted:
        message = (
            f"{target.uri(key)} is not what lies in {source.bucket}: its sha256 is {found[:12]}."
        )
        raise PlanRefused(message, remedy="Nothing was deployed. Find out who wrote it.")


def told(found: Promoted) -> Iterator[str]:
    """Say what comes with the release: from where, by whom judged and approved, and when."""
    release = found.release
    yield f"Promoted: {release.release_id} of {found.source.environment}, made by " + (
        f"{release.created_by} at {release.created_at:%Y-%m-%d %H:%M} UTC"
    )
    yield f"Artifact: sha256 {release.artifact_sha256}, trained by {release.training_job}"
    yield f"There: {release.decision.verdict.value}: {' '.join(release.decision.reasons)}"
    given = release.approval
    if given is not None:
        yield f"Approved by {given.who} at {given.when:%Y-%m-%d %H:%M} UTC: {given.reason}"

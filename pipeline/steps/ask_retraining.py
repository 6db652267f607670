"""Asks the pipeline for a retraining where a window calls for one: once for each window.

The claim is written before the event is put, and that it was put is written down thereafter. A run
that dies in between, or hears no answer, leaves a claim that a later one with a cause asks by: the
request is the same, and a pipeline takes it once.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.context import Workspace
from pipeline.core import naming, requests, retraining
from pipeline.core.errors import CloudUnusable, LeaseHeld
from pipeline.core.head import LedgerHead
from pipeline.core.monitoring import WindowRecord
from pipeline.core.records import Release
from pipeline.core.requests import Claim
from pipeline.core.retraining import Asked, Cause, Check, Choice, Situation
from pipeline.gateways.ledger import LeasedLedger
from pipeline.gateways.store import AlreadyExists
from pipeline.steps.learn import learnable
from pipeline.steps.leased import hold

logger = logging.getLogger(__name__)


def decide(
    workspace: Workspace, release: Release, records: Sequence[WindowRecord]
) -> tuple[Choice, str | None]:
    """Return what was decided after the newest of these windows, and the request that was made."""
    rules, head = workspace.settings.retraining_rules, workspace.ledger.read().head
    claims = _claims(workspace)
    situation = _situation(workspace, head, release, records, claims)
    first = retraining.first_choice(situation, rules)
    if first.cause is None:
        if first.check is Check.DATA_QUALITY:
            _told(workspace, first, records[-1])
        return first, None
    to_learn = learnable(workspace, release)  # much to read, for which no run has to wait
    book, busy = _held(workspace, head)
    if book is None:
        situation = replace(situation, at_work=situation.at_work or busy)
        return retraining.choose(situation, rules, to_learn), None
    claims = _claims(workspace)
    situation = _situation(workspace, book.head, release, records, claims)
    choice, request_id = retraining.choose(situation, rules, to_learn), None
    if choice.is_asked and choice.cause is not None:
        choice, request_id = _asked(workspace, choice, choice.cause, records[-1], claims)
    _record(book, choice, records[-1], request_id)
    return choice, request_id


@dataclass(frozen=True, kw_only=True)
class _Claims:
    """All that windows asked for, heard or not; the newest last."""

    heard: tuple[Asked, ...]
    unheard: tuple[Asked, ...]


def _situation(
    workspace: Workspace,
    head: LedgerHead,
    release: Release,
    records: Sequence[WindowRecord],
    claims: _Claims,
) -> Situation:
    since = [each.since for each in head.lived if each.release_id == release.release_id]
    moving = ""
    if head.move is not None:
        moving = f"a {head.move.kind.value} to {head.move.target} is under way."
    elif head.live_release != release.release_id:
        moving = f"{head.live_release} has become live meanwhile."
    return Situation(
        release_id=release.release_id,
        live_since=since[-1] if since else release.created_at,
        now=workspace.context.now(),
        windows=[each.facts for each in records],
        asked=claims.heard,
        at_work=moving,
        people_asked=_people_asked(workspace),
    )


def _held(workspace: Workspace, head: LedgerHead) -> tuple[LeasedLedger | None, str]:
    """Take the endpoint for the decision; return why not where another run has it."""
    try:
        return hold(workspace, after=head.fencing), ""
    except LeaseHeld as held:
        logger.info("%s", held.message)
        return None, held.message


def _claims(workspace: Workspace) -> _Claims:
    endpoint, store = workspace.context.endpoint, workspace.store
    prefix = naming.retraining_claims_prefix(endpoint)
    found = (store.find(key) for key in store.keys(prefix))
    claims = [Asked.from_json(each.body) for each in found if each is not None]
    open_ids = {each.request_id for each in retraining.unheard(claims, taken=())}
    taken = {each for each in open_ids if store.exists(naming.request_object(endpoint, each))}
    return _Claims(
        heard=retraining.heard(claims, taken=taken),
        unheard=retraining.unheard(claims, taken=taken),
    )


def _people_asked(workspace: Workspace) -> datetime | None:
    """Return when a pipeline last took up what a person had asked for by mode retrain."""
    store, place = workspace.store, naming.requests_prefix(workspace.context.endpoint)
    times = []
    for key in store.keys(f"{place}{requests.BY_PEOPLE}"):
        found = store.find(key)
        if found is not None:
            times.append(Claim.from_json(found.body, place=store.uri(key)).time)
    return max(times, default=None)


def _asked(
    workspace: Workspace, choice: Choice, cause: Cause, newest: WindowRecord, claims: _Claims
) -> tuple[Choice, str | None]:
    """Claim this window, then ask; return the choice as it came about, and the request's id."""
    context, rule = workspace.context, workspace.foundation.retraining
    if rule is None:
        reason = (
            f"{choice.reason} Nobody was asked: the foundation of {context.settings.environment} "
            "has no retraining."
        )
        return Choice(check=Check.UNHEARD, reason=reason, cause=cause), None
    claim = _claimed(workspace, choice, cause, newest, claims)
    if claim.request_id in {each.request_id for each in claims.heard}:
        reason = f"This window has asked for a retraining already: {choice.reason}"
        return Choice(check=Check.CLAIMED, reason=reason, cause=cause), None
    try:
        event_id = workspace.bus.put(
            _detail(workspace, claim), source=rule.source, detail_type=rule.detail_type
        )
    except CloudUnusable as error:
        reason = (
            f"{choice.reason} Whether the pipeline was asked is not known: {error.message} While "
            "there is a cause, the next run asks by the same request."
        )
        return Choice(check=Check.UNHEARD, reason=reason, cause=cause), None
    put = replace(claim, event_id=event_id, when=context.now())
    workspace.store.put(_claim_key(claim), put.to_json().encode())
    logger.info("asked for a retraining request=%s event=%s", claim.request_id, event_id)
    return choice, claim.request_id


def _claimed(
    workspace: Workspace, choice: Choice, cause: Cause, newest: WindowRecord, claims: _Claims
) -> Asked:
    """Return the claim of this window that stands: by the request that nobody may have heard."""
    context = workspace.context
    names = context.endpoint, newest.release_id, newest.window.name
    waiting = [each for each in claims.unheard if each.release_id == newest.release_id]
    ours = Asked(
        endpoint=context.endpoint,
        release_id=newest.release_id,
        window=newest.window.name,
        cause=cause,
        reason=choice.reason,
        request_id=waiting[-1].request_id if waiting else requests.id_of_window(*names),
        event_id=None,
        run_id=context.run_id,
        who=context.who,
        when=context.now(),
    )
    key = _claim_key(ours)
    try:
        workspace.store.create(key, ours.to_json().encode())
    except AlreadyExists:
        found = workspace.store.find(key)
        return (
            ours if found is None else Asked.from_json(found.body, place=workspace.store.uri(key))
        )
    return ours


def _claim_key(claim: Asked) -> str:
    return naming.retraining_claim_object(claim.endpoint, claim.release_id, claim.window)


def _detail(workspace: Workspace, claim: Asked) -> dict[str, str]:
    context = workspace.context
    return {
        "cause": requests.cause_of_monitoring(claim.endpoint, claim.cause.value, claim.reason),
        "endpoint": claim.endpoint,
        "environment": context.settings.environment,
        "model": context.settings.model_name_prefix,
        "reason": claim.reason,
        "request_id": claim.request_id,
        "who": context.who,
    }


def _told(workspace: Workspace, choice: Choice, newest: WindowRecord) -> None:
    """Write down a fault of the data, where nobody else is at work."""
    book, _ = _held(workspace, workspace.ledger.read().head)
    if book is not None:
        _record(book, choice, newest, None)


def _record(
    book: LeasedLedger, choice: Choice, newest: WindowRecord, request_id: str | None
) -> None:
    what = "retraining asked" if choice.is_asked else "retraining not asked"
    asked = {"asked": request_id} if request_id else {}
    book.record(
        book.head,
        what,
        check=choice.check.value,
        reason=choice.reason,
        release=newest.release_id,
        window=newest.window.name,
        **asked,
    )

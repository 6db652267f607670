"""Asks the pipeline for a retraining where a window calls for one: at most once for each window.

The claim is written before the event is put. A run that dies between the two has asked nobody, and
nobody asks for that window again; the next one may.
"""

import logging
from collections.abc import Sequence
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
    """Return what was decided after the newest of these windows, and the event that was put."""
    rules, head = workspace.settings.retraining_rules, workspace.ledger.read().head
    situation = _situation(workspace, head, release, records)
    first = retraining.first_choice(situation, rules)
    if first.cause is None:
        if first.check is Check.DATA_QUALITY:
            _told(workspace, first, records[-1])
        return first, None
    book, busy = _held(workspace, head)
    if book is not None:
        situation = _situation(workspace, book.head, release, records)
    elif busy:
        situation = _with_work(situation, busy)
    choice = retraining.choose(situation, rules, learnable(workspace, release))
    request_id = None
    if choice.is_asked and choice.cause is not None and book is not None:
        choice, request_id = _asked(workspace, choice, choice.cause, records[-1])
    if book is not None:
        _record(book, choice, records[-1], request_id)
    return choice, request_id


def _situation(
    workspace: Workspace, head: LedgerHead, release: Release, records: Sequence[WindowRecord]
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
        asked=_claims(workspace),
        at_work=moving,
        people_asked=_people_asked(workspace),
    )


def _with_work(situation: Situation, busy: str) -> Situation:
    return Situation(**{**vars(situation), "at_work": situation.at_work or busy})


def _held(workspace: Workspace, head: LedgerHead) -> tuple[LeasedLedger | None, str]:
    """Take the endpoint for the decision; return why not where another run has it."""
    try:
        return hold(workspace, after=head.fencing), ""
    except LeaseHeld as held:
        logger.info("%s", held.message)
        return None, held.message


def _claims(workspace: Workspace) -> tuple[Asked, ...]:
    prefix = naming.retraining_claims_prefix(workspace.context.endpoint)
    found = (workspace.store.find(key) for key in workspace.store.keys(prefix))
    return tuple(Asked.from_json(each.body) for each in found if each is not None)


def _people_asked(workspace: Workspace) -> datetime | None:
    """Return when a pipeline last took up what a person had asked for by mode retrain."""
    endpoint = workspace.context.endpoint
    own = naming.retraining_claims_prefix(endpoint)
    times = []
    for key in workspace.store.keys(naming.requests_prefix(endpoint)):
        found = None if key.startswith(own) else workspace.store.find(key)
        if found is not None:
            claim = Claim.from_json(found.body, place=workspace.store.uri(key))
            if requests.is_of_people(claim.cause, endpoint):
                times.append(claim.time)
    return max(times, default=None)


def _asked(
    workspace: Workspace, choice: Choice, cause: Cause, newest: WindowRecord
) -> tuple[Choice, str | None]:
    """Claim this window, then ask; return the choice as it came about."""
    context, rule = workspace.context, workspace.foundation.retraining
    if rule is None:
        reason = (
            f"{choice.reason} Nobody was asked: the foundation of {context.settings.environment} "
            "has no retraining."
        )
        return Choice(check=Check.UNHEARD, reason=reason, cause=cause), None
    ours = Asked(
        endpoint=context.endpoint,
        release_id=newest.release_id,
        window=newest.window.name,
        cause=cause,
        reason=choice.reason,
        run_id=context.run_id,
        who=context.who,
        when=context.now(),
    )
    key = naming.retraining_claim_object(context.endpoint, newest.release_id, newest.window.name)
    try:
        workspace.store.create(key, ours.to_json().encode())
    except AlreadyExists:
        reason = f"This window has asked for a retraining already: {choice.reason}"
        return Choice(check=Check.CLAIMED, reason=reason, cause=cause), None
    detail = {
        "cause": requests.cause_of_monitoring(context.endpoint, cause.value, choice.reason),
        "endpoint": context.endpoint,
        "environment": context.settings.environment,
        "model": context.settings.model_name_prefix,
        "reason": choice.reason,
        "who": context.who,
    }
    try:
        event_id = workspace.bus.put(detail, source=rule.source, detail_type=rule.detail_type)
    except CloudUnusable as error:
        reason = f"{choice.reason} Whether the pipeline was asked is not known: {error.message}"
        return Choice(check=Check.UNHEARD, reason=reason, cause=cause), None
    logger.info("asked for a retraining event=%s cause=%s", event_id, cause.value)
    return choice, event_id


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

"""What rules of terraform/modules/retraining ask of a run, and whether it is to be done.

EventBridge delivers at least once and knows nothing of releases: a request is done by the pipeline
that claims its id, and a rollback only for a release that was deployed, not long ago, and whose
content was never rolled back by request. All times are those of the request and of the ledger;
the clock of the machine that decides plays no part.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.core.document import Instant, Stored
from pipeline.core.errors import UsageError
from pipeline.core.head import LedgerHead, Lived, MoveKind, RequestedRollback
from pipeline.core.ledger import content_of
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.reconcile import serves_live

LONGEST_CAUSE = 600  # a reason of 500 characters behind the longest endpoint's name

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
# `<endpoint>/<alarm>`, or what mode retrain says; a schedule's name has no slash. Rules match names
# by asterisks, so that an alarm of somebody else, whatever stands before its slash, may arrive too.
_CAUSE_OF_ENDPOINT = re.compile(r"(.*?)/[a-zA-Z][a-zA-Z0-9_]*(?::.*)?")
# GitLab expands $ in variables, and whoever reads them may put them between quotes
_NOT_CARRIED = re.compile(r'["\\$]')
_SAID_BY_PEOPLE = "asked"
# What the id of a request begins with that a person made
BY_PEOPLE = f"{_SAID_BY_PEOPLE}-"
_GIVE_AS_SENT = (
    "Give --request-id, --request-cause and --request-time as the trigger of the pipeline sent "
    "them, or none of them."
)
_WAYS: Mapping[MoveKind, str] = {
    MoveKind.ADOPTION: "an adoption",
    MoveKind.DEPLOYMENT: "a deployment",
    MoveKind.RETURN: "the way back of a deployment that failed",
    MoveKind.ROLLBACK: "a rollback",
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked: its id, what rang or was due, and when. The same for each of its deliveries.

    The id is that of the event, or the one that the runner gave it. `pipeline_id` is the pipeline
    that this delivery started, None outside of one.
    """

    request_id: str
    cause: str
    time: datetime
    pipeline_id: str | None = None

    @property
    def details(self) -> dict[str, str]:
        """What the history tells of a request."""
        return {"request": self.request_id, "request_cause": self.cause}

    def is_for(self, endpoint: str) -> bool:
        """Tell whether the cause names this endpoint, or none at all."""
        named = _CAUSE_OF_ENDPOINT.fullmatch(self.cause.strip())
        return named is None or named[1] == endpoint


@dataclass(frozen=True, kw_only=True)
class Claim(Stored):
    """Who does a request: a pipeline, whose later jobs and repetitions may go on with it."""

    request_id: str
    cause: str
    time: Instant
    pipeline_id: str
    run_id: str
    who: str
    claimed_at: Instant


def parse_request(*, request_id: str, cause: str, time: str) -> Request:
    """Read what a trigger sends. Raises UsageError for what no trigger of ours sends."""
    if _ID.fullmatch(request_id) is None:
        what = f"{request_id[:80]!a} is no request id: 1 to 64 letters, digits and hyphens."
        raise UsageError(what, remedy=_GIVE_AS_SENT)
    if not cause.isprintable() or not 1 <= len(cause.strip()) <= LONGEST_CAUSE:
        what = (
            f"The cause of request {request_id} must be a line of 1 to {LONGEST_CAUSE} characters."
        )
        raise UsageError(what, remedy=_GIVE_AS_SENT)
    return Request(request_id=request_id, cause=cause, time=_instant(time))


def cause_of_asking(endpoint: str, reason: str) -> str:
    """Return the cause that mode retrain sends, in characters that arrive as they are sent."""
    return _NOT_CARRIED.sub("'", f"{endpoint}/{_SAID_BY_PEOPLE}: {reason}")


def cause_of_monitoring(endpoint: str, cause: str, reason: str) -> str:
    """Return the cause that mode monitor sends, short enough to be taken."""
    text = _NOT_CARRIED.sub("'", f"{endpoint}/{cause}: {reason}")
    return text if len(text) <= LONGEST_CAUSE else f"{text[: LONGEST_CAUSE - 3]}..."


def id_of_asking(endpoint: str, reason: str, *, taken: int) -> str:
    """Return the id of what a person asks for by mode retrain, however often it is put.

    `taken` is how many with this reason a pipeline has taken up: until then it is the same request.
    """
    return f"{BY_PEOPLE}{_digest(endpoint, reason, str(taken))}"


def id_of_window(endpoint: str, release: str, window: str) -> str:
    """Return the id of what a window of mode monitor asks for, however often it is put."""
    return f"monitor-{_digest(endpoint, release, window)}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:40]


def why_not_rolled_back(
    head: LedgerHead, request: Request, seen: EndpointObservation, *, window_s: int
) -> str | None:
    """Return why the live release is not rolled back by this request; None when it is."""
    release = head.live_release
    if release is None or not head.lived:
        return f"Nothing is live on {head.endpoint}."
    if seen.status is EndpointStatus.IN_SERVICE and not serves_live(head, seen):
        return (
            f"The endpoint serves {seen.config_name}, which is no release of its ledger: somebody "
            "put it there by hand, and leaving it is for a person to decide (--mode rollback)."
        )
    live = head.lived[-1]
    if live.by is not MoveKind.DEPLOYMENT:
        return f"Release {release} did not come by a deployment but by {_WAYS[live.by]}."
    return _why_not_in_time(live, live.since, request, window_s) or _why_not_again(
        head, release, request
    )


def begin_requested_rollback(head: LedgerHead, request: Request) -> LedgerHead:
    """Remember that what is live is rolled back by this request, before anything moves."""
    release = head.live_release
    if release is None or _begun(head, release):
        return head
    begun = RequestedRollback(
        content_digest=content_of(head, release),
        release_id=release,
        request_id=request.request_id,
        when=request.time,
    )
    return replace(head, requested_rollbacks=(*head.requested_rollbacks, begun))


def is_begun_by(head: LedgerHead, request: Request) -> bool:
    """Tell whether the move that is unfinished is the rollback that this request asked for."""
    return head.move is not None and head.move.request_id == request.request_id


def _why_not_in_time(live: Lived, since: datetime, request: Request, window_s: int) -> str | None:
    # An event's time has no fractions of a second.
    since = since.replace(microsecond=0)
    if request.time < since:
        return f"Release {live.release_id} is live since {_text(since)}, after the alarm."
    if request.time - since > timedelta(seconds=window_s):
        return (
            f"Release {live.release_id} is live since {_text(since)}, more than the {window_s} s "
            "of deployment.rollback_window_s before the alarm."
        )
    return None


def _why_not_again(head: LedgerHead, release: str, request: Request) -> str | None:
    """A request that was cut off may go on; no other one may do the same again."""
    begun = _begun(head, release)
    if begun is None or begun.request_id == request.request_id:
        return None
    return (
        f"A rollback of what release {release} holds was begun by request {begun.request_id} "
        "already: once more is for a person to decide."
    )


def _begun(head: LedgerHead, release: str) -> RequestedRollback | None:
    digest = content_of(head, release)
    found = (each for each in head.requested_rollbacks if each.content_digest == digest)
    return next(found, None)


def _instant(time: str) -> datetime:
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        what = f"{time[:80]!a} is no time of a request, such as 2026-01-31T12:00:00Z."
        raise UsageError(what, remedy=_GIVE_AS_SENT)
    return found


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

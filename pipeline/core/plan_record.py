"""What a plan folder says of itself, and why it may not be applied. Nothing here reads or writes.

A plan is good for one apply, of what was reviewed, where nothing has moved since. Every refusal is
exit code 7, names what differs, and says what to type.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.core import naming, plan_digest
from pipeline.core.document import Instant, Stored, sha256_of
from pipeline.core.errors import PlanRefused, UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.records import Release

SCHEMA_VERSION = 1
PLAN_STALE = "PlanStale"

_DIGEST = re.compile(r"[0-9a-f]{64}")


class PlanKind(StrEnum):
    """`infrastructure`: this commit's Terraform, with what is live; `release`: with another one."""

    INFRASTRUCTURE = "infrastructure"
    RELEASE = "release"


@dataclass(frozen=True, kw_only=True)
class PlanRecord(Stored):
    """The document plan.json of a plan folder.

    `plan_id` is the run that made it, `place` what it is for: backend, account, region, project,
    environment, endpoint. `facts` are those of the digest. `files` is the sha256 of each file of
    the folder by its name, `roots` the modules that it plans, in the order in which they are
    applied. `head_digest` and `head_line` say how the ledger was: its content, and the number of
    the newest line of its history. Of a release plan: the job, the release that it makes or moves
    to, and the config key that the endpoint gets.
    """

    schema_version: int
    plan_id: str
    kind: PlanKind
    made_at: Instant
    made_by: str
    place: Mapping[str, str]
    commit: str
    terraform_version: str
    digest: str
    facts: tuple[str, ...]
    files: Mapping[str, str]
    roots: tuple[str, ...]
    head_digest: str
    head_line: int
    training_job: str | None = None
    release: Release | None = None
    target: str | None = None

    @property
    def is_consistent(self) -> bool:
        """Tell whether the digest is that of the facts, and release and target belong together."""
        whole = self.digest == plan_digest.digest_of(self.facts)
        if self.release is None or self.target is None:
            return whole and self.release is None and self.target is None
        of_target = naming.parse_config_key(self.target).release
        return whole and self.release.release_id == of_target

    @property
    def again(self) -> str:
        """Return the command that makes this plan anew."""
        if self.training_job:
            return f"--mode plan --training-job {self.training_job}"
        return "--mode plan"


@dataclass(frozen=True, kw_only=True)
class PlanClaim(Stored):
    """Says in the artifact bucket that a plan is used: written once, before its first effect."""

    plan_id: str
    digest: str
    commit: str
    run_id: str
    who: str
    when: Instant


@dataclass(frozen=True, kw_only=True)
class ApprovedPlan:
    """What people have approved elsewhere: a digest, with the facts where their review was kept."""

    digest: str
    facts: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> "ApprovedPlan":
        """Read a digest, or the text of plan.facts. Raises UsageError for anything else."""
        digest, *facts = text.strip().split("\n")
        if not _DIGEST.fullmatch(digest):
            message = f"No digest of a plan: {digest[:80]!r}."
            remedy = "Give the 64 digits of plan.digest, or the file plan.facts beside it."
            raise UsageError(message, remedy=remedy)
        return cls(digest=digest, facts=tuple(facts))


def head_digest(head: LedgerHead) -> str:
    """Return what a plan was made from; taking a lease or being told of an end changes nothing."""
    return sha256_of(replace(head, fencing=0, unheard=None).to_json())


def head_line(head: LedgerHead) -> int:
    return head.last_event.number if head.last_event else 0


def require_place(record: PlanRecord, place: Mapping[str, str]) -> None:
    """Refuse a plan that is for another environment, account, region or endpoint."""
    other = [
        f"{name} {record.place.get(name)} (here: {here})"
        for name, here in place.items()
        if record.place.get(name) != here
    ]
    if other:
        message = f"The plan {record.plan_id} is for {', '.join(other)}."
        raise UsageError(message, remedy="Choose what it is for, or make a plan of your own.")


def require_terraform_version(record: PlanRecord, version: str) -> None:
    if record.terraform_version == version:
        return
    message = (
        f"The plan {record.plan_id} was made by Terraform {record.terraform_version}; "
        f"here is {version}."
    )
    raise _refused(message, record, first="Apply it with that version, or review a new plan")


def require_young(record: PlanRecord, now: datetime, *, most: timedelta) -> None:
    age = now - record.made_at
    if timedelta(minutes=-5) <= age <= most:
        return
    message = (
        f"The plan {record.plan_id} was made at {record.made_at:%Y-%m-%d %H:%M} UTC, "
        f"{_hours(age)} h ago; it may be applied for {_hours(most)} h "
        "(deployment.maximum_plan_age_s)."
    )
    raise _refused(message, record)


def require_newer_commit(record: PlanRecord, applied: str, *, is_older: bool | None) -> None:
    """Refuse a plan of a commit that is older than what was applied; None: git cannot tell."""
    if is_older is False:
        return
    if is_older:
        message = (
            f"The plan {record.plan_id} is of commit {record.commit[:12]}, which is older than "
            f"{applied[:12]}, which was applied."
        )
        raise _refused(message, record, first="Check out the newest commit and review a new plan")
    message = (
        f"The plan {record.plan_id} is of commit {record.commit[:12]}; git cannot tell whether "
        f"that is older than {applied[:12]}, which was applied."
    )
    raise PlanRefused(
        message, remedy="Get both with git fetch --unshallow, then repeat.", code=PLAN_STALE
    )


def require_unmoved(record: PlanRecord, head: LedgerHead) -> None:
    """Refuse a plan that was made before something else happened to the endpoint."""
    if head_digest(head) == record.head_digest:
        return
    last = head.last_event
    what = (
        f"line {head_line(head)} of its history, {last.what!r} by {last.who} at "
        f"{last.when:%Y-%m-%d %H:%M} UTC"
        if last
        else "no history"
    )
    message = (
        f"{head.endpoint} has moved since the plan {record.plan_id} was made: it was planned at "
        f"line {record.head_line} of its history, and now there is {what}. "
        f"Live is {head.live or 'nothing'}."
    )
    raise _refused(message, record)


def planned_count(record: PlanRecord) -> int:
    """Return how many instances were planned for; 1 where the plan moves nothing."""
    return naming.parse_config_key(record.target).instance_count if record.target else 1


def require_same(
    record: PlanRecord, facts: tuple[str, ...], *, hidden: Callable[[str], str]
) -> None:
    """Refuse where what would be planned now is not what was reviewed; show what differs.

    `hidden` takes secrets out of a line that is shown.
    """
    found = plan_digest.digest_of(facts)
    if found == record.digest:
        return
    lines = "\n".join(map(hidden, plan_digest.differences(record.facts, facts)))
    message = (
        f"The plan {record.plan_id} has the digest {record.digest[:12]}; planned now, it has "
        f"{found[:12]}.\n{lines}"
    )
    raise _refused(message, record)


def require_approved(
    record: PlanRecord, approved: ApprovedPlan, *, hidden: Callable[[str], str]
) -> None:
    """Refuse a plan that is not the one that people approved; show what differs.

    Where only their digest is known, what this plan would change is shown.
    """
    if record.digest == approved.digest:
        return
    is_change = plan_digest.is_change
    here = record.facts if approved.facts else tuple(filter(is_change, record.facts))
    lines = "\n".join(plan_digest.differences(approved.facts, tuple(map(hidden, here))))
    message = (
        f"The plan {record.plan_id} has the digest {record.digest[:12]}; what was approved has "
        f"{approved.digest[:12]}.\n{lines}"
    )
    remedy = f"Nothing was applied. Review this plan and approve its digest: {record.digest}"
    raise PlanRefused(message, remedy=remedy, code=PLAN_STALE)


def facts_text(digest: str, facts: tuple[str, ...], *, hidden: Callable[[str], str]) -> str:
    """Return plan.facts: the digest, and a line for each fact, fit to be read by everybody."""
    return "\n".join((digest, *map(hidden, facts), ""))


def used(record: PlanRecord, claim: PlanClaim) -> PlanRefused:
    message = (
        f"The plan {record.plan_id} was applied by {claim.who} at {claim.when:%Y-%m-%d %H:%M} UTC "
        f"(run {claim.run_id}); a plan is good for one apply."
    )
    return _refused(message, record)


def tampered(folder: str, what: str) -> PlanRefused:
    message = f"The plan folder {folder} is not what mode plan wrote: {what}."
    return PlanRefused(message, remedy="Nothing was applied. Make a new plan: --mode plan")


def _refused(message: str, record: PlanRecord, *, first: str = "Review a new plan") -> PlanRefused:
    return PlanRefused(
        message, remedy=f"Nothing was applied. {first}: {record.again}", code=PLAN_STALE
    )


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f}"

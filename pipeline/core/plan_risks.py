"""What a reader of a plan looks at first: what it takes away, what serves, who may do what."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.core import intents
from pipeline.core.outcomes import Action, PlanSummary, ResourceChange
from pipeline.core.plan_review import cause, is_of_tags

_VERBS = {
    Action.DELETE: "deleted",
    Action.REPLACE: "deleted and made anew",
    Action.FORGET: "left without Terraform",
}
_RIGHTS = ("aws_iam_", "aws_kms_", "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block")
_ORDER = tuple(_VERBS)


@dataclass(frozen=True, kw_only=True)
class Risk:
    """One change to look at first, and why. `destroys`: something is there no more afterwards."""

    address: str
    why: str
    destroys: bool


def risks_of(summaries: Iterable[PlanSummary]) -> Iterator[Risk]:
    """Yield what to look at first."""
    for summary in summaries:
        for change in sorted(summary.changes, key=_rank):
            destroys = change.deposed or change.action in _VERBS
            why = _why_destroyed(change) if destroys else _why_risky(change)
            if why is not None:
                yield Risk(address=change.address, why=why, destroys=destroys)


def _rank(change: ResourceChange) -> tuple[int, str]:
    rank = _ORDER.index(change.action) if change.action in _ORDER else len(_ORDER)
    return rank, change.address


def _why_destroyed(change: ResourceChange) -> str:
    if change.deposed:
        return "an object that an earlier apply left over is deleted"
    return f"{_VERBS[change.action]}{cause(change)}"


def _why_risky(change: ResourceChange) -> str | None:
    if is_of_tags(change):
        return None
    if change.address == intents.ENDPOINT:
        return "what serves moves" if change.action is Action.UPDATE else f"{change.action.value}d"
    if change.action is Action.UPDATE and change.resource_type.startswith(_RIGHTS):
        return "who may do what changes"
    return None

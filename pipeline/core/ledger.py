"""The ledger's transitions: head in, head out. Nothing here reads or writes.

Laws, kept by property tests: nothing under an existing key is edited; `previous` is never the
live release and never quarantined; pruning never takes the live config.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.core import naming
from pipeline.core.errors import LeaseHeld, NotServing, UsageError
from pipeline.core.head import (
    EndpointConfigEntry,
    LedgerHead,
    Lived,
    Move,
    MoveKind,
    Quarantined,
    Retained,
)
from pipeline.core.records import Release
from pipeline.core.surroundings import NOTHING

RETAINED_HEALTHY = 3

_SETTLE = "--mode settle finishes what was begun."


def empty_head(endpoint: str) -> LedgerHead:
    return LedgerHead(endpoint=endpoint, endpoint_configs={})


def fence(head: LedgerHead, number: int) -> LedgerHead:
    """Take the head over with the lease's fencing number; an older lease is refused."""
    if number < head.fencing:
        what = f"The ledger of {head.endpoint} was written under a newer lease ({head.fencing})."
        raise LeaseHeld(what, remedy="Another run took over; look at --mode status.")
    return replace(head, fencing=number)


def add_release(head: LedgerHead, release: Release) -> LedgerHead:
    """Retain a release; adding the same one again changes nothing."""
    added = Retained(release_id=release.release_id, content_digest=release.content_digest)
    if added in head.retained:
        return head
    if release.release_id in head.release_ids:
        what = f"The release id {release.release_id} is taken by a release with other content."
        raise UsageError(what, remedy="Start again: a new run gets a new id.")
    return replace(head, retained=(*head.retained, added))


def retain_again(head: LedgerHead, release: Release, config_key: str) -> LedgerHead:
    """Retain a release that was dropped, under the config that was found serving it."""
    count = naming.parse_config_key(config_key).instance_count
    entry = EndpointConfigEntry(release=release.release_id, instance_count=count)
    head = add_release(head, release)
    return replace(head, endpoint_configs={**head.endpoint_configs, config_key: entry})


def config_for(
    head: LedgerHead, release: str, *, live_count: int, minimum: int, maximum: int
) -> tuple[str, LedgerHead]:
    """Find or add the config of `release` whose count keeps the live capacity, within limits."""
    _require_retained(head, release)
    count = max(minimum, min(live_count, maximum))
    key = naming.config_key(release, count)
    if key in head.endpoint_configs:
        return key, head
    entry = EndpointConfigEntry(release=release, instance_count=count)
    return key, replace(head, endpoint_configs={**head.endpoint_configs, key: entry})


def begin(head: LedgerHead, move: Move) -> LedgerHead:
    """Write down where the endpoint is about to go; one move at a time."""
    if move.target not in head.endpoint_configs:
        what = f"{move.target} is no endpoint config of {head.endpoint}."
        raise UsageError(what, remedy="--mode status lists them.")
    if head.move is not None:
        what = f"A {head.move.kind.value} of {head.endpoint} to {head.move.target} is unfinished."
        raise LeaseHeld(what, remedy=_SETTLE)
    begun = replace(move, found_due=head.state_due)
    return replace(head, move=begun, state_due=True, unheard=None)


def arrive(head: LedgerHead, *, when: datetime) -> LedgerHead:
    """SageMaker serves the target: it is live, not yet proved; what is left for a cause is barred.

    Both in one head, so that no crash in between lets a later rollback go to what was left.
    """
    move = _begun(head)
    release = head.endpoint_configs[move.target].release
    lived = head.lived
    if head.live_release != release:
        lived = (*lived, Lived(release_id=release, healthy=False, since=when, by=move.kind))
    arrived = replace(
        head,
        live=move.target,
        move=replace(move, has_arrived=True),
        lived=lived,
        surroundings_due=head.surroundings_due or head.surroundings != NOTHING,
    )
    return _bar_what_was_left(arrived, move, when=when)


def _bar_what_was_left(head: LedgerHead, move: Move, *, when: datetime) -> LedgerHead:
    origin = head.endpoint_configs.get(move.origin or "")
    if not move.bars or origin is None or origin.release not in head.release_ids:
        return head
    target = head.endpoint_configs[move.target].release
    if content_of(head, origin.release) == content_of(head, target):
        return head
    return quarantine(head, origin.release, reason=move.reason, when=when)


def finish(head: LedgerHead, *, run_id: str) -> LedgerHead:
    """The target that has arrived is proved by this run: it is healthy, and the move is over."""
    move = _begun(head)
    if not move.has_arrived:
        what = f"{move.target} does not serve yet."
        raise UsageError(what, remedy=_SETTLE)
    unheard = run_id if move.kind is MoveKind.ROLLBACK else None
    proved = replace(mark_healthy(head), move=None, unheard=unheard)
    if move.kind is MoveKind.ADOPTION:  # a hand on the cloud is no word on what was barred
        return replace(proved, quarantined=head.quarantined)
    return proved


def drop_move(head: LedgerHead) -> LedgerHead:
    """The move is over without a proof: what is live stays what it is."""
    _begun(head)
    return replace(head, move=None)


def mark_healthy(head: LedgerHead) -> LedgerHead:
    """The live release passed its tests; whatever it was quarantined for is over."""
    release = _live_release(head)
    lived = (*head.lived[:-1], replace(head.lived[-1], healthy=True))
    digest = content_of(head, release)
    kept = tuple(each for each in head.quarantined if each.content_digest != digest)
    return replace(head, lived=lived, quarantined=kept)


def quarantine(head: LedgerHead, release: str, *, reason: str, when: datetime) -> LedgerHead:
    """Bar the content of a release; the first reason stays."""
    digest = content_of(head, release)
    if quarantine_of(head, digest):
        return head
    barred = Quarantined(content_digest=digest, release_id=release, reason=reason, when=when)
    return replace(head, quarantined=(*head.quarantined, barred))


def barred_by(who: str, head: LedgerHead, *, before: LedgerHead) -> LedgerHead:
    """Return the head in which who writes it has left what was not barred before."""
    known = before.quarantined
    barred = (each if each in known else replace(each, who=who) for each in head.quarantined)
    return replace(head, quarantined=tuple(barred))


def quarantine_of(head: LedgerHead, content_digest: str) -> Quarantined | None:
    barred = (each for each in head.quarantined if each.content_digest == content_digest)
    return next(barred, None)


def is_healthy(head: LedgerHead) -> bool:
    """Tell whether the live release passed its tests in its present stretch of serving."""
    return head.live is not None and bool(head.lived) and head.lived[-1].healthy


def is_nothing_to_do(head: LedgerHead, content_digest: str) -> bool:
    """Tell whether this content is live and healthy already, and no move is under way."""
    release = head.live_release
    if release is None or head.move is not None or not is_healthy(head):
        return False
    return content_of(head, release) == content_digest


def previous(
    head: LedgerHead, *, live_serves: bool = True, without: Collection[str] = ()
) -> str | None:
    """The newest release below the current one that was healthy and is not quarantined.

    Where what the ledger calls live does not serve (somebody moved the endpoint by hand), the way
    back is to the newest healthy one, the live one included.
    """
    below = way_down(head)[1:] if live_serves and head.live else way_down(head)
    usable = (each for each in below if _was_healthy(head, each) and _is_usable(head, each))
    current = head.live_release if live_serves else None
    return next((each for each in usable if each != current and each not in without), None)


def way_down(head: LedgerHead) -> tuple[str, ...]:
    """Return what is live, and what a rollback would reach from there, step by step.

    A deployment puts a release on top; who goes back, by a rollback or by hand, takes off all that
    was above it. So no way back ever leads forth, to what was deployed after what is live.
    """
    stack: list[str] = []
    for stretch in head.lived:
        if stretch.by is not MoveKind.DEPLOYMENT and stretch.release_id in stack:
            while stack[-1] != stretch.release_id:
                stack.pop()
        elif stack[-1:] != [stretch.release_id]:
            stack.append(stretch.release_id)
    return tuple(reversed(stack))


def _was_healthy(head: LedgerHead, release: str) -> bool:
    return any(each.healthy and each.release_id == release for each in head.lived)


def nothing_earlier(head: LedgerHead, *, code: str | None = None) -> NotServing:
    """Return the refusal of a rollback that leads nowhere, with a command that leads somewhere."""
    what = (
        f"{head.endpoint} has no earlier healthy release to go back to. Nothing was changed: "
        f"{head.live_release or 'nothing'} is live."
    )
    others = [each for each in head.release_ids if each != head.live_release]
    healthy = [each for each in reversed(others) if _was_healthy(head, each)]
    usable = [each for each in healthy if _is_usable(head, each)]
    if usable:
        remedy = (
            f"{usable[0]} was deployed later, and was healthy: --mode rollback --to {usable[0]}"
        )
    elif healthy:
        remedy = (
            f"{healthy[0]} was healthy and is quarantined. To go there all the same: "
            f"--mode rollback --to {healthy[0]} --force"
        )
    else:
        remedy = "Only a new release can take its place, by --mode full."
    return NotServing(what, remedy=remedy, code=code)


def named_target(
    head: LedgerHead, to: str, *, force: bool = False, live_serves: bool = True
) -> str:
    """Check the release of `--to`. A barred or unproven one needs force."""
    _require_retained(head, to)
    if live_serves and to == head.live_release and _is_usable(head, to):
        return to
    if not force and not (_was_healthy(head, to) and _is_usable(head, to)):
        what = f"{to} is quarantined or never passed its tests on {head.endpoint}."
        raise UsageError(what, remedy="Name another release, or repeat the command with --force.")
    return to


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What a pruning removes from Terraform; the records in S3 stay."""

    releases: tuple[str, ...]
    configs: tuple[str, ...]


def retired(head: LedgerHead) -> LedgerHead:
    """Return the head of an endpoint that was taken out of service: a record, and what is barred.

    A release that comes later is the first one again.
    """
    return LedgerHead(
        endpoint=head.endpoint,
        endpoint_configs={},
        quarantined=head.quarantined,
        requested_rollbacks=head.requested_rollbacks,
        last_event=head.last_event,
        fencing=head.fencing,
    )


def prune(head: LedgerHead, *, keep: int = RETAINED_HEALTHY) -> tuple[Pruned, LedgerHead]:
    """Keep the live release and the last `keep` other healthy ones with all their configs.

    With nothing live nothing is pruned.
    """
    if head.move is not None and head.is_moving:
        what = f"{head.endpoint} is being moved to {head.move.target}; nothing is pruned meanwhile."
        raise LeaseHeld(what, remedy=_SETTLE)
    if head.live is None:  # Terraform's variables cannot say "nothing is live"
        return Pruned(releases=(), configs=()), head
    kept = _kept_releases(head, keep)
    pruned, remaining = _parted(head, kept)
    return pruned, replace(
        remaining, lived=tuple(each for each in head.lived if each.release_id in kept)
    )


def abandon(head: LedgerHead, release: str) -> tuple[Pruned, LedgerHead]:
    """Drop a release that could not even be created: kept, it would fail every later plan.

    One that was ever live, or that a config in use names, is not dropped.
    """
    lived = {each.release_id for each in head.lived}
    keys = (head.live, head.move.target if head.move else None)
    in_use = {head.endpoint_configs[key].release for key in keys if key}
    if release in lived | in_use:
        return Pruned(releases=(), configs=()), head
    return _parted(head, frozenset(head.release_ids) - {release})


def _parted(head: LedgerHead, kept: frozenset[str]) -> tuple[Pruned, LedgerHead]:
    """Return what goes with the releases that are not kept, and the head without it."""
    configs = {key: each for key, each in head.endpoint_configs.items() if each.release in kept}
    gone = Pruned(
        releases=tuple(each for each in head.release_ids if each not in kept),
        configs=tuple(key for key in head.endpoint_configs if key not in configs),
    )
    retained = tuple(each for each in head.retained if each.release_id in kept)
    return gone, replace(head, retained=retained, endpoint_configs=configs)


def _kept_releases(head: LedgerHead, keep: int) -> frozenset[str]:
    """Return the live one and the healthy ones that a rollback reaches first."""
    others = (each.release_id for each in reversed(head.lived))
    candidates = dict.fromkeys((*way_down(head), *others))
    usable = [
        each
        for each in candidates
        if each != head.live_release and _was_healthy(head, each) and _is_usable(head, each)
    ]
    live = [] if head.live_release is None else [head.live_release]
    return frozenset([*live, *usable[:keep]])


def _is_usable(head: LedgerHead, release: str) -> bool:
    if release not in head.release_ids:
        return False
    return quarantine_of(head, content_of(head, release)) is None


def content_of(head: LedgerHead, release: str) -> str:
    """Return the content digest of a retained release. Raises UsageError."""
    _require_retained(head, release)
    return next(each.content_digest for each in head.retained if each.release_id == release)


def _require_retained(head: LedgerHead, release: str) -> None:
    if release not in head.release_ids:
        what = f"{release} is not a retained release of {head.endpoint}."
        raise UsageError(what, remedy="--mode status lists the retained releases.")


def _live_release(head: LedgerHead) -> str:
    release = head.live_release
    if release is None:
        what = f"Nothing is live on {head.endpoint}."
        raise UsageError(what, remedy="Deploy a release first.")
    return release


def _begun(head: LedgerHead) -> Move:
    if head.move is None:
        what = f"No move of {head.endpoint} is under way."
        raise UsageError(what, remedy="Look at --mode status; another run may have settled it.")
    return head.move

"""The ledger's transitions, as a person at 3 a.m. needs them to be."""

from dataclasses import replace

import pytest

from pipeline.core import ledger
from pipeline.core.errors import LeaseHeld, NotServing, UsageError
from pipeline.core.head import LedgerHead, Lived
from tests.unit.core_builders import NOON, a_move, a_release, an_empty_head

R1, R2, R3, R4, R5, R6 = (f"r-2026010{day}-120000-aaaaaa" for day in range(1, 7))


def release_of(release_id: str, head: LedgerHead) -> LedgerHead:
    return ledger.add_release(head, a_release(release_id, artifact_sha256=release_id * 2))


def retain(*release_ids: str) -> LedgerHead:
    head = an_empty_head()
    for release_id in release_ids:
        head = release_of(release_id, head)
    return head


def live_on(
    head: LedgerHead, release_id: str, *, healthy: bool = True, count: int = 1
) -> LedgerHead:
    """Move the endpoint to a retained release, and let it pass its tests or not."""
    key, head = ledger.config_for(head, release_id, live_count=count, minimum=1, maximum=9)
    head = ledger.complete_move(ledger.begin_move(head, key, move=a_move()), when=NOON)
    return ledger.mark_healthy(head) if healthy else head


def after(*release_ids: str) -> LedgerHead:
    head = retain(*dict.fromkeys(release_ids))
    for release_id in release_ids:
        head = live_on(head, release_id)
    return head


def barred(head: LedgerHead, release_id: str) -> LedgerHead:
    return ledger.quarantine(head, release_id, reason="tests failed", when=NOON)


def test_adding_a_release_twice_adds_it_once() -> None:
    assert release_of(R1, retain(R1)) == retain(R1)


def test_a_release_id_never_gets_other_content() -> None:
    with pytest.raises(UsageError, match="taken"):
        ledger.add_release(retain(R1), a_release(R1, artifact_sha256="b" * 64))


@pytest.mark.parametrize(("live_count", "named"), [(0, 1), (1, 1), (3, 3), (50, 4)])
def test_a_config_keeps_the_live_count_within_its_limits(live_count: int, named: int) -> None:
    key, head = ledger.config_for(retain(R1), R1, live_count=live_count, minimum=1, maximum=4)
    assert key == f"{R1}-n{named}"
    assert head.endpoint_configs[key].instance_count == named


def test_an_existing_config_is_used_again() -> None:
    head = after(R1)
    assert ledger.config_for(head, R1, live_count=1, minimum=1, maximum=4) == (f"{R1}-n1", head)


def test_a_move_leaves_the_live_config_until_it_is_complete() -> None:
    head = release_of(R2, after(R1))
    key, head = ledger.config_for(head, R2, live_count=1, minimum=1, maximum=1)
    moving = ledger.begin_move(head, key, move=a_move(wait_interval_s=60))
    assert (moving.live, moving.target) == (f"{R1}-n1", f"{R2}-n1")
    moved = ledger.complete_move(moving, when=NOON)
    assert (moved.live, moved.target) == (f"{R2}-n1", None)
    assert moved.last_move == a_move(wait_interval_s=60)
    assert moved.lived[-1] == Lived(release_id=R2, healthy=False, since=NOON)


def test_a_second_move_waits_for_the_first() -> None:
    head = retain(R1, R2)
    one, head = ledger.config_for(head, R1, live_count=1, minimum=1, maximum=1)
    two, head = ledger.config_for(head, R2, live_count=1, minimum=1, maximum=1)
    moving = ledger.begin_move(head, one, move=a_move())
    assert ledger.begin_move(moving, one, move=a_move()) == moving
    with pytest.raises(LeaseHeld, match="still being moved"):
        ledger.begin_move(moving, two, move=a_move())


@pytest.mark.parametrize(("sent", "wait_s"), [(True, 60), (False, 0)])
def test_a_failed_move_remembers_what_terraform_sent(sent: bool, wait_s: int) -> None:
    head = ledger.begin_move(after(R1), f"{R1}-n1", move=a_move(wait_interval_s=60))
    failed = ledger.fail_move(head, sent=sent)
    assert (failed.live, failed.target) == (f"{R1}-n1", None)
    assert failed.last_move == a_move(wait_interval_s=wait_s)


def test_another_count_of_the_live_release_keeps_its_health() -> None:
    head = live_on(after(R1), R1, healthy=False, count=3)
    assert head.live == f"{R1}-n3"
    assert ledger.is_healthy(head)
    assert head.lived == (Lived(release_id=R1, healthy=True, since=NOON),)


def test_previous_is_the_healthy_release_before_the_live_one() -> None:
    assert ledger.previous(after(R1)) is None
    assert ledger.previous(after(R1, R2)) == R1
    assert ledger.previous(live_on(release_of(R3, after(R1, R2)), R3, healthy=False)) == R2


def test_previous_skips_what_never_passed_its_tests() -> None:
    head = live_on(retain(R1, R2, R3), R1)
    head = live_on(live_on(head, R2, healthy=False), R3)
    assert ledger.previous(head) == R1


def test_going_back_twice_goes_back_twice() -> None:
    head = live_on(barred(after(R1, R2, R3), R3), R2)
    assert ledger.previous(head) == R1
    assert ledger.previous(live_on(barred(head, R2), R1)) is None


def test_quarantine_is_by_content_not_by_name() -> None:
    twin = replace(a_release(R2), artifact_sha256=R1 * 2)
    head = live_on(ledger.add_release(after(R1), twin), R2)
    assert ledger.previous(head) == R1
    assert ledger.previous(barred(head, R2)) is None
    assert ledger.quarantine_of(head, twin.content_digest) is None


def test_the_first_reason_of_a_quarantine_stays() -> None:
    head = barred(retain(R1), R1)
    assert ledger.quarantine(head, R1, reason="later", when=NOON) == head


def test_passing_the_tests_ends_a_quarantine() -> None:
    head = live_on(barred(retain(R1), R1), R1)
    assert head.quarantined == ()


def test_live_and_healthy_content_is_nothing_to_do() -> None:
    head = after(R1)
    digest = head.retained[0].content_digest
    assert ledger.is_nothing_to_do(head, digest)
    assert not ledger.is_nothing_to_do(head, "other")
    assert not ledger.is_nothing_to_do(live_on(retain(R1), R1, healthy=False), digest)
    assert not ledger.is_nothing_to_do(retain(R1), digest)


def test_a_rollback_goes_to_the_previous_or_to_a_named_release() -> None:
    head = after(R1, R2, R3)
    assert ledger.rollback_target(head, "previous", force=False) == R2
    assert ledger.rollback_target(head, R1, force=False) == R1


@pytest.mark.parametrize("to", [R3, "r-unknown"])
def test_a_rollback_to_the_live_or_an_unknown_release_is_refused(to: str) -> None:
    with pytest.raises(UsageError, match=to):
        ledger.rollback_target(after(R1, R2, R3), to, force=True)


def test_a_rollback_to_a_quarantined_release_needs_force() -> None:
    head = barred(after(R1, R2, R3), R1)
    with pytest.raises(UsageError, match="quarantined"):
        ledger.rollback_target(head, R1, force=False)
    assert ledger.rollback_target(head, R1, force=True) == R1


def test_a_rollback_with_nothing_before_says_so() -> None:
    with pytest.raises(NotServing, match="no earlier healthy release"):
        ledger.rollback_target(after(R1), "previous", force=False)


def test_pruning_keeps_the_live_and_three_healthy_releases() -> None:
    head = live_on(release_of(R6, after(R1, R2, R3, R4, R5)), R6, healthy=False)
    pruned, remaining = ledger.prune(head)
    assert pruned == ledger.Pruned(releases=(R1, R2), configs=(f"{R1}-n1", f"{R2}-n1"))
    assert remaining.release_ids == (R3, R4, R5, R6)
    assert ledger.previous(remaining) == R5


def test_pruning_drops_what_was_never_live() -> None:
    head = live_on(retain(R1, R2), R2)
    pruned, remaining = ledger.prune(head)
    assert pruned.releases == (R1,)
    assert remaining.live == f"{R2}-n1"


def test_nothing_is_pruned_during_a_move_or_with_nothing_live() -> None:
    assert ledger.prune(retain(R1))[1] == retain(R1)
    with pytest.raises(LeaseHeld):
        ledger.prune(ledger.begin_move(after(R1), f"{R1}-n1", move=a_move()))


def test_an_older_lease_cannot_take_the_ledger() -> None:
    head = ledger.fence(an_empty_head(), 7)
    assert ledger.fence(head, 7).fencing == 7
    with pytest.raises(LeaseHeld, match="newer lease"):
        ledger.fence(head, 6)

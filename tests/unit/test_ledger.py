"""The ledger's transitions, as a person at 3 a.m. needs them to be."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.core import ledger
from pipeline.core.errors import LeaseHeld, NotServing, UsageError
from pipeline.core.head import LedgerHead, Lived, MoveKind
from pipeline.core.surroundings import Surroundings
from tests.unit.core_builders import NOON, a_move, a_release, an_empty_head, finished

R1, R2, R3, R4, R5, R6 = (f"r-2026010{day}-120000-aaaaaa" for day in range(1, 7))


def release_of(release_id: str, head: LedgerHead) -> LedgerHead:
    return ledger.add_release(head, a_release(release_id, artifact_sha256=release_id * 2))


def retain(*release_ids: str) -> LedgerHead:
    head = an_empty_head()
    for release_id in release_ids:
        head = release_of(release_id, head)
    return head


def moving_to(head: LedgerHead, release_id: str, *, count: int = 1, **move: Any) -> LedgerHead:
    key, head = ledger.config_for(head, release_id, live_count=count, minimum=1, maximum=9)
    return ledger.begin(head, a_move(key, origin=head.live, **move))


def live_on(
    head: LedgerHead, release_id: str, *, healthy: bool = True, count: int = 1, **move: Any
) -> LedgerHead:
    """Move the endpoint to a retained release, and let it pass its tests or not."""
    arrived = ledger.arrive(moving_to(head, release_id, count=count, **move), when=NOON)
    return finished(arrived) if healthy else ledger.drop_move(arrived)


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


def test_a_move_leaves_the_live_config_until_it_has_arrived() -> None:
    moving = moving_to(release_of(R2, after(R1)), R2)
    assert moving.move is not None
    assert (moving.live, moving.move.target) == (f"{R1}-n1", f"{R2}-n1")
    moved = ledger.arrive(moving, when=NOON)
    assert moved.live == f"{R2}-n1"
    assert moved.move == replace(moving.move, has_arrived=True)
    assert moved.lived[-1] == Lived(
        release_id=R2, healthy=False, since=NOON, by=MoveKind.DEPLOYMENT
    )


def test_a_move_is_over_when_what_has_arrived_is_proved() -> None:
    proved = finished(ledger.arrive(moving_to(release_of(R2, after(R1)), R2), when=NOON))
    assert (proved.live, proved.move) == (f"{R2}-n1", None)
    assert ledger.is_healthy(proved)


def test_what_does_not_serve_yet_cannot_be_proved() -> None:
    with pytest.raises(UsageError, match=f"{R1}-n1 does not serve yet"):
        finished(moving_to(retain(R1), R1))


@pytest.mark.parametrize("kind", [MoveKind.ADOPTION, MoveKind.RETURN, MoveKind.ROLLBACK])
def test_the_ledger_remembers_by_what_move_a_release_came(kind: MoveKind) -> None:
    assert live_on(retain(R1), R1, kind=kind).lived[-1].by is kind


def test_a_second_move_waits_for_the_first() -> None:
    moving = moving_to(retain(R1, R2), R1)
    for release in (R1, R2):
        with pytest.raises(LeaseHeld, match=f"deployment of .* to {R1}-n1 is unfinished"):
            moving_to(moving, release)


def test_a_move_goes_to_a_config_that_the_ledger_knows() -> None:
    with pytest.raises(UsageError, match=f"{R1}-n1 is no endpoint config"):
        ledger.begin(retain(R1), a_move(f"{R1}-n1"))


def test_a_move_that_is_dropped_leaves_what_is_live() -> None:
    dropped = ledger.drop_move(moving_to(release_of(R2, after(R1)), R2))
    assert (dropped.live, dropped.move) == (f"{R1}-n1", None)
    assert dropped.lived == after(R1).lived


def test_what_has_arrived_stays_live_and_unproved_when_its_move_is_dropped() -> None:
    head = live_on(release_of(R2, after(R1)), R2, healthy=False)
    assert (head.live, head.move, ledger.is_healthy(head)) == (f"{R2}-n1", None, False)


def test_without_a_move_nothing_arrives_and_nothing_is_finished_or_dropped() -> None:
    for transition in (lambda h: ledger.arrive(h, when=NOON), finished, ledger.drop_move):
        with pytest.raises(UsageError, match="No move of iris-model-staging is under way"):
            transition(after(R1))


def test_a_rollback_bars_what_it_leaves_in_the_write_that_says_it_arrived() -> None:
    moving = moving_to(after(R1, R2), R1, kind=MoveKind.ROLLBACK, bars=True, reason="it drifts")
    assert moving.quarantined == ()
    arrived = ledger.arrive(moving, when=NOON)
    assert [(each.release_id, each.reason) for each in arrived.quarantined] == [(R2, "it drifts")]
    assert ledger.previous(arrived) is None


def test_a_move_that_bars_nothing_leaves_the_way_back_open() -> None:
    arrived = ledger.arrive(moving_to(release_of(R2, after(R1)), R2), when=NOON)
    assert arrived.quarantined == ()
    assert ledger.previous(arrived) == R1


def test_a_rollback_to_the_same_content_does_not_bar_it() -> None:
    twin = replace(a_release(R2), artifact_sha256=R1 * 2)
    head = live_on(ledger.add_release(after(R1), twin), R2)
    arrived = ledger.arrive(moving_to(head, R1, kind=MoveKind.ROLLBACK, bars=True), when=NOON)
    assert arrived.quarantined == ()


@pytest.mark.parametrize("asked", [False, True])
def test_what_surrounds_the_endpoint_is_looked_at_again_after_a_move(asked: bool) -> None:
    wanted = Surroundings(alarms={}) if asked else Surroundings()
    moving = replace(moving_to(retain(R1), R1), surroundings=wanted)
    assert not moving.surroundings_due
    assert ledger.arrive(moving, when=NOON).surroundings_due is asked


def test_another_count_of_the_live_release_keeps_its_health() -> None:
    head = live_on(after(R1), R1, healthy=False, count=3)
    assert head.live == f"{R1}-n3"
    assert ledger.is_healthy(head)
    assert head.lived == after(R1).lived


def test_previous_is_the_healthy_release_before_the_live_one() -> None:
    assert ledger.previous(after(R1)) is None
    assert ledger.previous(after(R1, R2)) == R1
    assert ledger.previous(live_on(release_of(R3, after(R1, R2)), R3, healthy=False)) == R2


def test_previous_skips_what_never_passed_its_tests() -> None:
    head = live_on(retain(R1, R2, R3), R1)
    head = live_on(live_on(head, R2, healthy=False), R3)
    assert ledger.previous(head) == R1


def test_going_back_twice_goes_back_twice() -> None:
    head = live_on(barred(after(R1, R2, R3), R3), R2, kind=MoveKind.ROLLBACK)
    assert ledger.previous(head) == R1
    assert ledger.previous(live_on(barred(head, R2), R1, kind=MoveKind.ROLLBACK)) is None


GOES_BACK = [each for each in MoveKind if each is not MoveKind.DEPLOYMENT]


@pytest.mark.parametrize("kind", GOES_BACK)
def test_no_way_back_leads_forth_to_what_was_deployed_later(kind: MoveKind) -> None:
    head = live_on(after(R1, R2, R3), R1, kind=kind)
    assert ledger.way_down(head) == (R1,)
    assert ledger.previous(head) is None


def test_what_is_deployed_after_a_way_back_goes_back_to_where_that_went() -> None:
    head = live_on(live_on(after(R1, R2, R3), R2, kind=MoveKind.ROLLBACK), R3)
    assert ledger.way_down(head) == (R3, R2, R1)
    assert ledger.previous(head) == R2


def test_a_release_that_is_deployed_again_goes_back_to_what_was_live_before() -> None:
    head = live_on(after(R1, R2), R1)
    assert ledger.way_down(head) == (R1, R2, R1)
    assert ledger.previous(head) == R2


@pytest.mark.parametrize("kind", GOES_BACK)
def test_what_was_never_below_comes_on_top(kind: MoveKind) -> None:
    head = live_on(release_of(R3, after(R1, R2)), R3, kind=kind)
    assert ledger.way_down(head) == (R3, R2, R1)


def test_the_way_down_of_an_endpoint_that_never_was_is_empty() -> None:
    assert ledger.way_down(retain(R1)) == ()


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


def test_a_hand_on_the_cloud_ends_no_quarantine() -> None:
    head = live_on(barred(retain(R1), R1), R1, kind=MoveKind.ADOPTION)
    assert ledger.is_healthy(head)
    assert [each.release_id for each in head.quarantined] == [R1]


def test_live_and_healthy_content_is_nothing_to_do() -> None:
    head = after(R1)
    digest = head.retained[0].content_digest
    assert ledger.is_nothing_to_do(head, digest)
    assert not ledger.is_nothing_to_do(head, "other")
    assert not ledger.is_nothing_to_do(live_on(retain(R1), R1, healthy=False), digest)
    assert not ledger.is_nothing_to_do(retain(R1), digest)


def test_content_that_is_being_moved_to_is_not_nothing_to_do() -> None:
    head = after(R1)
    for moving in (moving_to(head, R1), ledger.arrive(moving_to(head, R1), when=NOON)):
        assert not ledger.is_nothing_to_do(moving, head.retained[0].content_digest)


def test_a_rollback_goes_to_the_previous_or_to_a_named_release() -> None:
    head = after(R1, R2, R3)
    assert ledger.previous(head) == R2
    assert ledger.named_target(head, R1) == R1


def test_a_rollback_passes_over_what_it_is_told_not_to_use() -> None:
    head = after(R1, R2, R3)
    assert ledger.previous(head, without=[R2]) == R1
    assert ledger.previous(head, without=[R1, R2]) is None


def test_where_the_live_release_does_not_serve_the_way_back_is_to_it() -> None:
    head = after(R1, R2)
    assert ledger.previous(head, live_serves=False) == R2
    assert ledger.previous(barred(head, R2), live_serves=False) == R1
    assert ledger.named_target(head, R2, live_serves=False) == R2


def test_the_live_release_may_be_named_and_is_then_left_as_it_is() -> None:
    assert ledger.named_target(after(R1, R2), R2) == R2
    with pytest.raises(UsageError, match=f"{R2} is quarantined"):
        ledger.named_target(barred(after(R1, R2), R2), R2)


@pytest.mark.parametrize("force", [True, False])
def test_a_rollback_to_an_unknown_release_is_refused(force: bool) -> None:
    with pytest.raises(UsageError, match="r-unknown is not a retained release"):
        ledger.named_target(after(R1, R2, R3), "r-unknown", force=force)


@pytest.mark.parametrize("live_serves", [True, False])
def test_a_rollback_to_a_quarantined_release_needs_force(live_serves: bool) -> None:
    head = barred(after(R1, R2, R3), R1)
    with pytest.raises(UsageError, match="quarantined"):
        ledger.named_target(head, R1, live_serves=live_serves)
    assert ledger.named_target(head, R1, force=True, live_serves=live_serves) == R1


def test_a_rollback_to_what_never_passed_its_tests_needs_force() -> None:
    head = live_on(live_on(retain(R1, R2), R1, healthy=False), R2)
    with pytest.raises(UsageError, match="never passed its tests"):
        ledger.named_target(head, R1)
    assert ledger.named_target(head, R1, force=True) == R1


def test_a_rollback_with_nothing_before_says_so() -> None:
    assert ledger.previous(after(R1)) is None
    refused = ledger.nothing_earlier(after(R1))
    assert isinstance(refused, NotServing)
    assert "no earlier healthy release" in refused.message


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
    with pytest.raises(LeaseHeld, match=f"is being moved to {R1}-n1; nothing is pruned meanwhile"):
        ledger.prune(moving_to(after(R1), R1))


def test_what_has_arrived_is_kept_by_a_pruning_with_its_move() -> None:
    head = ledger.arrive(moving_to(after(R1, R2, R3, R4), R1), when=NOON)
    pruned, remaining = ledger.prune(head, keep=1)
    assert pruned.releases == (R2, R3)
    assert (remaining.live, remaining.move) == (f"{R1}-n1", head.move)


def test_a_release_that_could_not_be_made_is_dropped_with_its_configs() -> None:
    _, head = ledger.config_for(release_of(R2, after(R1)), R2, live_count=1, minimum=1, maximum=1)
    dropped, remaining = ledger.abandon(head, R2)
    assert dropped == ledger.Pruned(releases=(R2,), configs=(f"{R2}-n1",))
    assert remaining == after(R1)


def test_a_release_that_lived_or_is_being_moved_to_is_not_dropped() -> None:
    nothing = ledger.Pruned(releases=(), configs=())
    for head, release in (
        (after(R1, R2), R1),
        (after(R1, R2), R2),
        (moving_to(release_of(R2, after(R1)), R2), R2),
    ):
        assert ledger.abandon(head, release) == (nothing, head)


def test_an_older_lease_cannot_take_the_ledger() -> None:
    head = ledger.fence(an_empty_head(), 7)
    assert ledger.fence(head, 7).fencing == 7
    with pytest.raises(LeaseHeld, match="newer lease"):
        ledger.fence(head, 6)

"""What the ledger says against what SageMaker says: each state of both.

L was live when the move began, T is its target, C is another retained release.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import ledger, naming
from pipeline.core.head import LedgerHead, MoveKind, Strategy
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.reconcile import Finding, Truth, quiet_shift, reconcile, truth_of
from tests.unit.core_builders import (
    NOON,
    a_move,
    a_release,
    a_shift,
    an_empty_head,
    an_endpoint,
    finished,
)

T, C, L = (f"r-2026010{day}-120000-aaaaaa" for day in (1, 2, 3))
KT, KC, KL = (f"{release}-n1" for release in (T, C, L))
RUN = "20260103-120000-efgh"


def retaining(*releases: str) -> LedgerHead:
    head = an_empty_head()
    for release in releases:
        head = ledger.add_release(head, a_release(release, artifact_sha256=release * 2))
        _, head = ledger.config_for(head, release, live_count=1, minimum=1, maximum=1)
    return head


def moved(head: LedgerHead, key: str) -> LedgerHead:
    return finished(ledger.arrive(ledger.begin(head, a_move(key, origin=head.live)), when=NOON))


def begun(head: LedgerHead, kind: MoveKind, **changes: Any) -> LedgerHead:
    return ledger.begin(head, a_move(KT, kind=kind, origin=head.live, **changes))


def arrived(head: LedgerHead) -> LedgerHead:
    return ledger.arrive(head, when=NOON)


# T, C and L passed their tests, one after the other.
HEAD = moved(moved(moved(retaining(T, C, L), KT), KC), KL)
FAILED = ledger.quarantine(HEAD, L, reason="tests failed", when=NOON)
DEPLOYMENT = begun(HEAD, MoveKind.DEPLOYMENT)
ROLLBACK = begun(HEAD, MoveKind.ROLLBACK, bars=True, reason="it drifts")
RETURN = begun(FAILED, MoveKind.RETURN)
ADOPTION = begun(HEAD, MoveKind.ADOPTION)
STATES = {
    "no-move": HEAD,
    "deployment-begun": DEPLOYMENT,
    "deployment-arrived": arrived(DEPLOYMENT),
    "rollback-begun": ROLLBACK,
    "rollback-arrived": arrived(ROLLBACK),
    "return-begun": RETURN,
    "return-arrived": arrived(RETURN),
    "adoption-arrived": arrived(ADOPTION),
}
STUCK = EndpointStatus.UPDATE_ROLLBACK_FAILED
FOREIGN = an_endpoint("r-20250101-120000-ffffff-n1")
KEYS = {"T": KT, "L": KL, "C": KC}
SERVES = {
    "T": an_endpoint(KT),
    "L": an_endpoint(KL),
    "C": an_endpoint(KC),
    "foreign": FOREIGN,
    "nothing": an_endpoint(),
    "failed": an_endpoint(KT, status=EndpointStatus.FAILED),
    "stuck-on-T": an_endpoint(KT, status=STUCK),
    "stuck-on-L": an_endpoint(KL, status=STUCK),
}

# A row for each state of the ledger, a column for what SageMaker serves.
TRUTHS = """
                    T         L         C         foreign  nothing  failed   stuck-on-T  stuck-on-L
no-move             retained  live      retained  foreign  nothing  nothing  foreign     live
deployment-begun    target    live      retained  foreign  nothing  nothing  foreign     live
deployment-arrived  target    retained  retained  foreign  nothing  nothing  live        foreign
rollback-begun      target    live      retained  foreign  nothing  nothing  foreign     live
rollback-arrived    target    retained  retained  foreign  nothing  nothing  live        foreign
return-begun        target    live      retained  foreign  nothing  nothing  foreign     live
return-arrived      target    retained  retained  foreign  nothing  nothing  live        foreign
adoption-arrived    target    retained  retained  foreign  nothing  nothing  live        foreign
"""
FINDINGS = """
                    T         L         C         foreign  nothing  failed   stuck-on-T  stuck-on-L
no-move             adopted   same      adopted   same     same     same     same        same
deployment-begun    arrived   dropped   adopted   dropped  dropped  dropped  dropped     dropped
deployment-arrived  same      adopted   adopted   lost     lost     lost     lost        lost
rollback-begun      arrived   same      adopted   same     same     same     same        same
rollback-arrived    same      adopted   adopted   lost     lost     lost     lost        lost
return-begun        arrived   same      adopted   same     same     same     same        same
return-arrived      same      adopted   adopted   lost     lost     lost     lost        lost
adoption-arrived    same      adopted   adopted   lost     lost     lost     lost        lost
"""
EVENTS = {
    "adopted": "found serving without a record",
    "arrived": "interrupted move had succeeded",
    "dropped": "interrupted deployment had not moved",
    "lost": "what had arrived does not serve any more",
    "same": None,
}


def cells(table: str) -> list[tuple[str, str, str]]:
    header, *rows = (line.split() for line in table.strip("\n").splitlines())
    assert header == list(SERVES)
    assert [row[0] for row in rows] == list(STATES)
    return [
        (state, serves, cell)
        for state, *row in rows
        for serves, cell in zip(header, row, strict=True)
    ]


def reconciled(head: LedgerHead, seen: EndpointObservation) -> Finding:
    return reconcile(head, seen, when=NOON, run_id=RUN)


@pytest.mark.parametrize(("state", "serves", "truth"), cells(TRUTHS))
def test_an_endpoint_is_read_from_where_the_ledger_stands(
    state: str, serves: str, truth: str
) -> None:
    assert truth_of(STATES[state], SERVES[serves]) is Truth(truth)


@pytest.mark.parametrize(("state", "serves", "finding"), cells(FINDINGS))
def test_the_ledger_believes_sagemaker(state: str, serves: str, finding: str) -> None:
    head = STATES[state]
    found = reconciled(head, SERVES[serves])
    assert found.event == EVENTS[finding]
    if finding == "adopted":
        assert adopted_key(found.head) == KEYS[serves]
    elif finding == "arrived":
        assert found.head == ledger.arrive(head, when=NOON)
    else:
        assert found.head == (head if finding == "same" else ledger.drop_move(head))


def adopted_key(head: LedgerHead) -> str | None:
    """Return what is live, which a hand put there and which is not proved yet."""
    assert head.move is not None
    assert (head.move.kind, head.move.has_arrived) == (MoveKind.ADOPTION, True)
    assert (head.move.target, head.move.run_id) == (head.live, RUN)
    assert (head.lived[-1].release_id, head.lived[-1].by) == (head.live_release, MoveKind.ADOPTION)
    assert not ledger.is_healthy(head)
    return head.live


@pytest.mark.parametrize("state", STATES)
def test_an_adoption_knows_what_it_left_and_how_it_was_put_there(state: str) -> None:
    head, by_hand = STATES[state], a_shift(strategy=Strategy.LINEAR, step_percentage=50)
    found = reconciled(head, replace(SERVES["C"], deployment_config=by_hand))
    assert found.head.move is not None
    assert (found.head.move.origin, found.head.move.deployment_config) == (head.live, by_hand)


def test_an_adoption_without_settings_goes_on_quietly() -> None:
    move = reconciled(HEAD, SERVES["C"]).head.move
    assert move is not None
    assert move.deployment_config == quiet_shift(HEAD.endpoint)


def test_another_instance_count_of_what_is_live_keeps_its_health() -> None:
    key, head = ledger.config_for(HEAD, L, live_count=2, minimum=1, maximum=2)
    found = reconciled(head, an_endpoint(key))
    assert found.event == EVENTS["adopted"]
    assert (found.head.live, found.head.lived) == (key, HEAD.lived)
    assert ledger.is_healthy(found.head)


@pytest.mark.parametrize("pending", [KT, KL, KC])
def test_an_endpoint_that_is_under_way_is_not_taken_for_arrived(pending: str) -> None:
    name = naming.endpoint_config_name(HEAD.endpoint, pending)
    seen = an_endpoint(KT, pending_config=name)
    assert truth_of(DEPLOYMENT, seen) is Truth.FOREIGN


@pytest.mark.parametrize("key", ["", "x", f"other-{KT}"])
def test_a_config_of_another_name_is_foreign(key: str) -> None:
    seen = an_endpoint(KT, config_name=key)
    assert truth_of(DEPLOYMENT, seen) is Truth.FOREIGN


@pytest.mark.parametrize("serves", ["nothing", "failed", "foreign"])
def test_a_first_deployment_that_did_not_come_up_leaves_nothing_live(serves: str) -> None:
    head = begun(retaining(T), MoveKind.DEPLOYMENT)
    found = reconciled(head, SERVES[serves])
    assert (found.head, found.event) == (ledger.drop_move(head), EVENTS["dropped"])
    assert found.head.live is None


def test_a_first_deployment_that_came_up_is_live_and_not_proved() -> None:
    found = reconciled(begun(retaining(T), MoveKind.DEPLOYMENT), SERVES["T"])
    assert (found.head.live, ledger.is_healthy(found.head)) == (KT, False)


@pytest.mark.parametrize("serves", ["T", "C"])
def test_what_a_rollback_was_to_leave_is_barred_wherever_it_went(serves: str) -> None:
    head = reconciled(ROLLBACK, SERVES[serves]).head
    assert [(each.release_id, each.reason) for each in head.quarantined] == [(L, "it drifts")]


@pytest.mark.parametrize("state", ["deployment-begun", "no-move"])
def test_what_a_hand_moved_away_from_is_not_barred_for_that(state: str) -> None:
    assert reconciled(STATES[state], SERVES["C"]).head.quarantined == ()


def test_a_rollback_that_a_hand_undid_keeps_its_bar() -> None:
    head = reconciled(STATES["rollback-arrived"], SERVES["L"]).head
    assert head.live == KL
    assert [each.release_id for each in head.quarantined] == [L]
    assert [each.release_id for each in finished(head).quarantined] == [L]


FIRST = begun(retaining(T, C), MoveKind.DEPLOYMENT)
heads = st.sampled_from([*STATES.values(), an_empty_head(), retaining(T, C), FIRST])
keys = st.sampled_from([KT, KC, KL, "r-20250101-120000-ffffff-n1"])
endpoints = st.one_of(
    st.sampled_from(list(SERVES.values())),
    st.builds(
        an_endpoint,
        keys,
        status=st.sampled_from(EndpointStatus),
        pending_config=st.none() | keys.map(lambda key: f"{HEAD.endpoint}-{key}"),
        deployment_config=st.none() | st.just(a_shift()),
    ),
)


@given(heads, endpoints)
def test_what_was_reconciled_is_reconciled(head: LedgerHead, seen: EndpointObservation) -> None:
    once = reconciled(head, seen).head
    assert reconciled(once, seen) == Finding(head=once)


@given(heads, st.lists(endpoints, max_size=4))
def test_nothing_that_is_barred_or_to_be_barred_is_ever_let_off(
    head: LedgerHead, seen: list[EndpointObservation]
) -> None:
    left = {each.release_id for each in head.quarantined}
    if head.move is not None and head.move.bars:
        left.add(L)
    for each in seen:
        head = reconciled(head, each).head
        barred = {one.release_id for one in head.quarantined}
        is_to_bar = head.move is not None and head.move.bars and not head.move.has_arrived
        assert (barred | {L} if is_to_bar else barred) == left
        assert ledger.previous(head) not in barred


@given(heads, endpoints)
def test_a_retained_release_that_serves_is_live(
    head: LedgerHead, seen: EndpointObservation
) -> None:
    found = reconciled(head, seen).head
    key = naming.config_key_of(head.endpoint, seen.config_name or "")
    settled = seen.status is EndpointStatus.IN_SERVICE and seen.pending_config is None
    if settled and key in head.endpoint_configs:
        assert found.live == key
    else:
        assert (found.live, found.lived) == (head.live, head.lived)


def test_a_way_back_is_all_at_once_and_listens_to_nothing_that_rings() -> None:
    assert quiet_shift("iris") == a_shift(alarm_names=("iris-quiet",))

"""What holds after any sequence of transitions."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.core import ledger
from pipeline.core.head import LedgerHead, MoveKind
from tests.unit.core_builders import NOON, a_move, a_release, an_empty_head, finished

counts = st.integers(1, 3)


class Ledger(RuleBasedStateMachine):
    """Random lives of one endpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.head = an_empty_head()
        self.added = 0
        self.left: set[str] = set()  # content that a barring move left, and that never passed since

    @property
    def has_begun(self) -> bool:
        return self.head.move is not None and not self.head.move.has_arrived

    @property
    def has_arrived(self) -> bool:
        return self.head.move is not None and self.head.move.has_arrived

    def content(self, release: str | None) -> str:
        return ledger.content_of(self.head, release or "")

    @rule(content=st.sampled_from("ab"))
    def add(self, content: str) -> None:
        self.added += 1
        name = f"r-20260101-{self.added:06d}-aaaaaa"
        sha256 = content * 64 if content == "a" else f"{self.added:064d}"
        self.head = ledger.add_release(self.head, a_release(name, artifact_sha256=sha256))

    @precondition(lambda self: self.head.retained and self.head.move is None)
    @rule(data=st.data(), count=counts, kind=st.sampled_from(MoveKind), bars=st.booleans())
    def begin(self, data: st.DataObject, count: int, kind: MoveKind, bars: bool) -> None:
        release = data.draw(st.sampled_from(self.head.release_ids))
        before = dict(self.head.endpoint_configs)
        key, head = ledger.config_for(self.head, release, live_count=count, minimum=1, maximum=3)
        assert before.items() <= head.endpoint_configs.items()
        move = a_move(key, kind=kind, origin=head.live, bars=bars, reason="it was left")
        self.head = ledger.begin(head, move)
        assert (self.head.live, self.head.lived) == (head.live, head.lived)

    @precondition(lambda self: self.has_begun)
    @rule()
    def arrive(self) -> None:
        before, self.head = self.head, ledger.arrive(self.head, when=NOON)
        assert self.head.move is not None
        assert self.head.live == self.head.move.target
        self.require_left_is_barred(before)

    def require_left_is_barred(self, before: LedgerHead) -> None:
        """What a barring move left is barred in the very head in which it arrived."""
        barred = {each.content_digest for each in self.head.quarantined}
        known = {each.content_digest for each in before.quarantined}
        assert known <= barred
        origin = before.live_release
        leaves = before.move is not None and before.move.bars and origin is not None
        left = {self.content(origin)} if leaves else set()
        left -= {self.content(self.head.live_release)}
        assert barred == known | left
        self.left |= left

    @precondition(lambda self: self.has_arrived)
    @rule()
    def finish(self) -> None:
        before, self.head = self.head, finished(self.head)
        assert (self.head.live, self.head.move) == (before.live, None)
        assert ledger.is_healthy(self.head)
        if before.move is not None and before.move.kind is MoveKind.ADOPTION:
            assert self.head.quarantined == before.quarantined
        else:
            self.left.discard(self.content(self.head.live_release))

    @precondition(lambda self: self.head.move is not None)
    @rule()
    def drop(self) -> None:
        before, self.head = self.head, ledger.drop_move(self.head)
        assert self.head.move is None
        assert (self.head.live, self.head.lived) == (before.live, before.lived)
        assert self.head.quarantined == before.quarantined

    @precondition(lambda self: self.head.retained)
    @rule(data=st.data())
    def bar(self, data: st.DataObject) -> None:
        release = data.draw(st.sampled_from(self.head.release_ids))
        self.head = ledger.quarantine(self.head, release, reason="alarm", when=NOON)

    @precondition(lambda self: not self.has_begun)
    @rule(keep=counts)
    def prune(self, keep: int) -> None:
        before = self.head
        pruned, self.head = ledger.prune(before, keep=keep)
        assert (self.head.live, self.head.move) == (before.live, before.move)
        assert ledger.previous(self.head) == ledger.previous(before)
        assert {*pruned.configs, *self.head.endpoint_configs} == {*before.endpoint_configs}
        if before.live:
            assert len(self.head.retained) <= keep + 1

    @precondition(lambda self: self.head.retained)
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        before = self.head
        release = data.draw(st.sampled_from(before.release_ids))
        dropped, self.head = ledger.abandon(before, release)
        assert (self.head.live, self.head.move) == (before.live, before.move)
        assert self.head.lived == before.lived
        assert {*dropped.releases, *self.head.release_ids} == {*before.release_ids}

    @invariant()
    def previous_is_proven_usable_and_not_live(self) -> None:
        found = ledger.previous(self.head)
        if found is not None:
            assert found != self.head.live_release
            assert any(each.release_id == found and each.healthy for each in self.head.lived)
            assert ledger.quarantine_of(self.head, self.content(found)) is None

    @invariant()
    def previous_never_is_what_was_left(self) -> None:
        for live_serves in (True, False):
            found = ledger.previous(self.head, live_serves=live_serves)
            assert found is None or self.content(found) not in self.left

    @invariant()
    def going_back_again_and_again_only_ever_goes_down(self) -> None:
        head, way = self.head, ledger.way_down(self.head)
        assert way[:1] == ((head.live_release,) if head.live else ())
        while head.move is None and (to := ledger.previous(head)) is not None:
            key = next(key for key, each in head.endpoint_configs.items() if each.release == to)
            head = ledger.begin(head, a_move(key, kind=MoveKind.ROLLBACK, origin=head.live))
            head = finished(ledger.arrive(head, when=NOON))
            below = ledger.way_down(head)
            assert below == way[-len(below) :]
            assert len(below) < len(way)
            way = below

    @invariant()
    def every_pointer_points_at_something(self) -> None:
        for key in (self.head.live, self.head.move.target if self.head.move else None):
            assert key is None or key in self.head.endpoint_configs
        for entry in self.head.endpoint_configs.values():
            assert entry.release in self.head.release_ids

    @invariant()
    def what_has_arrived_is_live(self) -> None:
        if self.head.move is not None and self.head.move.has_arrived:
            assert self.head.live == self.head.move.target

    @invariant()
    def the_last_stretch_of_serving_is_the_live_one(self) -> None:
        assert (self.head.live is None) == (not self.head.lived)
        if self.head.lived:
            assert self.head.lived[-1].release_id == self.head.live_release

    @invariant()
    def the_head_survives_its_storage(self) -> None:
        assert LedgerHead.from_json(self.head.to_json()) == self.head


TestLedgerLaws = Ledger.TestCase
TestLedgerLaws.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)

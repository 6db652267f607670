"""What holds after any sequence of transitions."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.core import ledger
from pipeline.core.head import LedgerHead
from tests.unit.core_builders import NOON, a_move, a_release, an_empty_head

counts = st.integers(1, 3)


class Ledger(RuleBasedStateMachine):
    """Random lives of one endpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.head = an_empty_head()
        self.added = 0

    @rule(content=st.sampled_from("ab"))
    def add(self, content: str) -> None:
        self.added += 1
        name = f"r-20260101-{self.added:06d}-aaaaaa"
        sha256 = content * 64 if content == "a" else f"{self.added:064d}"
        self.head = ledger.add_release(self.head, a_release(name, artifact_sha256=sha256))

    @precondition(lambda self: self.head.retained and self.head.target is None)
    @rule(data=st.data(), count=counts)
    def begin(self, data: st.DataObject, count: int) -> None:
        release = data.draw(st.sampled_from(self.head.release_ids))
        before = dict(self.head.endpoint_configs)
        key, head = ledger.config_for(self.head, release, live_count=count, minimum=1, maximum=3)
        assert before.items() <= head.endpoint_configs.items()
        self.head = ledger.begin_move(head, key, move=a_move())

    @precondition(lambda self: self.head.target is not None)
    @rule(outcome=st.sampled_from(["healthy", "live", "sent", "not sent"]))
    def end(self, outcome: str) -> None:
        if outcome in ("sent", "not sent"):
            live = self.head.live
            self.head = ledger.fail_move(self.head, sent=outcome == "sent")
            assert self.head.live == live
            return
        self.head = ledger.complete_move(self.head, when=NOON)
        if outcome == "healthy":
            self.head = ledger.mark_healthy(self.head)

    @precondition(lambda self: self.head.retained)
    @rule(data=st.data())
    def bar(self, data: st.DataObject) -> None:
        release = data.draw(st.sampled_from(self.head.release_ids))
        self.head = ledger.quarantine(self.head, release, reason="alarm", when=NOON)

    @precondition(lambda self: self.head.target is None)
    @rule(keep=counts)
    def prune(self, keep: int) -> None:
        before = self.head
        pruned, self.head = ledger.prune(before, keep=keep)
        assert self.head.live == before.live
        assert ledger.previous(self.head) == ledger.previous(before)
        assert {*pruned.configs, *self.head.endpoint_configs} == {*before.endpoint_configs}
        if before.live:
            assert len(self.head.retained) <= keep + 1

    @invariant()
    def previous_is_proven_usable_and_not_live(self) -> None:
        found = ledger.previous(self.head)
        if found is not None:
            assert found != self.head.live_release
            assert any(each.release_id == found and each.healthy for each in self.head.lived)
            digest = next(e.content_digest for e in self.head.retained if e.release_id == found)
            assert ledger.quarantine_of(self.head, digest) is None

    @invariant()
    def every_pointer_points_at_something(self) -> None:
        for key in (self.head.live, self.head.target):
            assert key is None or key in self.head.endpoint_configs
        for entry in self.head.endpoint_configs.values():
            assert entry.release in self.head.release_ids

    @invariant()
    def the_last_stretch_of_serving_is_the_live_one(self) -> None:
        assert (self.head.live is None) == (not self.head.lived)
        if self.head.lived:
            assert self.head.lived[-1].release_id == self.head.live_release

    @invariant()
    def the_head_survives_its_storage(self) -> None:
        assert LedgerHead.from_json(self.head.to_json()) == self.head


TestLedgerLaws = Ledger.TestCase
TestLedgerLaws.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)

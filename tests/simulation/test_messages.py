"""A run that tells is killed at each step: nothing is lost, one message at most comes twice.

The steps are those of tests/fakes: each read and each write of the outbox and of the ledger, and
each message between them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import pytest

from pipeline.core import history, ledger
from pipeline.core.outbox import Answer, Verdict
from pipeline.core.outcomes import NoticeState
from pipeline.gateways.ledger import Ledger
from tests.fakes.boundary import AllEnds, Kind, NoFaults
from tests.fakes.store import Bucket, FakeStore
from tests.support.message_builders import (
    ENDPOINT,
    NOON,
    RUN_ID,
    Clock,
    ToldChannel,
    a_failure,
    a_report,
    an_office,
)

T = TypeVar("T")
DOWN = Answer(verdict=Verdict.FAILED, said="HTTP 503")
REPORT = a_report(failure=a_failure(6))


@dataclass(kw_only=True)
class Killed:
    """Ends the runner at step `at`, before it or after it; counts the steps."""

    at: int = -1
    after: bool = False
    step: int = 0

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del what, kind
        self.step += 1
        if self.step != self.at:
            return do()
        if self.after:
            do()
        raise AllEnds

    def unseen(self, do: Callable[[], T]) -> T:
        return do()


def a_bucket_with_a_release() -> Bucket:
    """The ledger as a run left it that deployed and was killed before it told anybody."""
    bucket = Bucket(name="bucket")
    book = Ledger(FakeStore(bucket, NoFaults()), ENDPOINT)
    told = ledger.empty_head(ENDPOINT)
    for run_id in ("before", "killed"):
        details = {"release": f"r-of-{run_id}", "run": run_id}
        told = history.tell(told, "deployed", who="anna", when=NOON, details=details)
        book.write(book.read(), told)
        book.copy_last_event(told)
        if run_id == "before":
            quiet = an_office(FakeStore(bucket, NoFaults()), [], run_id=run_id)
            quiet.post(a_report("settle", run_id=run_id))
    return bucket


def told_by(
    bucket: Bucket, killed: Killed, channels: list[ToldChannel], *, run_id: str, clock: Clock
) -> None:
    """A whole run's telling, ended where `killed` says."""
    for channel in channels:
        channel.before = lambda: killed.through("send", Kind.ASK, lambda: None)
    office = an_office(FakeStore(bucket, killed), channels, run_id=run_id, clock=clock)
    office.at_once = one_by_one
    try:
        office.post(replace(REPORT, run_id=run_id))
        office.deliver()
    except AllEnds:
        return


def one_by_one(calls: Mapping[str, Callable[[], Answer]], **_: object) -> dict[str, Answer]:
    """In this thread, so that the end of the runner ends the test's run too."""
    return {name: call() for name, call in calls.items()}


def steps() -> int:
    counted = Killed()
    told_by(a_bucket_with_a_release(), counted, [ToldChannel()], run_id=RUN_ID, clock=Clock())
    return counted.step


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_step_loses_nothing_and_doubles_one_message_at_most(after: bool) -> None:
    count = steps()
    assert count > 8
    for at in range(1, count + 1):
        bucket, channel, clock = a_bucket_with_a_release(), ToldChannel(), Clock()
        told_by(bucket, Killed(at=at, after=after), [channel], run_id=RUN_ID, clock=clock)
        clock.moment += timedelta(minutes=2)
        # The same command typed again fails alike, and tells that it did.
        told_by(bucket, Killed(), [channel], run_id="again", clock=clock)
        kinds = channel.kinds
        assert "deployed" in kinds, at
        assert channel.got[-1].event.run_id == "again", at
        ids = [each.id for each in channel.got]
        twice = [each for each in channel.got if ids.count(each.id) > 1]
        assert len({each.id for each in twice}) <= 1, at
        if twice:
            assert [each.repeats for each in twice] == [False, True], at


def test_a_run_that_nobody_kills_tells_each_message_once() -> None:
    bucket, channel, clock = a_bucket_with_a_release(), ToldChannel(), Clock()
    told_by(bucket, Killed(), [channel], run_id=RUN_ID, clock=clock)
    told_by(bucket, Killed(), [channel], run_id="next", clock=clock)
    assert channel.kinds == ["deployed", "not_serving", "not_serving"]
    assert not any(each.repeats for each in channel.got)
    assert channel.got[0].event.subject == "r-of-killed"


@pytest.mark.parametrize(
    ("answers", "state", "tries", "pauses"),
    [
        ([], NoticeState.SENT, 1, 0),
        ([DOWN], NoticeState.SENT, 2, 1),
        ([DOWN, DOWN], NoticeState.SENT, 3, 2),
        ([DOWN] * 9, NoticeState.PENDING, 3, 2),
        ([replace(DOWN, is_off=True)], NoticeState.PENDING, 1, 0),
        ([replace(DOWN, verdict=Verdict.REFUSED)], NoticeState.FAILED, 1, 0),
        ([replace(DOWN, retry_after_s=3.0)], NoticeState.SENT, 2, 1),
        ([replace(DOWN, retry_after_s=3600.0)], NoticeState.PENDING, 1, 0),
    ],
)
def test_a_message_is_tried_few_times_and_never_for_long(
    answers: list[Answer], state: NoticeState, tries: int, pauses: int
) -> None:
    channel, clock = ToldChannel(answers=answers), Clock()
    office = an_office(FakeStore(Bucket(name="b"), NoFaults()), [channel], clock=clock)
    office.post(REPORT)
    office.deliver()
    (notice,) = office.notices
    assert (notice.state, notice.tries, len(clock.slept_s)) == (state, tries, pauses)
    assert sum(clock.slept_s) < 10


def test_a_channel_that_is_down_is_tried_for_one_message_and_the_others_hear_all() -> None:
    down, up = ToldChannel(name="slack", answers=[DOWN] * 99), ToldChannel(name="sns")
    bucket, clock = a_bucket_with_a_release(), Clock()
    told_by(bucket, Killed(), [down, up], run_id=RUN_ID, clock=clock)
    assert up.kinds == ["deployed", "not_serving"]
    assert down.kinds == ["deployed"] * 3
    assert sum(clock.slept_s) < 15
    later = ToldChannel(name="slack")
    told_by(bucket, Killed(), [later, up], run_id="next", clock=clock)
    assert later.kinds == ["deployed", "not_serving", "not_serving"]
    assert up.kinds == ["deployed", "not_serving", "not_serving"]


def test_where_nothing_can_be_kept_the_run_tells_it_all_the_same() -> None:
    channel = ToldChannel()
    office = an_office(FakeStore(Bucket(name="b"), Killed(at=1)), [channel])
    with pytest.raises(AllEnds):
        office.post(REPORT)
    office.deliver()
    assert channel.kinds == ["not_serving"]


def test_a_run_that_may_write_nothing_tells_its_own_and_leaves_the_outbox_alone() -> None:
    bucket, channel = a_bucket_with_a_release(), ToldChannel()
    before = dict(bucket.objects)
    office = an_office(FakeStore(bucket, NoFaults()), [channel])
    office.keeps = False
    office.post(a_report("plan", listing=("Plan: 1 to add", "To apply it: --mode apply")))
    office.deliver()
    assert channel.kinds == ["plan_waits"]
    assert bucket.objects == before


def test_a_run_goes_on_in_the_thread_that_its_first_message_began() -> None:
    store = FakeStore(Bucket(name="b"), NoFaults())
    begun = Answer(verdict=Verdict.TAKEN, thread="C1/1.1")
    channel = ToldChannel(answers=[begun])
    first = an_office(store, [channel], started=("slack",))
    first.post_started()
    first.deliver()
    second = an_office(store, [channel])
    second.post(REPORT)
    second.deliver()
    assert [(each.kind.value, each.thread) for each in channel.got] == [
        ("started", ""),
        ("not_serving", "C1/1.1"),
    ]

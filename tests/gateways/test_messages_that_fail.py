"""Channels that fail in every way: how long a run tells at most, and what is left for the next.

Each row is measured against a real server. Where a try hangs, its limit is shortened, and the row
says so: the limits themselves are held in tests/simulation/test_messages.py.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pipeline.core import history, ledger
from pipeline.core.outcomes import NoticeState
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.slack import SlackWebhook
from pipeline.steps import post_office
from tests.fakes.boundary import NoFaults
from tests.fakes.store import Bucket, FakeStore
from tests.support.answering import Reply, answering
from tests.support.certificates import a_certificate
from tests.support.message_builders import (
    ENDPOINT,
    NOON,
    RUN_ID,
    ToldChannel,
    a_failure,
    a_report,
    an_office,
)

pytestmark = pytest.mark.emulated

TRY_S = 0.5
SECRET = "services/T0/B0/s3cr3t-of-slack"
Address = Callable[[Path], AbstractContextManager[str]]


def served(*replies: Reply, otherwise: Reply | None = None) -> Address:
    @contextmanager
    def address(folder: Path) -> Iterator[str]:
        del folder
        with answering(*replies, otherwise=otherwise) as server:
            yield server.url

    return address


@contextmanager
def nobody_listens(folder: Path) -> Iterator[str]:
    del folder
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@contextmanager
def nobody_has_this_name(folder: Path) -> Iterator[str]:
    del folder
    yield "https://nobody.invalid"


@contextmanager
def nobody_vouches(folder: Path) -> Iterator[str]:
    with answering(certificate=a_certificate(folder)) as server:
        yield server.url


DEAF = Reply(after_s=TRY_S * 3)
DRIP = Reply(body="ok" * 50, drip_s=TRY_S / 4)
BUSY = Reply(status=429, headers={"Retry-After": "3600"})
ROWS: list[tuple[str, Address, NoticeState]] = [
    ("refused", nobody_listens, NoticeState.PENDING),
    ("no such name", nobody_has_this_name, NoticeState.PENDING),
    ("invalid certificate", nobody_vouches, NoticeState.PENDING),
    ("silent", served(otherwise=DEAF), NoticeState.PENDING),
    ("slow drip", served(otherwise=DRIP), NoticeState.PENDING),
    ("hangs up", served(otherwise=Reply(hangs_up=True)), NoticeState.PENDING),
    ("400", served(Reply(status=400, body="invalid_blocks")), NoticeState.FAILED),
    ("404", served(Reply(status=404, body="no_service")), NoticeState.PENDING),
    ("429 for an hour", served(BUSY), NoticeState.PENDING),
    ("503 for ever", served(otherwise=Reply(status=503)), NoticeState.PENDING),
    ("503 once", served(Reply(status=503)), NoticeState.SENT),
]


def a_bucket_with_a_ledger() -> Bucket:
    """What a deployment leaves: a head, and its line of the history."""
    bucket = Bucket(name="b")
    book = Ledger(FakeStore(bucket, NoFaults()), ENDPOINT)
    told = history.tell(
        ledger.empty_head(ENDPOINT),
        "deployed",
        who="anna",
        when=NOON,
        details={"release": "r-1", "run": RUN_ID},
    )
    book.write(book.read(), told)
    book.copy_last_event(told)
    return bucket


def a_bucket_told_by_nobody() -> Bucket:
    """The same after a run without any channel."""
    bucket = a_bucket_with_a_ledger()
    office = an_office(FakeStore(bucket, NoFaults()), [])
    office.post(a_report(failure=a_failure(6)))
    office.deliver()
    return bucket


def records_in(bucket: Bucket) -> dict[str, object]:
    """Ledger and history, without what is kept for people: all that a run decides by."""
    return {key: stored for key, stored in bucket.objects.items() if not key.startswith("outbox/")}


@pytest.mark.parametrize(("address", "state"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_a_channel_that_fails_costs_seconds_and_keeps_nothing_from_the_others(
    address: Address,
    state: NoticeState,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(post_office, "TRY_S", TRY_S)
    monkeypatch.setattr(post_office, "_PAUSES_S", (0.05, 0.1))
    good, bucket = ToldChannel(name="sns"), a_bucket_with_a_ledger()
    before = records_in(bucket)
    with address(tmp_path) as url:
        office = an_office(FakeStore(bucket, NoFaults()), [SlackWebhook(f"{url}/{SECRET}"), good])
        office.clock, office.sleep = time.monotonic, time.sleep
        office.post(a_report(failure=a_failure(6)))
        began = time.monotonic()
        office.deliver()
        took_s = time.monotonic() - began
    assert {each.channel: each.state for each in office.notices} == {
        "slack": state,
        "sns": NoticeState.SENT,
    }
    assert took_s < 3 * TRY_S + 2
    assert records_in(bucket) == before == records_in(a_bucket_told_by_nobody())
    assert good.kinds == ["not_serving"]
    seen = f"{office.notices} {caplog.text} {bucket.objects}"
    assert "s3cr3t" not in seen
    later = ToldChannel(name="slack")
    an_office(FakeStore(bucket, NoFaults()), [later, good], run_id="next").deliver()
    assert later.kinds == (["not_serving"] if state is NoticeState.PENDING else [])
    assert good.kinds == ["not_serving"]

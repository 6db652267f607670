"""When a delivery is tried again, and when it is given up."""

import threading
from dataclasses import dataclass, field

from emulator.messaging.deliveries import (
    Deliveries,
    Failure,
    Parcel,
    Retries,
    Undelivered,
    deliver_now,
)

NO_WAIT = Retries(count=2, first_wait_s=0)


@dataclass(kw_only=True)
class Addressee:
    """Fails as often as told, and keeps how it ended."""

    failures: int
    permanent: bool = False
    broken: bool = False
    tried: int = 0
    given_up: list[Failure] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def send(self) -> None:
        self.tried += 1
        if self.broken:
            raise KeyError("bug")  # noqa: EM101 - any error that is no Undelivered
        if self.tried <= self.failures:
            text = "not now"
            raise Undelivered(text, code="503", permanent=self.permanent)
        self.ended.set()

    def give_up(self, failure: Failure) -> None:
        self.given_up.append(failure)
        self.ended.set()


def delivered(addressee: Addressee, *, retries: Retries = NO_WAIT) -> Addressee:
    parcel = Parcel(label="test", send=addressee.send, give_up=addressee.give_up, retries=retries)
    Deliveries(time_scale=1000).submit(parcel)
    assert addressee.ended.wait(20)
    return addressee


def test_it_is_tried_again_until_it_is_taken() -> None:
    addressee = delivered(Addressee(failures=2))
    assert (addressee.tried, addressee.given_up) == (3, [])


def test_after_the_last_retry_it_is_given_up_with_the_reason() -> None:
    addressee = delivered(Addressee(failures=9))
    assert addressee.tried == 3
    assert [item.exhausted for item in addressee.given_up] == ["MaximumRetryAttempts"]


def test_a_permanent_refusal_is_not_tried_again() -> None:
    addressee = delivered(Addressee(failures=9, permanent=True))
    assert addressee.tried == 1
    assert addressee.given_up[0].error.code == "503"


def test_it_is_given_up_when_it_is_too_old() -> None:
    old = Retries(count=1000, first_wait_s=100, longest_age_s=150)
    addressee = delivered(Addressee(failures=9999), retries=old)
    assert addressee.tried < 5
    assert addressee.given_up[0].exhausted == "MaximumEventAgeInSeconds"


def test_an_error_of_our_own_ends_one_delivery_and_no_worker() -> None:
    addressee = delivered(Addressee(failures=0, broken=True))
    assert addressee.given_up[0].error.code == "InternalFailure"


def test_what_is_delivered_at_once_never_fails_its_publisher() -> None:
    addressee = Addressee(failures=9)
    deliver_now(
        Parcel(label="test", send=addressee.send, give_up=addressee.give_up, retries=NO_WAIT)
    )
    assert (addressee.tried, len(addressee.given_up)) == (1, 1)


def test_waits_grow_up_to_the_longest() -> None:
    retries = Retries(count=9, first_wait_s=1, factor=2, longest_wait_s=5)
    assert [retries.wait_s(number) for number in (1, 2, 3, 4)] == [1, 2, 4, 5]


def test_receivers_that_hang_do_not_keep_the_next_one_waiting() -> None:
    release, deliveries, last = (
        threading.Event(),
        Deliveries(time_scale=1000),
        Addressee(failures=0),
    )

    def hang() -> None:
        release.wait()

    for send in [*[hang] * 12, last.send]:
        parcel = Parcel(label="test", send=send, give_up=last.give_up, retries=NO_WAIT)
        deliveries.submit(parcel)
    assert last.ended.wait(20)
    release.set()

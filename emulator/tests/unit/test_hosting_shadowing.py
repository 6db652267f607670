"""Copies for a shadow never make the caller wait, whatever the shadow does."""

import threading
import time

from emulator.containers.shadowing import Mirror


def test_copies_beyond_the_room_are_dropped_and_the_caller_never_waits() -> None:
    mirror, release, ran = Mirror("shadow"), threading.Event(), []

    def copy() -> None:
        release.wait(10)
        ran.append(1)

    started = time.monotonic()
    for _ in range(200):
        mirror.send(copy, 10)
    assert time.monotonic() - started < 1
    release.set()
    mirror.send(lambda: ran.append(1), 10)
    deadline = time.monotonic() + 10
    while len(ran) < 64 and time.monotonic() < deadline:
        time.sleep(0.01)
    mirror.close()
    assert 64 <= len(ran) <= 65


def test_large_copies_need_more_room() -> None:
    mirror, release, ran = Mirror("shadow"), threading.Event(), []

    def copy() -> None:
        release.wait(10)
        ran.append(1)

    for _ in range(30):
        mirror.send(copy, 6 * 1024 * 1024)
    release.set()
    deadline = time.monotonic() + 10
    while len(ran) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    mirror.close()
    assert len(ran) == 10


def test_a_closed_mirror_takes_nothing_and_a_failing_copy_harms_no_other() -> None:
    mirror, ran = Mirror("shadow"), threading.Event()

    def fail() -> None:
        raise RuntimeError

    mirror.send(fail, 1)
    mirror.send(ran.set, 1)
    assert ran.wait(10)
    mirror.close()
    mirror.send(fail, 1)

"""Calls side by side: what each returned, what failed, and what hangs is left behind."""

import threading
import time

from pipeline.gateways.side_by_side import NoAnswer, at_once


def words(name: str, error: Exception) -> str:
    return f"{name}: {type(error).__name__}"


def fail() -> str:
    raise ValueError


def test_each_call_is_answered_by_its_name() -> None:
    found = at_once({"b": lambda: "two", "a": lambda: "one"}, limit_s=5, on_error=words)
    assert list(found.items()) == [("b", "two"), ("a", "one")]


def test_a_call_that_fails_takes_no_other_along() -> None:
    found = at_once({"bad": fail, "good": lambda: "fine"}, limit_s=5, on_error=words)
    assert found == {"bad": "bad: ValueError", "good": "fine"}


def test_calls_that_hang_cost_the_limit_once() -> None:
    released = threading.Event()
    calls = dict.fromkeys(("one", "two", "three"), lambda: str(released.wait(60)))
    started = time.monotonic()
    found = at_once(calls, limit_s=0.2, on_error=words)
    assert time.monotonic() - started < 5
    released.set()
    assert set(found.values()) == {f"{name}: {NoAnswer.__name__}" for name in calls}

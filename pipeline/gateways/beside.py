"""Does something beside a program that runs, and ends it with the program."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.gateways.ports import Meanwhile

# What it does is bounded by its own requests; the process does not wait for more.
_LAST_WORDS_S = 90.0


@contextmanager
def beside(meanwhile: Meanwhile | None) -> Iterator[None]:
    """Run it in a thread of its own while the block runs."""
    if meanwhile is None:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=meanwhile, args=(over.wait,), daemon=True, name="beside")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_LAST_WORDS_S)

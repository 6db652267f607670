"""CloudWatch Logs as corrected: what a stream keeps."""

from types import SimpleNamespace
from typing import Any

from emulator.moto_patches.logs import MOST_EVENTS, forgetting_the_oldest


def test_a_stream_forgets_its_oldest_events() -> None:
    stream = SimpleNamespace(events=list(range(MOST_EVENTS)))

    def put(self: Any, log_events: list[int]) -> str:
        self.events += log_events
        return "token"

    assert forgetting_the_oldest(put)(stream, [-1, -2]) == "token"
    assert (len(stream.events), stream.events[0], stream.events[-1]) == (MOST_EVENTS, 2, -2)

"""Callers of an endpoint, who ask it all the time."""

import threading

from tests.e2e.story import Story


class Callers:
    """Asks the endpoint all the time, as its callers do, and keeps what failed."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.failures: list[Exception] = []
        self.count = 0

    def __enter__(self) -> "Callers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.2):
            self.count += 1
            try:
                self._story.ask()
            except Exception as error:
                self.failures.append(error)

"""An update whose container cannot start: who served goes on serving, and the bad one is barred."""

import threading

from tests.e2e.story import Story


def test_an_update_that_fails_leaves_the_old_release_serving_and_is_barred(
    serving: Story, unloadable_job: str
) -> None:
    before = serving.described()
    with Callers(serving) as callers:
        failed = serving.deploy(unloadable_job)
    assert failed.exit_code == 5
    assert failed.deployment["deployment_results"]["status"] == "rolled_back"
    assert "the lookup table is not on this machine" in failed.error
    assert serving.described()["EndpointConfigName"] == before["EndpointConfigName"]
    assert serving.status() == "InService"
    assert callers.failures == []
    assert callers.count > 10

    after = serving.described()
    refused = serving.deploy(unloadable_job)
    assert refused.exit_code == 7
    assert "quarantined" in refused.error
    assert serving.described()["LastModifiedTime"] == after["LastModifiedTime"]


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

"""One embedded AWS with one foundation for all stories; every story has an endpoint of its own.

What takes long is done once, also with several workers: the chain `first_full`, `second_full`,
`went_back` leaves two trained jobs and an endpoint that serves the first. Stories that use that
endpoint leave it so.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import user_code
from tests.e2e.command_line import WRAPPER, CommandLine
from tests.e2e.shared import Shared, shared_by_workers
from tests.e2e.story import PATIENT, Seen, Story, look
from tests.emulated.embedded import Embedded

OTHER_MODEL = {"MLOPS_TRAINING__HYPERPARAMETERS": '{"candidates": ["logistic_regression"]}'}
WEBHOOK = "https://hooks.example.com/services/T0000/B0000/not-for-any-log"

# For a test and all the fixtures that it is the first to need.
_LIMIT_S = 900
# Two workers are enough to keep two cores busy: these files wait for what the others need not.
_AROUND_THE_CHAIN = {
    "test_first_container_cannot_start",
    "test_full_twice_and_back",
    "test_same_model_again",
    "test_tests_fail_after_the_move",
    "test_update_container_cannot_start",
}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return shared_by_workers(tmp_path_factory)


@pytest.fixture(scope="session")
def aws(shared: Shared) -> Iterator[Embedded]:
    with shared.aws() as endpoint_url:
        yield Embedded(url=endpoint_url)


@pytest.fixture(scope="session")
def a_story(
    aws: Embedded, shared: Shared, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Story]:
    """Return a maker of stories; the foundation is there before the first of them begins."""

    def made(prefix: str) -> Story:
        folder = tmp_path_factory.mktemp(prefix)
        command = CommandLine(
            folder, EMULATOR_STATE_DIR=str(shared.state_dir), ENDPOINT_PREFIX=prefix, **PATIENT
        )
        return Story(aws=aws, prefix=prefix, folder=folder, command=command)

    outcome = shared.once("foundation", lambda: made("bootstrap").run("--mode", "bootstrap"))
    assert outcome.exit_code == 0, outcome.stderr
    return made


@pytest.fixture
def story(a_story: Callable[[str], Story], request: pytest.FixtureRequest) -> Story:
    """A story whose endpoint is named after its test file."""
    return a_story(request.path.stem.removeprefix("test_").replace("_", "-")[:25].strip("-"))


@pytest.fixture(scope="session")
def promoted(a_story: Callable[[str], Story]) -> Story:
    return a_story("promoted")


@pytest.fixture(scope="session")
def first_full(promoted: Story, shared: Shared) -> Seen:
    """Mode full, with a webhook that must not be seen anywhere and a document on stdout."""

    def made() -> Seen:
        outcome = promoted.run("--output", "json", program=WRAPPER, SLACK_WEBHOOK_URL=WEBHOOK)
        return look(promoted, outcome)

    return shared.once("first full", made)


@pytest.fixture(scope="session")
def second_full(promoted: Story, shared: Shared, first_full: Seen) -> Seen:
    del first_full
    return shared.once("second full", lambda: look(promoted, promoted.run(**OTHER_MODEL)))


@pytest.fixture(scope="session")
def went_back(promoted: Story, shared: Shared, second_full: Seen) -> Seen:
    del second_full
    back = ("--mode", "rollback", "--reason", "a story")
    return shared.once("went back", lambda: look(promoted, promoted.run(*back, program=WRAPPER)))


@pytest.fixture(scope="session")
def serving(promoted: Story, went_back: Seen) -> Story:
    """The endpoint that serves the first of two releases; to be left as it was found."""
    del went_back
    return promoted


@pytest.fixture(scope="session")
def trained_job(first_full: Seen) -> str:
    """A training job whose model the gate lets pass."""
    return first_full.outcome.job


@pytest.fixture(scope="session")
def other_job(second_full: Seen) -> str:
    """Another one, whose model answers with other probabilities."""
    return second_full.outcome.job


@pytest.fixture(scope="session")
def unloadable_job(promoted: Story, shared: Shared) -> str:
    """A training job whose model the gate lets pass, and which no container can serve."""
    flags = user_code.unloadable(promoted.folder)
    outcome = shared.once("unloadable", lambda: promoted.run("--mode", "training", *flags))
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.job


@pytest.hookimpl(tryfirst=True)  # pytest-xdist looks at the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        chain = item.path.stem in _AROUND_THE_CHAIN
        for mark in (
            pytest.mark.e2e,
            pytest.mark.emulated,
            pytest.mark.timeout(_LIMIT_S),
            pytest.mark.xdist_group("chain" if chain else "stories"),
        ):
            item.add_marker(mark)

"""One embedded AWS with one foundation for all stories; every story has an endpoint of its own.

What takes long is done once: the chain `first_full`, `second_full`, `went_back` leaves two trained
jobs and an endpoint that serves the first. Stories that use that endpoint leave it so.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import user_code
from tests.e2e.command_line import RUNNER, WRAPPER, CommandLine
from tests.e2e.story import SHORT_TESTS, Seen, Story, look
from tests.emulated.embedded import Embedded
from tests.support.embedded_aws import embedded_aws

OTHER_MODEL = {"MLOPS_TRAINING__HYPERPARAMETERS": '{"candidates": ["logistic_regression"]}'}
WEBHOOK = "https://hooks.example.com/services/T0000/B0000/not-for-any-log"

# For a test and all the fixtures that it is the first to need.
_LIMIT_S = 900


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded-aws")


@pytest.fixture(scope="session")
def aws(state_dir: Path) -> Iterator[Embedded]:
    with embedded_aws(state_dir) as endpoint_url:
        yield Embedded(url=endpoint_url)


@pytest.fixture(scope="session")
def a_story(
    aws: Embedded, state_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Story]:
    """Return a maker of stories; the foundation is there before the first of them begins."""

    def made(prefix: str) -> Story:
        folder = tmp_path_factory.mktemp(prefix)
        command = CommandLine(
            folder, EMULATOR_STATE_DIR=str(state_dir), ENDPOINT_PREFIX=prefix, **SHORT_TESTS
        )
        return Story(aws=aws, prefix=prefix, folder=folder, command=command)

    outcome = made("bootstrap").run("--mode", "bootstrap")
    assert outcome.exit_code == 0, outcome.stderr
    return made


@pytest.fixture
def story(a_story: Callable[[str], Story], request: pytest.FixtureRequest) -> Story:
    """A story whose endpoint is named after its test file."""
    return a_story(str(request.path.stem).removeprefix("test_").replace("_", "-")[:25].strip("-"))


@pytest.fixture(scope="session")
def promoted(a_story: Callable[[str], Story]) -> Story:
    return a_story("promoted")


@pytest.fixture(scope="session")
def first_full(promoted: Story) -> Seen:
    outcome = promoted.run(
        "--mode", "full", "--output", "json", program=WRAPPER, SLACK_WEBHOOK_URL=WEBHOOK
    )
    return look(promoted, outcome)


@pytest.fixture(scope="session")
def second_full(promoted: Story, first_full: Seen) -> Seen:
    del first_full
    return look(promoted, promoted.run(program=RUNNER, **OTHER_MODEL))


@pytest.fixture(scope="session")
def went_back(promoted: Story, second_full: Seen) -> Seen:
    del second_full
    return look(
        promoted, promoted.run("--mode", "rollback", "--reason", "a story", program=WRAPPER)
    )


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
def unloadable_job(promoted: Story) -> str:
    """A training job whose model the gate lets pass, and which no container can serve."""
    outcome = promoted.run("--mode", "training", *user_code.unloadable(promoted.folder))
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.job


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.emulated)
            item.add_marker(pytest.mark.timeout(_LIMIT_S))

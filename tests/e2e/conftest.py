"""One embedded AWS with one foundation for all stories; every story has an endpoint of its own.

What takes long is done once, also with several workers: the chain `first_full`, `second_full`,
`went_back` leaves two trained jobs and an endpoint that serves the first. Stories that use that
endpoint leave it so.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, groupby, islice
from pathlib import Path

import pytest

from emulator.tests.support.embedded import Embedded
from emulator.tests.support.embedded_aws import embedded_aws
from pipeline.gateways import provider_mirror
from pipeline.gateways.aws import local_cloud
from pipeline.gateways.terraform import find_engine
from tests.e2e import user_code
from tests.e2e.alone import offer_foundation
from tests.e2e.command_line import WRAPPER, CommandLine
from tests.e2e.shared import Shared, shared_by_workers
from tests.e2e.story import COMPARES, PATIENT, Seen, Story, look
from tests.e2e.three import PREFIX, Made, Three, a_copy, keep_two, make_three, make_went_back
from tests.support.provider_process import attached_program

OTHER_MODEL = {"MLOPS_TRAINING__HYPERPARAMETERS": '{"candidates": ["logistic_regression"]}'}
WEBHOOK = "http://127.0.0.1:9/services/T0000/B0000/not-for-any-log"

# For a test and all the fixtures that it is the first to need.
_LIMIT_S = 900
_CHAIN = "test_full_twice_and_back"
_WHILE_THE_CHAIN_IS_MADE = 6


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return shared_by_workers(tmp_path_factory)


@pytest.fixture(scope="session")
def aws(shared: Shared) -> Iterator[Embedded]:
    with shared.aws() as endpoint_url:
        yield Embedded(url=endpoint_url)


@pytest.fixture(scope="session")
def a_plain_story(
    aws: Embedded, shared: Shared, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Story]:
    """Return a maker of stories; the foundation is there before the first of them begins."""

    def made(prefix: str, **variables: str) -> Story:
        folder = tmp_path_factory.mktemp(prefix)
        named = {"EMULATOR_STATE_DIR": str(shared.state_dir), "ENDPOINT_PREFIX": prefix}
        command = CommandLine(folder, **named, **PATIENT, **variables)
        return Story(aws=aws, prefix=prefix, folder=folder, command=command)

    outcome = shared.once("foundation", lambda: made("bootstrap").run("--mode", "bootstrap"))
    assert outcome.exit_code == 0, outcome.stderr
    return made


@contextmanager
def one_provider(aws: Embedded, folder: Path) -> Iterator[str]:
    """Yield a PATH with a Terraform that need not start its provider, for one command at a time."""
    cloud = local_cloud(aws.url, region="us-east-1", environment=os.environ)
    mirror = provider_mirror.cli_environment(os.environ, home=Path.home(), folder=folder)
    environment = cloud.environment() | mirror
    engine = find_engine(search_path=os.environ.get("PATH"), environment=environment)
    with attached_program(engine, environment, folder) as programs:
        yield f"{programs}:{os.environ['PATH']}"


@pytest.fixture(scope="session")
def a_story(
    a_plain_story: Callable[..., Story], aws: Embedded, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Story]]:
    """Return a maker of stories in which nobody ends Terraform, or runs two at once."""
    with one_provider(aws, tmp_path_factory.mktemp("one-provider")) as path:
        yield lambda prefix: a_plain_story(prefix, PATH=path)


@pytest.fixture
def bare(tmp_path: Path) -> CommandLine:
    """A command line on a machine where no embedded AWS runs yet."""
    return CommandLine(tmp_path, EMULATOR_STATE_DIR=str(tmp_path / "state"))


@pytest.fixture
def story(a_story: Callable[[str], Story], request: pytest.FixtureRequest) -> Story:
    """A story whose endpoint is named after its test file."""
    return a_story(_named_after(request.path))


@pytest.fixture
def plain_story(a_plain_story: Callable[..., Story], request: pytest.FixtureRequest) -> Story:
    """The same, whose Terraform starts its provider itself."""
    return a_plain_story(_named_after(request.path))


def _named_after(path: Path) -> str:
    return path.stem.removeprefix("test_").replace("_", "-")[:25].strip("-")


@pytest.fixture(scope="session")
def quiet(
    a_plain_story: Callable[..., Story], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    """An embedded AWS that nobody else uses, and that offers the foundation of the shared one."""
    folder = tmp_path_factory.mktemp("quiet")
    with embedded_aws(folder / "state") as endpoint_url:
        aws = Embedded(url=endpoint_url)
        offer_foundation(aws, like=a_plain_story("foundation").aws)
        command = CommandLine(folder, EMULATOR_STATE_DIR=str(folder / "state"), **PATIENT)
        yield Story(aws=aws, prefix="iris-model", folder=folder, command=command)


@pytest.fixture(scope="session")
def promoted(a_story: Callable[[str], Story]) -> Story:
    return a_story(PREFIX)


@pytest.fixture(scope="session")
def first_full(a_plain_story: Callable[..., Story], shared: Shared) -> Seen:
    """Mode full, with a webhook that must not be seen anywhere and a document on stdout.

    Nothing here is quicker than its users have it: Terraform starts its provider itself.
    """

    def made() -> Seen:
        story, flags = a_plain_story(PREFIX), ("--output", "json")
        outcome = story.run(*flags, program=WRAPPER, SLACK_WEBHOOK_URL=WEBHOOK, **COMPARES)
        return look(story, outcome)

    return shared.once("first full", made)


@pytest.fixture(scope="session")
def second_full(promoted: Story, shared: Shared, first_full: Seen) -> Seen:
    del first_full

    def made() -> Seen:
        seen = look(promoted, promoted.run(**OTHER_MODEL, **COMPARES))
        keep_two(shared)
        return seen

    return shared.once("second full", made)


@pytest.fixture(scope="session")
def went_back(promoted: Story, shared: Shared, second_full: Seen) -> Seen:
    del second_full
    back = ("--mode", "rollback", "--reason", "a story")
    return shared.once("went back", lambda: look(promoted, promoted.run(*back, program=WRAPPER)))


@pytest.fixture
def serving(promoted: Story, shared: Shared, went_back: Seen) -> Iterator[Story]:
    """The endpoint that serves the first of two releases, for one test; to be left so."""
    with shared.locked("serving"):
        assert promoted.serving_model() == went_back.model
        yield promoted


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


@pytest.fixture(scope="session")
def three_made(
    shared: Shared, tmp_path_factory: pytest.TempPathFactory, first_full: Seen, second_full: Seen
) -> Made:
    def made() -> Made:
        folder = tmp_path_factory.mktemp("three")
        return make_three(shared, folder, first=first_full.outcome, second=second_full.outcome)

    return shared.once("three", made)


@pytest.fixture(scope="session")
def three_went_back(
    shared: Shared, tmp_path_factory: pytest.TempPathFactory, three_made: Made
) -> Made:
    """The same after a rollback: B serves, C is barred."""

    def made() -> Made:
        return make_went_back(shared, tmp_path_factory.mktemp("three-went-back"), three_made)

    return shared.once("three went back", made)


@pytest.fixture
def three(three_made: Made, tmp_path: Path) -> Iterator[Three]:
    """An endpoint with the releases A, B and C, of which C serves, alone in its AWS."""
    with a_copy(three_made, tmp_path) as three:
        yield three


@pytest.fixture
def quick_three(three: Three, tmp_path: Path) -> Iterator[Three]:
    """The same for a story in which nobody ends Terraform, or runs two at once."""
    folder = tmp_path / "one provider"
    folder.mkdir()
    with one_provider(three.aws, folder) as path:
        yield three.with_path(path)


def pytest_itemcollected(item: pytest.Item) -> None:
    for mark in (pytest.mark.e2e, pytest.mark.emulated):
        item.add_marker(mark)
    if item.get_closest_marker("timeout") is None:  # a soak test has a limit of its own
        item.add_marker(pytest.mark.timeout(_LIMIT_S))


@pytest.hookimpl(trylast=True)  # when what is not asked for has been left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    stories = [item for item in items if item.get_closest_marker("e2e")]
    others = [item for item in items if not item.get_closest_marker("e2e")]
    items[:] = [*_in_turn(stories), *others]


def _in_turn(stories: list[pytest.Item]) -> Iterator[pytest.Item]:
    """What makes the chain comes first; who needs its endpoint alone comes between others."""
    files = [list(of_a_file) for _, of_a_file in groupby(stories, key=lambda item: item.path)]
    first = [each for each in files if each[0].path.stem == _CHAIN]
    alone = [each for each in files if each not in first and _needs_the_endpoint(each)]
    free = iter([each for each in files if each not in first + alone])
    order = [*first, *islice(free, _WHILE_THE_CHAIN_IS_MADE)]
    for each in alone:
        order += [each, *islice(free, 2)]
    yield from chain.from_iterable(order + list(free))


def _needs_the_endpoint(of_a_file: list[pytest.Item]) -> bool:
    return any("went_back" in getattr(item, "fixturenames", ()) for item in of_a_file)

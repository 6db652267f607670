"""Two commands on one endpoint at the same time: one wins, the other names it and leaves."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from pipeline.core import ledger, naming
from pipeline.core.head import HistoryEvent
from tests.e2e.command_line import Outcome
from tests.e2e.story import BUCKET, Story
from tests.e2e.three import Made, Three, a_copy

ROUNDS = 50
BACK = ("--mode", "rollback", "--reason", "a story")
DEPLOYMENT, ROLLBACK, PRUNE, PROMOTION = "deployment", "rollback", "prune", "promote"
_READS = ("Get", "Head", "List", "Describe", "Invoke")
_MOVES = (
    *("CreateModel", "CreateEndpointConfig", "UpdateEndpoint"),
    *("DeleteModel", "DeleteEndpointConfig", "DeleteEndpoint"),
)
_LEAST_RETAINED = 3
_MOST_DEPLOYMENTS = 5


@pytest.mark.soak
def test_the_run_that_comes_second_names_the_first(plain_story: Story, trained_job: str) -> None:
    story = plain_story
    deploy = ("--mode", "deployment", "--training-job", trained_job)
    both = [story.command.start(*deploy), story.command.start(*deploy)]
    winner, loser = sorted((each.ended() for each in both), key=lambda ended: ended.exit_code)
    assert (winner.exit_code, loser.exit_code) == (0, 9)
    assert winner.results["run_id"] in loser.error
    assert loser.results["summary"]["deployment_occurred"] is False
    assert story.serves(winner.release)


@pytest.fixture(scope="module")
def contended(
    three_made: Made, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Three, Counter[str]]]:
    """An endpoint with another environment beside it, whose release may be promoted to it."""
    with a_copy(three_made, tmp_path_factory.mktemp("contended")) as three:
        beside = three.run("--mode", "full", "--environment", "dev")
        assert beside.exit_code == 0, beside.stderr + beside.stdout
        three.write_slowly()
        told: Counter[str] = Counter()
        yield three, told
        print(f"\n{sum(told.values())} rounds: {dict(told)}")  # noqa: T201


def _flags(three: Three, what: str) -> tuple[str, ...]:
    return {
        DEPLOYMENT: ("--mode", "deployment", "--training-job", three.job, "--force"),
        ROLLBACK: BACK,
        PRUNE: ("--mode", "prune", "--yes"),
        PROMOTION: ("--mode", "promote", "--from", "dev", "--force"),
    }[what]


def _another(number: int) -> dict[str, str]:
    """Return a setting that makes the same model another content; below 50 for the rounds."""
    return {"MLOPS_DEPLOYMENT__STARTUP_TIMEOUT_S": str(500 + number)}


@pytest.mark.soak
@pytest.mark.timeout(7200)  # the first round waits for what all of them share
@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_two_commands_at_once_one_wins_and_the_other_changes_nothing(
    contended: tuple[Three, Counter[str]], number: int
) -> None:
    three, told = contended
    draw = random.Random(number)
    kinds = [draw.choice((DEPLOYMENT, PROMOTION)), draw.choice((DEPLOYMENT, ROLLBACK, PRUNE))]
    draw.shuffle(kinds)
    _give_them_work(three, kinds, number)
    before = three.ledger().last_event
    three.aws.clear_requests()
    both = [three.begin(*_flags(three, each), **_another(number)) for each in kinds]
    ended = [each.ended() for each in both]
    _require_one_winner(three, ended, last=before.number if before else 0)
    told[" and ".join(sorted(kinds))] += 1


def _give_them_work(three: Three, kinds: list[str], number: int) -> None:
    """Deploy until there is something to go back to, and to prune: a prune that finds nothing is
    over before a promotion has copied what it takes the lease for."""
    for again in range(_MOST_DEPLOYMENTS):
        head = three.ledger()
        to_prune = PRUNE not in kinds or ledger.prune(head)[0].releases
        if len(head.retained) >= _LEAST_RETAINED and to_prune:
            return
        setting = _another(100 + _MOST_DEPLOYMENTS * number + again)
        deployed = three.run(*_flags(three, DEPLOYMENT), **setting)
        assert deployed.exit_code == 0, deployed.stderr
    pytest.fail("there is still nothing to prune")


def _require_one_winner(three: Three, ended: list[Outcome], *, last: int) -> None:
    said = "\n".join(each.stdout + each.stderr for each in ended)
    winner, loser = sorted(ended, key=lambda each: each.exit_code)
    assert (winner.exit_code, loser.exit_code) == (0, 9), said
    assert str(winner.results["run_id"]) in loser.error
    assert set(_runs_of_the_history(three, last)) <= {winner.results["run_id"]}
    _require_changes_within_one_lease(three)
    head = three.ledger()
    assert head.move is None
    assert three.serves(head.live_release or "")


def _runs_of_the_history(three: Three, last: int) -> Iterator[str]:
    """Yield the run of each line that the round has added."""
    event = three.ledger().last_event
    while event is not None and event.number > last:
        yield event.details["run"]
        key = naming.history_object(three.endpoint, event.number - 1)
        event = HistoryEvent.from_json(three.text(BUCKET, key) or b"", place=key)


def _require_changes_within_one_lease(three: Three) -> None:
    """Between the first and the last write of the lease lies all that was changed of the endpoint.

    Artifacts and packages are not of the endpoint: they lie at their content's address.
    """
    changed = [each for each in three.aws.requests() if not str(each["action"]).startswith(_READS)]
    lease = f"/leases/{three.endpoint}.json"
    held = [
        number
        for number, each in enumerate(changed)
        if lease in str(each["path"]) and each["status"] == 200
    ]
    folders = [f"/{name}/{three.endpoint}" for name in ("ledger", "history", "releases")]
    moved = [
        number
        for number, each in enumerate(changed)
        if each["action"] in _MOVES or any(folder in str(each["path"]) for folder in folders)
    ]
    assert all(held[0] < number < held[-1] for number in moved), changed
    assert sum(each["action"] == "UpdateEndpoint" for each in changed) <= 1

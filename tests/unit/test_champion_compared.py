"""With what a candidate is compared: what is live, and which training rows both have seen."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pipeline.configuration.sections import ChampionSettings
from pipeline.core import jobs, ledger, naming
from pipeline.core.champion import Rule
from pipeline.core.records import Comparison
from pipeline.gateways.ledger import Ledger
from pipeline.steps.champion import champion, to_compare
from tests.fakes.boundary import NoFaults
from tests.fakes.store import Bucket, FakeStore
from tests.unit.core_builders import (
    NOON,
    a_move,
    a_release,
    a_training_run,
    an_empty_head,
    finished,
)

if TYPE_CHECKING:
    from pipeline.context import Workspace

RELEASE = a_release()
OF_CHAMPION = a_training_run(job_name="champion", train_uri="s3://here/data/1/train/")
CANDIDATE = a_training_run(artifact_sha256="b" * 64, train_uri="s3://here/data/1/train/")


@dataclass(frozen=True, kw_only=True)
class _Settings:
    champion: ChampionSettings = field(default_factory=ChampionSettings)


@dataclass(frozen=True, kw_only=True)
class _Here:
    """As much of a workspace as is asked."""

    store: FakeStore
    ledger: Ledger
    settings: _Settings


def here(
    *, live: bool = True, barred: bool = False, run: Any = OF_CHAMPION, rule: Rule = Rule.NOT_WORSE
) -> "Workspace":
    store = FakeStore(Bucket(name="here"), NoFaults())
    book = Ledger(store, RELEASE.endpoint_name)
    release = replace(RELEASE, training_job="champion")
    book.store_release(release)
    _, head = ledger.config_for(
        ledger.add_release(an_empty_head(), release),
        release.release_id,
        **{"live_count": 1, "minimum": 1, "maximum": 1},
    )
    if live:
        head = finished(ledger.arrive(ledger.begin(head, a_move()), when=NOON))
    if barred:
        head = ledger.quarantine(head, release.release_id, reason="slow", when=NOON)
    book.write(book.read(), head)
    if run is not None:
        store.put(naming.training_run_object("champion"), run.to_json().encode())
    settings = _Settings(champion=ChampionSettings(rule=rule))
    return cast("Workspace", _Here(store=store, ledger=book, settings=settings))


def test_the_champion_is_what_is_live_and_not_quarantined() -> None:
    found = champion(here())
    assert found is not None
    assert (found.release_id, found.artifact_sha256) == (RELEASE.release_id, "a" * 64)
    assert champion(here(live=False)) is None
    assert champion(here(barred=True)) is None


def test_with_the_same_training_rows_only_the_artifact_is_needed() -> None:
    found = to_compare(here(), CANDIDATE)
    assert isinstance(found, jobs.ComparedWith)
    key = naming.artifact_object("a" * 64)
    assert found.inputs == {"champion": f"s3://here/{key}"}


def test_with_other_training_rows_those_of_both_are_needed() -> None:
    other = replace(CANDIDATE, train_uri="s3://here/data/2/train/")
    found = to_compare(here(), other)
    assert isinstance(found, jobs.ComparedWith)
    assert found.inputs["champion-train"] == "s3://here/data/1/train/"
    assert found.inputs["train"] == "s3://here/data/2/train/"


@pytest.mark.parametrize(
    ("run", "train_uri"),
    [
        (None, "s3://here/data/1/train/"),
        (replace(OF_CHAMPION, train_uri="s3://elsewhere/data/1/train/"), "s3://here/data/2/train/"),
        (OF_CHAMPION, "s3://elsewhere/data/2/train/"),
    ],
)
def test_rows_that_nobody_can_look_up_leave_nothing_to_compare(run: Any, train_uri: str) -> None:
    found = to_compare(here(run=run), replace(CANDIDATE, train_uri=train_uri))
    assert isinstance(found, Comparison)
    assert found.failure == "nobody knows any more on which rows it was trained"
    assert found.artifact_sha256 == "a" * 64


def test_nothing_is_compared_without_the_rule_or_with_itself() -> None:
    assert to_compare(here(rule=Rule.OFF), CANDIDATE) is None
    assert to_compare(here(live=False), CANDIDATE) is None
    assert to_compare(here(), replace(CANDIDATE, artifact_sha256="a" * 64)) is None

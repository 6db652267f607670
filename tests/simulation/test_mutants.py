"""Each broken rule is found: what the simulation cannot see it does not guard.

A schedule counts only if the software as it is passes it.
"""

import logging
import sys
from collections.abc import Iterator

import pytest

from tests.simulation.explore import Findings, at_random, exhaustively, shrunk, told
from tests.simulation.mutants import MUTANTS
from tests.simulation.schedules import walk
from tests.simulation.starts import stories
from tests.simulation.swapped import remembering

_MOST_SEEDS = 5_000
# Found within some seconds; the rest takes up to a minute each.
_QUICK = (
    "what is left is not barred at arrival",
    "the head is written without If-Match",
    "the fence is ignored",
    "the ledger is believed, not SageMaker",
    "a rollback may go to what is barred",
    "a way back is watched by alarms that ring",
    "a deployment is not proved",
    "a way back is not proved",
    "arrived is proved",
    "the plan is not guarded",
    "a move ends without a line in the history",
    "nobody waits for SageMaker",
    "what could not be made is kept",
    "an artifact is served unchecked",
)


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with remembering():
        stories()
        yield
    logging.disable(logging.NOTSET)


def _schedules_until_found(name: str) -> int:
    """Return how many schedules it took, and print the story; fail where none finds it."""
    mutant, where = MUTANTS[name]
    findings = Findings()
    for step in (*where, *range(_MOST_SEEDS)):
        with mutant():
            if isinstance(step, str):
                exhaustively(stories()[step], findings, stop_at=1)
            else:
                at_random(step, findings)
        if not findings.broken:
            continue
        story, planned, _ = findings.broken.pop()
        if walk(story.start(), story.command, planned, goal=story.goal).problem is None:
            with mutant():
                lines = told(story, shrunk(story, planned))
            sys.stdout.write(f"{findings.schedules:>6}  {name}\n{lines}\n")
            return findings.schedules
    pytest.fail(f"{name}: not found in {findings.schedules} schedules", pytrace=False)


@pytest.mark.parametrize("name", _QUICK)
def test_a_broken_rule_is_found(name: str) -> None:
    assert _schedules_until_found(name) > 0


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(MUTANTS.keys() - set(_QUICK)))
def test_a_broken_rule_is_found_by_more_schedules(name: str) -> None:
    assert _schedules_until_found(name) > 0


def test_twenty_rules_and_more_are_broken() -> None:
    assert len(MUTANTS) >= 20

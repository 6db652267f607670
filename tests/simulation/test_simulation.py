"""Every command under faults at every boundary, on the steps as they are.

A failure prints its story; `told(*schedule_of(seed))` and the places of its faults bring it back.
"""

import functools
import logging
import sys
from collections.abc import Iterator

import pytest

from tests.simulation.explore import Findings, at_random, exhaustively, shrunk, told
from tests.simulation.faults import ACCIDENTS, DECISIONS, FAULTS
from tests.simulation.starts import stories
from tests.simulation.swapped import remembering

_BY_ACCIDENT = (*ACCIDENTS, *DECISIONS)
# One of each way that a command may end; the soak tries all, each fault also alone.
_STORIES = (
    "rollback",
    "rollback to what rings",
    "rollback to what was swapped",
    "rollback of what fails",
    "rollback --to",
    "rollback --to what is barred",
    "requested rollback",
    "deployment that good",
    "deployment that wrong",
    "deployment that rings",
    "deployment that does not start",
    "deployment of the same",
    "baking deployment that rings",
    "first deployment that good",
    "first deployment that fails",
    "first deployment that cannot be made",
    "first deployment that does not start",
    "prune",
    "settle",
    "settle among orphans",
)
_TWO_FAULTS = ("settle", "deployment of the same")
_SEEDS = 1_500
_SOAKED_SEEDS = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Remember what pure functions gave, and let nothing log."""
    logging.disable(logging.CRITICAL)
    with remembering():
        yield
    logging.disable(logging.NOTSET)


def _require_sound(findings: Findings) -> None:
    sys.stdout.write(f"{findings.line()}\n")
    if findings.broken:
        story, planned, _ = findings.broken[0]
        few = shrunk(story, planned)
        pytest.fail(f"{findings.line()}\n{few}\n{told(story, few)}", pytrace=False)


@functools.cache
def _one_fault(name: str) -> Findings:
    findings = Findings()
    exhaustively(stories()[name], findings)
    return findings


@pytest.mark.parametrize("name", _STORIES)
def test_one_fault_at_any_boundary_ends_well(name: str) -> None:
    _require_sound(_one_fault(name))


@pytest.mark.parametrize("name", _TWO_FAULTS)
def test_two_accidents_at_any_boundaries_end_well(name: str) -> None:
    findings = Findings()
    exhaustively(stories()[name], findings, faults=2, first=ACCIDENTS, later=ACCIDENTS)
    _require_sound(findings)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", stories())
def test_two_faults_at_any_boundaries_end_well(name: str) -> None:
    findings = Findings()
    exhaustively(stories()[name], findings, faults=2, later=_BY_ACCIDENT)
    _require_sound(findings)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", ["rollback", "settle", "deployment of the same"])
def test_three_accidents_at_any_boundaries_end_well(name: str) -> None:
    findings = Findings()
    exhaustively(stories()[name], findings, faults=3, first=ACCIDENTS, later=ACCIDENTS)
    _require_sound(findings)


def test_random_schedules_end_well() -> None:
    _require_sound(_random(range(_SEEDS)))


@pytest.mark.soak
@pytest.mark.timeout(36_000)
def test_a_million_random_schedules_end_well() -> None:
    _require_sound(_random(range(_SEEDS, _SOAKED_SEEDS)))


def _random(seeds: range) -> Findings:
    findings = Findings()
    for seed in seeds:
        at_random(seed, findings)
        if findings.broken:
            sys.stdout.write(f"seed {seed}\n")
            break
    return findings


def test_every_fault_is_tried_somewhere() -> None:
    covered = _one_fault("rollback").covered | _one_fault("deployment that good").covered
    assert {fault for _, fault in covered} == set(FAULTS)

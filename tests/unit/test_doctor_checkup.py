"""What mode doctor makes of what it read: the grade, the words, the fix and the exit code."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.core import checkup, ledger
from pipeline.core.checkup import Grade
from pipeline.core.errors import CloudUnusable, UsageError
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from tests.unit.core_builders import NOON, a_move
from tests.unit.test_leases_rules import a_lease

ENDPOINT = "iris-model-staging"
LIVE = "r-20260101-120000-abc123-n1"


def seen(status: EndpointStatus, config: str | None = None) -> EndpointObservation:
    return EndpointObservation(name=ENDPOINT, status=status, config_name=config)


def test_a_finding_is_one_line_whatever_was_said() -> None:
    finding = checkup.failed("role", "two\n  lines", fix="do\nthis")
    assert (finding.found, finding.to_do) == ("failed   role: two lines", "Fix: do this")


def test_nothing_failed_is_no_error() -> None:
    assert checkup.failure([checkup.ok("a", "x"), checkup.warning("b", "y", fix="z")]) is None


def test_the_first_failure_decides_the_kind_and_all_are_named() -> None:
    found = [
        checkup.failed("python", "old", fix="new", kind=UsageError),
        checkup.failed("credentials", "none", fix="some", kind=CloudUnusable),
    ]
    error = checkup.failure(found)
    assert isinstance(error, UsageError)
    assert error.message == "2 checks failed: python, credentials."


def test_an_error_keeps_its_kind_and_its_remedy() -> None:
    finding = checkup.of_error("x", UsageError("it is wrong.", remedy="Mend it."))
    assert (finding.kind, finding.fix) == (UsageError, "Mend it.")


def test_the_endpoint_of_a_ledger_that_agrees_is_fine() -> None:
    head = replace(ledger.empty_head(ENDPOINT), live=LIVE)
    good = checkup.judge_endpoint(head, seen(EndpointStatus.IN_SERVICE, f"{ENDPOINT}-{LIVE}"))
    assert good.grade is Grade.OK


@pytest.mark.parametrize(
    ("live", "status", "config", "grade"),
    [
        (None, EndpointStatus.ABSENT, None, Grade.OK),
        (None, EndpointStatus.IN_SERVICE, "foreign", Grade.WARNING),
        (LIVE, EndpointStatus.IN_SERVICE, "another", Grade.FAILED),
        (LIVE, EndpointStatus.ABSENT, None, Grade.FAILED),
    ],
)
def test_an_endpoint_that_the_ledger_does_not_know_is_told(
    live: str | None, status: EndpointStatus, config: str | None, grade: Grade
) -> None:
    head = replace(ledger.empty_head(ENDPOINT), live=live)
    assert checkup.judge_endpoint(head, seen(status, config)).grade is grade


def test_a_move_under_way_is_told_before_anything_else() -> None:
    head = replace(ledger.empty_head(ENDPOINT), move=a_move(LIVE))
    finding = checkup.judge_endpoint(head, seen(EndpointStatus.UPDATING))
    assert (finding.grade, LIVE in finding.what) == (Grade.WARNING, True)


@pytest.mark.parametrize(
    ("hours", "dead", "released", "grade"),
    [
        (0, False, True, Grade.OK),
        (0, True, False, Grade.OK),
        (3, False, False, Grade.OK),
        (0, False, False, Grade.WARNING),
    ],
)
def test_a_held_lease_is_told_unless_its_run_is_over(
    hours: int, dead: bool, released: bool, grade: Grade
) -> None:
    finding = checkup.judge_lease(
        a_lease(released=released), now=NOON + timedelta(hours=hours), owner_is_dead=dead
    )
    assert finding.grade is grade

"""What mode doctor makes of what it read: the grade, the words, the fix and the exit code."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipeline.core import checkup, ledger
from pipeline.core.checkup import Finding, Grade
from pipeline.core.errors import CloudUnusable, UsageError
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from tests.unit.core_builders import NOON, a_move
from tests.unit.test_leases_rules import a_lease

ENDPOINT = "iris-model-staging"
ROLE = "arn:aws:iam::123456789012:role/jobs"
LIVE = "r-20260101-120000-abc123-n1"


def trust(**changes: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"]},
        "Action": "sts:AssumeRole",
    }
    return {"Statement": [statement | changes]}


def seen(status: EndpointStatus, config: str | None = None) -> EndpointObservation:
    return EndpointObservation(name=ENDPOINT, status=status, config_name=config)


def test_a_finding_is_one_line_whatever_was_said() -> None:
    finding = checkup.failed("role", "two\n  lines", fix="do\nthis")
    assert finding.line == "failed   role: two lines Fix: do this"


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


def test_what_nobody_may_look_at_fails_nothing() -> None:
    finding = checkup.unreadable("quotas", CloudUnusable("it is denied.", remedy="Ask."))
    assert finding.line == "warning  quotas: not checked: it is denied. Fix: Ask."


@pytest.mark.parametrize(
    ("version", "grade"), [((3, 10, 9), Grade.FAILED), ((3, 11, 0), Grade.OK), ((4, 0), Grade.OK)]
)
def test_python_must_be_new_enough(version: tuple[int, ...], grade: Grade) -> None:
    assert checkup.judge_python(version).grade is grade


def test_pins_are_read_from_the_requirements() -> None:
    text = '# words\na-b==1.2\nc==3; sys_platform == "linux"\n-r other.txt\n'
    assert checkup.pins(text) == {"a-b": "1.2", "c": "3"}


@pytest.mark.parametrize(
    ("installed", "grade"), [("1.2", Grade.OK), ("1.3", Grade.WARNING), (None, Grade.FAILED)]
)
def test_packages_are_compared_with_their_pins(installed: str | None, grade: Grade) -> None:
    assert checkup.judge_packages({"a": "1.2"}, {"a": installed}).grade is grade


@pytest.mark.parametrize(
    ("free_mb", "grade"), [(10, Grade.FAILED), (500, Grade.WARNING), (9000, Grade.OK)]
)
def test_a_full_disk_fails(free_mb: int, grade: Grade) -> None:
    assert checkup.judge_disk("disk", folder="x", free_mb=free_mb, fix="f").grade is grade


@pytest.mark.parametrize(
    ("skew_s", "grade"),
    [
        (None, Grade.WARNING),
        (2.0, Grade.OK),
        (-60.0, Grade.WARNING),
        (900.0, Grade.FAILED),
        (-900.0, Grade.FAILED),
    ],
)
def test_a_clock_that_is_minutes_off_fails(skew_s: float | None, grade: Grade) -> None:
    assert checkup.judge_clock(skew_s).grade is grade


@pytest.mark.parametrize(
    ("policy", "grade"),
    [
        (trust(), Grade.OK),
        (trust(Principal={"Service": "sagemaker.amazonaws.com"}), Grade.OK),
        ({"Statement": trust()["Statement"][0]}, Grade.OK),
        (trust(Effect="Deny"), Grade.FAILED),
        (trust(Action="sts:TagSession"), Grade.FAILED),
        (trust(Principal={"Service": "ec2.amazonaws.com"}), Grade.FAILED),
        ({}, Grade.FAILED),
        (None, Grade.FAILED),
    ],
)
def test_a_role_must_let_sagemaker_in(policy: dict[str, Any] | None, grade: Grade) -> None:
    assert checkup.judge_role(ROLE, policy).grade is grade


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


def quotas(found: dict[str, float]) -> Finding:
    return checkup.judge_quotas({"endpoint": 2, "job": 1}, found, fix="ask")


def test_quotas_are_compared_with_what_a_run_needs() -> None:
    assert quotas({"endpoint": 2, "job": 1}).grade is Grade.OK
    assert quotas({"endpoint": 1, "job": 1}).grade is Grade.FAILED
    assert "job" in quotas({"endpoint": 2}).what
    assert quotas({"endpoint": 2}).grade is Grade.WARNING

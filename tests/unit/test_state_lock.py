"""Whose lock is on a Terraform state: read strictly, and released for a dead run alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.core.errors import CorruptRecord
from pipeline.core.lease import Owner
from pipeline.core.state_lock import StateLock, is_of_dead_run, parse_state_lock
from tests.unit.core_builders import NOON

PLACE = "s3://states/serving.tfstate.tflock"
# As Terraform 1.11.4 wrote it.
WRITTEN = {
    "ID": "2accf825-3df0-166d-bdba-6a945329b8c3",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "ada@build-7",
    "Version": "1.11.4",
    "Created": "2026-01-31T12:00:00.123456789Z",
    "Path": "states/serving.tfstate",
}
OWNER = Owner(run_id="run-1", who="Ada", host="build-7", pid=1, process_started_s=1.5)
MINUTE = timedelta(minutes=1)


def parsed(**changes: Any) -> StateLock:
    return parse_state_lock(json.dumps(WRITTEN | changes), place=PLACE)


def a_lock(**changes: Any) -> StateLock:
    lock = StateLock(
        lock_id="1",
        who="ada@build-7",
        operation="OperationTypeApply",
        created_at=NOON,
        path="states/serving.tfstate",
    )
    return replace(lock, **changes)


def is_dead(lock: StateLock, **changes: Any) -> bool:
    facts: dict[str, Any] = {
        "by": OWNER,
        "from_": NOON - MINUTE,
        "until": NOON + MINUTE,
        "is_alive": False,
    }
    return is_of_dead_run(lock, **(facts | changes))


def test_a_lock_is_what_terraform_wrote() -> None:
    assert parsed() == StateLock(
        lock_id="2accf825-3df0-166d-bdba-6a945329b8c3",
        who="ada@build-7",
        operation="OperationTypeApply",
        created_at=datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC),
        path="states/serving.tfstate",
    )


@pytest.mark.parametrize(
    ("created", "microsecond"),
    [("12:00:00Z", 0), ("12:00:00.5Z", 500000), ("12:00:00.999999999Z", 999999)],
)
def test_go_writes_no_more_digits_than_it_needs(created: str, microsecond: int) -> None:
    assert parsed(Created=f"2026-01-31T{created}").created_at == datetime(
        2026, 1, 31, 12, 0, 0, microsecond, tzinfo=UTC
    )


@pytest.mark.parametrize(("who", "host"), [("ada@build-7", "build-7"), ("a@b.org@c", "c")])
def test_the_host_stands_behind_the_last_sign(who: str, host: str) -> None:
    assert parsed(Who=who).host == host


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"ID": ""}, "ID"),
        ({"ID": 7}, "ID"),
        ({"Who": "ada"}, "Who"),
        ({"Created": "yesterday"}, "Created"),
        ({"Created": 7}, "Created"),
        ({"Created": "2026-01-31T12:00:00"}, "Created"),
        ({"Path": None}, "Path"),
        ({"More": 1}, "More"),
    ],
)
def test_what_terraform_did_not_write_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(CorruptRecord, match=rf"state at {PLACE} cannot be read: {part}: "):
        parsed(**changes)


@pytest.mark.parametrize("text", ["", "{}", "null", "[]", b"\xff"])
def test_what_is_no_lock_at_all_is_refused(text: str | bytes) -> None:
    with pytest.raises(CorruptRecord, match=PLACE):
        parse_state_lock(text, place=PLACE)


def test_a_lock_made_while_a_dead_run_held_the_lease_is_of_that_run() -> None:
    assert is_dead(a_lock())


def test_a_lock_is_nobodys_while_a_process_of_the_run_lives() -> None:
    assert not is_dead(a_lock(), is_alive=True)


def test_a_lock_of_another_host_is_not_of_that_run() -> None:
    assert not is_dead(a_lock(who="ada@build-8"))


@pytest.mark.parametrize(
    ("minutes", "inside"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_lock_made_before_or_after_the_lease_is_not_of_that_run(
    minutes: int, inside: bool
) -> None:
    assert is_dead(a_lock(created_at=NOON + minutes * MINUTE)) is inside


def test_a_lease_without_an_end_holds_still() -> None:
    assert is_dead(a_lock(created_at=NOON + 100 * MINUTE), until=None)
    assert not is_dead(a_lock(created_at=NOON - 2 * MINUTE), until=None)

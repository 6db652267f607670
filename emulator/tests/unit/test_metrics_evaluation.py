"""Alarm states from data points: the tables of AWS's user guide, and laws."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.metrics.evaluation import Criterion, judge

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def a_criterion(*, needed: int = 3, periods: int = 3, treat_missing: str = "missing") -> Criterion:
    return Criterion(
        comparison="GreaterThanThreshold",
        threshold=0,
        evaluation_periods=periods,
        datapoints_to_alarm=needed,
        treat_missing=treat_missing,
    )


def points(drawn: str) -> list[float | None]:
    """The guide draws oldest first: X breaches, 0 does not, - is missing."""
    return [{"X": 1.0, "0": 0.0, "-": None}[sign] for sign in reversed(drawn)]


def states(drawn: str, *, needed: int) -> list[str | None]:
    return [
        judge(points(drawn), a_criterion(needed=needed, treat_missing=treatment)).state
        for treatment in TREATMENTS
    ]


KEPT = None
UNKNOWN = "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ("0-X-X", ["OK", "OK", "OK", "OK"]),
        ("0----", ["OK", "OK", "OK", "OK"]),
        ("-----", [UNKNOWN, KEPT, "ALARM", "OK"]),
        ("0XX-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("--X--", ["ALARM", KEPT, "ALARM", "OK"]),
    ],
)
def test_three_of_three(drawn: str, expected: list[str | None]) -> None:
    assert states(drawn, needed=3) == expected


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ("0-X-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("00X0X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("0-X--", ["OK", "OK", "ALARM", "OK"]),
        ("----0", ["OK", "OK", "ALARM", "OK"]),
        ("---X-", ["ALARM", KEPT, "ALARM", "OK"]),
    ],
)
def test_two_of_three(drawn: str, expected: list[str | None]) -> None:
    assert states(drawn, needed=2) == expected


def test_one_fresh_breach_among_missing_ones_does_not_alarm_yet() -> None:
    assert judge(points("----X"), a_criterion()).state is None


@pytest.mark.parametrize(
    ("comparison", "value", "breaches"),
    [
        ("GreaterThanThreshold", 0, False),
        ("GreaterThanOrEqualToThreshold", 0, True),
        ("LessThanThreshold", 0, False),
        ("LessThanOrEqualToThreshold", 0, True),
    ],
)
def test_comparisons_at_the_threshold(comparison: str, value: float, breaches: bool) -> None:
    assert dataclasses.replace(a_criterion(), comparison=comparison).breaches(value) is breaches


DRAWN = st.text("X0-", min_size=5, max_size=5)
NEEDED = st.integers(1, 3)


@given(DRAWN, NEEDED, st.sampled_from(TREATMENTS))
def test_a_breach_more_never_ends_an_alarm(drawn: str, needed: int, treatment: str) -> None:
    criterion = a_criterion(needed=needed, treat_missing=treatment)
    if judge(points(drawn), criterion).state == "ALARM":
        assert judge(points(drawn.replace("0", "X", 1)), criterion).state == "ALARM"


@given(st.text("X0", min_size=5, max_size=5), NEEDED, st.sampled_from(TREATMENTS))
def test_without_missing_data_only_the_newest_periods_count(
    drawn: str, needed: int, treatment: str
) -> None:
    state = judge(points(drawn), a_criterion(needed=needed, treat_missing=treatment)).state
    assert state == ("ALARM" if drawn[2:].count("X") >= needed else "OK")


@given(DRAWN, NEEDED)
def test_breaching_and_not_breaching_always_decide(drawn: str, needed: int) -> None:
    for treatment in ("breaching", "notBreaching"):
        verdict = judge(points(drawn), a_criterion(needed=needed, treat_missing=treatment))
        assert verdict.state in ("OK", "ALARM")

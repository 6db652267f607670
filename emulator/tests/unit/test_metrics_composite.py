"""Rules of composite alarms: how they bind, and what is refused."""

import pytest

from emulator.metrics.composite import alarms_in, holds, parse_rule
from emulator.metrics.errors import CloudWatchError

STATES = {"errors": "ALARM", "latency": "OK", "new one": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(errors)", True),
        ("ALARM(latency)", False),
        ("OK(latency) AND ALARM(errors)", True),
        ("NOT ALARM(errors)", False),
        ('INSUFFICIENT_DATA("new one")', True),
        ("TRUE", True),
        ("FALSE OR ALARM(errors)", True),
        ("ALARM(latency) AND ALARM(errors) OR TRUE", True),
        ("TRUE OR FALSE AND FALSE", True),
        ("(TRUE OR FALSE) AND FALSE", False),
        ("NOT (ALARM(latency) OR OK(errors))", True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors)", True),
        ("ALARM(gone)", False),
        ("alarm(errors) and not ok(errors)", True),
    ],
)
def test_a_rule_holds(rule: str, expected: bool) -> None:
    assert holds(parse_rule(rule), STATES) is expected


@pytest.mark.parametrize(
    "rule", ["", "errors", "ALARM()", "ALARM(a", "ALARM(a) ALARM(b)", "AND ALARM(a)", "MAYBE(a)"]
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(CloudWatchError, match="AlarmRule"):
        parse_rule(rule)


def test_the_alarms_of_a_rule_are_named() -> None:
    assert alarms_in(parse_rule('ALARM(a) AND (OK("b c") OR NOT ALARM(d))')) == {"a", "b c", "d"}

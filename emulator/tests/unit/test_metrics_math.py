"""Metric math: what parses, what it gives, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.metrics.errors import CloudWatchError
from emulator.metrics.metric_math import Frame, Line, Value, evaluate
from emulator.metrics.queries import check_queries
from emulator.metrics.syntax import names_in, parse

LINES = {
    "m1": Line(points={0: 1.0, 60: 2.0, 120: 4.0}, label="one"),
    "m2": Line(points={0: 10.0, 120: 0.0}, label="two"),
}
TIMES = (0, 60, 120, 180)


def value_of(expression: str) -> Value:
    frame = Frame(value_of=LINES.__getitem__, metrics=lambda: LINES, times=TIMES, period_s=60)
    return evaluate(parse(expression), frame)


def points_of(expression: str) -> dict[int, float]:
    value = value_of(expression)
    assert isinstance(value, Line)
    return value.points


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1/2", {0: 0.5, 60: 1, 120: 2}),
        ("m1 + m2", {0: 11, 120: 4}),
        ("m1 / m2", {0: 0.1}),
        ("-m1 + 2 * m1", {0: 1, 60: 2, 120: 4}),
        ("m1 ^ 2", {0: 1, 60: 4, 120: 16}),
        ("m1 >= 2", {0: 0, 60: 1, 120: 1}),
        ("m1 > 1 && m1 < 4", {0: 0, 60: 1, 120: 0}),
        ("m1 > 3 OR m1 == 1", {0: 1, 60: 0, 120: 1}),
        ("IF(m1 > 1, m1, 0)", {0: 0, 60: 2, 120: 4}),
        ("IF(m1 > 1, m1)", {60: 2, 120: 4}),
        ("IF(m1 > 1, m2, m1)", {0: 1, 120: 0}),
        ("FILL(m2, 0)", {0: 10, 60: 0, 120: 0, 180: 0}),
        ("FILL(m2, REPEAT)", {0: 10, 60: 10, 120: 0, 180: 0}),
        ("FILL(m2, LINEAR)", {0: 10, 60: 5, 120: 0}),
        ("FILL(m2, m1)", {0: 10, 60: 2, 120: 0}),
        ("SUM(METRICS())", {0: 11, 60: 2, 120: 4}),
        ("AVG([m1, m2])", {0: 5.5, 60: 2, 120: 2}),
        ("MIN([m1, m2])", {0: 1, 60: 2, 120: 0}),
        ("MAX([m1, m2])", {0: 10, 60: 2, 120: 4}),
        ('SUM(METRICS("m2")) * 2', {0: 20, 120: 0}),
        ("RATE(m1)", {60: 1 / 60, 120: 2 / 60}),
        ("DIFF(m1)", {60: 1, 120: 2}),
        ("RUNNING_SUM(m1)", {0: 1, 60: 3, 120: 7}),
        ("m1 * PERIOD(m1)", {0: 60, 60: 120, 120: 240}),
        ("TIME_SERIES(3)", {0: 3, 60: 3, 120: 3, 180: 3}),
        ("m1 - SUM(m1)", {0: -6, 60: -5, 120: -3}),
        ("ABS(m1 - 3)", {0: 2, 60: 1, 120: 1}),
        ("m1-m2-m1", {0: -10, 120: 0}),
        ("(1 + 2) * m1", {0: 3, 60: 6, 120: 12}),
    ],
)
def test_an_expression_gives(expression: str, expected: dict[int, float]) -> None:
    assert points_of(expression) == pytest.approx(expected)


def test_an_array_of_series_is_calculated_one_by_one() -> None:
    value = value_of("METRICS() * 10")
    assert isinstance(value, tuple)
    assert [line.points[0] for line in value] == [10, 100]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "m1 +",
        "m1 m2",
        "(m1",
        "SUM(m1",
        "m1 # 2",
        "[m1",
        "m1 +* 2",
        "(" * 500 + "m1" + ")" * 500,
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(CloudWatchError) as refused:
        parse(expression)
    assert refused.value.code == "ValidationError"


@pytest.mark.parametrize("expression", ["METRICS() + METRICS()", "IF('a', m1)", "SUM(m1, m2)"])
def test_what_does_not_fit_together_is_refused(expression: str) -> None:
    with pytest.raises(CloudWatchError):
        value_of(expression)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("ANOMALY_DETECTION_BAND(m1)", "ANOMALY_DETECTION_BAND"),
        ("SEARCH('x', 'Sum', 60)", "SEARCH"),
        ("m7 * 2", "m7"),
        ("__import__('os')", "__IMPORT__"),
    ],
)
def test_a_query_names_what_it_cannot_use(expression: str, told: str) -> None:
    with pytest.raises(CloudWatchError, match=told):
        check_queries([{"Id": "m1", "Expression": "1"}, {"Id": "e1", "Expression": expression}])


def test_the_names_in_an_expression_are_found_at_any_depth() -> None:
    assert names_in(parse("IF(a > 1, [b, -c], SUM(d)) + 2")) == {"a", "b", "c", "d"}


@given(
    st.recursive(
        st.integers(1, 9).map(str),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        max_leaves=12,
    )
)
def test_arithmetic_agrees_with_pythons(expression: str) -> None:
    assert value_of(expression) == pytest.approx(eval(expression))

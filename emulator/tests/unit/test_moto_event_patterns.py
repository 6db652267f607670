"""Event patterns of EventBridge as corrected: what is refused, and what a wildcard matches."""

import json
from typing import Any

import pytest
from moto.events.exceptions import InvalidEventPatternException

from emulator.moto_patches.event_patterns import check_pattern, wildcard_matches


@pytest.mark.parametrize(
    "filters",
    [
        {"prefix": 5},
        {"numeric": ["<"]},
        {"numeric": ["<", "x"]},
        {"numeric": ["~", 1]},
        {"exists": "yes"},
        {"foo": 1},
        {"anything-but": {"prefix": 5}},
        {"prefix": "a", "suffix": "b"},
    ],
)
def test_a_comparison_with_a_wrong_operand_is_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(InvalidEventPatternException, match="Event pattern is not valid"):
        check_pattern({"detail": {"a": [filters]}})


def test_what_the_user_guide_shows_is_accepted() -> None:
    filters = [
        *("x", None, 1, {"prefix": "a"}, {"suffix": {"equals-ignore-case": ".PNG"}}),
        *({"anything-but": ["a", 1]}, {"anything-but": {"wildcard": "*/lib/*"}}, {"exists": False}),
        *({"numeric": [">", 0, "<=", 5]}, {"cidr": "10.0.0.0/24"}, {"equals-ignore-case": "A"}),
    ]
    check_pattern({"source": filters, "detail": {"$or": [{"a": ["b"]}, {"c": [{"exists": True}]}]}})


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a*c", "abbc", "abcd"),
        ("*/lib/*", "x/lib/y", "x/libs/y"),
        ("a*a", "aa", "a"),
        (r"\*x*", "*xy", "axy"),
        ("plain", "plain", "plains"),
        ("*" + "a*" * 30 + "b", "a" * 5000 + "b", "a" * 5000),
    ],
)
def test_a_wildcard_matches_in_linear_time(pattern: str, matching: str, other: str) -> None:
    assert wildcard_matches(matching, pattern)
    assert not wildcard_matches(other, pattern)
    assert not wildcard_matches(json.loads("5"), pattern)

"""EventBridge's event patterns: wrong operands are refused, and matching always ends.

Source: "Comparison operators for use in event patterns" in the EventBridge user guide. In moto one
rule with a wrong operand fails every PutEvents, and a wildcard may search for ever.
"""

import re
from collections.abc import Callable
from typing import Any

from moto.events.exceptions import InvalidEventPatternException
from moto.events.models import EventPattern, EventPatternParser

from emulator.moto_patches.patching import existing, wrap

_COMPARISONS = ("<", "<=", "=", ">=", ">")
_OF_TEXT = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")


def apply() -> None:
    wrap(EventPatternParser, "parse", by=_checked)
    existing(EventPattern, "_wildcard_match")
    EventPattern._wildcard_match = staticmethod(wildcard_matches)


def _checked(original: Callable[..., Any]) -> Callable[..., Any]:
    def parse(self: Any) -> Any:
        try:
            pattern = original(self)
        except (AttributeError, TypeError, RecursionError) as error:
            reason = "Event pattern must be a JSON object"
            raise InvalidEventPatternException(reason) from error
        check_pattern(pattern)
        return pattern

    return parse


def check_pattern(node: Any) -> None:
    """Raise InvalidEventPatternException for an operand that its comparison cannot have."""
    for name, value in node.items():
        if name == "$or":
            for choice in value if isinstance(value, list) else [None]:
                _require(isinstance(choice, dict), "$or must be an array of objects")
                check_pattern(choice)
        elif isinstance(value, dict):
            check_pattern(value)
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    _check_comparison(each)


def _check_comparison(comparison: dict[str, Any]) -> None:
    _require(len(comparison) == 1, "Only one key allowed in match expression")
    ((name, operand),) = comparison.items()
    if name == "numeric":
        _require(_is_numeric(operand), "Value of numeric must be an array of pairs")
    elif name == "exists":
        _require(isinstance(operand, bool), "exists match pattern must be either true or false")
    elif name in _OF_TEXT and isinstance(operand, dict):
        _check_comparison(operand)
    elif name in _OF_TEXT:
        texts = operand if isinstance(operand, list) else [operand]
        _require(all(isinstance(text, str) for text in texts), f"{name} must be a string")
    elif name == "anything-but":
        if isinstance(operand, dict):
            _check_comparison(operand)
    else:
        _require(False, f"Unrecognized match type {name}")


def _is_numeric(operand: Any) -> bool:
    if not isinstance(operand, list) or not operand or len(operand) % 2:
        return False
    return all(each in _COMPARISONS for each in operand[::2]) and all(
        isinstance(each, int | float) for each in operand[1::2]
    )


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise InvalidEventPatternException(reason)


def wildcard_matches(item: Any, pattern: str) -> bool:
    """Match `*`, and `\\*` as itself: each piece between them as early as possible."""
    if not isinstance(item, str):
        return False
    pieces = [""]
    for escaped, star, plain in re.findall(r"\\([*\\])|(\*)|(.)", pattern, re.DOTALL):
        if star:
            pieces.append("")
        else:
            pieces[-1] += escaped or plain
    if len(pieces) == 1:
        return item == pieces[0]
    first, *inner, last = pieces
    at, end = len(first), len(item) - len(last)
    if at > end or not item.startswith(first) or not item.endswith(last):
        return False
    for piece in inner:
        at = item.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True

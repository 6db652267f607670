"""What a search filter compares: the values of a property, by the type AWS's model gives it.

Source: "Filter" and "NestedFilters" in the SageMaker API reference.
"""

import datetime as dt
import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulator.api.errors import ValidationError


class Kind(enum.Enum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    COMPOSITE = "composite"


_KINDS = {
    "string": Kind.TEXT,
    "integer": Kind.NUMBER,
    "long": Kind.NUMBER,
    "float": Kind.NUMBER,
    "double": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "timestamp": Kind.TIMESTAMP,
}
_ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "GreaterThan": lambda value, limit: value > limit,
    "GreaterThanOrEqualTo": lambda value, limit: value >= limit,
    "LessThan": lambda value, limit: value < limit,
    "LessThanOrEqualTo": lambda value, limit: value <= limit,
}
_FOR_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "Contains": lambda value, given: given in value,
    "In": lambda value, given: value in [each.strip() for each in given.split(",")],
}


def values_at(document: Any, path: str) -> Iterator[Any]:
    """Yield what lies at a dotted path; lists count with each of their items."""
    if isinstance(document, list):
        for item in document:
            yield from values_at(item, path)
    elif not path:
        yield document
    elif isinstance(document, Mapping):
        name, _, rest = path.partition(".")
        if path in document:
            yield from values_at(document[path], "")
        elif name in document:
            yield from values_at(document[name], rest)


def kind_at(shape: Any, path: str) -> Kind | None:
    """Return the type of a property; None when the model has no such property."""
    while shape.type_name == "list":
        shape = shape.member
    if not path:
        return _KINDS.get(shape.type_name, Kind.COMPOSITE)
    if shape.type_name == "map":
        return kind_at(shape.value, "")
    name, _, rest = path.partition(".")
    members = shape.members if shape.type_name == "structure" else {}
    return kind_at(members[name], rest) if name in members else None


def satisfied(values: list[Any], condition: Mapping[str, Any], kind: Kind) -> bool:
    """Whether a property with these values meets a filter; ValidationError for a bad filter."""
    operator: str = condition.get("Operator", "Equals")
    if operator in ("Exists", "NotExists"):
        return bool(values) == (operator == "Exists")
    if "Value" not in condition:
        text = f"Value is required for operator {operator} on {condition['Name']}."
        raise ValidationError(text)
    meets = _comparison(operator, condition, kind)
    if operator == "NotEquals":
        return not any(meets(value) for value in values)
    return any(meets(value) for value in values)


def _comparison(operator: str, condition: Mapping[str, Any], kind: Kind) -> Callable[[Any], bool]:
    given = condition["Value"]
    if operator in _FOR_TEXT:
        _require(kind is Kind.TEXT, condition, "is only supported for text properties")
        compare = _FOR_TEXT[operator]
        return lambda value: compare(str(value), str(given))
    if operator in _ORDERINGS:
        in_order = _ORDERINGS[operator]
        if kind is Kind.TEXT and condition["Name"].startswith("HyperParameters."):
            return lambda value: _numbers_in_order(value, given, in_order)
        comparable = kind in (Kind.NUMBER, Kind.TIMESTAMP)
        _require(comparable, condition, "is not supported for this property")
        limit = _parsed(given, kind, condition)
        return lambda value: in_order(value, limit)
    wanted = _parsed(given, kind, condition)
    return lambda value: bool(value == wanted)


def _numbers_in_order(value: str, given: str, in_order: Callable[[Any, Any], bool]) -> bool:
    """Compare hyperparameters: as integers when the filter's value is one."""
    try:
        number, limit = float(value.strip('"')), float(given)
    except ValueError:
        return False
    is_integer = given.strip().lstrip("+-").isdigit()
    return in_order(int(number) if is_integer else number, limit)


def _parsed(given: str, kind: Kind, condition: Mapping[str, Any]) -> Any:
    try:
        if kind is Kind.NUMBER:
            return float(given)
        if kind is Kind.TIMESTAMP:
            moment = dt.datetime.fromisoformat(given)
            return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except ValueError as error:
        text = f"Invalid value {given} for the {kind.value} property {condition['Name']}."
        raise ValidationError(text) from error
    if kind is Kind.BOOLEAN:
        return given.lower() == "true"
    return given


def _require(met: bool, condition: Mapping[str, Any], what: str) -> None:
    if not met:
        text = f"Operator {condition['Operator']} on {condition['Name']} {what}."
        raise ValidationError(text)

"""Metric math as values: applies a parsed expression to series. Pure.

A value is a number, a series, a list of series or a text. Operators work point by point on the
times that both sides have; a division by zero leaves no point, as in CloudWatch.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeGuard

from emulator.metrics.errors import validation_error
from emulator.metrics.syntax import Array, Binary, FunctionCall, Name, Negative, Node, Number, Text

Points = dict[int, float]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One series: values by the start of their period."""

    points: Points
    label: str = ""


Value = float | str | Line | tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What an expression sees: other queries by id, and the periods of the window."""

    value_of: Callable[[str], Value]
    metrics: Callable[[], Mapping[str, Line]]
    times: Sequence[int]
    period_s: int


_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "&&": lambda left, right: float(bool(left) and bool(right)),
    "||": lambda left, right: float(bool(left) or bool(right)),
}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_FOLDS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "AVG": _mean,
    "MIN": min,
    "MAX": max,
}
_EACH: Mapping[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
}
_FILLINGS = ("REPEAT", "LINEAR")
SUPPORTED = frozenset(
    {*_FOLDS, *_EACH, "IF", "FILL", "RATE", "METRICS", "DIFF", "RUNNING_SUM", "PERIOD"}
    | {"TIME_SERIES"}
)


def evaluate(node: Node, frame: Frame) -> Value:
    """Raise ValidationError for what does not fit together."""
    match node:
        case Number(value=number):
            return number
        case Text(value=text):
            return text
        case Name(name=name):
            return frame.value_of(name)
        case Negative(operand=operand):
            return _combined("*", -1.0, evaluate(operand, frame))
        case Binary(sign=sign, left=left, right=right):
            return _combined(sign, evaluate(left, frame), evaluate(right, frame))
        case Array(items=items):
            return tuple(line for item in items for line in _lines(evaluate(item, frame), frame))
        case FunctionCall():
            return _called(node, frame)


def _combined(sign: str, left: Value, right: Value) -> Value:
    """Apply one operator to numbers, series and lists of series."""
    if isinstance(left, str) or isinstance(right, str):
        text = f"The operator {sign} does not take a text."
        raise validation_error(text)
    if isinstance(left, tuple) and isinstance(right, tuple):
        text = f"The operator {sign} does not take two arrays of time series."
        raise validation_error(text)
    if isinstance(left, tuple):
        return tuple(_pointwise(sign, line, right) for line in left)  # type: ignore[arg-type]
    if isinstance(right, tuple):
        return tuple(_pointwise(sign, left, line) for line in right)
    if isinstance(left, float) and isinstance(right, float):
        result = _applied(sign, left, right)
        return Line(points={}) if result is None else result
    return _pointwise(sign, left, right)


def _pointwise(sign: str, left: float | Line, right: float | Line) -> Line:
    label = left.label if isinstance(left, Line) else ""
    lines = [side for side in (left, right) if isinstance(side, Line)]
    times = set(lines[0].points).intersection(*(line.points for line in lines))
    results = {time: _applied(sign, _at(left, time), _at(right, time)) for time in sorted(times)}
    return Line(points=_known(results), label=label)


def _at(value: float | Line, time: int) -> float:
    return value.points[time] if isinstance(value, Line) else value


def _known(results: Mapping[int, float | None]) -> Points:
    return {time: value for time, value in results.items() if value is not None}


def _applied(sign: str, left: float, right: float) -> float | None:
    try:
        result = _OPERATORS[sign](left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    return None if isinstance(result, complex) or math.isnan(result) else float(result)


def _called(call: FunctionCall, frame: Frame) -> Value:
    name = call.name
    if name not in SUPPORTED:
        text = f"The function {name} is not supported by the embedded AWS."
        raise validation_error(text)
    if name == "METRICS":
        return _metrics(call, frame)
    arguments = [
        argument.name if _is_filling(argument) else evaluate(argument, frame)
        for argument in call.arguments
    ]
    if name == "IF" and len(arguments) in (2, 3):
        return _chosen(arguments)
    if name == "FILL" and len(arguments) == 2:
        return _filled(arguments[0], arguments[1], frame)
    if len(arguments) == 1:
        return _of_one(name, arguments[0], frame)
    text = f"The function {name} does not take {len(arguments)} arguments."
    raise validation_error(text)


def _is_filling(node: Node) -> TypeGuard[Name]:
    return isinstance(node, Name) and node.name in _FILLINGS


def _of_one(name: str, value: Value, frame: Frame) -> Value:
    if name in _FOLDS:
        return _folded(_FOLDS[name], value)
    if name in _EACH:
        return _each(value, lambda points: {at: _EACH[name](v) for at, v in points.items()})
    if name == "RATE":
        return _each(value, lambda points: _steps(points, per_second=True))
    if name == "DIFF":
        return _each(value, lambda points: _steps(points, per_second=False))
    if name == "RUNNING_SUM":
        return _each(value, _running_sum)
    if name == "PERIOD":
        return float(frame.period_s)
    if name == "TIME_SERIES" and isinstance(value, float):
        return Line(points=dict.fromkeys(frame.times, value))
    text = f"The function {name} does not take these arguments."
    raise validation_error(text)


def _metrics(call: FunctionCall, frame: Frame) -> tuple[Line, ...]:
    """All metrics of the request, or those whose id contains the given text."""
    wanted = (
        call.arguments[0].value if call.arguments and isinstance(call.arguments[0], Text) else ""
    )
    return tuple(line for name, line in frame.metrics().items() if wanted in name)


def _folded(fold: Callable[[Sequence[float]], float], value: Value) -> Value:
    """One series becomes a number, a list of series one series over whatever points there are."""
    if isinstance(value, Line):
        return fold(list(value.points.values())) if value.points else Line(points={})
    lines = _series(value)
    times = sorted({time for line in lines for time in line.points})
    return Line(
        points={
            time: float(fold([line.points[time] for line in lines if time in line.points]))
            for time in times
        }
    )


def _each(value: Value, change: Callable[[Points], Points]) -> Value:
    if isinstance(value, float):
        return change({0: value}).get(0, 0.0)
    if isinstance(value, Line):
        return Line(points=change(value.points), label=value.label)
    return tuple(Line(points=change(line.points), label=line.label) for line in _series(value))


def _steps(points: Points, *, per_second: bool) -> Points:
    times = sorted(points)
    return {
        after: (points[after] - points[before]) / (after - before if per_second else 1)
        for before, after in pairwise(times)
    }


def _running_sum(points: Points) -> Points:
    total, sums = 0.0, {}
    for time in sorted(points):
        total += points[time]
        sums[time] = total
    return sums


def _filled(value: Value, filling: Value, frame: Frame) -> Value:
    if isinstance(value, tuple):
        return tuple(_filled_line(line, filling, frame) for line in value)
    (line,) = _series(value)
    return _filled_line(line, filling, frame)


def _filled_line(line: Line, filling: Value, frame: Frame) -> Line:
    points = dict(line.points)
    for time in frame.times:
        if time not in points:
            found = _filler(line.points, filling, time=time)
            if found is not None:
                points[time] = found
    return Line(points=dict(sorted(points.items())), label=line.label)


def _filler(points: Points, filling: Value, *, time: int) -> float | None:
    if isinstance(filling, float):
        return filling
    if isinstance(filling, Line):
        return filling.points.get(time)
    earlier = max((at for at in points if at < time), default=None)
    later = min((at for at in points if at > time), default=None)
    if filling == "REPEAT":
        return None if earlier is None else points[earlier]
    if filling == "LINEAR":
        if earlier is None or later is None:
            return None
        share = (time - earlier) / (later - earlier)
        return points[earlier] + share * (points[later] - points[earlier])
    text = "FILL takes a number, a time series, REPEAT or LINEAR."
    raise validation_error(text)


def _chosen(arguments: Sequence[Value]) -> Value:
    condition, *choices = arguments
    if isinstance(condition, float):
        picked: Value = choices[0] if condition else Line(points={})
        return choices[1] if not condition and len(choices) == 2 else picked
    (asked,) = _series(condition)
    results: dict[int, float | None] = {}
    for time, answer in asked.points.items():
        chosen = choices[0] if answer else (choices[1] if len(choices) == 2 else None)
        if isinstance(chosen, Line):
            results[time] = chosen.points.get(time)
        elif isinstance(chosen, float):
            results[time] = chosen
        elif chosen is not None:
            text = "IF chooses between numbers and time series."
            raise validation_error(text)
    return Line(points=_known(results))


def _lines(value: Value, frame: Frame) -> Iterable[Line]:
    if isinstance(value, float):
        return (Line(points=dict.fromkeys(frame.times, value)),)
    return _series(value)


def _series(value: Value) -> tuple[Line, ...]:
    if isinstance(value, Line):
        return (value,)
    if isinstance(value, tuple):
        return value
    text = "A time series is needed here."
    raise validation_error(text)

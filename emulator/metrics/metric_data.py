"""PutMetricData requests into data of the store.

Rules: "PutMetricData" and "MetricDatum" pages of the CloudWatch API reference.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from emulator.metrics.errors import CloudWatchError, invalid_combination, invalid_value, spelled
from emulator.metrics.samples import Samples, StatisticSet
from emulator.metrics.store import Datum, dimensions_of, metric_key

_OLDEST_S = 14 * 24 * 3600
_NEWEST_S = 2 * 3600
_LARGEST = 2.0**360
_MOST_DIMENSIONS = 30
_MOST_VALUES = 150
_MOST_DATA = 1000
_KINDS = ("Value", "Values", "StatisticValues")


def read_metric_data(
    namespace: str, entries: Iterable[Mapping[str, Any]], *, now: float
) -> list[Datum]:
    """Raise InvalidParameterValue, InvalidParameterCombination or MissingParameter; all or none."""
    given = list(entries)
    if len(given) > _MOST_DATA:
        text = f"The collection MetricData must not have a size greater than {_MOST_DATA}."
        raise invalid_value(text)
    return [
        _datum(namespace, entry, where=f"MetricData.member.{number}", now=now)
        for number, entry in enumerate(given, start=1)
    ]


def _datum(namespace: str, entry: Mapping[str, Any], *, where: str, now: float) -> Datum:
    dimensions = entry.get("Dimensions", [])
    if len(dimensions) > _MOST_DIMENSIONS:
        text = f"The collection {where}.Dimensions must not have a size greater than 30."
        raise invalid_value(text)
    at = _seconds(entry.get("Timestamp"), default=now)
    if not now - _OLDEST_S <= at <= now + _NEWEST_S:
        text = f"The parameter {where}.Timestamp must be within two weeks back and two hours ahead."
        raise invalid_value(text)
    return Datum(
        key=metric_key(namespace, entry["MetricName"], dimensions_of(dimensions)),
        at=at,
        unit=entry.get("Unit", "None"),
        samples=_samples(entry, where=where),
    )


def _seconds(timestamp: Any, *, default: float) -> float:
    return default if timestamp is None else float(timestamp.timestamp())


def _samples(entry: Mapping[str, Any], *, where: str) -> Samples:
    given = [kind for kind in _KINDS if entry.get(kind) is not None]
    if len(given) > 1:
        text = (
            f"The parameters {where}.{given[0]} and {where}.{given[1]} are mutually exclusive and "
            "you have specified both."
        )
        raise invalid_combination(text)
    if not given:
        code, text = "MissingParameter", f"The parameter {where}.Value is required."
        raise CloudWatchError(code, text)
    samples = Samples()
    if given == ["StatisticValues"]:
        samples.add_set(_statistic_set(entry["StatisticValues"], where=f"{where}.StatisticValues"))
    elif given == ["Values"]:
        for value, count in _counted(entry, where=where):
            samples.add(value, count=count)
    else:
        samples.add(_number(entry["Value"], where=f"{where}.Value"))
    return samples


def _counted(entry: Mapping[str, Any], *, where: str) -> Iterator[tuple[float, float]]:
    values: Sequence[float] = entry["Values"]
    counts: Sequence[float] = entry.get("Counts") or [1.0] * len(values)
    if len(values) > _MOST_VALUES:
        text = f"The collection {where}.Values must not have a size greater than {_MOST_VALUES}."
        raise invalid_value(text)
    if len(counts) != len(values):
        text = f"The parameters {where}.Values and {where}.Counts must be of the same size."
        raise invalid_value(text)
    for value, count in zip(values, counts, strict=True):
        if _number(count, where=f"{where}.Counts") > 0:
            yield _number(value, where=f"{where}.Values"), count


def _statistic_set(given: Mapping[str, Any], *, where: str) -> StatisticSet:
    for name in ("SampleCount", "Sum", "Minimum", "Maximum"):
        if name not in given:
            code, text = "MissingParameter", f"The parameter {where}.{name} is required."
            raise CloudWatchError(code, text)
        _number(given[name], where=f"{where}.{name}")
    if given["Minimum"] > given["Maximum"]:
        text = f"The parameter {where}.Maximum must be greater than {where}.Minimum."
        raise invalid_combination(text)
    if given["SampleCount"] <= 0:
        text = f"The parameter {where}.SampleCount must be greater than 0."
        raise invalid_value(text)
    return StatisticSet(
        total=given["Sum"],
        minimum=given["Minimum"],
        maximum=given["Maximum"],
        count=given["SampleCount"],
    )


def _number(value: float, *, where: str) -> float:
    if math.isnan(value) or math.isinf(value) or abs(value) > _LARGEST:
        text = f"The value {spelled(value)} for parameter {where} is invalid."
        raise invalid_value(text)
    return float(value)

"""GetMetricStatistics, GetMetricData and ListMetrics, from parsed requests to answers.

Rules: the pages of these actions in the CloudWatch API reference. Timestamps of requests are
datetimes, of answers too.
"""

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.metrics.errors import CloudWatchError, invalid_combination, invalid_value
from emulator.metrics.paging import page
from emulator.metrics.queries import Result, Window, check_queries, measured_points, run_queries
from emulator.metrics.statistic import SIMPLE
from emulator.metrics.store import MetricKey, MetricStore, dimensions_of, metric_key

Params = Mapping[str, Any]

_MOST_DATAPOINTS = 1_440
_MOST_DATAPOINTS_OF_QUERIES = 100_800
_MOST_METRICS = 500
_RECENT_S = 3 * 3600
_SHORT_PERIODS_S = (1, 5, 10, 20, 30)


def get_metric_statistics(params: Params, *, store: MetricStore, region: str) -> dict[str, Any]:
    names = [*params.get("Statistics", ()), *params.get("ExtendedStatistics", ())]
    if not names:
        text = "Must specify either Statistics or ExtendedStatistics"
        raise invalid_combination(text)
    window, period_s = _window(params), int(params["Period"])
    check_period(period_s)
    _check_size(window, period_s)
    key = metric_key(
        params["Namespace"], params["MetricName"], dimensions_of(params.get("Dimensions", ()))
    )
    unit = params.get("Unit")
    measure = functools.partial(
        measured_points, store, region, key=key, period_s=period_s, window=window, unit=unit
    )
    points: dict[int, dict[str, Any]] = {}
    for name in names:
        for start, value in measure(measure=name).items():
            _note(points.setdefault(start, {}), name, value=value)
    datapoints = [
        {
            "Timestamp": as_time(start),
            "Unit": unit or store.unit_at(region, key, start=start, end=start + period_s),
            **found,
        }
        for start, found in sorted(points.items())
    ]
    return {"Label": params["MetricName"], "Datapoints": datapoints}


def _check_size(window: Window, period_s: int) -> None:
    asked = (window.end - window.start) / period_s
    if asked > _MOST_DATAPOINTS:
        text = (
            f"You have requested up to {asked:,.0f} datapoints, which exceeds the limit of "
            f"{_MOST_DATAPOINTS:,}. You may reduce the datapoints requested by increasing Period, "
            "or decreasing the time range."
        )
        raise invalid_combination(text)


def _note(point: dict[str, Any], name: str, *, value: float) -> None:
    if name in SIMPLE:
        point[name] = value
    else:
        point.setdefault("ExtendedStatistics", {})[name] = value


def get_metric_data(params: Params, *, store: MetricStore, region: str) -> dict[str, Any]:
    """Page over all points of all results, in the order of the queries."""
    queries: Sequence[Mapping[str, Any]] = params.get("MetricDataQueries", [])
    check_queries(queries)
    for query in queries:
        period_s = query.get("MetricStat", query).get("Period")
        if period_s is not None:
            check_period(period_s)
    newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = run_queries(queries, store=store, region=region, window=_window(params))
    limit = min(params.get("MaxDatapoints") or _MOST_DATAPOINTS_OF_QUERIES, 100_800)
    numbered = [
        (number, point)
        for number, result in enumerate(results)
        for point in sorted(result.points.items(), reverse=newest_first)
    ]
    points, token = page(numbered, limit=limit, token=params.get("NextToken"))
    answered = _answered(results, points, first=not params.get("NextToken"), more=token is not None)
    return {"MetricDataResults": answered, "NextToken": token, "Messages": []}


def _answered(
    results: Sequence[Result],
    points: Sequence[tuple[int, tuple[int, float]]],
    *,
    first: bool,
    more: bool,
) -> list[dict[str, Any]]:
    last_number = points[-1][0] if points else len(results)
    answers = []
    for number, result in enumerate(results):
        own = [point for of_result, point in points if of_result == number]
        if own or (first and number <= last_number) or (first and not result.points):
            partial = more and number == last_number
            answers.append(
                {
                    "Id": result.query["Id"],
                    "Label": result.label,
                    "Timestamps": [as_time(at) for at, _ in own],
                    "Values": [value for _, value in own],
                    "StatusCode": "PartialData" if partial else "Complete",
                }
            )
    return answers


def list_metrics(params: Params, *, store: MetricStore, region: str, now: float) -> dict[str, Any]:
    since = now - _RECENT_S if params.get("RecentlyActive") else 0
    found = [key for key in store.keys(region, since=since) if _listed(key, params)]
    keys, token = page(found, limit=_MOST_METRICS, token=params.get("NextToken"))
    return {"Metrics": [_described(key) for key in keys], "NextToken": token}


def _listed(key: MetricKey, params: Params) -> bool:
    """A dimension filter without a value takes every value; other dimensions do not matter."""
    own = dict(key.dimensions)
    return (
        params.get("Namespace") in (None, key.namespace)
        and params.get("MetricName") in (None, key.name)
        and all(
            wanted["Name"] in own and wanted.get("Value") in (None, own[wanted["Name"]])
            for wanted in params.get("Dimensions", ())
        )
    )


def _described(key: MetricKey) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in key.dimensions]
    return {"Namespace": key.namespace, "MetricName": key.name, "Dimensions": dimensions}


def check_period(period_s: int) -> None:
    if period_s in _SHORT_PERIODS_S or (period_s > 0 and period_s % 60 == 0):
        return
    text = "Period must be 1, 5, 10, 20, 30 or a multiple of 60."
    raise invalid_value(text)


def _window(params: Params) -> Window:
    for name in ("StartTime", "EndTime"):
        if params.get(name) is None:
            code, text = "MissingParameter", f"The parameter {name} is required."
            raise CloudWatchError(code, text)
    window = Window(start=params["StartTime"].timestamp(), end=params["EndTime"].timestamp())
    # A second is the finest that CloudWatch keeps (MetricDatum, StorageResolution).
    if int(window.start) >= int(window.end):
        text = "The parameter StartTime must be less than the parameter EndTime."
        raise invalid_value(text)
    return window


def as_time(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)

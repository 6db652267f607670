"""Evaluates MetricDataQueries (GetMetricData, metric math alarms) over a window of time.

Rules: "GetMetricData" and "MetricDataQuery" pages of the CloudWatch API reference.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.metrics.errors import validation_error
from emulator.metrics.metric_math import SUPPORTED, Frame, Line, Value, evaluate
from emulator.metrics.statistic import statistic
from emulator.metrics.store import MetricKey, MetricStore, dimensions_of, metric_key
from emulator.metrics.syntax import functions_in, names_in, parse

Query = Mapping[str, Any]
_DEFAULT_PERIOD_S = 60
# What one page of GetMetricData can have; math makes a point of each period, measured or not.
_MOST_POINTS = 100_800


@dataclass(frozen=True, kw_only=True)
class Window:
    """[start, end) in seconds since the epoch; one of its periods begins at `origin`."""

    start: float
    end: float
    origin: int = 0

    def times(self, period_s: int) -> list[int]:
        """Return the starts of the periods in the window."""
        first = self.origin + int((self.start - self.origin) // period_s) * period_s
        last = self.origin - int((self.origin - self.end) // period_s) * period_s
        times = range(first, last, period_s)
        if len(times) > _MOST_POINTS:
            text = (
                f"You have requested up to {len(times):,} datapoints, which exceeds the limit of "
                f"{_MOST_POINTS:,}. You may reduce the datapoints requested by increasing Period, "
                "or decreasing the time range."
            )
            raise validation_error(text)
        return list(times)


@dataclass(frozen=True, kw_only=True)
class Result:
    query: Query
    label: str
    points: Mapping[int, float]


def key_of(stat: Mapping[str, Any]) -> MetricKey:
    """Return the metric of a MetricStat."""
    metric = stat["Metric"]
    dimensions = dimensions_of(metric.get("Dimensions", ()))
    return metric_key(metric["Namespace"], metric["MetricName"], dimensions)


def check_queries(queries: Sequence[Query], *, also_allowed: frozenset[str] = frozenset()) -> None:
    """Raise ValidationError when a query is incomplete, or refers to what is not there."""
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        text = "The values for parameter id in MetricDataQueries are not unique."
        raise validation_error(text)
    for number, query in enumerate(queries, start=1):
        if "MetricStat" in query:
            statistic(query["MetricStat"]["Stat"])
        elif "Expression" in query:
            _check_expression(query, ids, allowed=SUPPORTED | also_allowed)
        else:
            # AWS also returns the empty line.
            text = f"The parameter MetricDataQueries.member.{number}.MetricStat is required.\n"
            raise validation_error(text)


def _check_expression(query: Query, ids: Sequence[str], *, allowed: frozenset[str]) -> None:
    tree = parse(query["Expression"])
    unsupported = sorted(functions_in(tree) - allowed)
    if unsupported:
        text = (
            f"Error in expression '{query['Id']}': the embedded AWS does not support the function "
            f"{unsupported[0]}."
        )
        raise validation_error(text)
    unknown = sorted(names_in(tree) - set(ids) - {"REPEAT", "LINEAR"})
    if unknown:
        text = f"Error in expression '{query['Id']}': no query has the id {unknown[0]}."
        raise validation_error(text)


def periods_of(queries: Sequence[Query]) -> int:
    """Return the longest period among the queries."""
    return (
        max(
            (
                query.get("MetricStat", {}).get("Period") or query.get("Period") or 0
                for query in queries
            ),
            default=0,
        )
        or _DEFAULT_PERIOD_S
    )


def run_queries(
    queries: Sequence[Query], *, store: MetricStore, region: str, window: Window
) -> list[Result]:
    """Return one result per series of each query that returns data. They must be checked."""
    run = _Run(
        queries={query["Id"]: query for query in queries},
        store=store,
        region=region,
        window=window,
    )
    return [
        Result(query=query, label=label, points=line.points)
        for query in queries
        if query.get("ReturnData", True)
        for line in run.lines_of(query)
        for label in [query.get("Label") or line.label or query["Id"]]
    ]


@dataclass(frozen=True, kw_only=True)
class _Run:
    queries: Mapping[str, Query]
    store: MetricStore
    region: str
    window: Window
    _values: dict[str, Value] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def lines_of(self, query: Query) -> tuple[Line, ...]:
        value = self.value_of(query["Id"])
        if isinstance(value, Line):
            return (value,)
        if isinstance(value, tuple):
            return value
        text = f"The expression of {query['Id']} must return a time series."
        raise validation_error(text)

    def value_of(self, name: str) -> Value:
        if name in self._open:
            text = f"Error in expression '{name}': it refers to itself."
            raise validation_error(text)
        if name not in self._values:
            self._open.add(name)
            self._values[name] = self._evaluated(self.queries[name])
            self._open.remove(name)
        return self._values[name]

    def _evaluated(self, query: Query) -> Value:
        if "MetricStat" in query:
            return self._measured(query)
        period_s = query.get("Period") or periods_of(list(self.queries.values()))
        frame = Frame(
            value_of=self.value_of,
            metrics=self._metrics,
            times=self.window.times(period_s),
            period_s=period_s,
        )
        value = evaluate(parse(query["Expression"]), frame)
        return Line(points=value.points, label=query["Id"]) if isinstance(value, Line) else value

    def _metrics(self) -> Mapping[str, Line]:
        measured: dict[str, Line] = {}
        for name, query in self.queries.items():
            if "MetricStat" in query:
                value = self.value_of(name)
                assert isinstance(value, Line)
                measured[name] = value
        return measured

    def _measured(self, query: Query) -> Line:
        stat = query["MetricStat"]
        points = measured_points(
            self.store,
            self.region,
            key=key_of(stat),
            measure=stat["Stat"],
            period_s=stat["Period"],
            window=self.window,
            unit=stat.get("Unit"),
        )
        return Line(points=points, label=stat["Metric"]["MetricName"])


def measured_points(
    store: MetricStore,
    region: str,
    *,
    key: MetricKey,
    measure: str,
    period_s: int,
    window: Window,
    unit: str | None = None,
) -> dict[int, float]:
    """Return one statistic of one metric by period; a period that cannot have it is absent."""
    function: Callable[..., float | None] = statistic(measure)
    found = store.periods(
        region,
        key,
        start=window.start,
        end=window.end,
        period_s=period_s,
        unit=unit,
        origin=window.origin,
    )
    values = {start: function(samples) for start, samples in found.items()}
    return {start: value for start, value in values.items() if value is not None}

"""Every metric's samples by second, bounded; the only owner of metric data.

All metrics are kept at one second, so that periods below a minute work on every metric; what is old
is kept by the minute when room runs out, as AWS does after three hours. Metrics are one only when
namespace, name and all dimensions are the same.
"""

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.metrics.samples import Samples, from_plain, merged

# Distinct values of one metric: two weeks of a counter, 100 s of latencies at 200 a second.
_SERIES_LIMIT = 20_000
_MINUTE_S = 60

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class MetricKey:
    """`dimensions` are sorted by name."""

    namespace: str
    name: str
    dimensions: Dimensions = ()


def metric_key(namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricKey:
    return MetricKey(namespace=namespace, name=name, dimensions=tuple(sorted(dimensions.items())))


def dimensions_of(listed: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Turn AWS's list of Name and Value into a mapping."""
    return {entry["Name"]: entry["Value"] for entry in listed}


class Series:
    """Samples by second and unit. Not thread-safe."""

    def __init__(self, *, limit: int = _SERIES_LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._coarse = 0
        self._seconds: list[int] = []
        self._samples: dict[int, dict[str, Samples]] = {}

    def add(self, second: int, unit: str, *, samples: Samples) -> None:
        self._merge(self._at(second, unit), samples)
        self._bound()

    def add_value(self, second: int, unit: str, *, value: float) -> None:
        """Add one value: every request of an endpoint does this 14 times."""
        known = self._at(second, unit)
        self._size += value not in known.counts
        known.add(value)
        self._bound()

    def _at(self, second: int, unit: str) -> Samples:
        late = self._coarse > 0 and second < self._seconds[self._coarse - 1]
        if late:  # of a time that is kept by the minute
            second = second // _MINUTE_S * _MINUTE_S
        units = self._samples.get(second)
        if units is None:
            self._coarse += late
            insort(self._seconds, second)
            units = self._samples[second] = {}
        if unit not in units:
            units[unit] = Samples()
        return units[unit]

    def _merge(self, known: Samples, added: Samples) -> None:
        before = known.size
        known.add_all(added)
        self._size += known.size - before

    def _bound(self) -> None:
        while self._size > self._limit and len(self._seconds) > 1:
            self._shrink()

    def _shrink(self) -> None:
        """Keep the oldest minute that is still by second as a whole, or forget the oldest."""
        minute = self._seconds[min(self._coarse, len(self._seconds) - 1)] // _MINUTE_S * _MINUTE_S
        if minute == self._seconds[-1] // _MINUTE_S * _MINUTE_S:
            self._take(0)
            self._coarse = max(0, self._coarse - 1)
            return
        parts: list[dict[str, Samples]] = []
        while self._seconds[self._coarse] < minute + _MINUTE_S:
            parts.append(self._take(self._coarse))
        if minute not in self._samples:
            self._seconds.insert(self._coarse, minute)
            self._samples[minute] = {}
            self._coarse += 1
        for part in parts:
            for unit, samples in part.items():
                self._merge(self._at(minute, unit), samples)

    def _take(self, index: int) -> dict[str, Samples]:
        taken = self._samples.pop(self._seconds.pop(index))
        self._size -= sum(samples.size for samples in taken.values())
        return taken

    def between(self, start: float, end: float, *, unit: str | None) -> Samples:
        """Return what was measured in [start, end), in one unit or in all."""
        first, last = bisect_left(self._seconds, start), bisect_left(self._seconds, end)
        return merged(
            samples
            for second in self._seconds[first:last]
            for measured_in, samples in self._samples[second].items()
            if unit is None or unit == measured_in
        )

    def seconds_between(self, start: float, end: float) -> list[int]:
        return self._seconds[bisect_left(self._seconds, start) : bisect_left(self._seconds, end)]

    def unit_at(self, start: float, end: float) -> str:
        seconds = self.seconds_between(start, end)
        return next(iter(self._samples[seconds[0]])) if seconds else "None"

    @property
    def newest(self) -> int:
        return self._seconds[-1] if self._seconds else 0

    def plain(self) -> list[Any]:
        return [
            [second, unit, samples.plain()]
            for second, units in self._samples.items()
            for unit, samples in units.items()
        ]


@dataclass(frozen=True, kw_only=True)
class Datum:
    key: MetricKey
    at: float
    unit: str
    samples: Samples


class MetricStore:
    """Thread-safe. Metrics belong to a region."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[tuple[str, MetricKey], Series] = {}

    def put(self, region: str, data: Iterable[Datum]) -> None:
        with self._lock:
            for datum in data:
                series = self._series.setdefault((region, datum.key), Series())
                series.add(int(datum.at // 1), datum.unit, samples=datum.samples)

    def put_values(
        self, region: str, values: Iterable[tuple[MetricKey, str, float]], *, at: float
    ) -> None:
        """Put single values (metric, unit, value) of one moment."""
        with self._lock:
            for key, unit, value in values:
                series = self._series.get((region, key))
                if series is None:
                    series = self._series[(region, key)] = Series()
                series.add_value(int(at), unit, value=value)

    def periods(
        self,
        region: str,
        key: MetricKey,
        *,
        start: float,
        end: float,
        period_s: int,
        unit: str | None = None,
        origin: int = 0,
    ) -> dict[int, Samples]:
        """Return samples by the start of their period; periods without any are absent.

        Periods begin at multiples of `period_s` from `origin` on; `start` is rounded down to one.
        """
        with self._lock:
            series = self._series.get((region, key))
            if series is None:
                return {}
            first = origin + int((start - origin) // period_s) * period_s
            starts = {
                origin + (second - origin) // period_s * period_s
                for second in series.seconds_between(first, end)
            }
            found = {
                begin: series.between(begin, min(begin + period_s, end), unit=unit)
                for begin in sorted(starts)
            }
        return {begin: samples for begin, samples in found.items() if samples.size}

    def unit_at(self, region: str, key: MetricKey, *, start: float, end: float) -> str:
        with self._lock:
            series = self._series.get((region, key))
            return "None" if series is None else series.unit_at(start, end)

    def keys(self, region: str, *, since: float = 0) -> list[MetricKey]:
        """Return the metrics that have data from `since` on, in a stable order."""
        with self._lock:
            found = [
                key
                for (of_region, key), series in self._series.items()
                if of_region == region and series.newest >= since
            ]
        return sorted(found, key=lambda key: (key.namespace, key.name, key.dimensions))

    def snapshot(self) -> list[Any]:
        """Return everything as plain lists and dicts."""
        with self._lock:
            return [
                [region, key.namespace, key.name, [list(pair) for pair in key.dimensions], plain]
                for (region, key), series in self._series.items()
                for plain in [series.plain()]
            ]

    def restore(self, plain: Iterable[Any]) -> None:
        """Replace everything by what `snapshot` returned."""
        restored: dict[tuple[str, MetricKey], Series] = {}
        for region, namespace, name, dimensions, entries in plain:
            series = Series()
            for second, unit, samples in entries:
                series.add(second, unit, samples=from_plain(samples))
            restored[(region, metric_key(namespace, name, dict(dimensions)))] = series
        with self._lock:
            self._series = restored

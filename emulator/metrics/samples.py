"""What was measured in one span of time: values with their counts, and statistic sets.

A statistic set is all that its sender knew (sum, minimum, maximum, number), so there is no
percentile over it unless all its values are equal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class StatisticSet:
    total: float
    minimum: float
    maximum: float
    count: float

    def with_(self, other: "StatisticSet") -> "StatisticSet":
        return StatisticSet(
            total=self.total + other.total,
            minimum=min(self.minimum, other.minimum),
            maximum=max(self.maximum, other.maximum),
            count=self.count + other.count,
        )


@dataclass(kw_only=True)
class Samples:
    """Mutable, and owned by whoever made it. `counts` is how often each value came."""

    counts: dict[float, float] = field(default_factory=dict)
    opaque: StatisticSet | None = None

    def add(self, value: float, *, count: float = 1) -> None:
        self.counts[value] = self.counts.get(value, 0) + count

    def add_set(self, added: StatisticSet) -> None:
        if added.minimum == added.maximum:
            self.add(added.minimum, count=added.count)
        else:
            self.opaque = added if self.opaque is None else self.opaque.with_(added)

    def add_all(self, other: "Samples") -> None:
        for value, count in other.counts.items():
            self.add(value, count=count)
        if other.opaque is not None:
            self.add_set(other.opaque)

    @property
    def size(self) -> int:
        return len(self.counts) + (self.opaque is not None)

    def summary(self) -> StatisticSet | None:
        """All of it as one statistic set; None when nothing was measured."""
        if not self.counts:
            return self.opaque
        own = StatisticSet(
            total=sum(value * count for value, count in self.counts.items()),
            minimum=min(self.counts),
            maximum=max(self.counts),
            count=sum(self.counts.values()),
        )
        return own if self.opaque is None else own.with_(self.opaque)

    def distribution(self) -> list[tuple[float, float]] | None:
        """Return (value, count) in order of value; None when a statistic set hides values."""
        return None if self.opaque is not None else sorted(self.counts.items())

    def plain(self) -> dict[str, Any]:
        opaque = self.opaque
        known = None if opaque is None else dict(vars(opaque))
        return {"counts": list(self.counts.items()), "opaque": known}


def merged(parts: Iterable[Samples]) -> Samples:
    whole = Samples()
    for part in parts:
        whole.add_all(part)
    return whole


def from_plain(document: Mapping[str, Any]) -> Samples:
    opaque = document["opaque"]
    return Samples(
        counts=dict(document["counts"]),
        opaque=None if opaque is None else StatisticSet(**opaque),
    )

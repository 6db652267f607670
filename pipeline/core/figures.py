"""What CloudWatch measured of an endpoint, and curves of it as inline SVG. Pure.

A curve has a title and a description, lines that differ by dash and not by colour alone, and its
numbers as a table below: who cannot see it reads it.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

_WIDTH, _HEIGHT, _LEFT = 640, 120, 4
_DASHES = ("", "6 3", "2 3")


@dataclass(frozen=True, kw_only=True)
class Point:
    when: datetime
    value: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Series by name, oldest point first, between two moments; a minute without a call has none."""

    since: datetime
    until: datetime
    series: Mapping[str, tuple[Point, ...]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    title: str
    unit: str
    names: tuple[str, ...]


CHARTS = (
    Chart(title="Latency of the model", unit="ms", names=("p50", "p95", "p99")),
    Chart(title="Requests", unit="per minute", names=("requests",)),
    Chart(title="Errors", unit="per minute", names=("4xx", "5xx", "model errors")),
    Chart(title="Instances", unit="", names=("instances",)),
)


def number(value: float) -> str:
    """Return three digits, and all of a whole number."""
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def chart_html(chart: Chart, figures: Figures) -> str:
    """Return one chart as a figure: caption, curve, and its numbers folded below."""
    drawn = {name: figures.series.get(name, ()) for name in chart.names}
    title = html.escape(chart.title)
    if not any(drawn.values()):
        return f"<figure><figcaption>{title}: nothing measured</figcaption></figure>"
    highest = max(point.value for points in drawn.values() for point in points)
    unit = f" {chart.unit}" if chart.unit else ""
    latest = ", ".join(
        f"{name} {number(points[-1].value)}" for name, points in drawn.items() if points
    )
    caption = html.escape(f"{chart.title}: {latest}{unit}; highest {number(highest)}{unit}")
    lines = "".join(_lines(drawn, figures, highest))
    return (
        f'<figure><figcaption>{caption}</figcaption><svg role="img" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT + 20}"><title>{title}</title><desc>{caption}</desc>'
        f'<path class="axis" d="M0 {_HEIGHT}H{_WIDTH}"/>{lines}</svg>'
        f"{_table(chart, drawn)}</figure>"
    )


def _lines(drawn: Mapping[str, Sequence[Point]], figures: Figures, highest: float) -> Iterator[str]:
    whole_s = max(1.0, (figures.until - figures.since).total_seconds())
    for place, (name, points) in enumerate(drawn.items()):
        at = [
            (
                _WIDTH * (point.when - figures.since).total_seconds() / whole_s,
                _HEIGHT - (_HEIGHT - 8) * (point.value / highest if highest else 0.0),
            )
            for point in points
        ]
        dash = f' stroke-dasharray="{_DASHES[place % len(_DASHES)]}"' if place else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        yield f'<polyline class="line" points="{path}"{dash}/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.5"/>' for x, y in at)
        x = _LEFT + 140 * place
        yield f'<path class="line" d="M{x} {_HEIGHT + 12}h24"{dash}/>'
        yield f'<text x="{x + 30}" y="{_HEIGHT + 16}">{html.escape(name)}</text>'


def _table(chart: Chart, drawn: Mapping[str, Sequence[Point]]) -> str:
    at = {name: {point.when: point.value for point in points} for name, points in drawn.items()}
    times = sorted({when for values in at.values() for when in values})
    head = "".join(f"<th>{html.escape(name)}</th>" for name in chart.names)
    rows = "".join(
        f"<tr><th>{when:%H:%M}</th>"
        + "".join(
            f"<td>{number(at[name][when]) if when in at[name] else ''}</td>" for name in chart.names
        )
        + "</tr>"
        for when in times
    )
    return (
        f"<details><summary>Numbers</summary><table><tr><th>UTC</th>{head}</tr>{rows}</table>"
        "</details>"
    )

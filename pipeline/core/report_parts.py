"""What the report is made of: sections of sentences, facts, tables, figures and commands.

A figure is a drawing ready for a template: numbers are places in its own view box, texts are
legible. Its numbers stand beside it as a table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from unicodedata import east_asian_width

_LONGEST = 200
_WIDEST_IN_A_DRAWING = 24  # in letters of the Latin alphabet

# The view box of a chart, and the part of it between the axes.
_WIDTH, _HEIGHT = 400.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 388.0, 12.0, 254.0
_LEGEND_LINE = 18.0
_TICKS = 5
DASHES = ("none", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2")
MARKERS = ("circle", "square", "triangle", "diamond", "plus", "cross")
_MARKED = 7

_BAR_LEFT, _BAR_WIDTH, _BAR_LINE = 190.0, 270.0, 22.0
_CELL = 34.0
_HEAD, _SLANTED = 26.0, 5.0


@dataclass(frozen=True, kw_only=True)
class Table:
    """`marks` say of each row what became of it; empty where nothing did."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart; a line is told from others by its dash and its marker."""

    label: str
    path: str
    marks: tuple[tuple[float, float], ...]
    dash: str
    marker: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A plane with axes: lines, dots, columns (x, y, width, height), and a line for reference."""

    x_label: str
    y_label: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    height: float
    lines: tuple[Line, ...] = ()
    dots: tuple[tuple[float, float], ...] = ()
    columns: tuple[tuple[float, float, float, float], ...] = ()
    reference: str = ""
    kind: str = "chart"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """`x` and `width` of the bar, `low` and `high` the ends of its interval, if it has one."""

    label: str
    text: str
    x: float
    width: float
    y: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Bars:
    bars: tuple[Bar, ...]
    zero: float
    height: float
    kind: str = "bars"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One count; `fill` is the darker the larger its share of the row is, `ink` is read on it."""

    text: str
    x: float
    y: float
    fill: str
    ink: str


@dataclass(frozen=True, kw_only=True)
class Matrix:
    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    size: float
    top: float
    cell: float = _CELL
    kind: str = "matrix"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing, what can be seen in it in a sentence, and its numbers."""

    id: str
    title: str
    finding: str
    drawing: Chart | Bars | Matrix
    table: Table


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and what stands below it, in this order."""

    title: str
    lines: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    table: Table | None = None
    figures: tuple[Figure, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        shown = (self.lines, self.facts, self.table, self.figures, self.commands, self.notes)
        return not any(shown)


@dataclass(frozen=True, kw_only=True)
class Page:
    """`verdict` colours the head: well, stopped or failed; `sections` in their order."""

    title: str
    state: str
    summary: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def legible(text: str, most: int = _LONGEST) -> str:
    """Return a text of others as it can be shown in one line.

    What cannot be seen, or would turn the direction of what stands around it, is spelled out.
    """
    shown = "".join(
        each if each.isprintable() else f"\\u{ord(each):04x}" for each in text[: most + 1]
    )
    return shown if len(shown) <= most else f"{shown[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def drawn(text: str) -> str:
    """Return a text for a drawing: short, and isolated from the direction of its surroundings."""
    short = legible(text, _WIDEST_IN_A_DRAWING)
    while breadth(short) > _WIDEST_IN_A_DRAWING:
        short = f"{short[:-2]}\N{HORIZONTAL ELLIPSIS}"
    return f"\N{FIRST STRONG ISOLATE}{short}\N{POP DIRECTIONAL ISOLATE}" if short else ""


def breadth(text: str) -> int:
    """Return how many Latin letters a text is wide, roughly."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def number(value: float | None) -> str:
    """Return four digits, or a dash for what is none."""
    if value is None or not isfinite(value):
        return "\N{EN DASH}"
    whole = abs(value) >= 9999.5
    return f"{value:.0f}" if whole else f"{value:.4g}"


def share(value: float | None) -> str:
    if value is None or not isfinite(value):
        return "\N{EN DASH}"
    return f"{value:.2%}"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From values to places between two ends of an axis."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        inside = (value - self.low) / (self.high - self.low)
        return round(self.start + inside * (self.end - self.start), 1)

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        step = _step((self.high - self.low) / _TICKS)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return tuple(
            (self.place(count * step), f"{count * step:.6g}") for count in range(first, last + 1)
        )


def _step(rough: float) -> float:
    unit = 10.0 ** floor(log10(rough))
    return next(unit * times for times in (1, 2, 2.5, 5, 10) if unit * times >= rough * 0.999)


def scales(xs: Iterable[float], ys: Iterable[float], *, same: bool = False) -> tuple[Scale, Scale]:
    """Return the axes of a chart of these values; `same`: both have the same ends."""
    x_ends, y_ends = _ends(xs), _ends(ys)
    if same:
        x_ends = y_ends = (min(x_ends[0], y_ends[0]), max(x_ends[1], y_ends[1]))
    across = Scale(low=x_ends[0], high=x_ends[1], start=_LEFT, end=_RIGHT)
    return across, Scale(low=y_ends[0], high=y_ends[1], start=_BOTTOM, end=_TOP)


def _ends(values: Iterable[float]) -> tuple[float, float]:
    known = [value for value in values if isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    if high - low > 1e-9 * max(abs(high), abs(low)):
        return low, high
    margin = abs(low) / 10 or 1.0
    return low - margin, high + margin


def chart(
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    x_label: str,
    y_label: str,
    axes: tuple[Scale, Scale],
    dots: Iterable[tuple[float, float]] = (),
    columns: Iterable[tuple[float, float, float]] = (),
    reference: bool = False,
) -> Chart:
    """Draw lines by their labels. Columns are (from, to, height); `reference` is x = y."""
    across, up = axes
    low, high = max(across.low, up.low), min(across.high, up.high)
    ends = ((low, low), (high, high)) if reference and low < high else ()
    return Chart(
        x_label=x_label,
        y_label=y_label,
        x_ticks=across.ticks,
        y_ticks=up.ticks,
        height=_HEIGHT + _LEGEND_LINE * (len(lines) if len(lines) > 1 else 0),
        lines=tuple(
            _line(label, points, axes, place=place) for place, (label, points) in enumerate(lines)
        ),
        dots=tuple((across.place(x), up.place(y)) for x, y in dots),
        columns=tuple(
            (
                across.place(begin),
                up.place(height),
                round(across.place(end) - across.place(begin), 1),
                round(up.place(up.low) - up.place(height), 1),
            )
            for begin, end, height in columns
        ),
        reference=_path(ends, axes),
    )


def _line(
    label: str, points: Sequence[tuple[float, float]], axes: tuple[Scale, Scale], *, place: int
) -> Line:
    step = max(1, len(points) // _MARKED)
    return Line(
        label=drawn(label),
        path=_path(points, axes),
        marks=tuple((axes[0].place(x), axes[1].place(y)) for x, y in points[::step]),
        dash=DASHES[place % len(DASHES)],
        marker=MARKERS[place % len(MARKERS)],
    )


def _path(points: Sequence[tuple[float, float]], axes: tuple[Scale, Scale]) -> str:
    places = (f"{axes[0].place(x):g} {axes[1].place(y):g}" for x, y in points)
    return "M" + "L".join(places) if points else ""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One value for a bar; `text` stands beside it, `low` and `high` are its interval."""

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None


def bars(measures: Sequence[Measure], *, most: float | None = None) -> Bars:
    """Draw bars from zero, below each other; `most` is where the axis ends."""
    known = [0.0, *(each.value for each in measures)]
    known += [each for measure in measures for each in (measure.low, measure.high) if each]
    low, high = min(known), max(known) if most is None else most
    across = Scale(
        low=low, high=high if high > low else low + 1, start=_BAR_LEFT, end=_BAR_LEFT + _BAR_WIDTH
    )
    zero = across.place(0.0)
    return Bars(
        bars=tuple(_bar(each, across, zero, row) for row, each in enumerate(measures)),
        zero=zero,
        height=_BAR_LINE * len(measures) + 4,
    )


def _bar(measure: Measure, across: Scale, zero: float, row: int) -> Bar:
    end = across.place(measure.value)
    return Bar(
        label=drawn(measure.label),
        text=measure.text,
        x=min(zero, end),
        width=round(abs(end - zero), 1),
        y=_BAR_LINE * row,
        low=None if measure.low is None else across.place(measure.low),
        high=None if measure.high is None else across.place(measure.high),
    )


def matrix(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> Matrix:
    """Draw counts: rows are true labels, columns predicted ones."""
    names = tuple(map(drawn, labels))
    return Matrix(
        labels=names,
        cells=tuple(
            _cell(count, whole=sum(row), x=_CELL * column, y=_CELL * line)
            for line, row in enumerate(counts)
            for column, count in enumerate(row)
        ),
        size=_CELL * len(labels),
        top=_HEAD + _SLANTED * max(map(breadth, names)),
    )


# From few to many. Of black and white text one always has a contrast of 4.5 (WCAG 2.2, 1.4.3).
_FEW, _MANY = (238, 243, 250), (11, 61, 122)


def _cell(count: int, *, whole: int, x: float, y: float) -> Cell:
    part = count / whole if whole else 0.0
    mixed = tuple(round(a + (b - a) * part) for a, b in zip(_FEW, _MANY, strict=True))
    return Cell(
        text=_short_count(count),
        x=x,
        y=y,
        fill="#{:02x}{:02x}{:02x}".format(*mixed),
        ink="#000000" if luminance(mixed) > _MIDDLE else "#ffffff",
    )


# Where black and white stand out alike: (l + 0.05) / 0.05 = 1.05 / (l + 0.05)
_MIDDLE = 0.179


def luminance(colour: Sequence[int]) -> float:
    """Return the relative luminance (0..1) of red, green and blue (WCAG 2.2)."""
    parts = [each / 255 for each in colour]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _short_count(count: int) -> str:
    if count >= 1_000_000:
        return f"{count / 1_000_000:.3g}M"
    return f"{count / 1_000:.3g}k" if count >= 10_000 else str(count)

"""status.html: one file that needs nothing else, and shows what others wrote without obeying it."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from pipeline.core.figures import CHARTS, Figures, Point, chart_html, number
from pipeline.core.head import HistoryEvent, Lived, MoveKind, Quarantined
from pipeline.core.outcomes import Standing
from pipeline.core.status_page import status_page
from tests.unit.core_builders import NOON
from tests.unit.test_watching import at_rest, moving

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
VOID = {"meta", "path", "circle", "polyline", "rect"}


class _Page(HTMLParser):
    """What a page is made of; each element must be closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def some_figures() -> Figures:
    points = tuple(
        Point(when=NOON - timedelta(minutes=60 - number), value=float(number))
        for number in range(5)
    )
    return Figures(
        since=NOON - timedelta(hours=1), until=NOON, series={"p50": points, "p95": points[:1]}
    )


def page_of(standing: Standing, *, verdict: str | None = None) -> str:
    return status_page(
        standing, now=NOON, where="staging, AWS", figures=some_figures(), verdict=verdict
    )


def with_hostile_words() -> Standing:
    view = moving().ledger
    assert view is not None
    barred = Quarantined(content_digest="d", release_id=HOSTILE, reason=HOSTILE, when=NOON)
    event = HistoryEvent(
        number=1,
        what="deployed",
        who=HOSTILE,
        when=NOON,
        details={"release": HOSTILE},
        previous_sha256="",
    )
    lived = Lived(release_id=HOSTILE, healthy=False, since=NOON, by=MoveKind.ROLLBACK)
    view = replace(view, quarantined=(barred,), last_events=(event,), lived=(lived,))
    return replace(moving(), ledger=view, ringing_alarms=(HOSTILE,))


@pytest.mark.parametrize("standing", [at_rest(), moving(), with_hostile_words()])
def test_a_page_is_whole_and_loads_nothing(standing: Standing) -> None:
    page = _Page(page_of(standing))
    assert not {"script", "img", "link", "iframe", "object", "form", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [name for name, _ in page.attributes if name in ("src", "href", "xlink:href")]
    assert (page.tags.count("main"), page.tags.count("h1")) == (1, 1)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_what_others_wrote_is_shown_and_not_obeyed() -> None:
    page = _Page(page_of(with_hostile_words()))
    shown = "".join(page.texts)
    assert shown.count("<script>alert(1)</script>") >= 4
    assert "script" not in page.tags


def test_it_loads_itself_anew_until_it_is_the_last_one() -> None:
    refresh = ("http-equiv", "refresh")
    assert refresh in _Page(page_of(moving())).attributes
    last = _Page(page_of(at_rest(), verdict="In service and well."))
    assert refresh not in last.attributes
    assert "Not watched any more: In service and well." in last.texts


def test_a_picture_has_words_and_its_numbers_as_a_table() -> None:
    text = chart_html(CHARTS[0], some_figures())
    page = _Page(text)
    assert ("role", "img") in page.attributes
    assert {"title", "desc", "table", "details"} <= set(page.tags)
    assert "Latency of the model: p50 4, p95 0 ms; highest 4 ms" in page.texts
    assert page.tags.count("tr") == 1 + 5


def test_lines_differ_by_their_dashes() -> None:
    series = {name: (Point(when=NOON, value=1.0),) for name in ("p50", "p95", "p99")}
    text = chart_html(CHARTS[0], replace(some_figures(), series=series))
    dashes = re.findall(r'<polyline[^>]*?(?:stroke-dasharray="([^"]*)")?/>', text)
    assert len(dashes) == len(set(dashes)) == 3


def test_what_was_not_measured_is_said_so() -> None:
    nothing = replace(some_figures(), series={})
    assert "nothing measured" in chart_html(CHARTS[0], nothing)


def test_a_series_of_zeros_is_drawn_on_the_axis() -> None:
    zeros = replace(some_figures(), series={"5xx": (Point(when=NOON, value=0.0),)})
    assert 'points="640.0,120.0"' in chart_html(CHARTS[2], zeros)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (4.0, "4"), (0.123456, "0.123"), (12.34, "12.3"), (1234.6, "1235")],
)
def test_numbers_have_three_digits_and_whole_ones_all(value: float, said: str) -> None:
    assert number(value) == said

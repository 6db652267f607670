"""`status.html`: an endpoint for a screen on the wall, as one file that needs nothing else.

It loads itself anew every 5 seconds, without a script, and works from a file: the policy forbids
all else. Everything in it is text that others chose: it is escaped.
"""

import html
from collections.abc import Iterator
from datetime import datetime

from pipeline.core.figures import CHARTS, Figures, chart_html
from pipeline.core.head import Lived
from pipeline.core.outcomes import LedgerView, Standing
from pipeline.core.watching import Node, event_text, span, tree

REFRESH_S = 5
_MOST_STRETCHES = 12
_WIDTH, _ROW, _LABEL = 900, 26, 330
_STYLE = (
    ":root{color-scheme:light dark;--ok:#1a7f37;--bad:#b3261e;--line:#0b57d0}"
    "@media (prefers-color-scheme:dark){:root{--ok:#57d27a;--bad:#ff8a80;--line:#8ab4f8}}"
    "body{font:16px/1.5 sans-serif;max-width:72em;margin:1.5em auto;padding:0 1em}"
    "h1{margin:0}ul{list-style:none;padding-left:1.2em}.tree{padding:0}"
    ".urgent{color:var(--bad);font-weight:bold}"
    ".state{font-size:1.4em;font-weight:bold;color:var(--ok)}.state.urgent{color:var(--bad)}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(20em,1fr));gap:1em}"
    "figure{margin:0}svg{width:100%;height:auto;font:12px sans-serif}"
    ".line{fill:none;stroke:var(--line);stroke-width:1.5}circle{fill:var(--line)}"
    "text{fill:currentColor}.axis{stroke:currentColor;opacity:.4}"
    ".bar{fill:var(--ok)}.bar.unproved{fill:none;stroke:var(--bad);stroke-width:2}"
    "table{border-collapse:collapse}td,th{border:1px solid #8888;padding:.2em .5em;"
    "text-align:left;overflow-wrap:anywhere}"
    "@media print{details{display:none}}"
)


def status_page(
    standing: Standing,
    *,
    now: datetime,
    where: str,
    figures: Figures | None,
    verdict: str | None,
) -> str:
    """Return the page. `verdict` is None while it goes on; the last page loads itself no more."""
    title = html.escape(f"{standing.endpoint.name}: {standing.endpoint.status.value}")
    again = "" if verdict is not None else f'<meta http-equiv="refresh" content="{REFRESH_S}">'
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f'{again}<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(_parts(standing, now, where, figures, verdict))
        + "\n</main></body>\n</html>\n"
    )


def _parts(
    standing: Standing,
    now: datetime,
    where: str,
    figures: Figures | None,
    verdict: str | None,
) -> Iterator[str]:
    root = tree(standing, now=now, where=where)
    is_urgent = any(child.is_urgent for child in root.children)
    yield f"<h1>{html.escape(standing.endpoint.name)}</h1>"
    yield f"<p>{html.escape(where)}, as of {now:%Y-%m-%d %H:%M:%S} UTC</p>"
    marked = " urgent" if is_urgent else ""
    yield f'<p class="state{marked}">{html.escape(standing.endpoint.status.value)}</p>'
    if verdict is not None:
        yield f"<p>Not watched any more: {html.escape(verdict)}</p>"
    branches = "".join(map(_item, root.children))
    yield f'<section><h2>Now</h2><ul class="tree">{branches}</ul></section>'
    if figures is not None:
        charts = "".join(chart_html(chart, figures) for chart in CHARTS)
        since = f"{figures.since:%H:%M} to {figures.until:%H:%M} UTC"
        yield f'<section><h2>Figures, {since}</h2><div class="charts">{charts}</div></section>'
    if standing.ledger is not None:
        yield from _of_ledger(standing.ledger, now)


def _item(node: Node) -> str:
    marked = ' class="urgent"' if node.is_urgent else ""
    below = f"<ul>{''.join(map(_item, node.children))}</ul>" if node.children else ""
    return f"<li><span{marked}>{html.escape(node.text)}</span>{below}</li>"


def _of_ledger(view: LedgerView, now: datetime) -> Iterator[str]:
    if view.lived:
        yield f"<section><h2>Releases</h2>{_timeline(view.lived[-_MOST_STRETCHES:], now)}</section>"
    rows = "".join(
        f"<tr><td>{html.escape(each.release_id)}</td><td>{each.when:%Y-%m-%d %H:%M}</td>"
        f"<td>{html.escape(each.reason)}</td></tr>"
        for each in view.quarantined
    )
    head = "<tr><th>Release</th><th>Since, UTC</th><th>Why</th></tr>"
    table = f"<table>{head}{rows}</table>" if rows else "<p>Nothing.</p>"
    yield f"<section><h2>Quarantine</h2>{table}</section>"
    lines = "".join(f"<li>{html.escape(event_text(each))}</li>" for each in view.last_events[::-1])
    yield f"<section><h2>History</h2><ul>{lines}</ul></section>"


def _timeline(lived: tuple[Lived, ...], now: datetime) -> str:
    """Draw who served from when until when, newest first."""
    began = lived[0].since
    whole_s = max(1.0, (now - began).total_seconds())
    ends = (*(each.since for each in lived[1:]), now)
    rows = []
    for place, (each, end) in enumerate(reversed(list(zip(lived, ends, strict=True)))):
        start = (each.since - began).total_seconds() / whole_s
        share = max(0.0, (end - each.since).total_seconds() / whole_s)
        state = "healthy" if each.healthy else "never proved healthy"
        said = f"{each.release_id} {each.by.value}, {span(end, each.since)}, {state}"
        marked = "" if each.healthy else " unproved"
        y = place * _ROW
        rows.append(
            f'<g><title>{html.escape(said)}</title><text x="0" y="{y + 17}">'
            f"{html.escape(each.release_id)} {each.since:%m-%d %H:%M} {each.by.value}</text>"
            f'<rect class="bar{marked}" x="{_LABEL + start * (_WIDTH - _LABEL):.1f}" y="{y + 4}" '
            f'width="{max(2.0, share * (_WIDTH - _LABEL)):.1f}" height="{_ROW - 10}"/></g>'
        )
    height = len(lived) * _ROW
    text = f"{len(lived)} stretches of serving since {began:%Y-%m-%d %H:%M} UTC, newest first"
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} {height}"><title>Releases</title>'
        f"<desc>{text}</desc>{''.join(rows)}</svg>"
    )

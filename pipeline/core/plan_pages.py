"""A review as Markdown for GitLab notes, and as one HTML file that needs nothing else.

Everything in it is text that others chose: it is escaped, so that it is shown and never obeyed.
"""

import html
import re

from pipeline.core.plan_document import (
    LONGEST,
    Document,
    Reviewed,
    Section,
    Table,
    document_of,
)

# What GitLab's Markdown obeys in a line (GitLab documentation, "GitLab Flavored Markdown").
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#|~!@&$^:])")
_SHARES = (1.0, 0.5, 0.2, 0.05, 0.0)
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #8888;padding:.3em .5em;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}pre{white-space:pre-wrap;"
    "overflow-wrap:anywhere}.urgent{border-left:.4em solid #c00;padding-left:1em}"
    ":root{color-scheme:light dark}"
)


def markdown(document: Document) -> str:
    parts = [f"<!-- {document.marker} -->", f"# {_escaped(document.title)}"]
    for section in document.sections:
        parts += _markdown_of(section)
    return "\n\n".join(parts) + "\n"


def note(reviewed: Reviewed) -> str:
    """Return the Markdown of a review, short enough for a note of GitLab.

    Escaping makes a text longer by what is in it: less is shown until it fits. What destroys is
    shown in any case.
    """
    for share in _SHARES:
        text = markdown(document_of(reviewed, share=share))
        if len(text) <= LONGEST:
            break
    return text


def page(document: Document) -> str:
    title = html.escape(document.title)
    sections = "\n".join(map(_html_of, document.sections))
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n<h1>{title}</h1>\n{sections}\n</body>\n</html>\n"
    )


def _markdown_of(section: Section) -> list[str]:
    parts = [f"## {_escaped(section.title)}"]
    if section.lines:
        parts.append("\n".join(f"- {_escaped(line)}" for line in section.lines))
    if section.table:
        parts.append(_markdown_table(section.table))
    if section.command:
        fence = _fence(section.command)
        parts.append(f"{fence}sh\n{section.command}\n{fence}")
    if section.folded:
        fence = _fence(section.folded)
        parts.append(
            f"<details><summary>Show</summary>\n\n{fence}diff\n{section.folded}\n{fence}\n\n"
            "</details>"
        )
    return parts


def _markdown_table(table: Table) -> str:
    rows = (table.header, ("---",) * len(table.header), *table.rows)
    lines = []
    for number, row in enumerate(rows):
        cells = row if number == 1 else tuple(map(_escaped, row))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _fence(text: str) -> str:
    """Return a fence that is longer than any in the text."""
    longest = max((len(each) for each in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _html_of(section: Section) -> str:
    marked = ' class="urgent"' if section.is_urgent else ""
    parts = [f"<section{marked}>", f"<h2>{html.escape(section.title)}</h2>"]
    if section.lines:
        items = "".join(f"<li>{html.escape(line)}</li>" for line in section.lines)
        parts.append(f"<ul>{items}</ul>")
    if section.table:
        parts.append(_html_table(section.table))
    if section.command:
        parts.append(f"<pre>{html.escape(section.command)}</pre>")
    if section.folded:
        shown = html.escape(section.folded)
        parts.append(f"<details><summary>Show</summary><pre>{shown}</pre></details>")
    return "\n".join((*parts, "</section>"))


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in table.header)
    rows = "\n".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f"<table>\n<tr>{head}</tr>\n{rows}\n</table>"

"""An event in words: the same title and facts for all channels, by templates/messages.

An event's template has its title in the first line, and what happened in the others.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from jinja2 import Environment, StrictUndefined, Template

from pipeline.core.messages import Event, EventKind, Severity, plain

TEXT = "text.txt"
MAIL = "mail.html"
TEMPLATE_NAMES = (*(kind.value for kind in EventKind), TEXT, MAIL)

_MOST_TITLE = 150


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a channel sends of an event. `links` are https only; `repeats`: perhaps sent before.

    `thread` is what the channel said that more of this run may follow; empty for a first message.
    """

    id: str
    kind: EventKind
    severity: Severity
    title: str
    what: str
    facts: tuple[tuple[str, str], ...]
    why: str
    to_do: str
    links: tuple[tuple[str, str], ...]
    repeats: bool
    event: Event
    text: str = ""
    html: str = ""
    thread: str = ""


def said(
    event: Event, templates: Mapping[str, str], *, repeats: bool = False, thread: str = ""
) -> Said:
    """Word an event. `templates` are the texts of TEMPLATE_NAMES."""
    words = _rendered(templates[event.kind.value], html=False, event=event)
    first, _, rest = words.partition("\n")
    bare = Said(
        id=event.id,
        kind=event.kind,
        severity=event.severity,
        title=plain(f"[{event.environment}] {event.endpoint}: {first}", _MOST_TITLE),
        what=" ".join(rest.split()),
        facts=_facts(event),
        why=event.why,
        to_do=event.to_do,
        links=tuple(
            (name, link) for name, link in event.links.items() if link.startswith("https://")
        ),
        repeats=repeats,
        event=event,
        thread=thread,
    )
    return replace(
        bare,
        text=_rendered(templates[TEXT], html=False, said=bare),
        html=_rendered(templates[MAIL], html=True, said=bare),
    )


def _rendered(template: str, *, html: bool, **values: object) -> str:
    return _compiled(template, html=html).render(values)


@functools.cache
def _compiled(template: str, *, html: bool) -> Template:
    environment = Environment(
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string(template)


def _facts(event: Event) -> tuple[tuple[str, str], ...]:
    move = " -> ".join(each for each in (event.release_from, event.release_to) if each)
    found = {
        "Endpoint": event.endpoint,
        "Environment": event.environment,
        "Release": move,
        "Job or release": "" if move else event.subject,
        **event.figures,
        "By": event.who,
        "Run": event.run_id,
        "At": f"{event.when:%Y-%m-%d %H:%M:%S} UTC",
        "Times": str(event.count) if event.count > 1 else "",
    }
    return tuple((name, " ".join(value.split())) for name, value in found.items() if value)

"""Messages within each channel's limits, whatever their texts are."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import messages, payloads, wording
from pipeline.core.messages import Event, EventKind, plain
from pipeline.core.wording import Said
from tests.support.message_builders import TEMPLATES, an_event, said

HOSTILE = (
    "<!channel> <@U123> & <https://evil|click>",
    "line\r\nBcc: everybody@example.com\x00\x1b[31m",
    "x" * 100_000,
    "<" * 100_000,
    "&" * 100_000,
    "🔥👩‍👩‍👧" * 5_000,
    "half \ud83d a pair",
    "``` *_~` {{ 7 * 7 }} {% raw %} ${x} $(y)",
    "",
)
SLACK_LIMITS = {"header": 150, "field": 2000, "section": 3000, "context": 3000}
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200))


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Events as the pipeline makes them: what others wrote has gone through `plain`."""
    return an_event(
        draw(st.sampled_from(EventKind)),
        why=plain(draw(TEXTS), messages.MOST_WHY),
        who=plain(draw(TEXTS), messages.MOST_WORD),
        to_do=plain(draw(TEXTS), messages.MOST_TO_DO),
        subject=plain(draw(TEXTS), messages.MOST_WORD),
        how=draw(st.sampled_from(("", "itself", "person", "alarm"))),
        count=draw(st.integers(1, 1000)),
    )


def worded(event: Event) -> Said:
    return wording.said(event, TEMPLATES)


@given(events())
def test_sns_gets_an_ascii_subject_and_few_enough_bytes(event: Event) -> None:
    arguments = payloads.sns(worded(event), chat=True)
    subject = arguments["Subject"]
    assert 0 < len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert len(json.dumps(arguments).encode()) < 262_144
    bodies = json.loads(arguments["Message"])
    assert set(bodies) == {"default", "email", "https"}
    assert all(isinstance(body, str) and body for body in bodies.values())
    for attribute in arguments["MessageAttributes"].values():
        assert attribute["StringValue"]


@given(events())
def test_slack_gets_blocks_within_its_limits_and_no_markup_of_others(event: Event) -> None:
    message = payloads.slack(worded(event))
    assert message["text"]
    assert len(message["blocks"]) <= 50
    assert len(json.dumps(message["blocks"], ensure_ascii=False)) < 13_000
    for kind, text in texts_of(message["blocks"]):
        assert (
            0 < len(text) <= {"header": 150, "field": 2000, "section": 3000, "context": 3000}[kind]
        )
        assert not re.search(r"<[!@#]", text) or kind == "header"
    for block in message["blocks"]:
        assert len(block.get("fields", ())) <= 10


def texts_of(blocks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found = []
    for block in blocks:
        if block["type"] == "header":
            found.append(("header", block["text"]["text"]))
        if block["type"] == "section":
            found += [("section", block["text"]["text"])] if "text" in block else []
            found += [("field", each["text"]) for each in block.get("fields", ())]
        if block["type"] == "context":
            found += [("context", each["text"]) for each in block["elements"]]
    return found


def test_slack_shows_what_others_wrote_as_they_wrote_it() -> None:
    message = payloads.slack(said(why="<!channel> & co"))
    assert "&lt;!channel&gt; &amp; co" in json.dumps(message)


@given(events())
def test_amazon_q_gets_the_schema_that_it_knows(event: Event) -> None:
    document = payloads.amazon_q(worded(event))
    assert (document["version"], document["source"]) == ("1.0", "custom")
    assert document["content"]["textType"] == "client-markdown"
    assert document["metadata"]["threadId"] == event.run_id
    assert "<!" not in document["content"]["description"]


@given(events())
def test_a_webhook_gets_a_cloud_event_and_teams_a_card_under_28_kb(event: Event) -> None:
    document = payloads.cloud_event(worded(event))
    assert {"specversion", "id", "source", "type", "time", "data"} <= set(document)
    assert document["id"] == event.id
    card = payloads.teams_card(worded(event))
    assert len(json.dumps(card).encode()) < 28_000
    assert card["attachments"][0]["content"]["version"] == "1.4"


@given(events())
def test_a_title_is_one_line_and_a_template_never_reads_what_others_wrote(event: Event) -> None:
    words = worded(event)
    assert "\n" not in words.title
    assert len(words.title) <= 150
    assert event.why in words.text
    assert "49" not in worded(an_event(why="{{ 7 * 7 }}")).text


def test_html_escapes_what_others_wrote_and_links_only_by_https() -> None:
    words = said(why="<script>alert(1)</script>", links={"Job": "javascript:alert(1)"})
    assert "<script>" not in words.html
    assert "javascript" not in words.html


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_a_title_and_says_what_happened(kind: EventKind) -> None:
    words = said(kind)
    assert words.title.startswith("[staging] iris-model-staging: ")
    assert words.what.endswith(".")
    assert "\n\n\n" not in words.text

"""An event as each channel takes it, within the channel's limits whatever its texts are.

Sources: SNS, Publish (API reference) and "Message filtering"; Slack, "Blocks" and "Formatting text"
(api.slack.com); CloudEvents 1.0; "Adaptive Cards" and the Workflows webhook of Teams; Amazon Q
Developer in chat applications, "Custom notifications".
"""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.core.messages import Severity
from pipeline.core.wording import Said

# SNS: 262144 bytes of message and attributes together; subjects of fewer than 100 ASCII characters.
_SNS_BYTES = 200_000
_SNS_SUBJECT = 99
_SLACK_HEADER = 150
_SLACK_SECTION = 2900
_SLACK_FIELDS = 10
_SIGNS = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🟢"}
_TEAMS_TEXT = 4000


def sns(said: Said, *, chat: bool = False) -> dict[str, Any]:
    """Return the arguments of Publish without the topic; `chat` adds Amazon Q Developer's schema.

    That one is read by an https subscription; free text would be dropped there without an error.
    """
    text = _cut(said.text, _SNS_BYTES // 4)
    bodies = {"default": text, "email": text}
    if chat:
        bodies["https"] = json.dumps(amazon_q(said))
    return {
        "Subject": subject(said.title),
        "Message": json.dumps(bodies),
        "MessageStructure": "json",
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": _cut(value, 256)}
            for name, value in attributes(said).items()
        },
    }


def attributes(said: Said) -> dict[str, str]:
    """What filter policies of subscriptions may look at."""
    event = said.event
    found = {
        "event": event.kind.value,
        "severity": event.severity.value,
        "environment": event.environment,
        "endpoint": event.endpoint,
        "run_id": event.run_id,
        "id": event.id,
    }
    return {name: value for name, value in found.items() if value}


def subject(title: str) -> str:
    """Return a subject that SNS takes: ASCII without control characters, under 100 of them."""
    flat = " ".join(title.split()).encode("ascii", "replace").decode("ascii")
    shown = "".join(each for each in flat if each.isprintable()).strip()
    return shown[:_SNS_SUBJECT] or "A message"


def amazon_q(said: Said) -> dict[str, Any]:
    event = said.event
    metadata = {
        "threadId": event.run_id,
        "summary": _cut(said.title, 200),
        "eventType": event.kind.value,
        "additionalContext": dict(attributes(said)),
    }
    content: dict[str, Any] = {
        "textType": "client-markdown",
        "title": _cut(slack_escaped(said.title), 250),
        "description": _cut(slack_escaped(_body(said)), 4000),
        "keywords": [event.severity.value, event.environment],
    }
    if said.to_do:
        content["nextSteps"] = [_cut(slack_escaped(said.to_do), 1000)]
    return {
        "version": "1.0",
        "source": "custom",
        "id": event.id,
        "content": content,
        "metadata": metadata,
    }


def slack(said: Said) -> dict[str, Any]:
    """Return a message of Slack: blocks, and `text` for what shows no blocks."""
    header = {
        "type": "plain_text",
        "text": _cut(f"{_SIGNS[said.severity]} {said.title}", _SLACK_HEADER),
    }
    fields = [
        _mrkdwn(f"*{slack_escaped(name)}*\n{_cut(slack_escaped(value), 500)}")
        for name, value in said.facts[:_SLACK_FIELDS]
    ]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": header},
        {"type": "section", "text": _section(said.what or said.title)},
        {"type": "section", "fields": fields},
    ]
    if said.why:
        blocks.append({"type": "section", "text": _section(said.why, before="*Why:* ")})
    if said.to_do:
        text = _section(said.to_do, before="*What to do:*\n```", after="```")
        blocks.append({"type": "section", "text": text})
    foot = [f"<{slack_escaped(link)}|{slack_escaped(name)}>" for name, link in said.links]
    if said.repeats:
        foot.append("An earlier run was cut off while it sent this: you may read it twice.")
    if foot:
        line = _mrkdwn(_cut(" · ".join(foot), 2000))
        blocks.append({"type": "context", "elements": [line]})
    return {"text": _cut(slack_escaped(said.title), 500), "blocks": blocks}


def slack_escaped(text: str) -> str:
    """Escape the three characters that Slack reads: `<!channel>` would ring everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str, *, before: str = "", after: str = "") -> dict[str, str]:
    room = _SLACK_SECTION - len(before) - len(after)
    return _mrkdwn(f"{before}{_cut_escaped(text.replace('```', '` ` `'), room)}{after}")


def _cut_escaped(text: str, most: int) -> str:
    """Escape, and cut between characters, never inside of what one became."""
    escaped = slack_escaped(text)
    while len(escaped) > most:
        text = _cut(text, len(text) - max(4, (len(escaped) - most) // 5))
        escaped = slack_escaped(text)
    return escaped


def _mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def cloud_event(said: Said) -> dict[str, Any]:
    """Return an event of CloudEvents 1.0, structured mode; `data` is ours."""
    event = said.event
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": f"mlops/{event.environment}/{event.endpoint}",
        "type": f"mlops.{event.kind.value}",
        "subject": event.subject or event.endpoint,
        "time": event.when.isoformat(),
        "datacontenttype": "application/json",
        "data": {
            **json.loads(event.to_json()),
            "severity": event.severity.value,
            "title": said.title,
            "text": said.what,
        },
    }


def teams_card(said: Said) -> dict[str, Any]:
    """Return an Adaptive Card as a Teams Workflows webhook takes it (about 28 KB at most)."""
    block = {"type": "TextBlock", "wrap": True}
    body: list[dict[str, Any]] = [
        {**block, "text": _cut_as_sent(said.title, 1000), "weight": "Bolder", "size": "Medium"},
        {**block, "text": _cut_as_sent(said.what or said.title, _TEAMS_TEXT)},
        {
            "type": "FactSet",
            "facts": [
                {"title": name, "value": _cut_as_sent(value, 600)} for name, value in said.facts
            ],
        },
    ]
    if said.why:
        body.append({**block, "text": _cut_as_sent(f"Why: {said.why}", _TEAMS_TEXT)})
    if said.to_do:
        body.append(
            {**block, "text": _cut_as_sent(said.to_do, _TEAMS_TEXT), "fontType": "Monospace"}
        )
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if said.links:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": name, "url": link} for name, link in said.links[:5]
        ]
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


WEBHOOK_FORMATS: Mapping[str, Any] = {"cloudevents": cloud_event, "teams": teams_card}


def _body(said: Said) -> str:
    facts = "\n".join(f"{name}: {value}" for name, value in said.facts)
    return "\n".join(each for each in (said.what, facts, said.why) if each)


def _cut_as_sent(text: str, most: int) -> str:
    """Cut a text that is longer than `most` bytes as JSON, where an emoji takes twelve."""
    while (size := len(json.dumps(text))) > most:
        text = _cut(text, max(1, len(text) * most // size - 1))
    return text


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."

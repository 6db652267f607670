"""Slack by an incoming webhook: success is 200 and the body `ok`.

Sources: api.slack.com, "Sending messages using incoming webhooks", "Rate limits", and the changelog
of 2016-05-17 for the errors.
"""

import json

from pipeline.core import payloads
from pipeline.core.outbox import Answer, Verdict
from pipeline.core.wording import Said
from pipeline.gateways import https
from pipeline.gateways.channels import TAKEN, failed, posted

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_NEW = "Make a new incoming webhook in Slack and set its address."
# What Slack says about the webhook or its channel; a message can do nothing about it.
_REMEDIES = {
    "action_prohibited": "An admin of the workspace has restricted the webhook's channel.",
    "channel_is_archived": "Unarchive the webhook's channel, or make a webhook for another one.",
    "channel_not_found": "The webhook's channel is gone. " + _NEW,
    "no_active_hooks": "The webhook is disabled. " + _NEW,
    "no_service": "The webhook was removed or disabled, or its maker left. " + _NEW,
    "no_service_id": "The address is not whole. " + _NEW,
    "no_team": "The workspace is gone. " + _NEW,
    "team_disabled": "The workspace is disabled.",
    "invalid_token": "The address is not whole. " + _NEW,
}
_ABOUT_THE_MESSAGE = ("invalid_blocks", "invalid_payload", "msg_blocks_too_long", "no_text")


class SlackWebhook:
    """An incoming webhook, bound to one channel by Slack; its address is a secret."""

    name = "slack"

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, said: Said) -> Answer:
        reply = posted(self._url, json.dumps(payloads.slack(said)).encode(), _JSON)
        if isinstance(reply, Answer):
            return reply
        return TAKEN if (reply.status, reply.body) == (200, "ok") else _refusal(reply)

    def look(self) -> Answer:
        """Send a message without a text: who takes webhooks refuses it, and shows nothing."""
        if _is_workflow(self._url):
            remedy = f"It starts a workflow, which takes no such messages. {_NEW}"
            return failed("the address is that of a workflow", remedy=remedy, is_off=True)
        reply = posted(self._url, b"{}", _JSON)
        if isinstance(reply, Answer):
            return reply
        return TAKEN if reply.body in _ABOUT_THE_MESSAGE else _refusal(reply)


def _is_workflow(url: str) -> bool:
    return "/triggers/" in url or "/workflows/" in url


def _refusal(reply: https.Reply) -> Answer:
    word = reply.body[:80] if reply.body.replace("_", "").isalnum() else "no word of Slack"
    said = f"HTTP {reply.status}: {word}"
    if word in _ABOUT_THE_MESSAGE:
        remedy = "Please report it with the run.log of this run."
        return Answer(verdict=Verdict.REFUSED, said=said, remedy=remedy)
    remedy = _REMEDIES.get(word, "Check the address of the webhook.")
    return failed(said, remedy=remedy, is_off=True)

"""Slack by a bot token: one thread per run, whose first message is edited to the outcome.

Web API (api.slack.com): a failure is HTTP 200 with `ok: false`, so the body decides; `chat.update`
takes the channel's id, which `chat.postMessage` answers, not its name.
"""

import json
from dataclasses import replace
from typing import Any

from pipeline.core import payloads
from pipeline.core.outbox import Answer, Verdict
from pipeline.core.wording import Said
from pipeline.gateways.channels import TAKEN, failed, posted

API = "https://slack.com/api"
_AGAIN = ("fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable")
_ABOUT_THE_MESSAGE = ("invalid_blocks", "msg_blocks_too_long", "msg_too_long", "no_text")
_REMEDIES = {
    "channel_not_found": "Correct notifications.slack_channel, or invite the bot to it.",
    "invalid_auth": "Correct the bot token.",
    "is_archived": "Unarchive notifications.slack_channel, or name another one.",
    "missing_scope": "Give the Slack app the scope chat:write, and install it anew.",
    "not_in_channel": "Invite the bot to notifications.slack_channel.",
    "token_revoked": "Install the Slack app anew, and set its new token.",
}


class SlackBot:
    """Posts to one channel; the token is a secret. What belongs to one run is one thread."""

    name = "slack"

    def __init__(self, token: str, channel: str, *, api: str = API) -> None:
        self._token = token
        self._channel = channel
        self._api = api

    def send(self, said: Said) -> Answer:
        """Post; what follows in a thread also becomes the text of the thread's first message."""
        message = payloads.slack(said)
        place, _, first = said.thread.partition("/")
        thread = {"thread_ts": first} if first else {}
        answer, document = self._asked(
            "chat.postMessage", {"channel": place or self._channel, **thread, **message}
        )
        if answer.verdict is not Verdict.TAKEN:
            return answer
        if first:
            self._asked("chat.update", {"channel": place, "ts": first, **message})
            return TAKEN
        return replace(TAKEN, thread=f"{document.get('channel', '')}/{document.get('ts', '')}")

    def look(self) -> Answer:
        return self._asked("auth.test", {})[0]

    def _asked(self, method: str, document: dict[str, Any]) -> tuple[Answer, dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json; charset=utf-8",
        }
        reply = posted(f"{self._api}/{method}", json.dumps(document).encode(), headers)
        if isinstance(reply, Answer):
            return reply, {}
        try:
            answered = json.loads(reply.body)
        except ValueError:
            return failed(f"HTTP {reply.status} and no JSON"), {}
        if not isinstance(answered, dict) or answered.get("ok") is not True:
            word = answered.get("error") if isinstance(answered, dict) else None
            return _refusal(str(word or f"HTTP {reply.status}")), {}
        return TAKEN, answered


def _refusal(word: str) -> Answer:
    said = word[:80] if word.replace("_", "").replace(" ", "").isalnum() else "an unknown error"
    if word in _AGAIN:
        return failed(said)
    if word in _ABOUT_THE_MESSAGE:
        remedy = "Please report it with the run.log of this run."
        return Answer(verdict=Verdict.REFUSED, said=said, remedy=remedy)
    remedy = _REMEDIES.get(word, "Check the bot token and notifications.slack_channel.")
    return failed(said, remedy=remedy, is_off=True)

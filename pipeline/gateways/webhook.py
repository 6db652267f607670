"""A webhook of anybody's: our event as a CloudEvent, signed, or as a card of Teams.

The signature is HMAC-SHA256 over `<timestamp>.<body>`, so that nobody can send an old one again.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable

from pipeline.core import payloads
from pipeline.core.outbox import Answer, Verdict
from pipeline.core.wording import Said
from pipeline.gateways import https
from pipeline.gateways.channels import TAKEN, failed, posted

_TYPES = {
    "cloudevents": "application/cloudevents+json; charset=utf-8",
    "teams": "application/json; charset=utf-8",
}
_MESSAGE_ERRORS = (400, 413, 415, 422)


class Webhook:
    """`secret` signs each request; without one it is not signed. The address is a secret too."""

    name = "webhook"

    def __init__(
        self,
        url: str,
        *,
        secret: str | None,
        form: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._secret = secret
        self._form = form
        self._clock = clock

    def send(self, said: Said) -> Answer:
        body = json.dumps(payloads.WEBHOOK_FORMATS[self._form](said)).encode()
        stamp = str(int(self._clock()))
        headers = {"Content-Type": _TYPES[self._form], "X-Mlops-Timestamp": stamp}
        if self._secret:
            headers["X-Mlops-Signature"] = signature(self._secret, stamp, body)
        reply = posted(self._url, body, headers)
        if isinstance(reply, Answer):
            return reply
        return TAKEN if 200 <= reply.status < 300 else _refusal(reply)

    def look(self) -> Answer:
        """Connect, and send nothing: what a POST does there only its owner knows."""
        why = https.refusal(self._url)
        return failed(why) if why else TAKEN


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the header by which a receiver knows that we sent this body, and when."""
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def _refusal(reply: https.Reply) -> Answer:
    said = f"HTTP {reply.status}"
    if reply.status in _MESSAGE_ERRORS:
        remedy = "Look at what its receiver says, and at notifications.webhook_format."
        return Answer(verdict=Verdict.REFUSED, said=said, remedy=remedy)
    remedy = "Check notifications.webhook_url: it must be whole, with all of its query."
    return failed(said, remedy=remedy, is_off=True)

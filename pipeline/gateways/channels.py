"""What sends a message: each channel has a name, a way to send, and a way to be looked at.

A channel never raises for what its service does: it answers, and its answer holds no secret.
"""

from collections.abc import Mapping
from typing import Protocol

from pipeline.core.outbox import Answer, Verdict
from pipeline.core.wording import Said
from pipeline.gateways import https

TAKEN = Answer(verdict=Verdict.TAKEN)
_LONGEST_WAIT_S = 60.0


class Channel(Protocol):
    """One way to people. `look` asks whether it can be reached, and sends nothing."""

    name: str

    def send(self, said: Said) -> Answer: ...
    def look(self) -> Answer: ...


def failed(said: str, *, remedy: str = "", is_off: bool = False) -> Answer:
    return Answer(verdict=Verdict.FAILED, said=said, remedy=remedy, is_off=is_off)


def posted(url: str, body: bytes, headers: Mapping[str, str]) -> https.Reply | Answer:
    """Post; return the reply, or the answer where it is none of the channel's own."""
    try:
        reply = https.post(url, body, headers)
    except https.NoReply as none:
        return failed(str(none), is_off=none.is_permanent)
    if reply.status == 429 or reply.status >= 500:
        wait_s = retry_after_s(reply.headers.get("retry-after"))
        said = f"HTTP {reply.status}"
        return Answer(verdict=Verdict.FAILED, said=said, retry_after_s=wait_s)
    if 300 <= reply.status < 400:
        remedy = "Configure the address that it leads to; redirects are not followed."
        return failed(f"HTTP {reply.status}, a redirect", remedy=remedy, is_off=True)
    return reply


def retry_after_s(value: str | None) -> float | None:
    """Read Retry-After as seconds; a date, as whatever is none, is a minute."""
    if value is None:
        return None
    return min(float(value), _LONGEST_WAIT_S) if value.strip().isdigit() else _LONGEST_WAIT_S

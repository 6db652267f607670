"""One POST over HTTP: verified TLS, no redirects, and its address, a secret, in no message."""

import http.client
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

_MOST_READ = 65536
TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`body` is its first 64 kB."""

    status: int
    body: str
    headers: Mapping[str, str]


class NoReply(Exception):
    """Nothing was answered; the text says why, without the address. `is_permanent`: it stays so."""

    def __init__(self, text: str, *, is_permanent: bool = False) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent


class _Staying(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET that ends as 200."""

    def redirect_request(self, *_: object) -> None:
        return None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send one request, encrypted unless it stays on this machine. Raises NoReply."""
    _require_encrypted(url)
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    handlers: list[urllib.request.BaseHandler] = [_Staying()]
    handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    if is_loopback(url):
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT_S) as answer:
            return _reply(answer.status, answer.read(_MOST_READ), answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return _reply(error.code, error.read(_MOST_READ), error.headers)
    except urllib.error.URLError as error:
        raise _no_reply(error.reason) from None
    except (OSError, http.client.HTTPException) as error:
        raise _no_reply(error) from None


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _require_encrypted(url: str) -> None:
    """An address of Secrets Manager has been checked by nobody before; it is in no message."""
    is_whole = re.fullmatch(r"https?://[!-~]+", url) is not None
    if not is_whole or not (url.startswith("https://") or is_loopback(url)):
        text = "its address does not begin with https://"
        raise NoReply(text, is_permanent=True)


def _reply(status: int, body: bytes, headers: Message) -> Reply:
    return Reply(
        status=status,
        body=body.decode("utf-8", "replace").strip(),
        headers={name.lower(): value for name, value in headers.items()},
    )


def _no_reply(reason: object) -> NoReply:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NoReply(f"its certificate is not valid: {reason.verify_message}", is_permanent=True)
    if isinstance(reason, TimeoutError):
        return NoReply(f"no answer within {TIMEOUT_S:.0f} s")
    if isinstance(reason, OSError) and reason.strerror:
        return NoReply(reason.strerror)
    return NoReply(type(reason).__name__)


def refusal(url: str) -> str | None:
    """Connect, by TLS where the address says so, and ask nothing; return why that fails."""
    try:
        _require_encrypted(url)
    except NoReply as none:
        return str(none)
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    place = (parts.hostname or "", parts.port or (443 if is_tls else 80))
    try:
        with socket.create_connection(place, timeout=TIMEOUT_S) as connection:
            if is_tls:
                context = ssl.create_default_context()
                context.wrap_socket(connection, server_hostname=place[0]).close()
    except OSError as error:
        return str(_no_reply(error))
    return None

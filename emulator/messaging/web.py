"""One HTTP request to a subscriber or an API destination: 5 seconds, no redirects, no proxy."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from emulator.messaging.deliveries import Undelivered

TIMEOUT_S = 5.0
_TRANSIENT = (408, 429)
_CLIENT_ERRORS = range(400, 500)
_SUCCESSES = range(200, 300)


def send(method: str, url: str, *, headers: Mapping[str, str], body: bytes) -> None:
    """Raise Undelivered unless the receiver answers 2xx."""
    status = _status(method, url, headers=headers, body=body)
    if status in _SUCCESSES:
        return
    permanent = status in _CLIENT_ERRORS and status not in _TRANSIENT
    text = f"{method} {url} was answered with status {status}."
    raise Undelivered(text, code=str(status), permanent=permanent)


def _status(method: str, url: str, *, headers: Mapping[str, str], body: bytes) -> int:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        text = f"{method} {url} was not answered: {error!r}"
        raise Undelivered(text, code="ConnectionFailure", permanent=False) from error
    finally:
        connection.close()

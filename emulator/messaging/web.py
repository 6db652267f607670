"""One HTTP request to a subscriber or an API destination: 5 seconds, no redirects, no proxy."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from emulator.messaging.deliveries import Undelivered

TIMEOUT_S = 5.0
_TRANSIENT = (408, 429)
_CLIENT_ERRORS = range(400, 500)
_SUCCESSES = range(200, 300)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    limit_s: float = TIMEOUT_S,
) -> None:
    """Raise Undelivered unless the receiver answers 2xx."""
    status = _status(method, url, headers=headers, body=body, limit_s=limit_s)
    if status in _SUCCESSES:
        return
    permanent = status in _CLIENT_ERRORS and status not in _TRANSIENT
    text = f"{method} {url} was answered with status {status}."
    raise Undelivered(text, code=str(status), permanent=permanent)


def _status(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes, limit_s: float
) -> int:
    try:
        with _connected(url, limit_s) as (connection, path):
            connection.request(method, path, body=body, headers=dict(headers))
            return connection.getresponse().status
    except (ValueError, http.client.InvalidURL) as error:
        text = f"{method} {url} cannot be sent: {error}"
        raise Undelivered(text, code="InvalidAddress", permanent=True) from error
    except (OSError, http.client.HTTPException) as error:
        text = f"{method} {url} was not answered: {error!r}"
        raise Undelivered(text, code="ConnectionFailure", permanent=False) from error


@contextlib.contextmanager
def _connected(url: str, limit_s: float) -> Iterator[tuple[http.client.HTTPConnection, str]]:
    """Yield a connection and the path on it; raise TimeoutError when all of it took too long."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=limit_s)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    late = threading.Event()
    # The connection's own limit is per read: a receiver that drips would be waited for for ever.
    limit = threading.Timer(limit_s, _cut, args=(connection, late))
    limit.daemon = True
    limit.start()
    try:
        yield connection, path
        if late.is_set():
            raise TimeoutError(limit_s)
    finally:
        limit.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)

"""A door before the embedded AWS that writes down every call that changes something.

The embedded AWS's own journal tells actions, but not what they are about.
"""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_READS = ("Describe", "Get", "List")
# What belongs to one connection, or is said anew.
_NOT_HANDED_ON = ("connection", "content-length", "date", "server", "transfer-encoding")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request; `about` holds its parameters, in the names of the API."""

    action: str
    about: Mapping[str, Any]
    status: int


class Recorder:
    """Hands on every request, and keeps those that change something in the order of the answers."""

    def __init__(self, endpoint_url: str) -> None:
        self.behind = urlsplit(endpoint_url).netloc
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def keep(self, call: Call) -> None:
        if not call.action.startswith(_READS):
            with self._lock:
                self._calls.append(call)

    def taken(self) -> list[Call]:
        """Return what was kept, and begin anew."""
        with self._lock:
            taken, self._calls = self._calls, []
        return taken


@contextmanager
def recording(recorder: Recorder) -> Iterator[str]:
    """Yield the URL of the door."""

    class Handler(_Handler):
        door = recorder

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    door: Recorder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, answer = self._behind(body)
        about = _parameters(body)
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        action = target or str(about.get("Action", self.path))
        self.door.keep(Call(action=action, about=about, status=status))
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _NOT_HANDED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _behind(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.door.behind, timeout=120)
        try:
            connection.request("POST", self.path, body=body, headers=dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _parameters(body: bytes) -> dict[str, Any]:
    """Read JSON, or the form that CloudWatch takes."""
    if body.startswith(b"{"):
        return dict(json.loads(body))
    return dict(parse_qsl(body.decode("utf-8", "replace")))

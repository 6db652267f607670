"""A loopback HTTP server that keeps what it is sent and answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from emulator.tests.support.embedded import eventually


@dataclass(frozen=True, kw_only=True)
class Received:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: str

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class Receiver:
    """`statuses` are the next answers, then 200; none is given before `released` is set."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    received: list[Received] = field(default_factory=list)

    def waits_for(self, count: int) -> list[Received]:
        """Return what has come once that much has come."""
        return eventually(lambda: self.received[:], lambda came: len(came) >= count, limit_s=30)


@contextmanager
def a_receiver(*, statuses: list[int] | None = None, silent: bool = False) -> Iterator[Receiver]:
    """Run one; a `silent` one never answers while the test runs."""
    receiver = Receiver(statuses=list(statuses or []))
    if not silent:
        receiver.released.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _exchange_of(receiver))
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()


def _exchange_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Exchange(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(
                Received(
                    method=self.command,
                    path=parts.path,
                    query=parse_qs(parts.query),
                    headers=headers,
                    body=body,
                )
            )
            receiver.released.wait(60)
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Exchange

"""An HTTP server on loopback that answers as the test says, with bodies: Slack's, or any other."""

import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`after_s` before anything is sent; `drip_s` between two bytes of the body."""

    status: int = 200
    body: str = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    drip_s: float = 0.0
    hangs_up: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class Answering:
    """`replies` are the next answers, then `otherwise`."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    otherwise: Reply = field(default_factory=Reply)
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def answering(
    *replies: Reply, otherwise: Reply | None = None, certificate: tuple[Path, Path] | None = None
) -> Iterator[Answering]:
    """Run one; with a certificate and its key, by TLS."""
    told = Answering(replies=list(replies), otherwise=otherwise or Reply())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "http" if certificate is None else "https"
    told.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(told: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.asked.append(Asked(path=self.path, headers=headers, body=body))
            reply = told.replies.pop(0) if told.replies else told.otherwise
            if reply.hangs_up:
                self.close_connection = True
                return
            time.sleep(reply.after_s)
            self._answer(reply)

        def do_GET(self) -> None:
            told.asked.append(Asked(path=f"GET {self.path}", headers={}, body=b""))
            self._answer(Reply())

        def _answer(self, reply: Reply) -> None:
            payload = reply.body.encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(payload)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for byte in payload:
                    self.wfile.write(bytes([byte]))
                    time.sleep(reply.drip_s)
            except OSError:
                return  # who asked has gone

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    return Handler

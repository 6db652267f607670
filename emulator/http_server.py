"""HTTP/1.1 around the application, with connections that stay open.

werkzeug's own server closes a connection after each answer: it cannot know whether an application
has read the whole request. Ours always has (middleware.read_body).
"""

import logging
import socket
import threading

from werkzeug.serving import BaseWSGIServer, make_server

from emulator.answers import WsgiApp
from emulator.endings import asked_ending, reset
from emulator.moto_app import RequestHandler

log = logging.getLogger(__name__)

Head = tuple[str, list[tuple[str, str]]]

# Longer than SDKs keep an idle connection, so that they close it and not we under their hands.
_IDLE_S = 900.0
# Up to here head and body are one packet.
_ONE_WRITE_BYTES = 64 * 1024
_OF_THIS_CONNECTION = ("connection", "transfer-encoding")
_NO_HEAD: Head = ("", [])
_FAILED = ("500 Internal Server Error", [("Content-Type", "text/plain")], b"see the server's log")


class Handler(RequestHandler):  # type: ignore[misc]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_S

    def run_wsgi(self) -> None:
        """Answer one request; werkzeug calls this for every method."""
        self.environ = self.make_environ()
        if "Transfer-Encoding" in self.headers:
            # What may follow the last chunk is not read.
            self.close_connection = True
        try:
            head, body = self._ask()
        except Exception:
            log.exception("%s %s failed", self.command, self.path)
            self.close_connection = True
            head, body = _FAILED[:2], _FAILED[2]
        self._end(head, body)

    def _ask(self) -> tuple[Head, bytes]:
        heads: list[Head] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            heads.append((status, headers))

        body = b"".join(self.server.app(self.environ, start_response))
        if not heads and asked_ending(self.environ) is not None:
            return _NO_HEAD, body
        return heads[-1], body

    def _end(self, head: Head, body: bytes) -> None:
        """Send the answer, or what a fault rule leaves of it."""
        ending = asked_ending(self.environ)
        if ending is None:
            self._send(head, body, sent=len(body))
            return
        if ending == "truncate" and body and self._has_body(head):
            self._send(head, body, sent=len(body) // 2)
        elif ending != "close":
            reset(self.connection)
        self.close_connection = True

    def _has_body(self, head: Head) -> bool:
        code = head[0].partition(" ")[0]
        return self.command != "HEAD" and int(code) >= 200 and code not in ("204", "304")

    def _send(self, head: Head, body: bytes, *, sent: int) -> None:
        """Send the head for all of the body, and so many bytes of it."""
        status, headers = head
        code, _, phrase = status.partition(" ")
        has_body = self._has_body(head)
        self.send_response(int(code), phrase)
        for name, value in headers:
            lower = name.lower()
            self.close_connection |= (lower, value) == ("connection", "close")
            if lower not in _OF_THIS_CONNECTION and not (has_body and lower == "content-length"):
                self.send_header(name, value)
        if has_body:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self._write(body[:sent] if has_body else b"")

    def _write(self, body: bytes) -> None:
        buffered: list[bytes] | None = getattr(self, "_headers_buffer", None)
        # There is none for HTTP/0.9, whose answers have no head.
        head = b"" if buffered is None else b"".join([*buffered, b"\r\n"])
        self._headers_buffer: list[bytes] = []
        if len(body) <= _ONE_WRITE_BYTES:
            self.wfile.write(head + body)
        else:
            self.wfile.write(head)
            self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        """Say nothing: the journal keeps the calls."""


def serve_in_background(listener: socket.socket, app: WsgiApp) -> BaseWSGIServer:
    """Serve on a socket that listens, until `shutdown` is called on what is returned."""
    host, port = listener.getsockname()
    server = make_server(
        host, port, app, threaded=True, request_handler=Handler, fd=listener.fileno()
    )
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server

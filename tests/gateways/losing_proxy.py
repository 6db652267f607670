"""A network that loses answers: AWS has done what was asked, and the caller hears of an error."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@contextmanager
def losing_the_first(
    method: str, url: str, *, after: int = 0, status: int = HTTPStatus.INTERNAL_SERVER_ERROR
) -> Iterator[str]:
    """Yield a URL in front of `url` that answers the first call of `method` with 500, once done.

    The first one `after` so many that are answered. A client repeats a call after a 500, and not
    after another `status`.
    """
    seen: list[str] = []
    lost: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
            target.request(self.command, self.path, body, dict(self.headers))
            answer = target.getresponse()
            content, said = answer.read(), answer.status
            target.close()
            if self.command == method and len(seen) == after and not lost:
                lost.append(self.path)
                content, said = b"", status
            seen.extend([self.path] * (self.command == method))
            self.send_response(said)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = forward  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
    assert lost, "nothing was lost: the test has proved nothing"

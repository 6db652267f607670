"""Notes and issues of one GitLab project, over real HTTP on loopback.

Paths, header and members are those of GitLab's documentation (REST API: "Notes", "Issues"). It
keeps what it is sent, pages as GitLab does, and answers as it is told.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "glpat-of-a-story"
PROJECT = "42"
_START = f"/api/v4/projects/{PROJECT}"


@dataclass(kw_only=True)
class GitlabApi:
    """`status` is the answer to all requests; `silent` gives none before the server ends."""

    url: str = ""
    status: int = 200
    body: bytes | None = None
    location: str = ""
    silent: bool = False
    ended: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    stored: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def texts(self, path: str, member: str = "body") -> list[str]:
        return [each[member] for each in self.stored.get(f"{_START}/{path}", [])]

    def answer(self, method: str, path: str, query: dict[str, list[str]], sent: Any) -> Any:
        """Return what GitLab would, None for what it does not have."""
        entries = self.stored.setdefault(path.rpartition("/")[0] if method == "PUT" else path, [])
        if method == "GET":
            size, page = int(query["per_page"][0]), int(query["page"][0])
            words = query.get("search", [""])[0]
            found = [each for each in entries if words in each.get("title", "")]
            return found[size * (page - 1) : size * page]
        if method == "POST":
            entries.append({**sent, "id": 100 + len(entries)})
            return entries[-1]
        (entry,) = (each for each in entries if str(each["id"]) == path.rpartition("/")[2])
        entry |= sent
        return entry


@contextmanager
def a_gitlab_api() -> Iterator[GitlabApi]:
    api = GitlabApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _exchange_of(api))
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_address[1]}/api/v4"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        api.ended.set()
        server.shutdown()
        server.server_close()


def _exchange_of(api: GitlabApi) -> type[BaseHTTPRequestHandler]:
    class Exchange(BaseHTTPRequestHandler):
        def _do(self) -> None:
            parts = urlsplit(self.path)
            api.asked.append((self.command, parts.path))
            api.tokens.add(self.headers.get("PRIVATE-TOKEN"))
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if api.silent:
                api.ended.wait(60)
            body = api.body
            if body is None:
                document = json.loads(sent) if sent else None
                found = api.answer(self.command, parts.path, parse_qs(parts.query), document)
                body = json.dumps(found).encode() if api.status == 200 else b'{"message": "no"}'
            self.send_response(api.status)
            if api.location:
                self.send_header("Location", api.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _do  # noqa: N815 -- the server's names

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    return Exchange

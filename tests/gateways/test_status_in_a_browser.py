"""status.html in Chromium: it loads itself anew and nothing else, and obeys nobody's words.

Needs `chromium` (or CHROMIUM naming another program), so it is left to script/soak.
"""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.core.outcomes import Standing
from pipeline.core.status_page import status_page
from tests.unit.core_builders import NOON
from tests.unit.test_status_page import some_figures, with_hostile_words
from tests.unit.test_watching import at_rest, moving

pytestmark = pytest.mark.soak

_PROGRAM = os.environ.get("CHROMIUM", "chromium")
_LIMIT_S = 120
_SEEN_MS = 12_000


@dataclass(kw_only=True)
class Served:
    """A web server with one page, and what it was asked for."""

    pages: list[str]
    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(*pages: str) -> Iterator[Served]:
    """Serve the pages one after the other, the last one for ever."""
    served = Served(pages=list(pages))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            is_page = self.path == "/status.html"
            body = served.pages[0].encode() if is_page else b""
            if is_page and len(served.pages) > 1:
                served.pages.pop(0)
            self.send_response(200 if is_page else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/status.html"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def shown(url: str, folder: Path, *flags: str) -> str:
    """Return the document that Chromium has after some seconds of looking on."""
    done = subprocess.run(
        [
            *(_PROGRAM, "--headless", "--no-sandbox", "--disable-gpu"),
            f"--user-data-dir={folder / 'profile'}",
            f"--virtual-time-budget={_SEEN_MS}",
            *flags,
            "--dump-dom",
            url,
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
    )
    return done.stdout


def page_of(standing: Standing, *, verdict: str | None = None) -> str:
    return status_page(
        standing, now=NOON, where="staging, AWS", figures=some_figures(), verdict=verdict
    )


def test_it_loads_itself_anew_until_the_last_one_and_nothing_else(tmp_path: Path) -> None:
    last = page_of(at_rest(), verdict="In service and well.")
    with serving(page_of(moving()), last) as served:
        document = shown(served.url, tmp_path)
    assert "In service and well." in document
    assert served.asked.count("/status.html") == 2
    assert set(served.asked) <= {"/status.html", "/favicon.ico"}


def test_it_works_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "status.html"
    file.write_text(page_of(at_rest(), verdict="In service and well."), encoding="utf-8")
    document = shown(file.as_uri(), tmp_path)
    assert document.count("<svg") == 2
    assert "<h1>iris-model-staging</h1>" in document


def test_what_others_wrote_becomes_no_element(tmp_path: Path) -> None:
    with serving(page_of(with_hostile_words(), verdict="over")) as served:
        document = shown(served.url, tmp_path)
    assert "<script" not in document
    assert "<img" not in document
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in document
    assert set(served.asked) <= {"/status.html", "/favicon.ico"}


def test_the_policy_stops_what_somebody_would_put_in(tmp_path: Path) -> None:
    spoilt = page_of(at_rest(), verdict="over").replace(
        "<main>", '<main><script>document.title="spoilt"</script><img src="/spy.png">'
    )
    with serving(spoilt) as served:
        document = shown(served.url, tmp_path)
    assert "<title>spoilt</title>" not in document
    assert "/spy.png" not in served.asked

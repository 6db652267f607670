"""What a container answers that does not serve as an endpoint must, by a quick stand-in for it."""

import os
import sys
from io import BytesIO
from pathlib import Path

import pytest

from model.serving_check import ServingCheck, Truth, checked, started
from model.table import Table
from tests.support.tables import a_mixed_csv

# In the place of the image's program: /ping is well, and /invocations does what the test says.
SERVE = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, "")

    def do_POST(self):
        {invoked}

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

print("its last words", flush=True)
{before}
port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
ROWS = a_mixed_csv(seed=1)


def asked(folder: Path, invoked: str, *, before: str = "") -> ServingCheck:
    """Return what is found of a container that answers so."""
    program, script = folder / "serve", folder / "serve.py"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{script}"\n')
    program.chmod(0o755)
    script.write_text(SERVE.format(invoked=invoked, before=before))
    truth = Truth(
        table=Table(lambda: BytesIO(ROWS)), target="verdict", spelling=None, predicted=None
    )
    with started({"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}) as server:
        return checked(server, truth, timeout_s=60)


@pytest.mark.parametrize(
    ("invoked", "says"),
    [
        ('self.answer(500, "no such column")', "answered with HTTP 500: no such column"),
        ('self.answer(500, "<html>")', "answered with HTTP 500: its last words"),
        ("os._exit(3)", "/invocations was not answered"),
        ('self.answer(200, "[]")', "the answer is not the JSON document"),
        ('self.answer(200, "[" * 100_000)', "the answer is not the JSON document"),
        (
            """self.answer(200, '{"predictions": []}')""",
            "60 rows are answered with 0 predictions",
        ),
    ],
    ids=[
        *("raises", "raises behind a proxy", "dies", "answers something else"),
        *("answers what nobody can read", "answers too few"),
    ],
)
def test_why_a_container_does_not_serve_is_a_finding(
    tmp_path: Path, invoked: str, says: str
) -> None:
    found = asked(tmp_path, invoked)
    assert found.accuracy is None
    assert says in (found.failure or "")


def test_a_container_that_ends_before_it_serves_is_a_finding_with_its_last_words(
    tmp_path: Path,
) -> None:
    found = asked(tmp_path, "pass", before="os._exit(3)")
    assert found.accuracy is None
    assert found.failure == "`serve` ended with exit code 3: its last words"

"""What `serve` does in the scikit-learn image: load the model, then answer HTTP on loopback.

Arguments: the model directory and the file descriptor that gets the port, once the model is
loaded. An inference module that cannot be loaded ends the process with its traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.containers.shims import codecs
from emulator.containers.shims.guard import die_with_parent, end_with_stdin, forget_import_path
from emulator.containers.shims.handlers import Handlers, Reply, load
from emulator.containers.shims.submitted import fetch_code

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_FOUND = 404
_CONNECTION_BACKLOG = 128


class ModelServer(ThreadingHTTPServer):
    """One thread per connection; the fleet keeps connections open."""

    daemon_threads = True
    request_queue_size = _CONNECTION_BACKLOG
    handlers: Handlers
    default_accept = codecs.JSON


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet per answer
    disable_nagle_algorithm = True
    server: ModelServer

    def do_GET(self) -> None:
        status = 200 if self.path == "/ping" else _NOT_FOUND
        self._send(Reply(status=status, content_type=codecs.JSON, body=b""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path != "/invocations":
            self._send(Reply(status=_NOT_FOUND, content_type=codecs.JSON, body=b""))
            return
        accept = self.headers.get("Accept", "")
        self._send(
            self.server.handlers.answer(
                body,
                content_type=self.headers.get("Content-Type") or codecs.JSON,
                accept=accept if accept not in ("", "*/*") else self.server.default_accept,
            )
        )

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)


def main(model_dir: Path, port_descriptor: int) -> None:
    """Load, report the port, serve until killed."""
    die_with_parent()
    end_with_stdin()
    forget_import_path()
    server = loaded_server(model_dir, port=0)
    with open(port_descriptor, "w", encoding="ascii") as report:
        report.write(f"{server.server_address[1]}\n")
    server.serve_forever()


def loaded_server(model_dir: Path, *, port: int) -> ModelServer:
    """Load the inference module and its model; return a server bound to the loopback port."""
    program = os.environ.get("SAGEMAKER_PROGRAM") or "inference.py"
    sys.path.insert(0, str(_code_directory(model_dir, os.environ)))
    module = importlib.import_module(program.removesuffix(".py"))
    handlers = load(module, str(model_dir))
    server = ModelServer(("127.0.0.1", port), _Exchange)
    server.handlers = handlers
    server.default_accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", codecs.JSON)
    return server


def _code_directory(model_dir: Path, environment: Mapping[str, str]) -> Path:
    """Where the inference module is: what was submitted, else model/code.

    Fetched by each worker for itself, as each instance has a file system of its own on AWS.
    """
    given = environment.get("SAGEMAKER_SUBMIT_DIRECTORY")
    if not given:
        return model_dir / "code"
    own = Path(tempfile.mkdtemp(prefix="submitted-"))
    fetch_code(given, own / "code", scratch=own)
    return own / "code"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

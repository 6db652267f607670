"""The server process of one state directory: wires all parts and serves until SIGTERM."""

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from werkzeug.serving import BaseWSGIServer, make_server

from emulator import __version__
from emulator.admin import Admin
from emulator.answers import Answer, Environ, StartResponse, WsgiApp
from emulator.calls import Call
from emulator.cloud import ACCOUNT_ID, Cloud
from emulator.containers.fleet import launch, remove_leftovers
from emulator.faults import Faults
from emulator.middleware import Journal, Middleware
from emulator.moto_app import MotoApp, RequestHandler
from emulator.runtime import Runtime
from emulator.sagemaker.control_plane import ControlPlane
from emulator.sagemaker.hosting import Hosting
from emulator.sagemaker.jobs import stop_all_jobs
from emulator.state_directory import HOST, ServerRecord, StateDirectory, StateDirectoryError

log = logging.getLogger(__name__)


class _Handler(RequestHandler):  # type: ignore[misc]
    """HTTP/1.1 keeps connections: with HTTP/1.0 the provider saw closed ones."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, *_: object) -> None:
        """Say nothing: the journal keeps the calls."""


@dataclass(frozen=True, kw_only=True)
class Router:
    admin: Admin
    control_plane: ControlPlane
    runtime: Runtime
    moto: MotoApp

    def __call__(self, call: Call, environ: Environ) -> WsgiApp:
        if call.path.startswith("/_emu/"):
            answer = self.admin.answer(method=call.method, path=call.path, body=call.body)
            return _fixed(answer)
        if call.endpoint_name:
            return _fixed(self.runtime.answer(call, environ))
        if call.service == "sagemaker" and call.target:
            answer = self.control_plane.answer(
                action=call.action, region=call.region, body=call.body
            )
            return _fixed(answer)

        def moto(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            return self.moto.answer(call, environ, start_response=start_response)

        return moto


def _fixed(answer: Answer) -> WsgiApp:
    def send(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return answer.send(start_response)

    return send


def serve(directory: StateDirectory, environment: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT; raises StateDirectoryError when that cannot begin."""
    directory.path.mkdir(parents=True, exist_ok=True)
    directory.hold()
    stopping = _stop_signal()
    listener = _listen(directory)
    record = ServerRecord(
        pid=os.getpid(),
        port=listener.getsockname()[1],
        instance_id=secrets.token_hex(8),
        version=__version__,
    )
    cloud = _cloud(record, directory, environment=environment)
    hosting = Hosting(launch)
    strict = environment.get("EMULATOR_STRICT") == "1"
    app = _application(record, cloud, hosting=hosting, strict=strict)
    server = _http_server(listener, app)
    directory.write_record(record)
    log.info("serving endpoint_url=%s pid=%d", record.endpoint_url, record.pid)
    stopping.wait()
    server.shutdown()
    stop_all_jobs()
    hosting.stop_all()
    log.info("stopped")


def _cloud(
    record: ServerRecord, directory: StateDirectory, *, environment: Mapping[str, str]
) -> Cloud:
    directory.work_path.mkdir(parents=True, exist_ok=True)
    remove_leftovers(directory.work_path)
    return Cloud(
        account_id=ACCOUNT_ID,
        endpoint_url=record.endpoint_url,
        state_dir=directory.work_path,
        faults=Faults(),
        time_scale=float(environment.get("EMULATOR_TIME_SCALE", "1")),
    )


def _application(
    record: ServerRecord, cloud: Cloud, *, hosting: Hosting, strict: bool
) -> Middleware:
    journal = Journal()
    health = {
        "instance_id": record.instance_id,
        "version": record.version,
        "pid": record.pid,
        "account_id": cloud.account_id,
    }
    router = Router(
        admin=Admin(health, faults=cloud.faults, journal=journal),
        control_plane=ControlPlane(cloud, hosting, strict=strict),
        runtime=Runtime(hosting, cloud.account_id),
        moto=MotoApp(),
    )
    return Middleware(router, faults=cloud.faults, journal=journal)


def _http_server(listener: socket.socket, app: Middleware) -> BaseWSGIServer:
    server = make_server(
        HOST,
        listener.getsockname()[1],
        app,
        threaded=True,
        request_handler=_Handler,
        fd=listener.fileno(),
    )
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


def _listen(directory: StateDirectory) -> socket.socket:
    """Bind the port that this directory has always had, or a free one the first time."""
    previous = directory.read_record()
    port = previous.port if previous else 0
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        text = (
            f"Port {port}, which {directory.path} has always used, is taken by another program "
            f"({error.strerror}). End that program, or give up this state with "
            "`python -m emulator reset`."
        )
        raise StateDirectoryError(text) from error
    listener.listen(128)
    return listener


def _stop_signal() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def configure_logging() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)sZ %(levelname)s %(name)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    for noisy in ("werkzeug", "botocore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

"""The server process of one state directory: wires all parts and serves until SIGTERM."""

import functools
import gc
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from werkzeug.serving import BaseWSGIServer

from emulator import __version__
from emulator.admin import Admin
from emulator.answers import Answer, Environ, StartResponse, WsgiApp
from emulator.autoscaling.service import ApplicationAutoScaling
from emulator.autoscaling.wiring import autoscaling_of, firing_all
from emulator.calls import Call
from emulator.cloud import ACCOUNT_ID, Cloud
from emulator.containers.fleet import launch, remove_leftovers
from emulator.faults import Faults
from emulator.http_server import serve_in_background
from emulator.messaging.public_links import sign_public_link
from emulator.messaging.wiring import Messaging, messaging_of
from emulator.metrics.wiring import Monitoring, monitoring_of
from emulator.middleware import Journal, Middleware, error_for
from emulator.moto_app import MotoApp
from emulator.persistence.gate import Gate
from emulator.persistence.keeper import STOP, Homeless, Keeper, Part
from emulator.persistence.settling import Relaunch
from emulator.persistence.wiring import keeper_of, plain_part
from emulator.runtime_actions import Answers, runtimes_of
from emulator.sagemaker.control_plane import ControlPlane
from emulator.sagemaker.hosting import Hosting
from emulator.sagemaker.jobs import stop_all_jobs
from emulator.settings import Settings, settings_from
from emulator.state_directory import HOST, ServerRecord, StateDirectory, StateDirectoryError
from emulator.store import Store

log = logging.getLogger(__name__)

# moto's own API knows of half the cloud: its reset would leave endpoints, alarms and scaling.
_MOTOS_OWN = "/moto-api/"
_NOT_AWS = (
    "The embedded AWS has no /moto-api/. `python -m emulator reset` deletes all of its state."
)
# How long `start` waits for endpoints that served before; then they answer 503 for a while.
_RELAUNCH_PATIENCE_S = 20.0
# A server whose directory is gone is found by no command: it ends by itself.
_HOME_CHECK_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Router:
    admin: Admin
    control_plane: ControlPlane
    gate: Gate
    runtimes: Mapping[str, Answers]
    moto: MotoApp
    stopping: threading.Event

    def __call__(self, call: Call, environ: Environ) -> WsgiApp:
        if call.path.startswith("/_emu/"):
            answer = self.admin.answer(method=call.method, path=call.path, body=call.body)
            return _fixed(answer)
        if call.path.startswith(_MOTOS_OWN):
            return _fixed(_not_aws(call))
        if call.endpoint_name or (call.service == "sagemaker" and call.target):
            return _fixed(self._sagemaker(call, environ))

        def moto(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            sign_public_link(call, environ)
            with self.gate.entered(call):
                return self.moto.answer(call, environ, start_response=start_response)

        return moto

    def _sagemaker(self, call: Call, environ: Environ) -> Answer:
        if self.stopping.is_set():
            text = "The embedded AWS is stopping."
            return error_for(call, code="ServiceUnavailable", message=text, status=503)
        if call.endpoint_name:
            return self.runtimes[call.action].answer(call, environ)
        return self.control_plane.answer(action=call.action, region=call.region, body=call.body)


def _not_aws(call: Call) -> Answer:
    return error_for(call, code="NotImplementedByEmulator", message=_NOT_AWS, status=400)


def _fixed(answer: Answer) -> WsgiApp:
    def send(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return answer.send(start_response)

    return send


def serve(directory: StateDirectory, environment: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT; StateDirectoryError or BadSetting when that cannot begin."""
    settings = settings_from(environment)
    directory.path.mkdir(parents=True, exist_ok=True)
    is_home = functools.partial(directory.is_held, directory.hold())
    previous = directory.read_record()
    listener = _listen(previous, directory=directory)
    record = _new_record(listener)
    parts = _parts(record, directory, settings=settings, is_home=is_home)
    record = _restored(record, parts.keeper, previous=previous)
    server = serve_in_background(listener, _application(record, parts))
    _serve_again(parts)
    directory.write_record(record)
    gc.freeze()  # what is here now stays: collections while serving need not look at it
    log.info("serving endpoint_url=%s pid=%d", record.endpoint_url, record.pid)
    parts.keep_taking_snapshots()
    while not parts.stopping.wait(_HOME_CHECK_S) and is_home():
        pass
    _stop(parts, server)
    log.info("stopped")
    gc.freeze()  # the interpreter's last collection would look at all of moto for seconds


def _new_record(listener: socket.socket) -> ServerRecord:
    return ServerRecord(
        pid=os.getpid(),
        port=listener.getsockname()[1],
        instance_id=secrets.token_hex(8),
        version=__version__,
    )


def _restored(
    record: ServerRecord, keeper: Keeper, *, previous: ServerRecord | None
) -> ServerRecord:
    restored = keeper.restore(previous_instance_id=previous.instance_id if previous else None)
    level = logging.WARNING if restored.unclean else logging.INFO
    facts = asdict(restored)
    log.log(level, "restored=%r unclean=%s snapshot_age_s=%s", *facts.values())
    return replace(record, **facts)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What the application is made of, besides the state that the keeper restores into it."""

    autoscaling: ApplicationAutoScaling
    cloud: Cloud
    store: Store
    hosting: Hosting
    gate: Gate
    keeper: Keeper
    messaging: Messaging
    moto: MotoApp
    monitoring: Monitoring
    settings: Settings
    stopping: threading.Event

    def keep_taking_snapshots(self) -> None:
        options = {"interval_s": self.settings.snapshot_interval_s, "stopping": self.stopping}
        changes = (lambda: self.gate.changes + self.store.changes,)
        threading.Thread(
            target=self.keeper.keep_taking, args=changes, kwargs=options, daemon=True
        ).start()


def _parts(
    record: ServerRecord,
    directory: StateDirectory,
    *,
    settings: Settings,
    is_home: Callable[[], bool],
) -> _Parts:
    store, gate, hosting = Store(), Gate(), Hosting(launch)
    cloud = _cloud(record, directory, time_scale=settings.time_scale)
    monitoring = monitoring_of(cloud, hosting)
    path, others = directory.snapshot_path, (_cloudwatch_part(monitoring),)
    keeper = keeper_of(
        store, gate, path=path, instance_id=record.instance_id, others=others, is_home=is_home
    )
    return _Parts(
        autoscaling=autoscaling_of(cloud, store, monitoring.cloudwatch, strict=settings.strict),
        cloud=cloud,
        store=store,
        hosting=hosting,
        gate=gate,
        keeper=keeper,
        messaging=messaging_of(cloud, store),
        moto=MotoApp(strict=settings.strict),
        monitoring=monitoring,
        settings=settings,
        stopping=_stop_signal(),
    )


def _cloudwatch_part(monitoring: Monitoring) -> Part:
    cloudwatch = monitoring.cloudwatch
    return plain_part("cloudwatch", snapshot=cloudwatch.snapshot, restore=cloudwatch.restore)


def _serve_again(parts: _Parts) -> None:
    """Start to measure, and launch what served before the last stop."""
    parts.monitoring.start()
    ready = Relaunch(cloud=parts.cloud, store=parts.store, hosting=parts.hosting).begin()
    if not ready(_RELAUNCH_PATIENCE_S):
        log.warning("some endpoints are not ready yet after the restart; they answer 503")


def _stop(parts: _Parts, server: BaseWSGIServer) -> None:
    """End all workers between two snapshots: their end may take longer than we are given.

    What they leave behind (logs, captured data) goes through our own door, so it closes after them.
    """
    parts.monitoring.stop()
    parts.store.seal()
    _snapshot(parts.keeper, "stopping")
    stop_all_jobs()
    parts.hosting.stop_all()
    server.shutdown()
    _snapshot(parts.keeper, STOP)


def _snapshot(keeper: Keeper, occasion: str) -> None:
    try:
        keeper.take(occasion)
    except Homeless:
        log.error(
            "the state directory was moved or deleted; what came after its last snapshot is lost"
        )
    except Exception:
        log.exception("no snapshot could be taken; the one before is kept")


def _cloud(record: ServerRecord, directory: StateDirectory, *, time_scale: float) -> Cloud:
    directory.work_path.mkdir(parents=True, exist_ok=True)
    remove_leftovers(directory.work_path)
    return Cloud(
        account_id=ACCOUNT_ID,
        endpoint_url=record.endpoint_url,
        state_dir=directory.work_path,
        faults=Faults(),
        time_scale=time_scale,
    )


def _application(record: ServerRecord, parts: _Parts) -> Middleware:
    journal, faults = Journal(), parts.cloud.faults
    health = {**asdict(record), "account_id": parts.cloud.account_id}
    router = Router(
        admin=Admin(
            lambda: {**health, "snapshot_error": parts.keeper.trouble},
            faults=faults,
            journal=journal,
            fire_schedule=firing_all(parts.messaging.schedules.fire, parts.autoscaling.fire),
            snapshot=lambda: asdict(parts.keeper.take("request")),
        ),
        control_plane=ControlPlane(
            parts.cloud, parts.hosting, store=parts.store, strict=parts.settings.strict
        ),
        gate=parts.gate,
        runtimes=runtimes_of(
            parts.hosting,
            parts.cloud,
            measured=parts.monitoring.measured,
            timeout_s=parts.settings.invocation_timeout_s,
        ),
        moto=parts.moto,
        stopping=parts.stopping,
    )
    return Middleware(router, faults=faults, journal=journal)


def _listen(previous: ServerRecord | None, *, directory: StateDirectory) -> socket.socket:
    """Bind the port that this directory has always had, or a free one the first time."""
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

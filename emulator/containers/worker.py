"""One serving process and the connections to it."""

from __future__ import annotations

import collections
import contextlib
import http.client
import os
import select
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.containers.processes import spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.containers.processes import Command, ContainerProcess

_PING_TIMEOUT_S = 2.0
_POLL_S = 0.05


@dataclass(frozen=True, kw_only=True)
class ContainerResponse:
    """What a container answered, verbatim."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class InvocationTimedOut(Exception):
    """The container took longer than the caller allows."""


class ContainerCrashed(Exception):
    """The container closed the connection without an answer."""


class ContainerUnavailable(Exception):
    """No container could take the request; none has seen it."""


class NotHealthy(Exception):
    """The container ended, or did not pass its health check in time."""


class Worker:
    """A healthy serving process. Thread-safe; connections are kept and reused."""

    def __init__(self, process: ContainerProcess, port: int) -> None:
        self.process = process
        self._port = port
        self._idle: collections.deque[socket.socket] = collections.deque()

    def ping(self) -> bool:
        """Ask `GET /ping`; True when it is 200 within AWS's 2 seconds."""
        try:
            return self._exchange("GET", "/ping", timeout_s=_PING_TIMEOUT_S).status == 200
        except (InvocationTimedOut, ContainerCrashed, ContainerUnavailable):
            return False

    def invoke(
        self, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> ContainerResponse:
        """Send one `POST /invocations`."""
        return self._exchange(
            "POST", "/invocations", body=body, headers=headers, timeout_s=timeout_s
        )

    def stop(self, grace_s: float) -> None:
        """End the process and close the connections."""
        self.process.stop(grace_s)
        self._close_idle()

    def _close_idle(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> ContainerResponse:
        connection = self._connection(timeout_s)
        try:
            connection.sendall(_request(method, path, headers=headers or {}, body=body))
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            content = response.read()
        except TimeoutError as error:
            connection.close()
            raise InvocationTimedOut from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            # If the process is gone, a new connection is refused before it could take a request.
            self._close_idle()
            raise ContainerCrashed(str(error)) from error
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return ContainerResponse(
            status=response.status, headers=dict(response.getheaders()), body=content
        )

    def _connection(self, timeout_s: float) -> socket.socket:
        with contextlib.suppress(IndexError):
            idle = self._idle.pop()
            idle.settimeout(timeout_s)
            return idle
        try:
            connection = socket.create_connection(("127.0.0.1", self._port), timeout_s)
        except OSError as error:
            raise ContainerUnavailable(str(error)) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _request(method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return head and body as one: two packets would wake the container twice."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + body


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a start may take: until `deadline` (time.monotonic()), or until it is cancelled."""

    deadline: float
    cancelled: Callable[[], bool]

    def check(self, process: ContainerProcess) -> None:
        """Raise NotHealthy when waiting for the process has become pointless."""
        if time.monotonic() > self.deadline or self.cancelled() or process.wait(0):
            text = "the container ended, or its time to become healthy is over"
            raise NotHealthy(text)


def start_worker(
    command_for: Callable[[int], Command], *, sink: Callable[[str], None], patience: Patience
) -> Worker:
    """Start a serving process and return it once it is healthy, else raise NotHealthy.

    `command_for` gets the file descriptor to which the process reports its port.
    """
    reading, writing = os.pipe()
    try:
        try:
            process = spawn(command_for(writing), sink=sink, pass_fds=(writing,))
        finally:
            os.close(writing)
        try:
            return _healthy(process, reading, patience)
        except BaseException:
            process.kill()
            process.wait()
            raise
    finally:
        os.close(reading)


def _healthy(process: ContainerProcess, reading: int, patience: Patience) -> Worker:
    worker = Worker(process, _reported_port(process, reading, patience))
    while not worker.ping():
        patience.check(process)
        time.sleep(_POLL_S)
    return worker


def _reported_port(process: ContainerProcess, reading: int, patience: Patience) -> int:
    while not select.select([reading], [], [], _POLL_S)[0]:
        patience.check(process)
    line = os.read(reading, 16)
    if not line:
        text = "the container ended before it was ready"
        raise NotHealthy(text)
    return int(line)

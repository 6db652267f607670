"""Around every request: read it whole, apply fault rules, route it, keep it in the journal.

The whole body is read first: with HTTP/1.1 an unread rest would be taken for the next request.
"""

import io
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import IO, Protocol
from xml.sax.saxutils import escape

from emulator.answers import Answer, Environ, StartResponse, WsgiApp
from emulator.calls import Call, read_call
from emulator.endings import ask_ending, hold
from emulator.fault_rules import ApiRule, ErrorAnswer
from emulator.faults import Faults

log = logging.getLogger(__name__)

_JOURNAL_SIZE = 10_000


class Journal:
    """The last calls, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, object]] = deque(maxlen=_JOURNAL_SIZE)

    def add(
        self, call: Call, *, status: int, fault: str | None, started: float, duration_ms: float
    ) -> None:
        """Keep a call; `status` is 0 when the service gave none."""
        entry: dict[str, object] = {
            "service": call.service,
            "action": call.action,
            "method": call.method,
            "path": call.path,
            "region": call.region,
            "status": status,
            "fault": fault,
            "time": round(started, 3),
            "duration_ms": round(duration_ms, 1),
        }
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[dict[str, object]]:
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


class Route(Protocol):
    """Chooses the application that answers."""

    def __call__(self, call: Call, environ: Environ) -> WsgiApp: ...


class Middleware:
    """A WSGI application around `route`, which gets the call already read."""

    def __init__(self, route: Route, *, faults: Faults, journal: Journal) -> None:
        self._route = route
        self._faults = faults
        self._journal = journal

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            call = read_call(environ, read_body(environ))
        except BrokenRequest as broken:
            return _broken(read_call(environ, b""), str(broken)).send(start_response)
        if call.path.startswith("/_emu/"):
            return self._route(call, environ)(environ, start_response)
        return self._journalled(call, environ, start_response)

    def _journalled(
        self, call: Call, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        started, clock = time.time(), time.perf_counter()
        answered = [0]

        def recording_start(status: str, *arguments: object, **options: object) -> object:
            answered.append(int(status.split(" ", 1)[0]))
            return start_response(status, *arguments, **options)

        rule = self._faults.api_rule(call.service, call.action)
        chunks = self._answered(call, environ, recording_start, rule=rule)
        self._journal.add(
            call,
            status=answered[-1],
            fault=rule.kind if rule else None,
            started=started,
            duration_ms=(time.perf_counter() - clock) * 1000,
        )
        return chunks

    def _answered(
        self, call: Call, environ: Environ, start_response: StartResponse, *, rule: ApiRule | None
    ) -> Iterable[bytes]:
        if rule is not None and rule.fault == "timeout_before":
            hold(environ, rule.latency_ms / 1000)
            ask_ending(environ, "close")
            return ()
        if rule is not None:
            time.sleep(rule.latency_ms / 1000)
            if rule.error is not None:
                return _refusal(call, rule.error).send(start_response)
            if rule.fault is not None:
                ask_ending(environ, "truncate" if rule.fault == "truncated" else "reset")
            if rule.fault == "reset":
                return ()
        return self._route(call, environ)(environ, start_response)


class BrokenRequest(Exception):
    """The body does not end where the request says that it does."""


def read_body(environ: Environ) -> bytes:
    """Read the body and put it back, so that whoever answers may read it or not.

    Raises BrokenRequest: half of an object that its sender was killed over is no object.
    """
    body = _read(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return body


def _read(environ: Environ) -> bytes:
    stated, stream = environ.get("CONTENT_LENGTH"), environ["wsgi.input"]
    if not stated:
        return _read_chunks(stream) if environ.get("wsgi.input_terminated") else b""
    if not (stated.isascii() and stated.isdigit()):
        text = f"Content-Length is {stated!r}, which is no number of bytes."
        raise BrokenRequest(text)
    body = bytes(stream.read(int(stated)))
    if len(body) < int(stated):
        text = "You did not provide the number of bytes specified by the Content-Length HTTP header"
        raise BrokenRequest(text)
    return body


def _read_chunks(stream: IO[bytes]) -> bytes:
    try:
        return bytes(stream.read())
    except (OSError, ValueError) as error:
        text = f"The chunks of the request cannot be read: {error}"
        raise BrokenRequest(text) from error


def _broken(call: Call, text: str) -> Answer:
    """Refuse, and end the connection: where the next request would begin is not known."""
    code = "IncompleteBody" if call.service == "s3" else "SerializationException"
    answer = error_for(call, code=code, message=text, status=400)
    return replace(answer, headers={**answer.headers, "Connection": "close"})


def _refusal(call: Call, error: ErrorAnswer) -> Answer:
    return error_for(call, code=error.code, message=error.message, status=error.status)


def error_for(call: Call, *, code: str, message: str, status: int) -> Answer:
    """Return an error in the form that this call's protocol expects."""
    if call.target or call.endpoint_name:
        document = json.dumps({"__type": code, "message": message, "Message": message})
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
        return Answer(status=status, headers=headers, body=document.encode())
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if call.service == "s3":
        text = f"<Error>{inner}</Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error></ErrorResponse>"
    headers = {"Content-Type": "application/xml", "x-amzn-ErrorType": code}
    return Answer(status=status, headers=headers, body=text.encode())

"""moto as one WSGI application, patched; what it cannot do is answered with 400 at once."""

import logging
import os
from collections.abc import Iterable

from emulator.answers import Answer, Environ, StartResponse, WsgiApp
from emulator.calls import Call
from emulator.cloud import ACCOUNT_ID
from emulator.middleware import error_for

# Both are read when moto is imported.
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT_ID
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)

from emulator.moto_patches import apply_patches
from emulator.moto_patches.checking import check_answer
from emulator.moto_patches.locking import turn

log = logging.getLogger(__name__)

RequestHandler = MotoRequestHandler
_ROUTING_FAILURES = ("404 NOT FOUND", "405 METHOD NOT ALLOWED")


class MotoApp:
    """`strict` makes a wrong answer of what is ours here a 500, like one of SageMaker's (tests)."""

    def __init__(self, dispatch: WsgiApp | None = None, *, strict: bool = False) -> None:
        apply_patches()
        self._strict = strict
        self._dispatch = dispatch or DomainDispatcherApplication(create_backend_app)

    def answer(
        self, call: Call, environ: Environ, *, start_response: StartResponse
    ) -> Iterable[bytes]:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def hold_start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            started.append((status, headers))

        try:
            with turn(call):
                chunks: Iterable[bytes] = list(self._dispatch(environ, hold_start))
        except NotImplementedError as error:
            return _not_implemented(call, str(error)).send(start_response)
        except Exception as error:
            log.exception("service=%s action=%s: moto failed", call.service, call.action)
            return _failed(call, error).send(start_response)
        status, headers = started[-1]
        if _is_routing_failure(call, status, headers=headers):
            return _not_implemented(call, "moto has no such route").send(start_response)
        if self._strict and status.startswith("200"):
            kind = environ.get("CONTENT_TYPE", "")
            wrong = _wrong_answer(call, kind, headers=headers, body=b"".join(chunks))
            if wrong is not None:
                return wrong.send(start_response)
        start_response(status, headers)
        return chunks


def _wrong_answer(
    call: Call, request_type: str, *, headers: list[tuple[str, str]], body: bytes
) -> Answer | None:
    """Return what to answer instead of an answer that does not fit AWS's model."""
    try:
        check_answer(call, request_type, headers=dict(headers), body=body)
    except Exception:
        log.exception("service=%s action=%s: wrong answer", call.service, call.action)
        text = f"The embedded AWS answered {call.action} wrongly; see its log."
        return error_for(call, code="InternalFailure", message=text, status=500)
    return None


def _is_routing_failure(call: Call, status: str, *, headers: list[tuple[str, str]]) -> bool:
    """Flask's own HTML page means that no service took the request; a HEAD has no page to show."""
    if call.method == "HEAD":
        return False
    kinds = [value for name, value in headers if name.lower() == "content-type"]
    return status.upper() in _ROUTING_FAILURES and kinds == ["text/html; charset=utf-8"]


def _failed(call: Call, error: Exception) -> Answer:
    """A bug, and no 500: SDKs and Terraform would send the call again for minutes."""
    text = (
        f"The embedded AWS failed in {call.service} {call.action}: {error!r}. Its log says where."
    )
    return error_for(call, code="InternalFailure", message=text, status=400)


def _not_implemented(call: Call, detail: str) -> Answer:
    text = f"The embedded AWS does not implement {call.service} {call.action}: {detail}"
    return error_for(call, code="NotImplementedByEmulator", message=text, status=400)

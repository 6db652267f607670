"""Lambda: functions run as processes; moto wants a container engine for it.

Source: "Invoke" page of the API reference.
"""

import base64
import json
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction

from emulator.messaging.functions import Functions
from emulator.moto_patches.locking import outside_turn
from emulator.moto_patches.patching import existing

# The patched classes belong to the process, so what runs for them does too.
_serving: list[Functions] = []


def apply() -> None:
    existing(LambdaFunction, "invoke")
    LambdaFunction.invoke = _invoke


def run_with(functions: Functions) -> None:
    """Let this run functions from now on."""
    _serving[:] = [functions]


def _invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
    """An `Event` invocation runs before it is answered; its outcome is not in the answer."""
    kind = request_headers.get("x-amz-invocation-type", "RequestResponse")
    if kind == "DryRun":
        return b""
    event = _event(body)
    # A function may call, and what it logs is a call; a bucket's function runs inside PutObject.
    with outside_turn():
        outcome = _serving[0].run(self, event)
    if kind == "Event":
        return b""
    if outcome.error is not None:
        response_headers["x-amz-function-error"] = outcome.error
    response_headers["x-amz-log-result"] = base64.b64encode(outcome.log.encode()).decode()
    return outcome.payload.encode()


def _event(body: Any) -> Any:
    try:
        return json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        code = "InvalidRequestContentException"
        text = f"Could not parse request body into json: {error}"
        raise LambdaClientError(code, text) from error

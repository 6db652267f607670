"""InvokeEndpoint: finds the fleet that takes a request and hands it to the containers."""

from collections.abc import Callable, Mapping
from functools import partial

from emulator.answers import Answer, Environ
from emulator.calls import Call
from emulator.containers.runtime import (
    TIMEOUT_S,
    Invocation,
    InvocationRequest,
    invoke_endpoint,
)
from emulator.containers.runtime_errors import InvocationAnswer, invalid, unavailable
from emulator.runtime_headers import violations
from emulator.sagemaker.hosting import Hosting, Route

Measured = Callable[[Invocation], None]

_TARGET_VARIANT = "x-amzn-sagemaker-target-variant"
# What only other kinds of endpoints understand.
_OTHER_KINDS = {
    "x-amzn-sagemaker-target-container-hostname": "TargetContainerHostname",
    "x-amzn-sagemaker-inference-component": "InferenceComponentName",
}


class Runtime:
    """`timeout_s` is how long a container may take for an answer."""

    def __init__(
        self,
        hosting: Hosting,
        account_id: str,
        *,
        measured: Measured,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._hosting = hosting
        self._account_id = account_id
        self._invoke_endpoint = partial(invoke_endpoint, measured=measured, timeout_s=timeout_s)

    def answer(self, call: Call, environ: Environ) -> Answer:
        request = InvocationRequest(
            endpoint_name=call.endpoint_name or "",
            account_id=self._account_id,
            region=call.region,
            headers=request_headers(environ),
            body=call.body,
        )
        answer = self._invoke(request)
        return Answer(status=answer.status, headers=answer.headers, body=answer.body)

    def _invoke(self, request: InvocationRequest) -> InvocationAnswer:
        broken = violations("InvokeEndpoint", request.headers)
        if broken is not None:
            return invalid(broken)
        target = request.headers.get(_TARGET_VARIANT)
        route = self._hosting.route(request.region, request.endpoint_name, target_variant=target)
        if route is None:
            return self._nowhere(request, target)
        refused = _refusal(request, route)
        if refused is not None:
            return refused
        self._copy(request, route)
        return self._invoke_endpoint(request, route.fleet)

    def _nowhere(self, request: InvocationRequest, target: str | None) -> InvocationAnswer:
        name = request.endpoint_name
        if self._hosting.is_expected(request.region, name):
            return started_again(name)
        if target and self._hosting.traffic(request.region, name):
            return invalid(f"Variant {target} of endpoint {name} not found.")
        return self._invoke_endpoint(request, None)

    def _copy(self, request: InvocationRequest, route: Route) -> None:
        for shadow in route.shadows:
            if shadow.mirror is not None:
                copy = partial(self._invoke_endpoint, request, shadow)
                shadow.mirror.send(copy, len(request.body))


def started_again(endpoint_name: str) -> InvocationAnswer:
    return unavailable(
        f"The instances of endpoint {endpoint_name} are being started again. Try again."
    )


def _refusal(request: InvocationRequest, route: Route) -> InvocationAnswer | None:
    if route.fleet.variant.asynchronous is not None:
        return invalid(
            f"Endpoint {request.endpoint_name} is an asynchronous endpoint. Use "
            "InvokeEndpointAsync."
        )
    for header, member in _OTHER_KINDS.items():
        if header in request.headers:
            return invalid(
                f"{member} is not supported by endpoint {request.endpoint_name}: it runs one "
                "container and no inference components."
            )
    return None


def request_headers(environ: Environ) -> Mapping[str, str]:
    """Return the request's headers by their names in lower case."""
    headers = {
        key[len("HTTP_") :].replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers

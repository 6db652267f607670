"""InvokeEndpoint: finds the fleet that takes a request and hands it to the containers."""

import json
from collections.abc import Callable, Mapping

from emulator.answers import Answer, Environ
from emulator.calls import Call
from emulator.containers.runtime import Invocation, InvocationRequest, invoke_endpoint
from emulator.sagemaker.hosting import Hosting

Measured = Callable[[Invocation], None]

_TARGET_VARIANT = "X-Amzn-SageMaker-Target-Variant"


class Runtime:
    def __init__(self, hosting: Hosting, account_id: str, *, measured: Measured) -> None:
        self._hosting = hosting
        self._account_id = account_id
        self._measured = measured

    def answer(self, call: Call, environ: Environ) -> Answer:
        headers = request_headers(environ)
        endpoint_name = call.endpoint_name or ""
        target = headers.get(_TARGET_VARIANT)
        fleet = self._hosting.fleet_for(call.region, endpoint_name, target_variant=target)
        if fleet is None and self._hosting.is_expected(call.region, endpoint_name):
            return _not_ready(endpoint_name)
        if fleet is None and target and self._hosting.traffic(call.region, endpoint_name):
            return _no_such_variant(endpoint_name, target)
        request = InvocationRequest(
            endpoint_name=endpoint_name,
            account_id=self._account_id,
            region=call.region,
            headers=headers,
            body=call.body,
        )
        answer = invoke_endpoint(request, fleet, measured=self._measured)
        return Answer(status=answer.status, headers=answer.headers, body=answer.body)


def _no_such_variant(endpoint_name: str, variant_name: str) -> Answer:
    text = f"Variant {variant_name} of endpoint {endpoint_name} not found."
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "ValidationError"}
    return Answer(status=400, headers=headers, body=json.dumps({"Message": text}).encode())


def _not_ready(endpoint_name: str) -> Answer:
    text = f"The instances of endpoint {endpoint_name} are being started again. Try again."
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "ServiceUnavailable"}
    return Answer(status=503, headers=headers, body=json.dumps({"Message": text}).encode())


def request_headers(environ: Environ) -> Mapping[str, str]:
    """Return the request's headers; WSGI has lost their case, so AWS's spelling is restored."""
    headers = {
        _spelled(key[len("HTTP_") :]): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    return headers


def _spelled(key: str) -> str:
    name = key.replace("_", "-").title()
    return name.replace("-Sagemaker-", "-SageMaker-")

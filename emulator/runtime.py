"""InvokeEndpoint: finds the fleet that takes a request and hands it to the containers."""

from collections.abc import Mapping

from emulator.answers import Answer, Environ
from emulator.calls import Call
from emulator.containers.runtime import InvocationRequest, invoke_endpoint
from emulator.sagemaker.hosting import Hosting

_TARGET_VARIANT = "X-Amzn-SageMaker-Target-Variant"


class Runtime:
    def __init__(self, hosting: Hosting, account_id: str) -> None:
        self._hosting = hosting
        self._account_id = account_id

    def answer(self, call: Call, environ: Environ, body: bytes) -> Answer:
        headers = request_headers(environ)
        endpoint_name = call.endpoint_name or ""
        fleet = self._hosting.fleet_for(call.region, endpoint_name, headers.get(_TARGET_VARIANT))
        request = InvocationRequest(
            endpoint_name=endpoint_name,
            account_id=self._account_id,
            region=call.region,
            headers=headers,
            body=body,
        )
        answer = invoke_endpoint(request, fleet)
        return Answer(status=answer.status, headers=answer.headers, body=answer.body)


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

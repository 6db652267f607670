"""Which service, action and region an HTTP request is about."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from emulator.answers import Environ
from emulator.rest_actions import rest_action

_DEFAULT_REGION = "us-east-1"
_INVOCATIONS = re.compile(r"^/endpoints/(?P<endpoint>[^/]+)/(?P<later>async-)?invocations$")


@dataclass(frozen=True, kw_only=True)
class Call:
    """`target` is whether the request names its action in X-Amz-Target (JSON protocols)."""

    service: str
    action: str
    region: str
    method: str
    path: str
    target: bool
    endpoint_name: str | None
    body: bytes = field(repr=False)


def read_call(environ: Environ, body: bytes) -> Call:
    service, region = _credential_scope(environ.get("HTTP_AUTHORIZATION", ""))
    method, path = environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", "/")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    invocation = _INVOCATIONS.match(path) if method == "POST" else None
    if invocation:
        service = "sagemaker-runtime"
        action = "InvokeEndpointAsync" if invocation["later"] else "InvokeEndpoint"
    elif target:
        action = target.rpartition(".")[2]
        service = "sagemaker" if target.startswith("SageMaker.") else service
    else:
        action = _untargeted_action(service, environ, body=body)
    return Call(
        service=service,
        action=action,
        region=region,
        method=method,
        path=path,
        target=bool(target),
        endpoint_name=invocation["endpoint"] if invocation else None,
        body=body,
    )


def _credential_scope(authorization: str) -> tuple[str, str]:
    match = re.search(r"Credential=[^/]*/[^/]*/([^/]*)/([^/]*)/aws4_request", authorization)
    return (match[2].lower(), match[1]) if match else ("unsigned", _DEFAULT_REGION)


def _untargeted_action(service: str, environ: Environ, *, body: bytes) -> str:
    method, path = environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", "/")
    named = _query_action(environ, body) or rest_action(
        service,
        method=method,
        path=path,
        query=environ.get("QUERY_STRING", ""),
        headers=[
            key.removeprefix("HTTP_").replace("_", "-").lower()
            for key in environ
            if key.startswith("HTTP_")
        ],
    )
    return named or f"{method} {path}"


def _query_action(environ: Environ, body: bytes) -> str | None:
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    query = body.decode("utf-8", "replace") if form else environ.get("QUERY_STRING", "")
    return next(iter(parse_qs(query).get("Action", [])), None)

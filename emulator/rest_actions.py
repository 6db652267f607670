"""Names the action of a REST request (S3, Lambda, ...) by botocore's service models.

Of the operations whose method, path and required query and header parameters fit, the one that
requires most is meant: GET /bucket/key?uploadId= is ListParts, not GetObject.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import botocore.session
from botocore.exceptions import UnknownServiceError


@dataclass(frozen=True, kw_only=True)
class _Operation:
    name: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    headers: frozenset[str]

    def fits(
        self, method: str, path: str, *, given: frozenset[str], headers: frozenset[str]
    ) -> bool:
        return (
            self.method == method
            and self.query <= given
            and self.headers <= headers
            and self.path.fullmatch(path) is not None
        )


def rest_action(
    service: str, *, method: str, path: str, query: str, headers: Iterable[str]
) -> str | None:
    """Return the operation's name; None when the service is unknown or nothing fits.

    `headers` are the names of the request's headers, in lower case.
    """
    parameters = frozenset(parse_qs(query, keep_blank_values=True))
    names = frozenset(headers)
    fitting = [
        operation
        for operation in _operations(service)
        if operation.fits(method, path, given=parameters, headers=names)
    ]
    if not fitting:
        return None
    return max(fitting, key=lambda operation: len(operation.query) + len(operation.headers)).name


@functools.cache
def _operations(service: str) -> tuple[_Operation, ...]:
    try:
        model = botocore.session.Session().get_service_model(service)
    except UnknownServiceError:
        return ()
    if not model.metadata["protocol"].startswith("rest"):
        return ()
    return tuple(_operation(model.operation_model(name)) for name in model.operation_names)


def _operation(model: Any) -> _Operation:
    template, _, query = model.http["requestUri"].partition("?")
    fixed = set(parse_qs(query, keep_blank_values=True))
    return _Operation(
        name=model.name,
        method=model.http["method"],
        path=_path_pattern(template),
        query=frozenset(fixed | set(_required(model, "querystring"))),
        headers=frozenset(name.lower() for name in _required(model, "header")),
    )


def _required(model: Any, location: str) -> Iterable[str]:
    shape = model.input_shape
    if shape is None:
        return
    for name in shape.required_members:
        serialization: Mapping[str, str] = shape.members[name].serialization
        if serialization.get("location") == location:
            yield serialization["name"]


def _path_pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", template.rstrip("/"))
    return re.compile("".join(_part_pattern(part) for part in parts) + "/?")


def _part_pattern(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return ".+" if part.endswith("+}") else "[^/]+"

"""API destinations: an HTTP call with the connection's credentials and parameters.

Source: "API destinations" and "Connections" in the EventBridge user guide.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from emulator.messaging import web
from emulator.messaging.deliveries import Undelivered

_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
}


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What a connection or a target adds to every call."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, str]


def call_destination(destination_arn: str, body: str, *, parameters: Mapping[str, Any]) -> None:
    """Call it; `parameters` are the target's HttpParameters. Raises Undelivered."""
    destination, connection = _find(destination_arn)
    target = Extras(
        headers=parameters.get("HeaderParameters", {}),
        query=parameters.get("QueryStringParameters", {}),
        body={},
    )
    shared = _of_connection(connection)
    url = _with_path(destination.invocation_endpoint, parameters.get("PathParameterValues", []))
    query = {**target.query, **shared.query}
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    headers = {**_HEADERS, **target.headers, **shared.headers}
    text = _with_members(body, shared.body)
    web.send(destination.http_method, url, headers=headers, body=text.encode())


def _find(destination_arn: str) -> tuple[Any, Any]:
    from moto.events.models import events_backends

    _, _, _, region, account_id, resource = destination_arn.split(":", 5)
    backend = events_backends[account_id][region]
    destination = backend.destinations.get(resource.split("/")[1])
    if destination is None:
        text = f"There is no API destination {destination_arn}."
        raise Undelivered(text, code="RESOURCE_NOT_FOUND", permanent=True)
    name = destination.connection_arn.split("/")[1]
    connection = backend.connections.get(name)
    if connection is None:
        text = f"There is no connection {destination.connection_arn}."
        raise Undelivered(text, code="RESOURCE_NOT_FOUND", permanent=True)
    return destination, connection


def _of_connection(connection: Any) -> Extras:
    parameters = connection.auth_parameters or {}
    shared = parameters.get("InvocationHttpParameters") or {}
    return Extras(
        headers={**_pairs(shared.get("HeaderParameters", [])), **_credentials(parameters)},
        query=_pairs(shared.get("QueryStringParameters", [])),
        body=_pairs(shared.get("BodyParameters", [])),
    )


def _credentials(parameters: Mapping[str, Any]) -> dict[str, str]:
    if "ApiKeyAuthParameters" in parameters:
        api_key = parameters["ApiKeyAuthParameters"]
        return {api_key["ApiKeyName"]: api_key["ApiKeyValue"]}
    basic = parameters["BasicAuthParameters"]
    joined = f"{basic['Username']}:{basic['Password']}"
    return {"Authorization": "Basic " + base64.b64encode(joined.encode()).decode()}


def _pairs(parameters: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {item["Key"]: item["Value"] for item in parameters}


def _with_members(body: str, members: Mapping[str, str]) -> str:
    """Add the connection's body parameters to a JSON object; they win over the event's members."""
    if not members:
        return body
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        text = "The body is no JSON object that the connection's parameters could be added to."
        raise Undelivered(text, code="INVALID_JSON", permanent=True)
    return json.dumps({**document, **members})


def _with_path(url: str, values: Iterable[str]) -> str:
    """Fill the wildcards of the destination's address in order."""
    for value in values:
        url = url.replace("*", value, 1)
    return url

"""Checks what is ours among moto's answers against AWS's model, read as a client reads it.

The rest of moto is not checked: it is not ours to correct wherever its answers lack a member.
"""

import functools
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from emulator.api.shaping import check_response
from emulator.calls import Call

# By the name in the signature.
_OURS = {"application-autoscaling": "application-autoscaling", "monitoring": "cloudwatch"}
# By the type of the request: moto is careless about the type of an answer.
_PROTOCOLS = {"cbor": "smithy-rpc-v2-cbor", "json": "json", "urlencoded": "query"}


def check_answer(call: Call, request_type: str, *, headers: Mapping[str, str], body: bytes) -> None:
    """Raise ResponseShapeError when AWS could not have answered so; for answers with status 200."""
    if call.service not in _OURS:
        return
    model = _model(_OURS[call.service])
    if call.action not in model.operation_names:
        return
    shape = model.operation_model(call.action).output_shape
    parser = create_parser(_protocol(request_type))
    response = {"status_code": 200, "headers": HeadersDict(headers), "body": body}
    document = parser.parse(response, shape)
    document.pop("ResponseMetadata", None)
    if shape is not None:
        check_response(document, shape)


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.Session().get_service_model(service)


def _protocol(request_type: str) -> str:
    named = [protocol for word, protocol in _PROTOCOLS.items() if word in request_type]
    return named[0] if named else "query"

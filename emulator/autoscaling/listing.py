"""Filters and pages of every Describe action."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.api.errors import ValidationError
from emulator.autoscaling.errors import InvalidNextToken
from emulator.store import Document


def chosen(
    documents: Iterable[Document],
    params: Mapping[str, Any],
    *,
    names: tuple[str, str] | None = None,
) -> list[Document]:
    """Filter by namespace, resource and dimension; `names` is (filter, member) of a name list."""
    resource_ids = params.get("ResourceIds") or [
        params[member] for member in ("ResourceId",) if member in params
    ]
    if "ScalableDimension" in params and not resource_ids:
        text = "If you specify a scalable dimension, you must also specify a resource ID."
        raise ValidationError(text)
    wanted = {
        name: params[name] for name in ("ServiceNamespace", "ScalableDimension") if name in params
    }
    listed, member = names or ("", "")
    return [
        document
        for document in documents
        if wanted.items() <= document.items()
        and (not resource_ids or document["ResourceId"] in resource_ids)
        and (not params.get(listed) or document[member] in params[listed])
    ]


def page(
    result: str, documents: list[Document], params: Mapping[str, Any], *, most: int = 50
) -> dict[str, Any]:
    limit = params.get("MaxResults", most)
    if not 1 <= limit <= most:
        text = f"MaxResults must be between 1 and {most}"
        raise ValidationError(text)
    start = _position(params.get("NextToken"))
    answer: dict[str, Any] = {result: documents[start : start + limit]}
    if start + limit < len(documents):
        answer["NextToken"] = base64.urlsafe_b64encode(str(start + limit).encode()).decode()
    return answer


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error) as error:
        raise InvalidNextToken from error

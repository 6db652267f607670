"""Filters, order and pages of every List action."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.errors import ValidationError
from emulator.sagemaker.store import Document

DEFAULT_PAGE_SIZE = 10

_TIME_FILTERS = {
    "CreationTimeAfter": ("CreationTime", 1),
    "CreationTimeBefore": ("CreationTime", -1),
    "LastModifiedTimeAfter": ("LastModifiedTime", 1),
    "LastModifiedTimeBefore": ("LastModifiedTime", -1),
}


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Which members of a kind's documents the List action filters and sorts by."""

    result: str
    name: str
    status: str | None = None
    equals: Mapping[str, str] | None = None
    tie_breaker: str = ""
    default_sort_order: str = "Descending"


def list_page(
    documents: Iterable[Document], params: Mapping[str, Any], *, listing: Listing
) -> dict[str, Any]:
    """Return the response of a List action: one page and, when there is more, NextToken."""
    chosen = [document for document in documents if _passes(document, params, listing=listing)]
    descending = params.get("SortOrder", listing.default_sort_order) == "Descending"
    sort_member = _sort_member(params.get("SortBy", "CreationTime"), listing)
    chosen.sort(
        key=lambda document: (
            document.get(sort_member, 0),
            document[listing.name],
            document.get(listing.tie_breaker, 0),
        ),
        reverse=descending,
    )
    start = _position(params.get("NextToken"))
    end = start + params.get("MaxResults", DEFAULT_PAGE_SIZE)
    page: dict[str, Any] = {listing.result: chosen[start:end]}
    if end < len(chosen):
        page["NextToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return page


def _passes(document: Document, params: Mapping[str, Any], *, listing: Listing) -> bool:
    if params.get("NameContains", "").lower() not in document[listing.name].lower():
        return False
    for filter_name, (member, direction) in _TIME_FILTERS.items():
        limit = params.get(filter_name)
        if limit is not None and (document[member] - limit) * direction <= 0:
            return False
    equals = dict(listing.equals or {})
    if listing.status:
        equals["StatusEquals"] = listing.status
    return all(
        document.get(member) == params[filter_name]
        for filter_name, member in equals.items()
        if filter_name in params
    )


def _sort_member(sort_by: str, listing: Listing) -> str:
    if sort_by == "Name":
        return listing.name
    if sort_by == "Status" and listing.status:
        return listing.status
    return sort_by


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error) as error:
        text = "Invalid NextToken."
        raise ValidationError(text) from error

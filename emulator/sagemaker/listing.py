"""Filters and order of every List action; sources: the actions' pages of the API reference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.paging import SortKey, page_of
from emulator.store import Document

_TIME_FILTERS = {
    "CreationTimeAfter": ("CreationTime", 1),
    "CreationTimeBefore": ("CreationTime", -1),
    "LastModifiedTimeAfter": ("LastModifiedTime", 1),
    "LastModifiedTimeBefore": ("LastModifiedTime", -1),
}


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Which members of a kind's documents the List action filters and sorts by.

    `strictly_after`: AWS documents some "After" filters as "after", others as "at or after".
    """

    result: str
    name: str
    status: str | None = None
    equals: Mapping[str, str] | None = None
    tie_breaker: str = ""
    default_sort_order: str = "Descending"
    strictly_after: bool = False


def list_page(
    documents: Iterable[Document], params: Mapping[str, Any], *, listing: Listing
) -> dict[str, Any]:
    """Return the response of a List action: one page and, when there is more, NextToken."""
    chosen = [document for document in documents if _passes(document, params, listing=listing)]
    sort_member = _sort_member(params.get("SortBy", "CreationTime"), listing)

    def sort_key(document: Document) -> SortKey:
        tie_breaker = document.get(listing.tie_breaker, 0)
        return document.get(sort_member, 0), document[listing.name], tie_breaker

    descending = params.get("SortOrder", listing.default_sort_order) == "Descending"
    scope = f"{listing.result} {listing.name}"
    page, more = page_of(chosen, params, sort_key=sort_key, descending=descending, scope=scope)
    return {listing.result: page, **more}


def _passes(document: Document, params: Mapping[str, Any], *, listing: Listing) -> bool:
    if params.get("NameContains", "").lower() not in document[listing.name].lower():
        return False
    return _passes_times(document, params, listing=listing) and all(
        document.get(member) == params[filter_name]
        for filter_name, member in _equals(listing).items()
        if filter_name in params
    )


def _passes_times(document: Document, params: Mapping[str, Any], *, listing: Listing) -> bool:
    for filter_name, (member, direction) in _TIME_FILTERS.items():
        limit = params.get(filter_name)
        if limit is None:
            continue
        distance = (document[member] - limit) * direction
        at_limit_passes = direction > 0 and not listing.strictly_after
        if distance < 0 or (distance == 0 and not at_limit_passes):
            return False
    return True


def _equals(listing: Listing) -> dict[str, str]:
    status = {"StatusEquals": listing.status} if listing.status else {}
    return {**(listing.equals or {}), **status}


def _sort_member(sort_by: str, listing: Listing) -> str:
    if sort_by == "Name":
        return listing.name
    if sort_by == "Status" and listing.status:
        return listing.status
    return sort_by

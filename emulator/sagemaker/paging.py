"""Pages of sorted documents. A token names the last document given, and belongs to its query.

So what is created or deleted between two pages neither repeats nor hides another document.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.api.errors import ValidationError
from emulator.store import Document

_DEFAULT_PAGE_SIZE = 10
_INVALID = "Invalid NextToken."
_NOT_OF_THE_QUERY = ("NextToken", "MaxResults")

SortKey = tuple[Any, ...]


def page_of(
    documents: Sequence[Document],
    params: Mapping[str, Any],
    *,
    sort_key: Callable[[Document], SortKey],
    descending: bool,
    scope: str,
) -> tuple[list[Document], dict[str, str]]:
    """Sort and cut: one page, and NextToken when there is more.

    `scope` keeps tokens of different actions apart; sort keys are JSON values.
    """
    ordered = sorted(documents, key=sort_key, reverse=descending)
    query = _query(params, scope)
    last = _position(params.get("NextToken"), query)
    if last is not None:
        ordered = _rest(ordered, last, sort_key=sort_key, descending=descending)
    size = params.get("MaxResults", _DEFAULT_PAGE_SIZE)
    page = ordered[:size]
    if len(ordered) <= size:
        return page, {}
    return page, {"NextToken": _token(sort_key(page[-1]), query)}


def _rest(
    ordered: list[Document],
    last: SortKey,
    *,
    sort_key: Callable[[Document], SortKey],
    descending: bool,
) -> list[Document]:
    try:
        return [
            document
            for document in ordered
            if (sort_key(document) < last if descending else sort_key(document) > last)
        ]
    except TypeError as error:
        raise ValidationError(_INVALID) from error


def _query(params: Mapping[str, Any], scope: str) -> str:
    asked = {name: value for name, value in params.items() if name not in _NOT_OF_THE_QUERY}
    text = json.dumps([scope, asked], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _token(last: SortKey, query: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([query, last]).encode()).decode()


def _position(token: str | None, query: str) -> SortKey | None:
    if token is None:
        return None
    try:
        asked, last = json.loads(base64.urlsafe_b64decode(token.encode()))
        if asked == query:
            return tuple(last)
    except (ValueError, TypeError):
        pass
    raise ValidationError(_INVALID)

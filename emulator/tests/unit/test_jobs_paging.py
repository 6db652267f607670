"""Pages of a list: together they are the list, whatever is created or deleted between them."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.api.errors import ValidationError
from emulator.sagemaker.paging import page_of

NUMBERS = st.sets(st.integers(0, 999), max_size=40)


def a_page(
    numbers: set[int], *, descending: bool = False, scope: str = "List", **params: Any
) -> tuple[list[int], dict[str, Any]]:
    documents = [{"Name": f"n{number}", "Number": number} for number in numbers]
    page, more = page_of(
        documents,
        params,
        sort_key=lambda document: (document["Number"], document["Name"]),
        descending=descending,
        scope=scope,
    )
    return [document["Number"] for document in page], more


@given(numbers=NUMBERS, size=st.integers(1, 7), descending=st.booleans())
def test_all_pages_are_the_sorted_list(numbers: set[int], size: int, descending: bool) -> None:
    found, more = a_page(numbers, descending=descending, MaxResults=size)
    while more:
        page, more = a_page(numbers, descending=descending, MaxResults=size, **more)
        assert 1 <= len(page) <= size
        found += page
    assert found == sorted(numbers, reverse=descending)


@given(numbers=NUMBERS, created=NUMBERS, deleted=NUMBERS, size=st.integers(1, 7))
def test_what_stays_is_given_once_whatever_comes_and_goes(
    numbers: set[int], created: set[int], deleted: set[int], size: int
) -> None:
    found, more = a_page(numbers, MaxResults=size)
    if more:
        rest, _ = a_page((numbers | created) - deleted, MaxResults=100, **more)
        found += rest
    assert len(found) == len(set(found))
    assert numbers - deleted <= set(found)


def forged(token: str) -> str:
    """Return the token of the same query after a document that cannot be."""
    query, _ = json.loads(base64.urlsafe_b64decode(token))
    return base64.urlsafe_b64encode(json.dumps([query, [None, "n"]]).encode()).decode()


def test_a_forged_token_is_refused() -> None:
    _, more = a_page({1, 2, 3}, MaxResults=1)
    with pytest.raises(ValidationError, match="Invalid NextToken"):
        a_page({1, 2, 3}, MaxResults=1, NextToken=forged(more["NextToken"]))


@pytest.mark.parametrize(
    "changed",
    [{"scope": "Other"}, {"NameContains": "n"}, {"NextToken": "e30="}, {"NextToken": "x"}],
)
def test_a_token_belongs_to_its_query(changed: dict[str, Any]) -> None:
    _, more = a_page({1, 2, 3}, MaxResults=1)
    with pytest.raises(ValidationError, match="Invalid NextToken"):
        a_page({1, 2, 3}, **{**more, **changed})


def test_the_size_of_a_page_may_change_on_the_way() -> None:
    first, more = a_page({1, 2, 3, 4}, MaxResults=1)
    rest, more = a_page({1, 2, 3, 4}, MaxResults=10, **more)
    assert (first, rest, more) == ([1], [2, 3, 4], {})

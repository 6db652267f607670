"""Every List action: its filters, its order, its pages, and the tokens that it does not take."""

import datetime as dt

import pytest

import emulator.sagemaker.control_plane  # noqa: F401  (registers the actions)
from emulator.sagemaker.registry import ACTIONS
from emulator.tests.support.embedded import Embedded, refusal
from emulator.tests.support.listed_actions import LISTED, Listed, three_of

pytestmark = pytest.mark.emulated

LONG_AGO = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
FAR_AHEAD = dt.datetime(2101, 1, 1, tzinfo=dt.UTC)


def test_no_list_action_is_left_out() -> None:
    actions = {name for name in ACTIONS if name.startswith("List")}
    assert {listed.action for listed in LISTED} == actions - {"ListTags"}


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: listed.action)
def test_a_list_is_filtered_sorted_and_cut_into_pages(listed: Listed, embedded: Embedded) -> None:
    prefix = three_of(listed, embedded)
    assert_sorted(listed, embedded, prefix)
    assert_filtered(listed, embedded, prefix)
    assert_paged(listed, embedded, prefix)


def assert_sorted(listed: Listed, embedded: Embedded, prefix: str) -> None:
    created = ["b", "a", "c"]
    by_default = created[::-1] if listed.newest_first else created
    assert listed.names(embedded, prefix) == by_default
    for sort_by, expected in (("CreationTime", created), ("Name", ["a", "b", "c"])):
        for order, names in (("Ascending", expected), ("Descending", expected[::-1])):
            assert listed.names(embedded, prefix, SortBy=sort_by, SortOrder=order) == names


def assert_filtered(listed: Listed, embedded: Embedded, prefix: str) -> None:
    assert len(listed.names(embedded, prefix, **listed.matching)) == 3
    if listed.excluding:
        assert listed.names(embedded, prefix, **listed.excluding) == []
    for after, before in listed.time_filters().items():
        between = {after: LONG_AGO, before: FAR_AHEAD}
        assert len(listed.names(embedded, prefix, **between)) == 3
        assert listed.names(embedded, prefix, **{after: FAR_AHEAD}) == []
        assert listed.names(embedded, prefix, **{before: LONG_AGO}) == []


def assert_paged(listed: Listed, embedded: Embedded, prefix: str) -> None:
    by_name = {"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 2}
    first = listed.page(embedded, prefix, **by_name)
    token = first["NextToken"]
    listed.create(embedded, f"{prefix}-a2")
    last = listed.page(embedded, prefix, **by_name, NextToken=token)
    found = [item[listed.name] for page in (first, last) for item in page[listed.result]]
    assert found == [f"{prefix}-{letter}" for letter in "abc"]
    assert "NextToken" not in last
    invalid = ("ValidationException", "Invalid NextToken.")
    assert refusal(listed.page, embedded, prefix, NextToken=token) == invalid
    assert refusal(listed.page, embedded, prefix, **by_name, NextToken="bm9uZQ==") == invalid

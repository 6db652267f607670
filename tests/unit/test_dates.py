"""Dates in their usual forms: what is read, what is not, and what becomes of one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tabular.dates import (
    ORDERS,
    PARTS,
    Order,
    is_date,
    looks_like_one,
    needs_order,
    orders_of,
    parts_of,
    read_date,
)


@pytest.mark.parametrize(
    "text",
    [
        *("2020-12-31", "2020/12/31", "2020.12.31", "31.12.2020", "2020-12-31T00:00:00Z"),
        *("31 Dec 2020", "31-Dec-2020", "31 December 2020", "Dec 31, 2020", "December 31st, 2020"),
        *("2020-12-31 00:00", "31. Dec 2020", "31 DEC 2020", "2020-12-31T01:00:00+01:00"),
    ],
)
def test_a_date_that_says_which_is_the_day_needs_no_order(text: str) -> None:
    assert read_date(text, order=None) == datetime(2020, 12, 31, tzinfo=UTC)
    assert orders_of(text) >= {"day_first"}
    assert not needs_order(text)


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("31/12/2020", {"day_first"}),
        ("12/31/2020", {"month_first"}),
        ("12-31-2020 23:59", {"month_first"}),
        ("3/4/2020", set(ORDERS)),
        ("03-04-2020", set(ORDERS)),
        ("31/31/2020", set()),
        ("29/02/2021", set()),
        ("2020-13-01", set()),
        ("2020-02-30", set()),
        ("32.01.2020", set()),
        ("31 Foo 2020", set()),
        ("31/12/20", set()),
        ("20201231", set()),
        ("2020-12-31 25:00", set()),
        ("2020-12", set()),
        ("12:30", set()),
        ("soon", set()),
        ("", set()),
    ],
)
def test_the_orders_in_which_a_text_is_a_date(text: str, orders: set[Order]) -> None:
    assert orders_of(text) == orders


@given(st.dates(), st.sampled_from(["/", "-"]), st.sampled_from(ORDERS))
def test_a_date_is_read_in_the_order_it_was_written(day: date, mark: str, order: Order) -> None:
    parts = [f"{day.day:02}", f"{day.month:02}"]
    if order == "month_first":
        parts.reverse()
    text = mark.join([*parts, f"{day.year:04}"])
    assert read_date(text, order=order).date() == day
    assert needs_order(text)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_a_time_of_day_and_its_offset_count(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert read_date(f"{moment:%Y-%m-%dT%H:%M:%S}".zfill(19), order=None) == moment.replace(
        tzinfo=UTC
    )
    shifted = read_date(f"{moment:%Y-%m-%d %H:%M:%S}".zfill(19) + "+02:00", order=None)
    assert shifted == moment.replace(tzinfo=UTC) - timedelta(hours=2)


@pytest.mark.parametrize(
    ("clock", "hour"), [("1:05 PM", 13), ("12:05 AM", 0), ("12:05pm", 12), ("11:05", 11)]
)
def test_both_clocks_are_read(clock: str, hour: int) -> None:
    assert read_date(f"12/31/2020 {clock}", order="month_first").hour == hour


def test_a_date_without_marks_is_read_where_a_column_holds_dates() -> None:
    assert is_date("20201231", order=None)
    assert not is_date("20201331", order=None)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *(("31/12/20", True), ("1.2.20", True), ("2020-02-30", True), ("31/31/2020", True)),
        *(("1.2.3", False), ("10.0.0.1", False), ("555-1234", False), ("20201231", False)),
    ],
)
def test_what_a_person_takes_for_a_date(text: str, is_one: bool) -> None:
    assert looks_like_one(text) is is_one


@pytest.mark.parametrize(
    ("moment", "parts"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), (1970, 1, 3, 1, 0)),
        (datetime(2020, 12, 31, 12, tzinfo=UTC), (2020, 12, 3, 366, 18627.5)),
        (datetime(1969, 12, 29, tzinfo=UTC), (1969, 12, 0, 363, -3)),
    ],
)
def test_what_becomes_of_a_date(moment: datetime, parts: tuple[float, ...]) -> None:
    assert parts_of(moment) == parts
    assert len(PARTS) == len(parts)


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    for order in (None, *ORDERS):
        assert is_date(text, order=order) in (True, False)

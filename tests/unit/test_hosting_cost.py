"""What a fleet costs, by a table of prices; the shipped one, too."""

import pytest

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.core.hosting_cost import Fleet, PriceTable, cost_lines

PRICES = PriceTable(
    as_of="2026-01-31",
    source="https://example.com/prices",
    note="",
    currency="USD",
    regions={"us-east-1": {"ml.m5.large": 0.1, "ml.m5.xlarge": 0.2}},
)
ONE, TWO = (Fleet(instance_type="ml.m5.large", count=count) for count in (1, 2))
LARGER = Fleet(instance_type="ml.m5.xlarge", count=1)
OTHER = Fleet(instance_type="ml.x9.large", count=1)


@pytest.mark.parametrize(
    ("before", "after", "moves", "amounts"),
    [
        (ONE, ONE, False, ["73.00 USD per month", "73.00 USD per month", "+0.00 USD per month"]),
        (
            ONE,
            LARGER,
            True,
            [
                "73.00 USD per month",
                "146.00 USD per month",
                "+73.00 USD per month",
                "0.300 USD per hour",
            ],
        ),
        (TWO, ONE, False, ["146.00 USD per month", "73.00 USD per month", "-73.00 USD per month"]),
        (None, ONE, True, ["0.00 USD per month", "73.00 USD per month", "+73.00 USD per month"]),
        (ONE, OTHER, True, ["73.00 USD per month", "unknown", "unknown", "unknown"]),
        (OTHER, ONE, False, ["unknown", "73.00 USD per month", "unknown"]),
    ],
)
def test_the_difference_is_counted_and_both_fleets_while_it_moves(
    before: Fleet | None, after: Fleet, moves: bool, amounts: list[str]
) -> None:
    lines = cost_lines(PRICES, "us-east-1", before=before, after=after, bounds=None, moves=moves)
    assert [each.amount for each in lines] == amounts


def test_what_scales_has_two_amounts() -> None:
    *_, last = cost_lines(PRICES, "us-east-1", before=ONE, after=ONE, bounds=(1, 4), moves=False)
    assert (last.instances, last.amount) == (
        "1 and 4 x ml.m5.large",
        "73.00 USD per month and 292.00 USD per month",
    )


def test_another_region_is_unknown() -> None:
    lines = cost_lines(PRICES, "eu-west-9", before=ONE, after=ONE, bounds=(1, 2), moves=True)
    assert {each.amount for each in lines} == {"unknown"}


def test_the_shipped_table_says_when_and_where_and_knows_the_shipped_type() -> None:
    text = (PROJECT_ROOT / "pipeline" / "hosting_prices.json").read_bytes()
    shipped = PriceTable.from_json(text)
    assert shipped.source.startswith("https://aws.amazon.com/")
    assert len(shipped.as_of) == len("2026-01-31")
    assert shipped.hourly("us-east-1", "ml.m5.large")
    assert all(
        name.startswith("ml.") and price > 0
        for prices in shipped.regions.values()
        for name, price in prices.items()
    )

"""What an endpoint costs by a dated list of prices: its instances, not storage and traffic."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.core.document import Stored

HOURS_PER_MONTH = 730
UNKNOWN_PRICE = "unknown"


@dataclass(frozen=True, kw_only=True)
class PriceTable(Stored):
    """List prices of SageMaker real-time hosting, in `currency` per instance and hour, by region.

    `as_of` is the day for which they were looked up, `source` where, `note` how far to trust them.
    """

    as_of: str
    source: str
    note: str
    currency: str
    regions: Mapping[str, Mapping[str, float]]

    def hourly(self, region: str, instance_type: str) -> float | None:
        """Return the price of one instance; None where the table does not know it."""
        return self.regions.get(region, {}).get(instance_type)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Instances of one type."""

    instance_type: str
    count: int

    def __str__(self) -> str:
        return f"{self.count} x {self.instance_type}"


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One row: of what, which instances, and how much; texts ready to print."""

    what: str
    instances: str
    amount: str


def cost_lines(
    prices: PriceTable,
    region: str,
    *,
    before: Fleet | None,
    after: Fleet,
    bounds: tuple[int, int] | None,
    moves: bool,
) -> tuple[CostLine, ...]:
    """Return what the fleet costs now, afterwards, while it moves, and within its bounds.

    `before` is None where nothing is live, `bounds` where nothing scales. While an endpoint moves,
    the old fleet and the new one run side by side (developer guide, Blue/Green Deployments).
    """
    old = _hourly(prices, region, before) if before else 0.0
    new = _hourly(prices, region, after)
    lines = [
        CostLine(what="now", instances=str(before or "none"), amount=_month(prices, old)),
        CostLine(what="afterwards", instances=str(after), amount=_month(prices, new)),
        CostLine(what="difference", instances="", amount=_difference(prices, old, new)),
    ]
    if before is not None and moves:
        both = None if old is None or new is None else old + new
        lines.append(
            CostLine(
                what="while it moves", instances=f"{before} and {after}", amount=_hour(prices, both)
            )
        )
    if bounds is not None:
        lines.append(_bounds(prices, region, after.instance_type, bounds))
    return tuple(lines)


def _bounds(
    prices: PriceTable, region: str, instance_type: str, bounds: tuple[int, int]
) -> CostLine:
    least, most = (Fleet(instance_type=instance_type, count=each) for each in bounds)
    amounts = [_month(prices, _hourly(prices, region, each)) for each in (least, most)]
    return CostLine(
        what="autoscaling between",
        instances=f"{bounds[0]} and {bounds[1]} x {instance_type}",
        amount=" and ".join(dict.fromkeys(amounts)),
    )


def _hourly(prices: PriceTable, region: str, fleet: Fleet) -> float | None:
    price = prices.hourly(region, fleet.instance_type)
    return None if price is None else price * fleet.count


def _month(prices: PriceTable, hourly: float | None) -> str:
    if hourly is None:
        return UNKNOWN_PRICE
    return f"{hourly * HOURS_PER_MONTH:,.2f} {prices.currency} per month"


def _hour(prices: PriceTable, hourly: float | None) -> str:
    return UNKNOWN_PRICE if hourly is None else f"{hourly:,.3f} {prices.currency} per hour"


def _difference(prices: PriceTable, old: float | None, new: float | None) -> str:
    if old is None or new is None:
        return UNKNOWN_PRICE
    return f"{(new - old) * HOURS_PER_MONTH:+,.2f} {prices.currency} per month"

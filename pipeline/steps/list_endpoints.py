"""Every endpoint of this project in account and region, by tags and by ledgers. Changes nothing.

It asks SageMaker for the tagged ones, and the bucket of each environment for its ledgers: one
config and one ledger per endpoint, however many releases it ever had.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pipeline.context import Context, hosting_prices
from pipeline.core import naming
from pipeline.core.errors import PipelineError
from pipeline.core.foundation import Foundation
from pipeline.core.hosting_cost import PriceTable
from pipeline.core.listed import Booked, Hosted, is_over, listed
from pipeline.core.outcomes import ListedEndpoint
from pipeline.gateways import inventory
from pipeline.gateways.aws import Cloud
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.side_by_side import mapped
from pipeline.gateways.store import Store


@dataclass(frozen=True, kw_only=True)
class _Shelf:
    """The bucket of an environment, and the endpoints that have a ledger there.

    `problem` says why the bucket cannot be looked into.
    """

    environment: str
    store: Store
    endpoints: frozenset[str] = frozenset()
    problem: str = ""


def list_endpoints(context: Context) -> tuple[ListedEndpoint, ...]:
    """Return all of them, by environment and name."""
    cloud, project = context.cloud, context.settings.project
    hosted = {each.seen.name: each for each in inventory.hosted_endpoints(cloud, project)}
    shelves = mapped(_shelf_in(cloud), inventory.foundations(cloud, project))
    shelf_of = {name: shelf for shelf in shelves for name in sorted(shelf.endpoints)}
    names = sorted(hosted.keys() | shelf_of.keys())
    books = mapped(
        lambda name: _booked(name, shelf_of.get(name), _own(hosted.get(name), shelves)), names
    )
    ringing, prices = inventory.ringing_by_endpoint(cloud), hosting_prices()
    joined = (
        listed(
            name,
            hosted.get(name),
            book,
            alarms=ringing.get(name, ()),
            price_usd=_price(prices, context, hosted.get(name)),
        )
        for name, book in zip(names, books, strict=True)
        if not is_over(hosted.get(name), book)
    )
    return tuple(sorted(joined, key=lambda each: (each.environment, each.endpoint)))


def _shelf_in(cloud: Cloud) -> Callable[[Foundation], _Shelf]:
    def shelf(published: Foundation) -> _Shelf:
        empty = _Shelf(environment=published.environment, store=Store(cloud, published.bucket))
        try:
            names = set(map(naming.endpoint_of_ledger, empty.store.keys(naming.LEDGERS)))
        except PipelineError as error:
            return replace(empty, problem=error.message)
        return replace(empty, endpoints=frozenset(name for name in names if name))

    return shelf


def _own(hosted: Hosted | None, shelves: Iterable[_Shelf]) -> Booked:
    """Say why a tagged endpoint has no ledger in the bucket of its environment."""
    environment = hosted.environment if hosted else ""
    own = [each for each in shelves if each.environment == environment]
    if not own:
        place = f"no foundation of the environment {environment or 'unknown'} is published here"
        return Booked(place=place, environment=environment)
    place = f"there is none in {own[0].store.bucket}"
    return Booked(place=place, environment=environment, problem=own[0].problem)


def _booked(name: str, shelf: _Shelf | None, without: Booked) -> Booked:
    """Read the ledger of an endpoint. One that cannot be read hides no other endpoint."""
    if shelf is None:
        return without
    found = Booked(place=shelf.store.bucket, environment=shelf.environment)
    try:
        return replace(found, head=Ledger(shelf.store, name).read().head)
    except PipelineError as error:
        return replace(found, problem=error.message)


def _price(prices: PriceTable, context: Context, hosted: Hosted | None) -> float | None:
    known = hosted.instance_type if hosted else None
    return prices.hourly(context.cloud.region, known) if known else None

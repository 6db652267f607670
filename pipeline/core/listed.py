"""Every endpoint of a project as `list` shows it: what SageMaker has beside what ledgers say.

Nothing here decides by a name: an endpoint is ours by its tags, and has a ledger where the bucket
of its environment holds one for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pipeline.core import naming
from pipeline.core.head import LedgerHead
from pipeline.core.outcomes import EndpointObservation, EndpointStatus, ListedEndpoint

_COSTS_NOTHING = (EndpointStatus.ABSENT, EndpointStatus.FAILED)


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """An endpoint that carries this project's tag. `environment` and `model` are tags as well.

    `instance_type` is that of its config; None where that is gone, or has no instances.
    """

    seen: EndpointObservation
    environment: str
    model: str
    created_at: datetime | None = None
    instance_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class Booked:
    """The ledger of an endpoint, in the bucket of an environment; `problem` where it is unreadable.

    Without head and problem there is none: `place` is where it was looked for.
    """

    place: str
    environment: str
    head: LedgerHead | None = None
    problem: str = ""


def listed(
    name: str,
    hosted: Hosted | None,
    booked: Booked,
    *,
    alarms: tuple[str, ...],
    price_usd: float | None,
) -> ListedEndpoint:
    """Join what is known of one endpoint; `price_usd` is that of one instance an hour."""
    absent = EndpointObservation(name=name, status=EndpointStatus.ABSENT)
    seen, head = (hosted.seen if hosted else absent), booked.head
    stretch = head.lived[-1] if head and head.lived else None
    release = head.live_release if head else None
    instances = 0 if seen.status in _COSTS_NOTHING else seen.current_count or 0
    return ListedEndpoint(
        endpoint=name,
        environment=hosted.environment if hosted else booked.environment,
        model=hosted.model if hosted else None,
        status=seen.status.value,
        live_release=release,
        live_since=stretch.since if stretch and stretch.release_id == release else None,
        created_at=hosted.created_at if hosted else None,
        instance_type=hosted.instance_type if hosted else None,
        instances=instances,
        cost_per_hour_usd=_cost(instances, price_usd),
        alarms=alarms,
        disagreements=tuple(_disagreements(seen, booked)),
        is_forgotten=is_forgotten(seen, booked),
    )


def _cost(instances: int, price_usd: float | None) -> float | None:
    if not instances:
        return 0.0
    return None if price_usd is None else round(instances * price_usd, 4)


def is_forgotten(seen: EndpointObservation, booked: Booked) -> bool:
    """Tell whether only one side knows of the endpoint. A ledger nobody can read is no proof."""
    if booked.problem:
        return False
    if booked.head is None:
        return True
    return seen.status is EndpointStatus.ABSENT and booked.head.live is not None


def is_over(hosted: Hosted | None, booked: Booked) -> bool:
    """Tell whether a ledger is only a record: nothing is live, under way or there."""
    head = booked.head
    return hosted is None and head is not None and head.live is None and head.move is None


def _disagreements(seen: EndpointObservation, booked: Booked) -> Iterator[str]:
    head = booked.head
    if head is None:
        yield booked.problem or f"no ledger: {booked.place}"
        return
    if head.move is not None:
        yield f"{head.move.kind.value} to {head.move.target} is not finished"
    if head.surroundings_due or head.state_due:
        yield "Terraform has something left to do"
    if head.live is None:
        if seen.status not in (EndpointStatus.ABSENT, EndpointStatus.FAILED):
            yield f"the ledger says nothing is live, SageMaker serves {seen.config_name}"
        return
    wanted = naming.endpoint_config_name(head.endpoint, head.live)
    if not seen.stays_on(wanted):
        yield f"the ledger says {head.live} is live, SageMaker {_served(seen)}"


def _served(seen: EndpointObservation) -> str:
    match seen.status:
        case EndpointStatus.ABSENT:
            return "has no such endpoint"
        case EndpointStatus.IN_SERVICE:
            return f"serves {seen.config_name}"
        case _:
            return f"says {seen.status.value}, serving {seen.config_name or 'nothing'}"


def lines(endpoints: tuple[ListedEndpoint, ...], *, now: datetime) -> Iterator[str]:
    """Yield the listing for people: a line for each endpoint, what is wrong below it, a sum."""
    if not endpoints:
        yield "No endpoint of this project is here."
        return
    for each in endpoints:
        yield _line(each, now)
        if each.is_forgotten:
            yield "  forgotten"
        yield from (f"  {text}" for text in each.disagreements)
        yield from (f"  alarm: {name}" for name in each.alarms)
    known = [each.cost_per_hour_usd for each in endpoints if each.cost_per_hour_usd is not None]
    unknown = len(endpoints) - len(known)
    beside = f", and {unknown} without a known price" if unknown else ""
    yield f"Endpoints: {len(endpoints)}, USD {sum(known):.3f} per hour{beside}"


def _line(each: ListedEndpoint, now: datetime) -> str:
    since = each.live_since or each.created_at
    cost = each.cost_per_hour_usd
    return ", ".join(
        (
            f"{each.endpoint} ({each.environment}, {each.model or 'model unknown'}): {each.status}",
            each.live_release or "no release",
            f"for {_age((now - since).total_seconds())}" if since else "age unknown",
            f"{each.instances} x {each.instance_type or 'unknown type'}",
            "price unknown" if cost is None else f"USD {cost:.3f} per hour",
        )
    )


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"

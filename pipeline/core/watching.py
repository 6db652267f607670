"""What who watches an endpoint is shown: a tree, a line for each change, and how it ended. Pure.

`facts` are what does not change by the mere passing of time; the tree adds how long and how much
longer.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from pipeline.core.errors import EndpointTestsFailed, NotServing, PipelineError, RolledBack
from pipeline.core.head import HistoryEvent
from pipeline.core.outcomes import (
    EndpointObservation,
    EndpointStatus,
    Rollout,
    ServingVariant,
    Standing,
)

_STANDING = TypeAdapter(Standing)
_UNDER_WAY = (
    EndpointStatus.CREATING,
    EndpointStatus.UPDATING,
    EndpointStatus.SYSTEM_UPDATING,
    EndpointStatus.ROLLING_BACK,
    EndpointStatus.DELETING,
)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A line of the tree with what belongs to it. `is_urgent`: somebody should look."""

    text: str
    children: tuple["Node", ...] = ()
    is_urgent: bool = False


def is_settled(standing: Standing) -> bool:
    """Tell whether nothing is under way: SageMaker rests, and no run is at work."""
    seen = standing.endpoint
    at_rest = seen.status not in _UNDER_WAY and seen.pending_config is None
    return at_rest and standing.at_work is None


@dataclass(frozen=True, kw_only=True)
class Course:
    """What was seen so far: which endpoint config served first, and to which one it moved."""

    origin: str | None = None
    wanted: str | None = None

    def after(self, seen: EndpointObservation) -> "Course":
        return Course(
            origin=self.origin or seen.config_name, wanted=seen.pending_config or self.wanted
        )


def ending(standing: Standing, course: Course) -> PipelineError | None:
    """Return what is wrong with an endpoint that has settled; None where it is well."""
    seen, view = standing.endpoint, standing.ledger
    named = f"Endpoint {seen.name}"
    if seen.status is not EndpointStatus.IN_SERVICE:
        why = f": {seen.failure_reason}" if seen.failure_reason else "."
        return NotServing(
            f"{named} is {seen.status.value}{why}", remedy="Look at --mode status, then settle."
        )
    if course.wanted not in (None, course.origin) and seen.config_name == course.origin:
        why = f" {seen.failure_reason}" if seen.failure_reason else ""
        message = f"{named} serves {course.origin} again, not {course.wanted}.{why}"
        return RolledBack(message, remedy="--mode history says why.")
    if standing.ledger_error is not None:
        message = f"{named} serves {seen.config_name}; {standing.ledger_error}"
        return NotServing(message, remedy="Look at --mode status: it says what to do.")
    if view is not None and (view.to_settle or view.unknown):
        message = f"{named} serves {seen.config_name}, and ledger or Terraform's state differ."
        return NotServing(message, remedy="Look at --mode status: it says what to do.")
    if standing.ringing_alarms:
        message = f"{named} is in service, and in ALARM: {', '.join(standing.ringing_alarms)}."
        return EndpointTestsFailed(
            message, remedy="Look at --mode logs; to go back, type: --mode rollback"
        )
    return None


def facts(standing: Standing) -> Mapping[str, str]:
    """Return what there is to know of an endpoint, by what it is about, in the order of reading."""
    return dict(_facts(standing))


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line for each thing that is new, other or gone."""
    changed = [f"{name}: {text}" for name, text in after.items() if before.get(name) != text]
    gone = [f"{name}: over" for name in before if name not in after]
    return (*changed, *gone)


def _facts(standing: Standing) -> Iterator[tuple[str, str]]:
    seen, view = standing.endpoint, standing.ledger
    yield "endpoint", _endpoint_text(seen)
    for variant in seen.variants:
        yield f"variant {variant.name}", _variant_text(variant)
    if seen.pending_config is not None:
        stage = _stage_text(seen.rollout) if seen.rollout else ""
        yield "under way", f"to {seen.pending_config}{stage}"
    for name in standing.ringing_alarms or ():
        yield f"alarm {name}", "ALARM"
    if standing.ledger_error is not None:
        yield "ledger", f"cannot be read: {standing.ledger_error}"
    if view is not None:
        yield "ledger", f"{view.live or 'nothing'} is live"
        if view.move is not None:
            state = "serves, not proved yet" if view.move.has_arrived else "begun"
            yield "move", f"{view.move.kind.value} to {view.move.target}: {state}"
    if standing.at_work is not None:
        yield "at work", f"run {standing.at_work.run_id} of {standing.at_work.who}"
    for event in view.last_events if view else ():
        yield f"event {event.number}", event_text(event)


def _endpoint_text(seen: EndpointObservation) -> str:
    if seen.status is EndpointStatus.ABSENT:
        return "there is none"
    serving = f", serves {seen.config_name}" if seen.config_name else ""
    why = f" ({seen.failure_reason})" if seen.failure_reason else ""
    return f"{seen.status.value}{serving}{why}"


def _variant_text(variant: ServingVariant) -> str:
    share = "" if variant.share is None else f", {variant.share:.0%} of the traffic"
    if variant.instances is None:
        return f"serverless{share}"
    return f"{variant.instances} of {variant.wanted} instances{share}"


def _stage_text(rollout: Rollout) -> str:
    parts = [rollout.stage] if rollout.stage else []
    if rollout.share is not None:
        parts.append(f"{rollout.share:.0%} of the traffic on the new fleet")
    if rollout.instances is not None:
        parts.append(f"{rollout.instances} instances")
    return f": {', '.join(parts)}" if parts else ""


def event_text(event: HistoryEvent) -> str:
    about = event.details.get("release") or event.details.get("to") or ""
    when = f"{event.when:%Y-%m-%d %H:%M} UTC"
    return " ".join(filter(None, (when, event.what, about, f"by {event.who}")))


def document(standing: Standing, now: datetime) -> str:
    """Return all of it as one line of JSON; `status` is that of results.json."""
    known = _STANDING.dump_python(standing, mode="json")
    time = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps({"time": time, "settled": is_settled(standing), "status": known})


def tree(standing: Standing, *, now: datetime, where: str) -> Node:
    """Return all of it as a tree whose root says what, where and when."""
    return Node(
        text=f"{standing.endpoint.name}  {where}  {now:%H:%M:%S} UTC",
        children=tuple(_branches(standing, now)),
    )


def _branches(standing: Standing, now: datetime) -> Iterator[Node]:
    known = facts(standing)
    seen, view = standing.endpoint, standing.ledger
    under = [Node(text=_said(known, f"variant {each.name}")) for each in seen.variants]
    if "under way" in known:
        under.append(Node(text=f"under way {known['under way']}{_times(seen.rollout, now)}"))
    yield Node(
        text=_said(known, "endpoint"),
        children=tuple(under),
        is_urgent=seen.status not in (EndpointStatus.IN_SERVICE, *_UNDER_WAY),
    )
    yield _alarms(standing)
    if "ledger" in known:
        is_urgent = view is None or (view.to_settle and standing.at_work is None)
        moves = (Node(text=_said(known, "move")),) if "move" in known else ()
        yield Node(text=_said(known, "ledger"), children=moves, is_urgent=is_urgent)
    if "at work" in known:
        yield Node(text=_said(known, "at work"))
    barred = tuple(Node(text=each.release_id) for each in view.quarantined) if view else ()
    if barred:
        yield Node(text=f"quarantined: {len(barred)}", children=barred)
    events = tuple(Node(text=event_text(each)) for each in view.last_events) if view else ()
    if events:
        yield Node(text="last events", children=events)


def _said(known: Mapping[str, str], name: str) -> str:
    return f"{name}: {known[name]}"


def _alarms(standing: Standing) -> Node:
    if standing.alarms is None:
        return Node(text="alarms: cannot be read")
    ringing = standing.ringing_alarms or ()
    return Node(
        text=f"alarms: {len(ringing)} of {len(standing.alarms)} ring",
        children=tuple(Node(text=name, is_urgent=True) for name in ringing),
        is_urgent=bool(ringing),
    )


def _times(rollout: Rollout | None, now: datetime) -> str:
    """Say how long a deployment has been under way, and how long it will still be watched."""
    if rollout is None:
        return ""
    since = f", for {span(now, rollout.started_at)}" if rollout.started_at else ""
    left = f", bake ends in {span(rollout.bake_ends_at, now)}" if rollout.bake_ends_at else ""
    return f"{since}{left}"


def move_text(
    seen: EndpointObservation, ringing: tuple[str, ...], *, watched: int, now: datetime
) -> tuple[str, str]:
    """Return how far a move has come: what changes only with its stage, and with the times."""
    if seen.rollout is None:
        return seen.status.value, seen.status.value
    stage = _stage_text(seen.rollout).removeprefix(": ") or seen.status.value
    alarms = f"in ALARM: {', '.join(ringing)}" if ringing else f"none of {watched} alarms rings"
    said = f"{stage}; {alarms}"
    return said, f"{said}{_times(seen.rollout, now)}"


def span(later: datetime, earlier: datetime) -> str:
    """Return the time between two moments as people say it, `2 min 5 s`; never less than none."""
    seconds = max(0, round((later - earlier).total_seconds()))
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def plain_lines(node: Node, depth: int = 0) -> Iterator[str]:
    """Yield the tree as indented lines, which a screen reader reads from top to bottom."""
    yield f"{'  ' * depth}{node.text}"
    for child in node.children:
        yield from plain_lines(child, depth + 1)

"""The review of a plan: what people read before it is applied, as sections in their order.

Made from redacted summaries only. What destroys comes first and is always whole; the table of all
changes and the full text are shortened to what a GitLab note can hold (1,000,000 characters; GitLab
documentation, "Application limits"; Atlantis keeps 100 below it, here it is a tenth).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.core.hosting_cost import CostLine, PriceTable
from pipeline.core.outcomes import Action, AttributeChange, PlanSummary, ResourceChange
from pipeline.core.plan_risks import risks_of

# A note in GitLab has at most a million characters
LONGEST = 900_000
_LONGEST_VALUE = 200
_LONGEST_FULL_VALUE = 2_000
_MOST_ATTRIBUTES = 8
# Markup makes a text longer: the share of the limit that the texts themselves may take.
_TABLE_BUDGET = 250_000
_FULL_BUDGET = 250_000


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number that the gate looked at: of the release, and of the one that is live."""

    name: str
    release: str
    live: str


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """Everything that a review tells. `summaries` are redacted, by the name of their root.

    `figures`, `reasons` and `costs` are empty where a plan has none; `command` applies it, typed as
    it stands.
    """

    environment: str
    endpoint: str
    place: str
    release_id: str | None
    plan_id: str
    commit: str
    made_at: datetime
    terraform_version: str
    digest: str
    summaries: Mapping[str, PlanSummary]
    refusals: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    reasons: tuple[str, ...] = ()
    costs: tuple[CostLine, ...] = ()
    prices: PriceTable | None = None
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, and below it sentences, a table, a command to type, folded text.

    `is_urgent`: in red.
    """

    title: str
    lines: tuple[str, ...] = ()
    table: Table | None = None
    command: str = ""
    folded: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Document:
    """A review ready to be rendered; `marker` finds it again among other notes."""

    title: str
    marker: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What GitLab's widget counts: a replacement is one create and one delete."""

    create: int
    update: int
    delete: int
    replace: int

    def __str__(self) -> str:
        replaced = f", {self.replace} of them replaced" if self.replace else ""
        return f"+{self.create} ~{self.update} -{self.delete}{replaced}"


def counts_of(summaries: Mapping[str, PlanSummary]) -> Counts:
    each = summaries.values()
    return Counts(
        create=sum(one.create for one in each),
        update=sum(one.update for one in each),
        delete=sum(one.delete for one in each),
        replace=sum(one.replace for one in each),
    )


def widget(summaries: Mapping[str, PlanSummary]) -> str:
    """Return GitLab's Terraform report (GitLab documentation, artifacts:reports:terraform)."""
    counts = counts_of(summaries)
    document = {"create": counts.create, "update": counts.update, "delete": counts.delete}
    return json.dumps(document) + "\n"


def title_of(reviewed: Reviewed) -> str:
    what = f"release {reviewed.release_id}" if reviewed.release_id else "infrastructure"
    return f"Plan for {reviewed.environment}: {what}, {counts_of(reviewed.summaries)}"


def document_of(reviewed: Reviewed, *, share: float = 1.0) -> Document:
    """Put a review in order: what may not or should not happen, figures, changes, cost, text.

    `share` (0..1) is how much of the usual room the table of changes and the full text get.
    """
    sections = (
        _refused(reviewed),
        _risks("Destroyed", reviewed, destroys=True),
        _risks("Look at this first", reviewed, destroys=False),
        _figures(reviewed),
        _changes(reviewed, share),
        _costs(reviewed),
        _left_out(reviewed),
        _identity(reviewed),
        Section(title="Full text", folded=full_text(reviewed.summaries, share)),
    )
    return Document(
        title=title_of(reviewed),
        marker=f"mlops-plan:{reviewed.environment}:{reviewed.endpoint}",
        sections=tuple(each for each in sections if each is not None),
    )


def full_text(summaries: Mapping[str, PlanSummary], share: float = 1.0) -> str:
    """Return every attribute of every change, as a diff; cut where it would be too long."""
    lines: list[str] = []
    left = int(_FULL_BUDGET * share)
    for line in _full_lines(summaries):
        left -= len(line) + 1
        if left < 0:
            return "\n".join((*lines, "[...] the rest is in the plan folder"))
        lines.append(line)
    return "\n".join(lines)


def shortened(text: str, most: int = _LONGEST_VALUE) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[:most]} [...]"


def _refused(reviewed: Reviewed) -> Section | None:
    if not reviewed.refusals:
        return None
    title = "This plan may not be applied"
    return Section(title=title, lines=reviewed.refusals, is_urgent=True)


def _risks(title: str, reviewed: Reviewed, *, destroys: bool) -> Section | None:
    rows = tuple(
        (shortened(each.address), shortened(each.why))
        for each in risks_of(reviewed.summaries.values())
        if each.destroys is destroys
    )
    if not rows:
        return None
    return Section(title=title, table=Table(header=("What", "Why"), rows=rows), is_urgent=destroys)


def _figures(reviewed: Reviewed) -> Section | None:
    if not reviewed.figures:
        return None
    rows = tuple((each.name, each.release, each.live) for each in reviewed.figures)
    table = Table(header=("Figure", "This release", "The live one"), rows=rows)
    return Section(title="What the gate looked at", lines=reviewed.reasons, table=table)


def _changes(reviewed: Reviewed, share: float) -> Section:
    rows: list[tuple[str, ...]] = []
    left = int(_TABLE_BUDGET * share)
    total = sum(len(each.changes) for each in reviewed.summaries.values())
    for root, summary in reviewed.summaries.items():
        for change in summary.changes:
            row = _row(root, change)
            left -= sum(map(len, row))
            if left >= 0:
                rows.append(row)
    if not total:
        return Section(title="Changes", lines=("Nothing would change.",))
    missing = total - len(rows)
    lines = (f"{missing} more changes do not fit here.",) if missing else ()
    header = ("Root", "Address", "Action", "Attributes")
    return Section(title="Changes", lines=lines, table=Table(header=header, rows=tuple(rows)))


def _row(root: str, change: ResourceChange) -> tuple[str, ...]:
    named = [_attribute(each, _LONGEST_VALUE) for each in change.attributes[:_MOST_ATTRIBUTES]]
    more = len(change.attributes) - _MOST_ATTRIBUTES
    if more > 0:
        named.append(f"and {more} more")
    return root, shortened(change.address), change.action.value, "; ".join(named)


def _attribute(each: AttributeChange, longest: int) -> str:
    before, after = shortened(each.before, longest), shortened(each.after, longest)
    return f"{each.path}: {before} -> {after}"


def _costs(reviewed: Reviewed) -> Section | None:
    prices = reviewed.prices
    if not reviewed.costs or prices is None:
        return None
    table = Table(
        header=("", "Instances", "List price"),
        rows=tuple((each.what, each.instances, each.amount) for each in reviewed.costs),
    )
    line = (
        f"List prices of {prices.as_of} ({prices.source}): instances alone, without storage, "
        f"traffic and discounts. {prices.note}"
    )
    return Section(title="Cost", lines=(line,), table=table)


def _left_out(reviewed: Reviewed) -> Section | None:
    if not reviewed.left_out:
        return None
    return Section(title="Not planned", lines=reviewed.left_out)


def _identity(reviewed: Reviewed) -> Section:
    rows = (
        ("Digest", reviewed.digest),
        ("Endpoint", reviewed.endpoint),
        ("Place", reviewed.place),
        ("Commit", reviewed.commit or "unknown"),
        ("Terraform", reviewed.terraform_version),
        ("Plan", f"{reviewed.plan_id}, {reviewed.made_at:%Y-%m-%d %H:%M} UTC"),
    )
    return Section(
        title="This plan", table=Table(header=("", ""), rows=rows), command=reviewed.command
    )


_SIGNS = {
    Action.CREATE: "+",
    Action.DELETE: "-",
    Action.FORGET: "-",
    Action.REPLACE: "-",
    Action.UPDATE: "!",
}


def _full_lines(summaries: Mapping[str, PlanSummary]) -> Iterator[str]:
    for root, summary in summaries.items():
        yield f"# {root}: +{summary.create} ~{summary.update} -{summary.delete}"
        for change in summary.changes:
            sign = _SIGNS.get(change.action, " ")
            yield f"{sign} {change.action.value} {change.address}"
            for each in change.attributes:
                forces = " (cannot change in place)" if each.forces_replacement else ""
                yield f"{sign}     {_attribute(each, _LONGEST_FULL_VALUE)}{forces}"

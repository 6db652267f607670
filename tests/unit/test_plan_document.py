"""The review of a plan: its order, what it hides, what it cuts, and how fast it is."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import intents
from pipeline.core.hosting_cost import CostLine, PriceTable
from pipeline.core.outcomes import Action, AttributeChange, PlanSummary, ResourceChange
from pipeline.core.plan_document import (
    LONGEST,
    Figure,
    Reviewed,
    document_of,
    title_of,
    widget,
)
from pipeline.core.plan_pages import markdown, note, page
from tests.unit.plan_builders import a_change, a_summary, an_attribute

PRICES = PriceTable(
    as_of="2026-01-31", source="https://example.com/", note="", currency="USD", regions={}
)


def a_review(*changes: ResourceChange, **values: Any) -> Reviewed:
    reviewed = Reviewed(
        environment="staging",
        endpoint="iris-staging",
        place="local, account 000000000000, us-east-1",
        release_id="r-20260102-120000-aaaaaa",
        plan_id="20260102-120000-abcd",
        commit="c" * 40,
        made_at=datetime(2026, 1, 2, 12, tzinfo=UTC),
        terraform_version="1.11.4",
        digest="d" * 64,
        summaries={"serving": counted(a_summary(*changes))},
        command="./run_mlops_pipeline.sh --mode apply --plan-dir 'a folder'/plan_1",
    )
    return replace(reviewed, **values)


def counted(summary: PlanSummary) -> PlanSummary:
    def count(*actions: Action) -> int:
        return sum(each.action in actions for each in summary.changes)

    return replace(
        summary,
        create=count(Action.CREATE, Action.REPLACE),
        update=count(Action.UPDATE),
        delete=count(Action.DELETE, Action.REPLACE),
        replace=count(Action.REPLACE),
    )


def many(count: int, *, destroyed: int, size: int) -> tuple[ResourceChange, ...]:
    """Return changes of long texts, the last ones destructive."""
    value = "*" * size  # nothing grows more when it is escaped
    attributes = tuple(
        AttributeChange(
            path=f"place[{n}].name", before=value, after=value, forces_replacement=False
        )
        for n in range(12)
    )
    return tuple(
        a_change(
            f'module.thing["{number:04d}"].aws_thing.this',
            Action.DELETE if number >= count - destroyed else Action.UPDATE,
            attributes=attributes,
        )
        for number in range(count)
    )


def titles(reviewed: Reviewed) -> list[str]:
    return [section.title for section in document_of(reviewed).sections]


def test_the_title_has_environment_release_and_counts() -> None:
    reviewed = a_review(a_change("a", Action.REPLACE), a_change("b", Action.UPDATE))
    assert title_of(reviewed) == (
        "Plan for staging: release r-20260102-120000-aaaaaa, +1 ~1 -1, 1 of them replaced"
    )
    assert "infrastructure" in title_of(replace(reviewed, release_id=None))


def test_the_widget_counts_a_replacement_twice_and_holds_nothing_else() -> None:
    changes = (a_change("a", Action.REPLACE), a_change("b", Action.UPDATE))
    summaries = {"serving": counted(a_summary(*changes)), "other": counted(a_summary(*changes))}
    assert json.loads(widget(summaries)) == {"create": 2, "update": 2, "delete": 2}


def test_what_may_not_happen_is_first_and_what_destroys_second() -> None:
    reviewed = a_review(
        a_change("module.a", Action.CREATE),
        a_change(intents.ENDPOINT, Action.UPDATE),
        a_change("module.z", Action.DELETE, reason="delete_because_no_resource_config"),
        refusals=("module.z would be deleted.",),
        figures=(Figure(name="accuracy", release="0.9600", live="0.9500"),),
        costs=(CostLine(what="now", instances="1 x ml.m5.large", amount="unknown"),),
        prices=PRICES,
    )
    assert titles(reviewed) == [
        "This plan may not be applied",
        "Destroyed",
        "Look at this first",
        "What the gate looked at",
        "Changes",
        "Cost",
        "This plan",
        "Full text",
    ]
    destroyed = document_of(reviewed).sections[1].table
    assert destroyed
    assert destroyed.rows == (("module.z", "deleted (delete_because_no_resource_config)"),)


def test_an_attribute_that_forces_a_replacement_is_the_reason() -> None:
    change = a_change(
        "module.a", Action.REPLACE, attributes=(an_attribute("name", "y", forces=True),)
    )
    assert "deleted and made anew (name cannot change in place)" in page(
        document_of(a_review(change))
    )


def test_a_plan_that_changes_nothing_says_so() -> None:
    assert "Nothing would change." in note(a_review(summaries={}))


def test_what_is_to_be_typed_stands_there_as_it_is() -> None:
    command = a_review().command
    assert f"\n{command}\n" in note(a_review())


@pytest.mark.parametrize(("count", "destroyed", "size"), [(500, 100, 40), (500, 500, 5000)])
def test_a_plan_of_500_changes_fits_into_a_note_with_all_that_it_destroys(
    count: int, destroyed: int, size: int
) -> None:
    changes = many(count, destroyed=destroyed, size=size)
    text = note(a_review(*changes))
    assert len(text) <= LONGEST
    first = text.index("## Destroyed")
    part = text[first : text.index("\n## ", first + 1)]
    assert part.count("aws\\_thing.this") == destroyed


def test_a_plan_of_500_changes_is_rendered_in_a_second() -> None:
    reviewed = a_review(*many(500, destroyed=100, size=400))
    started = process_time()
    note(reviewed)
    page(document_of(reviewed))
    assert process_time() - started < 1.0


def test_rendering_ten_times_as_many_changes_takes_no_hundred_times_as_long() -> None:
    def seconds(count: int) -> float:
        reviewed = a_review(*many(count, destroyed=count, size=10))
        started = process_time()
        note(reviewed)
        return process_time() - started

    seconds(50)
    assert seconds(1000) < 100 * max(seconds(100), 0.005)


def test_what_does_not_fit_is_counted() -> None:
    text = note(a_review(*many(2000, destroyed=0, size=400)))
    assert re.search(r"[0-9]+ more changes do not fit here", text)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        assert not [name for name, _ in attrs if name in ("src", "href") or name.startswith("on")]


_OURS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "section"),
    *("ul", "li", "table", "tr", "th", "td", "pre", "details", "summary"),
}


@given(text=st.text(max_size=40))
def test_no_text_of_a_plan_becomes_markup(text: str) -> None:
    hostile = f"<script src=x onload=y>{text}</pre></td>`|\n# {text}"
    change = a_change(hostile, Action.REPLACE, attributes=(an_attribute(hostile, hostile),))
    reviewed = a_review(change, refusals=(hostile,), reasons=(hostile,), left_out=(hostile,))
    tags = _Tags()
    tags.feed(page(document_of(reviewed)))
    assert tags.found <= _OURS
    document = document_of(reviewed)
    written = markdown(replace(document, sections=document.sections[:-1]))
    assert not re.search(r"(?<!\\)<(?!!-- mlops-plan)", written)
    headings = [line for line in written.splitlines() if line.startswith("#")]
    assert len(headings) == 1 + len(document.sections) - 1


def test_a_fence_in_a_plan_does_not_end_the_folded_text() -> None:
    change = a_change("a", Action.UPDATE, attributes=(an_attribute("b", "``````"),))
    assert "\n```````diff\n" in note(a_review(change))

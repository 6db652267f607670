"""Every resource type that stock moto gets wrong, or may get wrong, through its whole life.

Apply, empty plan, update, empty plan, import, destroy, nothing left: minutes, so in script/soak.
What the project's own roots use goes the same way in test_foundation and test_release_table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.resource_rows import FAST, SLOW, Question, Rows, held

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.emulated,
    pytest.mark.soak,
    pytest.mark.timeout(900),
]

FIRST, SECOND = 1, 2


@dataclass(frozen=True, kw_only=True)
class Applied:
    rows: Rows
    created: dict[str, Any]
    updated: dict[str, Any]
    planned_after_apply: dict[str, list[str]]
    planned_after_update: dict[str, list[str]]
    before: dict[str, Any]
    questions: tuple[Question, ...]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("fast", FAST), id="fast"),
        pytest.param(("slow", SLOW), id="slow"),
    ],
)
def applied(
    request: pytest.FixtureRequest,
    cloud: Cloud,
    engine: Engine,
    terraform_environment: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Applied]:
    """Apply, plan, update and plan; the tests look at what came of each."""
    name, questions = request.param
    before = held(cloud, questions)
    rows = Rows(name, engine, terraform_environment, tmp_path_factory.mktemp(name))
    rows.apply(FIRST)
    created = held(cloud, questions)
    planned_after_apply = rows.planned(FIRST)
    rows.apply(SECOND)
    yield Applied(
        rows=rows,
        created=created,
        updated=held(cloud, questions),
        planned_after_apply=planned_after_apply,
        planned_after_update=rows.planned(SECOND),
        before=before,
        questions=questions,
    )
    rows.destroy(SECOND)
    assert held(cloud, questions) == before


def test_each_kind_of_resource_is_created(applied: Applied) -> None:
    unchanged = [name for name, answer in applied.created.items() if answer == applied.before[name]]
    assert unchanged == []


def test_nothing_is_planned_after_the_apply(applied: Applied) -> None:
    assert applied.planned_after_apply == {}


def test_nothing_is_planned_after_the_update(applied: Applied) -> None:
    assert applied.updated != applied.created
    assert applied.planned_after_update == {}


def test_what_is_imported_is_as_configured(applied: Applied) -> None:
    addresses = applied.rows.importable()
    assert addresses
    applied.rows.forget(addresses)
    assert applied.rows.planned(SECOND, "-var=importing=true") == {}
    applied.rows.apply_planned()

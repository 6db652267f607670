"""What becomes of rows whose labels came: one object for each cohort, and no row learnt twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.configuration.sections import TrainingSettings
from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.label_files import labels_prefix
from pipeline.core.monitoring import Window
from pipeline.material.deciding import decide
from pipeline.material.reading import parse_table
from pipeline.material.table import Choices, DataTable
from pipeline.steps.counting import Counted, Traffic, keep_labelled, labels_since
from pipeline.steps.learn import Learning, with_answered
from tests.fakes.boundary import NoFaults
from tests.simulation.commands import Command, Mode, workspace_of
from tests.simulation.world import ENDPOINT, World, empty_world
from tests.unit.core_builders import a_release
from tests.unit.monitoring_builders import a_baseline, known, normal

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
LIVE, OTHER = "r-20260102-120000-aaaaaa", "r-20260102-120000-bbbbbb"
HEADER = "size,nest,kind\n"
SOURCE = HEADER + "".join(f"{n}.5,{'reed' if n % 3 else 'tree'},{'ab'[n % 2]}\n" for n in range(40))


def cohort(start: int, end: int) -> Window:
    """Return a cohort of some hours of March."""
    return Window(start=MARCH + timedelta(hours=start), end=MARCH + timedelta(hours=end))


WINDOW = cohort(48, 72)
NOTHING = known(a_baseline(normal(40))).empty_window("0")


@pytest.fixture
def world() -> World:
    return empty_world()


def workspace(world: World) -> Workspace:
    found = workspace_of(world, Command(mode=Mode.MONITOR), NoFaults())
    training = TrainingSettings(data="rows.csv", target="kind")
    settings = found.context.settings.model_copy(update={"training": training})
    return replace(found, context=replace(found.context, settings=settings))


def keep(world: World, hours: tuple[int, int], *hosts: str, release: str = LIVE) -> int:
    """Let a job have left a file for each host, and keep what they hold."""
    place = f"{naming.monitoring_prefix(ENDPOINT, release)}{WINDOW.name}/job/"
    for number, text in enumerate(hosts, start=1):
        body = text.encode("utf-8", "surrogatepass")
        world.bucket.write(f"{place}counts/labelled-0-algo-{number}.csv", body)
    traffic = Traffic(window=WINDOW, cohorts=(cohort(*hours),), captured=(), labels=())
    counted = Counted(traffic=traffic, job_name="job", counts=NOTHING)
    return keep_labelled(workspace(world), a_release(release), counted, most=1)


def rows(count: int, *, size: str = "7.25") -> str:
    return HEADER + f"{size},reed,a\n" * count


def kept(world: World) -> dict[str, bytes]:
    place = naming.learnt_prefix(ENDPOINT)
    return {key: each.body for key, each in world.bucket.objects.items() if key.startswith(place)}


def learnt(world: World, source: str = SOURCE) -> DataTable:
    return learning(world, source).table


def learning(world: World, source: str = SOURCE, **said: Any) -> Learning:
    table = parse_table(source.encode(), name="rows.csv")
    chosen = Choices(target="kind", **said)
    return with_answered(Learning(table=table, choices=chosen), workspace(world))


def test_what_all_hosts_found_is_one_object(world: World) -> None:
    assert keep(world, (0, 24), rows(2), HEADER, rows(3)) == 5
    [(key, body)] = kept(world).items()
    assert key == naming.learnt_object(ENDPOINT, LIVE, cohort(0, 24).name)
    assert body.decode() == rows(5)


def test_the_same_cohort_again_is_the_same_object_on_any_number_of_machines(world: World) -> None:
    keep(world, (0, 24), rows(5))
    before = kept(world)
    assert keep(world, (0, 24), rows(2), rows(3)) == 5
    assert kept(world) == before


def test_a_cohort_that_has_to_wait_is_not_learnt_yet(world: World) -> None:
    place = f"{naming.monitoring_prefix(ENDPOINT, LIVE)}{WINDOW.name}/job/counts/"
    for number in (0, 1):
        world.bucket.write(f"{place}labelled-{number}-algo-1.csv", rows(number + 2).encode())
    traffic = Traffic(
        window=WINDOW, cohorts=(cohort(0, 24), cohort(24, 48)), captured=(), labels=()
    )
    counted = Counted(traffic=traffic, job_name="job", counts=NOTHING)
    assert keep_labelled(workspace(world), a_release(LIVE), counted, most=1) == 2
    assert list(kept(world)) == [naming.learnt_object(ENDPOINT, LIVE, cohort(0, 24).name)]
    assert keep_labelled(workspace(world), a_release(LIVE), counted, most=2) == 5


def test_nothing_is_kept_where_no_label_came(world: World) -> None:
    assert keep(world, (0, 24), HEADER) == 0
    assert kept(world) == {}


UNREADABLE = {
    "a lone carriage return": HEADER + "1.5,re\red,a\n",
    "a zero byte": HEADER + "1.5,re\0ed,a\n",
    "half a character": HEADER + "1.5,re\ud800ed,a\n",
    "a long cell": HEADER + f"1.5,{'r' * 131_073},a\n",
    "a short row": HEADER + "1.5,reed\n",
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_not_kept_and_ends_no_window(world: World, text: str) -> None:
    assert keep(world, (0, 24), text) == 0
    assert kept(world) == {}
    assert keep(world, (24, 48), text, rows(3)) == 3


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_a_learnt_file_that_cannot_be_read_ends_no_training(world: World, text: str) -> None:
    keep(world, (0, 24), rows(3))
    key = naming.learnt_object(ENDPOINT, LIVE, cohort(24, 48).name)
    world.bucket.write(key, text.encode("utf-8", "surrogatepass"))
    assert len(learnt(world).rows) == 43


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([((24, 48), 4, LIVE)], 14),
        ([((0, 24), 4, OTHER)], 14),
        ([((23, 25), 4, LIVE)], 10),
        ([((12, 36), 4, LIVE)], 10),
        ([((0, 12), 5, LIVE), ((12, 24), 5, LIVE)], 10),
        ([((0, 48), 20, LIVE)], 20),
        ([((0, 48), 20, LIVE), ((24, 48), 9, LIVE)], 20),
        ([((12, 36), 4, LIVE), ((36, 60), 4, LIVE)], 14),
        ([((-24, 0), 4, LIVE), ((5, 6), 1, LIVE)], 14),
    ],
    ids=[
        *("the next", "another release", "an edge", "another delay", "halves", "a longer one"),
        *("three", "shifted for good", "one before"),
    ],
)
def test_hours_that_were_counted_twice_are_learnt_once(
    world: World, others: list[tuple[tuple[int, int], int, str]], expected: int
) -> None:
    keep(world, (0, 24), rows(10))
    for hours, count, release in others:
        keep(world, hours, rows(count), release=release)
    table = learnt(world)
    assert len(table.rows) == 40 + expected
    assert table.remarks == (
        f"rows.csv: with {expected} rows that were answered and labelled since.",
    )


def with_column(text: str, name: str, cell: Any) -> str:
    header, *lines = text.splitlines()
    cells = [f"{line},{cell(number)}" for number, line in enumerate(lines)]
    return "\n".join([f"{header},{name}", *cells, ""])


def test_a_column_that_the_model_leaves_out_hinders_no_learning(world: World) -> None:
    keep(world, (0, 24), rows(3))
    table = learnt(world, with_column(SOURCE, "number", lambda number: f"id-{number}"))
    assert (len(table.rows), table.columns) == (43, ("size", "nest", "kind"))


@pytest.mark.parametrize("newer", [False, True])
def test_a_new_column_of_the_source_stays_and_is_told(world: World, newer: bool) -> None:
    wider = with_column(SOURCE, "age", lambda number: f"{number % 7}.5")
    keep(world, (0, 24), rows(3))
    if newer:
        keep(world, (24, 48), with_column(rows(4), "age", lambda _: "1.5"), release=OTHER)
    table = learnt(world, wider)
    assert set(table.columns) == {"size", "nest", "kind", "age"}
    assert len(table.rows) == (44 if newer else 40)
    told = "3 rows that were answered and labelled are not learnt"
    assert told in table.remarks[0]
    assert "'age'" in table.remarks[0]


def test_how_the_source_spells_numbers_is_found_once_and_holds_for_answered_rows(
    world: World,
) -> None:
    keep(world, (0, 24), 'size,nest,kind\n"7,25",reed,a\n')
    source = SOURCE.replace(",", ";").replace(".", ",")
    found = learning(world, source)
    assert found.choices.decimal == ","
    decided = decide(found.table, found.choices)
    assert decided.schema.spelling.decimal == ","
    told = [each for each in decided.warnings if "decimal comma" in each]
    assert (len(told), len(found.table.rows)) == (1, 41)
    assert learning(world, SOURCE, decimal=".").choices.decimal == "."


def test_a_source_that_is_refused_is_left_as_it_is(world: World) -> None:
    keep(world, (0, 24), rows(3))
    two_spellings = HEADER + '1.5,reed,a\n"2,5",reed,b\n'
    assert learnt(world, two_spellings) == parse_table(two_spellings.encode(), name="rows.csv")


def test_a_source_of_too_few_rows_is_made_up_by_those_that_were_answered(world: World) -> None:
    keep(world, (0, 24), rows(3))
    assert len(learnt(world, HEADER + "1.5,reed,a\n2.5,tree,a\n").rows) == 5


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        ([], []),
        (["2026/02/28/23/a.jsonl"], ["2026/02/28/23/a.jsonl"]),
        (["2025/12/31/00/a.jsonl", "2026/02/28/23/b.jsonl"], ["2025/12/31/00/a.jsonl"]),
        (
            ["2026/02/28/23/a.jsonl", "2026/03/01/00/b.jsonl", "2026/04/01/00/c.jsonl"],
            ["2026/03/01/00/b.jsonl", "2026/04/01/00/c.jsonl"],
        ),
        (["2026/03/01/00/a.json", "files/0.json"], []),
    ],
    ids=["none", "an earlier one", "the first of many", "since then", "no labels"],
)
def test_labels_are_read_from_the_hour_of_their_requests_on(
    world: World, came: list[str], expected: list[str]
) -> None:
    place = labels_prefix(ENDPOINT)
    for name in came:
        world.bucket.write(f"{place}{name}", b"{}\n")
    found = labels_since(workspace(world), MARCH + timedelta(minutes=30))
    assert found == tuple(f"{place}{name}" for name in expected)


def measured(kinds: Any) -> str:
    return HEADER + "".join(f"{n % 9}.5,reed,{kinds(n)}\n" for n in range(40))


@pytest.mark.parametrize(
    ("source", "learns"),
    [
        (measured(lambda n: "ab"[n % 2]), False),
        (measured(lambda n: n % 2), False),
        (measured(lambda n: n % 2 + 0.5), False),
        (measured(lambda n: n * 1.25), True),
    ],
    ids=["classes", "whole numbers as classes", "broken numbers as classes", "numbers"],
)
def test_a_number_that_the_source_has_not_is_learnt_where_numbers_are_predicted(
    world: World, source: str, learns: bool
) -> None:
    keep(world, (0, 24), HEADER + "7.25,reed,7\n")
    assert len(learnt(world, source).rows) == 40 + learns

"""A file of labels is checked whole before anything is written, and taken once."""

import hashlib
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.configuration.sections import TrainingSettings
from pipeline.core import naming
from pipeline.core.errors import UsageError
from pipeline.core.label_files import LabelFile, label_file_object, labels_object
from pipeline.core.records import Release
from pipeline.material.ground_truth import read_ground_truth
from pipeline.material.reading import parse_table
from pipeline.steps.put_labels import put_labels, read_labels
from pipeline.tabular.cells import Spelling
from tests.fakes.boundary import NoFaults
from tests.simulation.commands import Command, Mode, run_command, workspace_of
from tests.simulation.world import ENDPOINT, SETTINGS, World, empty_world

CLASSES = ("setosa", "virginica")


def lines_of(text: str, *, classes: tuple[str, ...] = CLASSES) -> list[dict[str, object]]:
    found = read_ground_truth(parse_table(text.encode(), name="labels.csv"), classes=classes)
    return [json.loads(line) for line in found.to_json_lines().splitlines()]


def problems_of(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        lines_of(text)
    head, *told = caught.value.message.splitlines()
    assert head.endswith("cannot be taken; nothing was written.")
    return [each.strip() for each in told]


def test_a_label_becomes_a_line_of_sagemakers_form() -> None:
    assert lines_of("label,id\nsetosa, a-1 \n") == [
        {
            "eventMetadata": {"eventId": "a-1"},
            "eventVersion": "0",
            "groundTruthData": {"data": "setosa", "encoding": "CSV"},
        }
    ]


def test_a_request_of_several_rows_has_its_labels_in_their_order() -> None:
    [line] = lines_of("id,row,label\na,2,virginica\na,1,setosa\n")
    assert line["groundTruthData"] == {"data": "setosa\nvirginica", "encoding": "CSV"}


def test_numbers_are_spelt_as_the_model_spells_them() -> None:
    [line] = lines_of("id,label\na,3.0\n", classes=("3", "4"))
    assert line["groundTruthData"] == {"data": "3", "encoding": "CSV"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id,label\n,setosa\n", "line 2 has no id."),
        ("id,label\na,\n", "line 2 has no label; leave out requests"),
        ("id,label\na,setsoa\n", "is no class of the live model. Did you mean 'setosa'?"),
        (
            "id,label\na,setosa\nb,setosa\na,setosa\n",
            "line 4: the id 'a' is on line 2 already",
        ),
        (f"id,label\n{'x' * 65},setosa\n", "is not 1 to 64 characters"),
        ('id,label\na,"set\nosa"\n', "is more than one line of text."),
        ("id,row,label\na,0,setosa\n", "line 2: the row '0' is no whole number from 1 on."),
        ("id,row,label\na,one,setosa\n", "the row 'one' is no whole number from 1 on."),
        (f"id,row,label\na,{'9' * 5000},setosa\n", "is no whole number from 1 on."),
        ("id,row,label\na,1,setosa\na,1,setosa\n", "row 1 of 'a' is on line 2 already."),
        ("id,row,label\na,1,setosa\na,3,setosa\n", "'a' has a row 3 here, but no row 2."),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, problem: str) -> None:
    [told] = problems_of(text)
    assert problem in told


@pytest.mark.parametrize(
    ("label", "decimal", "is_taken"),
    [
        ("2.5", ".", True),
        ("-1e3", ".", True),
        ('"2,5"', ",", True),
        ("2.5", ",", True),
        ('"2,5"', ".", False),
        ("1e999", ".", False),
        ("inf", ".", False),
        ("NaN", ".", False),
        ("much", ".", False),
    ],
)
def test_a_model_of_a_number_takes_finite_numbers_as_its_source_spells_them(
    label: str, decimal: str, is_taken: bool
) -> None:
    table = parse_table(f"id,label\na,{label}\n".encode(), name="labels.csv", separator=",")
    with nullcontext() if is_taken else pytest.raises(UsageError, match="is no finite number"):
        found = read_ground_truth(table, classes=(), numbers=Spelling(decimal=decimal))
        assert found.labels == {"a": (label.strip('"'),)}


def test_all_problems_are_told_at_once_and_many_are_counted() -> None:
    text = "id,label\n" + "a,setsoa\n" * 3 + ",setosa\n" * 30
    told = problems_of(text)
    assert len(told) == 21
    assert told[-1] == "and 15 more"


def test_another_header_is_refused_with_the_one_that_is_right() -> None:
    with pytest.raises(UsageError, match="`id,label`"):
        lines_of("request,truth\na,setosa\n")


@pytest.fixture
def world() -> World:
    return empty_world()


def put(world: World, file: Path, *, force: bool = False, **training: Any) -> LabelFile:
    workspace = workspace_of(world, Command(mode=Mode.SETTLE), NoFaults())
    settings = SETTINGS.model_copy(update={"training": TrainingSettings(**training)})
    context = replace(workspace.context, force=force, settings=settings)
    workspace = replace(workspace, context=context)
    return put_labels(workspace, read_labels(workspace, file))


def test_the_same_file_twice_is_the_same_objects(world: World, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("id,label\na,setosa\nb,virginica\n")
    first = put(world, file)
    objects = dict(world.bucket.objects)
    world.clock.jump(timedelta(hours=7).total_seconds())
    assert put(world, file) == first
    assert world.bucket.objects == objects
    key = labels_object(ENDPOINT, first)
    assert key.startswith(f"labels/{ENDPOINT}/2026/01/02/12/20260102-12")
    assert hashlib.sha256(objects[key].body).hexdigest() == first.content_sha256


def test_what_was_cut_off_after_the_record_is_completed(world: World, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("id,label\na,setosa\n")
    first = put(world, file)
    key = labels_object(ENDPOINT, first)
    del world.bucket.objects[key]
    world.clock.jump(60)
    assert put(world, file) == first
    assert {key, label_file_object(ENDPOINT, first.content_sha256)} <= set(world.bucket.objects)


def test_a_later_correction_sorts_behind_what_it_corrects(world: World, tmp_path: Path) -> None:
    file, keys = tmp_path / "labels.csv", []
    for label in ("setosa", "virginica"):
        file.write_text(f"id,label\na,{label}\n")
        keys.append(labels_object(ENDPOINT, put(world, file)))
        world.clock.jump(0.001)
    assert keys == sorted(keys)
    assert keys[0] != keys[1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_a_file_is_read_as_it_is_or_as_the_source_is_said_to_be(
    world: World, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes("id;label\na;schön\n".encode(encoding))
    found = put(world, file, encoding="cp1252")
    body = world.bucket.objects[labels_object(ENDPOINT, found)].body
    assert json.loads(body)["groundTruthData"]["data"] == "schön"


def test_a_file_in_another_encoding_says_what_to_set(world: World, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes("id,label\na,schön\n".encode("cp1252"))
    before = dict(world.bucket.objects)
    with pytest.raises(UsageError, match="is not UTF-8") as caught:
        put(world, file)
    assert '"encoding": "cp1252" in the section `training`' in caught.value.remedy
    assert world.bucket.objects == before


def test_a_file_that_is_divided_like_the_source_is_read_like_it(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("id|label\na|1,5;2,5\n")
    assert put(world, file, separator="|").rows == 1


def test_a_file_that_is_not_there_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        put(world, tmp_path / "absent.csv")


@pytest.mark.parametrize(("force", "is_taken"), [(False, False), (True, True)])
def test_labels_of_a_live_model_of_a_number_are_numbers_if_not_forced(
    world: World, tmp_path: Path, force: bool, is_taken: bool
) -> None:
    run_command(world, Command(mode=Mode.DEPLOYMENT, name="A"), NoFaults())
    live = world.head().live_release or ""
    _predicts_a_number(world, live)
    spelling = {"spelling": {"missing": [], "decimal": ","}}
    world.bucket.write(
        f"{naming.baseline_prefix(live)}baseline.json", json.dumps({"request": spelling}).encode()
    )
    file = tmp_path / "labels.csv"
    file.write_text('id,label\na,"2,5"\n')
    assert put(world, file).rows == 1
    file.write_text("id,label\na,many\n")
    with nullcontext() if is_taken else pytest.raises(UsageError, match="is no finite number"):
        assert put(world, file, force=force).rows == 1


def _predicts_a_number(world: World, release: str) -> None:
    key = naming.release_object(ENDPOINT, release)
    known = Release.from_json(world.bucket.objects[key].body)
    other = replace(known, identity=replace(known.identity, labels=()))
    world.bucket.write(key, other.to_json().encode())

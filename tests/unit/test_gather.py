"""What a training is made of: judged as a whole before anything is uploaded, and told."""

import hashlib
import logging
from pathlib import Path
from typing import Any

import pytest

from pipeline.context import Context
from pipeline.core.errors import UsageError
from pipeline.gateways.aws import Cloud
from pipeline.recorder import Recorder
from pipeline.steps.dry_run import told_training
from pipeline.steps.train import Material, gather
from pipeline.tabular.schema import read_schema
from tests.unit.config_files import Load, load
from tests.unit.core_builders import NOON

__all__ = ["load"]

ROWS = [f"{n};{n % 5},5;{'?' if n == 7 else n % 3};{'yn'[n % 2]}" for n in range(40)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "birds of May.csv"
    path.write_text("\n".join([";size;age;kind", *ROWS]) + "\n")
    return path


def context_of(
    load: Load, file: Path, *, retraining: dict[str, Any] | None = None, **training: Any
) -> Context:
    return Context(
        settings=load(
            training={"data": str(file), "target": "kind", **training},
            retraining=retraining or {},
        ),
        cloud=Cloud(region="us-east-1", endpoint_url=None, inherited={}),
        run_id="one",
        git_sha="",
        work_dir=Path(),
        output_dir=Path(),
        recorder=Recorder(),
        now=lambda: NOON,
    )


def gathered(load: Load, file: Path, **training: Any) -> tuple[Material, Recorder]:
    context = context_of(load, file, **training)
    return gather(context), context.recorder


@pytest.mark.parametrize("seed", range(4))
def test_a_cell_that_is_no_number_is_named_before_anything_changes(
    load: Load, file: Path, seed: int
) -> None:
    with pytest.raises(UsageError) as caught:
        gathered(load, file, split_seed=seed)
    assert caught.value.message == (
        "birds of May.csv (cells divided by a semicolon), column 'age' holds numbers, but 1 of 40 "
        "cells are none: '?' on line 9."
    )


def test_what_may_be_meant_otherwise_is_recorded_and_logged(
    load: Load, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        _, recorder = gathered(load, file, missing_values=["?"])
    warnings = recorder.part("data_warnings")
    assert [warning.partition(": ")[2] for warning in warnings[:2]] == [
        "its cells are divided by a semicolon.",
        "numbers are read with a decimal comma (line 2, column 'size': '0,5').",
    ]
    assert "column 1, which has no name, is left out" in warnings[2]
    assert [f"data: {warning}" for warning in warnings] == caplog.messages


def test_a_model_is_known_by_the_columns_that_its_requests_need(load: Load, file: Path) -> None:
    material, _ = gathered(load, file, missing_values=["?"], columns={"age": "drop"})
    assert (material.identity.columns, material.identity.labels) == (("size",), ("n", "y"))
    schema = read_schema(material.divided.schema_json.decode())
    assert schema.left_out == ("", "age")
    assert schema == material.divided.schema


def test_a_dry_run_says_what_would_be_trained_from_which_bytes(load: Load, file: Path) -> None:
    context = context_of(
        load, file, missing_values=["?"], max_runtime_s=600, hyperparameters={"depth": 3}
    )
    material = gather(context)
    lines = tuple(told_training(context, material))
    assert lines[0] == (
        f"Would train: iris-classifier for kind, from {file}, "
        f"sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}"
    )
    assert lines[2] == f"Code: sha256 {material.packed.sha256}"
    assert "at most 600 s" in lines[3]
    assert lines[3].endswith("hyperparameters: depth=3")
    assert lines[4] == "Gate: accuracy from 0.95 deploys, below 0.9 is rejected"
    assert lines[5].startswith("A model that passes would be deployed to iris-model-staging: 1 x ")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("own_rule:Rule", "has no 'Rule'"),
        ("own_rul:Weights", "there is no module 'own_rul'"),
        ("broken:Rule", "is not valid Python"),
        ("json:Rule", "a module of your own cannot be called 'json'"),
    ],
)
def test_a_rule_for_answered_rows_that_is_not_there_is_refused_before_anything_changes(
    load: Load, file: Path, spec: str, words: str
) -> None:
    (file.parent / "own_rule.py").write_text("class Weights: ...\n")
    (file.parent / "broken.py").write_text("class Rule\n")
    context = context_of(
        load,
        file,
        missing_values=["?"],
        source_dir=str(file.parent),
        retraining={"merge_class": spec},
    )
    with pytest.raises(UsageError, match=words):
        gather(context)

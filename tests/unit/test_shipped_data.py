"""Every table of data/ passes the shipped thresholds, and no column name means anything."""

from dataclasses import dataclass

import pytest

from model.evaluate import held_out_frame
from model.manifest import Manifest
from model.payload import frame_for, read_payload
from model.table import read_table, split_csv
from model.train import describe, parse_options, training_frame
from pipeline.config import PROJECT_ROOT
from pipeline.split import parse_table, split
from pipeline.training import TrainingPipeline

TABLES = [
    ("iris", "species"),
    ("wine", "cultivar"),
    ("breast_cancer", "diagnosis"),
    ("digits", "digit"),
]
# What a name could collide with: templates, SQL, shells, code, other columns, other alphabets.
HOSTILE = ("{{ x }}", "${y}", "a; DROP", "x[0]", "index", "label", "target", "é ñ", "0", "-n")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    accuracy: float
    answers: list[object]


def renamed(content: bytes, *, target: str) -> tuple[bytes, str]:
    """Give every column another name, the odd ones first."""
    header, _, rows = content.decode().partition("\n")
    names = [
        HOSTILE[number] if number < len(HOSTILE) else f"c{number}"
        for number, _ in enumerate(header.split(","))
    ]
    return f"{','.join(names)}\n{rows}".encode(), names[header.split(",").index(target)]


def outcome(content: bytes, *, target: str) -> Outcome:
    """Split, train, measure and answer the first held-out rows, all with the product's parts."""
    halves = split(parse_table(content), target=target, test_fraction=0.5, seed=3)
    table = read_table(halves.train_csv)
    options = parse_options({"target": target, "candidates": "logistic_regression"})
    frame, columns = training_frame(table, target=target)
    pipeline = TrainingPipeline(
        target=target, hyperparameters=options["hyperparameters"], cv_folds=2
    )
    trained = pipeline.train(frame)
    manifest = describe(trained, table, source=columns, options=options)
    X, y = pipeline.prepared(held_out_frame(read_table(halves.test_csv), manifest))
    body = request(halves.test_csv, manifest)
    answered = frame_for(read_payload(body, "text/csv"), columns=manifest.columns)
    return Outcome(
        accuracy=pipeline.evaluate_model(trained.model, X, y)["accuracy"],
        answers=trained.model.predict(answered).tolist(),
    )


def request(test_csv: bytes, manifest: Manifest) -> bytes:
    """Return ten held-out rows without their target, with a header, as CSV."""
    header, *rows = split_csv(test_csv.decode())
    kept = [index for index, name in enumerate(header) if name != manifest.target]
    lines = [",".join(line[index] for index in kept) for line in [header, *rows[:10]]]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(("name", "target"), TABLES)
def test_a_shipped_table_is_learned_whatever_its_columns_are_called(name: str, target: str) -> None:
    content = (PROJECT_ROOT / "data" / f"{name}.csv").read_bytes()
    other_content, other_target = renamed(content, target=target)
    as_shipped = outcome(content, target=target)
    assert as_shipped.accuracy >= 0.90
    assert outcome(other_content, target=other_target) == as_shipped

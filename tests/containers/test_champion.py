"""Two artifacts on the same rows: each by its own code, and only what neither was trained on."""

import json
from pathlib import Path
from statistics import fmean, pvariance
from typing import Any

import pytest

from pipeline.material.bundle import build_bundle
from pipeline.material.reading import parse_table, write_csv
from tests.support.containers import Containers, a_schema, containers
from tests.support.project import PROJECT_ROOT
from tests.support.tables import a_mixed_csv

# A class of the same module name in both artifacts, of which each must get its own
MAJORITY = """
from pipeline.training import TrainingPipeline
class Model:
    def __init__(self, label): self.label, self.classes_ = label, [label]
    def predict(self, X): return [{answer} for _ in range(len(X))]
class Mine(TrainingPipeline):
    def train_local_model(self, X, y): return Model(y[0])
"""
ALWAYS_GOOD, ALWAYS_BAD = (MAJORITY.format(answer=repr(each)) for each in ("good", "bad"))
HELD_OUT = a_mixed_csv(seed=1)


def trained(folder: Path, content: bytes, code: str | None = None) -> Containers:
    """Return what a training job leaves, with a training class of the user's own in `code`."""
    folder.mkdir()
    if code is None:
        made = containers(folder)
        made.train(content, target="verdict", candidates="logistic_regression")
        return made
    (folder / "mine.py").write_text(code)
    bundle = build_bundle(PROJECT_ROOT, ["mine:Mine"], source_dir=folder)
    made = Containers(root=folder, bundle=bundle)
    made.train(content, target="verdict", training_pipeline="mine:Mine")
    return made


def compared(
    champion: Containers, challenger: Containers, test_csv: bytes = HELD_OUT, *flags: str
) -> dict[str, Any]:
    places = ("--champion-dir", str(champion.archive.parent))
    comparison: dict[str, Any] = challenger.evaluate(test_csv, *places, *flags)["comparison"]
    return comparison


def counts(comparison: dict[str, Any]) -> tuple[int, ...]:
    assert comparison["failure"] is None
    names = ("both_right", "only_champion_right", "only_challenger_right", "both_wrong")
    return tuple(comparison[name] for name in names)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Containers:
    return trained(tmp_path_factory.mktemp("good") / "own", a_mixed_csv())


def test_each_artifact_answers_by_the_code_it_was_trained_with(tmp_path: Path) -> None:
    first = trained(tmp_path / "first", a_mixed_csv(), ALWAYS_GOOD)
    other = trained(tmp_path / "other", a_mixed_csv(), ALWAYS_BAD)
    assert counts(compared(first, other)) == (0, 30, 30, 0)


def test_models_of_a_number_are_compared_by_their_squared_errors(tmp_path: Path) -> None:
    rows = [(f"{n * 37 % 101 / 4}", f"{n * 37 % 101 / 2 + n % 3}") for n in range(100)]
    content = write_csv(("size", "verdict"), rows)
    constant = trained(tmp_path / "constant", content, MAJORITY.format(answer="25.0"))
    learned = containers(tmp_path / "learned")
    learned.root.mkdir()
    learned.train(content, target="verdict", candidates="ridge")
    document = learned.evaluate(content, "--champion-dir", str(constant.archive.parent))
    errors = document["comparison"]["errors"]
    values = [float(value) for _, value in rows]
    assert errors["champion_mean"] == pytest.approx(fmean((v - 25) ** 2 for v in values))
    assert errors["challenger_mean"] == pytest.approx(document["metrics"]["rmse"] ** 2)
    assert errors["target_variance"] == pytest.approx(pvariance(values))


def test_without_a_champion_nothing_is_compared(good: Containers) -> None:
    assert good.evaluate(HELD_OUT)["comparison"] is None


def test_a_model_is_as_good_as_itself(good: Containers) -> None:
    document = good.evaluate(HELD_OUT, "--champion-dir", str(good.archive.parent))
    right = round(document["accuracy"] * document["rows"])
    assert counts(document["comparison"]) == (right, 0, 0, document["rows"] - right)
    assert document["comparison"]["artifact_sha256"] == document["artifact_sha256"]


def test_rows_that_only_the_champion_was_trained_on_are_left_out(
    good: Containers, tmp_path: Path
) -> None:
    """Its file has another order of rows and columns, and decimal commas."""
    table = parse_table(HELD_OUT)
    seen, common = table.rows[:20], table.rows[20:25]
    schema = json.loads(a_schema(HELD_OUT, target="verdict"))
    schema["spelling"]["decimal"] = ","
    flags = []
    for flag, rows in (("--champion-train-dir", (*seen, *common)), ("--train-dir", common)):
        folder = tmp_path / flag
        folder.mkdir()
        turned = [[cell.replace(".", ",") for cell in row[::-1]] for row in reversed(rows)]
        (folder / "train.csv").write_bytes(write_csv(table.columns[::-1], turned))
        (folder / "schema.json").write_text(json.dumps(schema))
        flags += [flag, str(folder)]
    comparison = compared(good, good, HELD_OUT, *flags)
    assert (comparison["seen_rows"], comparison["rows"]) == (20, 40)


def test_training_rows_of_other_columns_tell_nothing(good: Containers, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(b"size,verdict\n1,good\n2,bad\n")
    (tmp_path / "schema.json").write_bytes(a_schema(HELD_OUT, target="verdict"))
    flags = ("--champion-train-dir", str(tmp_path), "--train-dir", str(tmp_path))
    says = "nobody can tell which rows it has seen in training: The table has no column 'weight'"
    assert compared(good, good, HELD_OUT, *flags)["failure"].startswith(says)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("colour", "hue"), "the live release does not answer these rows"),
        (lambda text: text.replace("red", "\u00e9"), None),
    ],
)
def test_rows_that_the_champion_does_not_take_are_a_finding(
    good: Containers, tmp_path: Path, change: Any, says: str | None
) -> None:
    content = change(a_mixed_csv().decode()).encode()
    other = trained(tmp_path / "other", content)
    comparison = compared(good, other, change(HELD_OUT.decode()).encode())
    assert (comparison["failure"] or "").startswith(says or "")
    assert bool(comparison["rows"]) == (says is None)


def test_a_champion_that_cannot_be_loaded_is_a_finding(good: Containers, tmp_path: Path) -> None:
    broken = trained(tmp_path / "broken", a_mixed_csv(), ALWAYS_GOOD)
    code = "import os\ndef model_fn(directory): os._exit(7)\n"
    for content, says in ((code, "ended with exit code 7"), ("1 / 0", "ZeroDivisionError")):
        (broken.model_dir / "code" / "inference.py").write_text(content)
        broken.pack()
        assert says in compared(broken, good)["failure"]
    broken.archive.write_bytes(b"not an archive")
    assert "cannot be unpacked" in compared(broken, good)["failure"]

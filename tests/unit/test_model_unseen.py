"""Rows are left out that the champion alone was trained on, however many there are."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import spool, table, unseen
from model.manifest import Manifest
from model.table import read_table
from model.unseen import Asked, Unseen
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column, Schema

ROWS = st.lists(st.integers(0, 30), min_size=1, max_size=40)
SIZE = (Column(name="size", kind="numeric"),)
SCHEMA = Schema(target="kind", label_kind="text", columns=SIZE, spelling=Spelling())
MANIFEST = Manifest(
    target="kind",
    label_kind="text",
    labels=("a", "b"),
    columns=SIZE,
    source_columns=SIZE,
    inputs=("size",),
    spelling=Spelling(),
    training_pipeline="",
    rows=0,
    seed=0,
    data_sha256="",
)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PART_CELLS", 10)
    monkeypatch.setattr(spool, "PART_ROWS", 4)
    monkeypatch.setattr(unseen, "PART_ROWS", 4)


def as_csv(rows: Sequence[int]) -> bytes:
    return "".join(("size,kind\n", *(f"{row},a\n" for row in rows))).encode()


@given(ROWS, ROWS, ROWS)
def test_the_rows_left_out_are_those_that_the_champion_alone_has_learnt(
    held_out: list[int], theirs: list[int], ours: list[int]
) -> None:
    with TemporaryDirectory() as name:
        folders = [Path(name) / side for side in ("theirs", "ours")]
        for folder, rows in zip(folders, (theirs, ours), strict=True):
            folder.mkdir()
            (folder / "train.csv").write_bytes(as_csv(rows))
            (folder / "schema.json").write_text(SCHEMA.to_json())
        asked = Asked(
            champion_dir=Path(name),
            challenger=Path(name),
            champion_train_dir=folders[0],
            challenger_train_dir=folders[1],
        )
        found = Unseen(asked, read_table(as_csv(held_out)), MANIFEST)
        left = [int(row[0]) for part in found.parts() for row in part.rows]
    assert left == [row for row in held_out if row not in set(theirs) - set(ours)]
    assert found.seen_rows == len(held_out) - len(left)


def test_with_the_same_training_rows_none_is_left_out() -> None:
    asked = Asked(champion_dir=Path("/none"), challenger=Path("/none"))
    found = Unseen(asked, read_table(as_csv([1, 2, 2])), MANIFEST)
    assert (found.seen_rows, sum(len(part.rows) for part in found.parts())) == (0, 3)

"""A data source of several files: one table, and each line told with its file."""

import gzip
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import UsageError
from pipeline.material.deciding import decide
from pipeline.material.joining import join, require_data
from pipeline.material.reading import parse_table
from pipeline.material.table import Choices, DataTable
from pipeline.steps.train import gather
from tests.unit.config_files import Load, load
from tests.unit.test_gather import context_of

__all__ = ["load"]

FIRST = b"size,kind\n" + b"".join(f"{n},{'yn'[n % 2]}\n".encode() for n in range(20))
MORE = b"size,kind\n" + b"".join(f"{n / 7:.3f},{'yn'[n % 2]}\n".encode() for n in range(20))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "birds"
    (place / "year=2026").mkdir(parents=True)
    (place / "year=2026" / "may.csv.gz").write_bytes(gzip.compress(MORE))
    (place / "april.csv").write_bytes(FIRST)
    for beside in ("_SUCCESS", ".april.csv.crc", "README.md", "_old.csv"):
        (place / beside).write_text("not data")
    return place


def test_a_folder_is_one_table_in_the_order_of_its_names(load: Load, folder: Path) -> None:
    material = gather(context_of(load, folder))
    assert material.divided.train_rows + material.divided.test_rows == 40
    april, may = parse_table(FIRST), parse_table((folder / "year=2026" / "may.csv.gz").read_bytes())
    joined = join([april, may], name="birds")
    assert joined.rows == (*april.rows, *may.rows)
    assert material.divided.source_sha256 == joined.sha256 != april.sha256


def test_of_the_files_of_a_folder_none_waits_for_the_others_in_memory() -> None:
    held: list[weakref.ref[Any]] = []

    def files() -> Iterator[DataTable]:
        for number in range(9):
            alive = sum(each() is not None for each in held)
            assert alive <= 2, "the first, whose header counts, and the one before"
            table = parse_table(f"size,kind\n{number},y\n".encode(), name=f"{number}.csv")
            held.append(weakref.ref(table.stored))
            yield table
            del table

    joined = join(files(), name="birds")
    assert list(joined.rows) == [(str(number), "y") for number in range(9)]


def test_rows_that_are_added_are_another_source(load: Load, folder: Path) -> None:
    before = gather(context_of(load, folder)).divided.source_sha256
    assert gather(context_of(load, folder)).divided.source_sha256 == before
    (folder / "zz.csv").write_bytes(MORE)
    assert gather(context_of(load, folder)).divided.source_sha256 != before


def test_a_line_is_told_with_its_file(load: Load, folder: Path) -> None:
    (folder / "june.csv").write_text("size,kind\n1,y\nwide,n\n")
    with pytest.raises(UsageError) as caught:
        gather(context_of(load, folder, columns={"size": "number"}))
    assert "'wide' on line 3 of june.csv" in caught.value.message


@pytest.mark.parametrize(
    ("header", "shown"), [("kind,size", "'kind', 'size'"), ("size,kind,age", "'age'")]
)
def test_another_header_is_refused_with_both_files(
    load: Load, folder: Path, header: str, shown: str
) -> None:
    (folder / "june.csv").write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    with pytest.raises(UsageError) as caught:
        gather(context_of(load, folder))
    assert shown in caught.value.message
    assert "june.csv" in caught.value.message
    assert "april.csv, which comes before it" in caught.value.message


def test_a_folder_without_data_is_refused_and_says_what_it_has() -> None:
    with pytest.raises(UsageError) as caught:
        require_data(["b.parquet", "a.txt", "_SUCCESS"], address="s3://there/rows/")
    assert caught.value.message == (
        "s3://there/rows/ has no file that ends in .csv or .csv.gz. It has '_SUCCESS', 'a.txt', "
        "'b.parquet'."
    )


def test_classes_are_decided_on_all_files_together() -> None:
    tables = [parse_table(f"size,kind\n1,{label}\n2,{label}\n".encode()) for label in "yn"]
    decided = decide(join(tables, name="both"), Choices(target="kind"))
    assert decided.labels.classes == ("n", "y")

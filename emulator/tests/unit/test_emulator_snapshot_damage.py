"""Whatever is wrong with a snapshot or a server record on disk, it is said in a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.persistence.content import SnapshotFolder, digest_of
from emulator.persistence.gate import Gate
from emulator.persistence.keeper import STOP, Homeless, Keeper, Restored
from emulator.persistence.wiring import keeper_of
from emulator.state_directory import StateDirectory, StateDirectoryError
from emulator.store import Key, Store


def keeper(folder: Path, store: Store) -> Keeper:
    return keeper_of(store, Gate(), path=folder / "snapshot", instance_id="first")


def restored(folder: Path, damage: Callable[[Path], object]) -> tuple[Restored, Store]:
    """Take a snapshot of one model, damage it, and start again."""
    before, after = Store(), Store()
    before.put(Key("us-east-1", "model", "m"), {"ModelName": "m"})
    keeper(folder, before).take(STOP)
    damage(folder / "snapshot")
    return keeper(folder, after).restore(previous_instance_id="first"), after


def with_header(**members: Any) -> Callable[[Path], object]:
    def damage(snapshot: Path) -> None:
        header = json.loads((snapshot / "header.json").read_text())
        (snapshot / "header.json").write_text(json.dumps({**header, **members}))

    return damage


@pytest.mark.parametrize(
    "members",
    [
        {"versions": None},
        {"versions": ["schema"]},
        {"taken_at": "yesterday"},
        {"taken_at": float("nan")},
        {"sections": 5},
        {"sections": {"sagemaker": None, "moto": None}},
        {"sections": {"sagemaker": "../../header.json", "moto": "\0"}},
    ],
)
def test_a_header_with_odd_members_is_set_aside(tmp_path: Path, members: dict[str, Any]) -> None:
    found, _ = restored(tmp_path, with_header(**members))
    assert found.restored.startswith("set aside: header.json is damaged (")


def test_a_header_without_end_is_set_aside(tmp_path: Path) -> None:
    found, _ = restored(tmp_path, lambda path: (path / "header.json").write_text("[" * 100_000))
    assert found.restored.startswith("set aside: header.json is damaged (")


def test_a_file_in_the_place_of_the_snapshot_is_set_aside(tmp_path: Path) -> None:
    def damage(snapshot: Path) -> None:
        snapshot.rename(snapshot.with_name("elsewhere"))
        snapshot.write_text("not a directory")

    found, _ = restored(tmp_path, damage)
    assert found.restored.startswith("set aside: header.json is damaged (")


@pytest.mark.parametrize(
    "documents", ["[", '{"documents": [], "tags": 5}', "[" * 100_000, "endpoint", "training-job"]
)
def test_documents_that_cannot_be_settled_leave_nothing_half_restored(
    tmp_path: Path, documents: str
) -> None:
    if "[" not in documents:
        text = {"documents": [["us-east-1", documents, "without a status", {}]], "tags": {}}
        documents = json.dumps(text)
    found, store = restored(tmp_path, with_section("sagemaker", documents.encode()))
    assert found.restored.startswith("set aside: the part sagemaker cannot be read (")
    assert store.all_keys() == []


def with_section(name: str, data: bytes) -> Callable[[Path], object]:
    def damage(snapshot: Path) -> None:
        folder = SnapshotFolder(path=snapshot)
        header = folder.header()
        assert header is not None
        (snapshot / "content" / header.sections[name]).unlink()
        (snapshot / "content" / digest_of(data)).write_bytes(data)
        with_header(sections={**header.sections, name: digest_of(data)})(snapshot)

    return damage


@pytest.mark.parametrize("record", ["", "[]", "5", '{"port": 1}', '{"port": "x"}', "\0", "["])
def test_a_damaged_server_record_says_what_to_do(tmp_path: Path, record: str) -> None:
    (tmp_path / "emulator.json").write_text(record)
    with pytest.raises(StateDirectoryError, match=r"is damaged .* delete it and start again"):
        StateDirectory(path=tmp_path).read_record()


@pytest.mark.parametrize("port", [0, -1, 70_000, "8080", None, 1.5])
def test_a_port_that_is_none_is_a_damaged_record(tmp_path: Path, port: object) -> None:
    record = {"pid": 1, "port": port, "instance_id": "i", "version": "1"}
    (tmp_path / "emulator.json").write_text(json.dumps(record))
    with pytest.raises(StateDirectoryError, match="is damaged"):
        StateDirectory(path=tmp_path).read_record()


def test_a_keeper_writes_nothing_where_its_directory_is_no_more(tmp_path: Path) -> None:
    keeper = keeper_of(
        Store(), Gate(), path=tmp_path / "snapshot", instance_id="i", is_home=lambda: False
    )
    with pytest.raises(Homeless):
        keeper.take(STOP)
    assert list(tmp_path.iterdir()) == []


def test_a_keeper_says_why_it_cannot_write_until_it_can(tmp_path: Path) -> None:
    taking = keeper(tmp_path, Store())
    (tmp_path / "snapshot").write_text("in the way")
    with pytest.raises(OSError, match="Not a directory"):
        taking.take("interval")
    assert "Not a directory" in (taking.trouble or "")
    (tmp_path / "snapshot").unlink()
    taking.take("interval")
    assert taking.trouble is None

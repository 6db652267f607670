"""Snapshots on disk, who waits for whom, and what a restart makes of what was under way."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.calls import Call
from emulator.persistence.content import Content, Header, SnapshotFolder, Unusable
from emulator.persistence.gate import Gate
from emulator.persistence.keeper import STOP, Keeper, Stopped
from emulator.persistence.settling import REASON, settle
from emulator.persistence.wiring import plain_part
from emulator.store import Key, Store

REGION = "us-east-1"


def a_call(action: str) -> Call:
    return Call(
        service="s3",
        action=action,
        region=REGION,
        method="POST",
        path="/",
        target=False,
        endpoint_name=None,
        body=b"",
    )


class World:
    """A state of one number, and keepers of it."""

    def __init__(self, folder: Path) -> None:
        self.number = 0
        self.gate = Gate()
        self.folder = SnapshotFolder(path=folder / "snapshot")

    def keeper(self, instance_id: str = "first") -> Keeper:
        part = plain_part("number", snapshot=lambda: self.number, restore=self.become)
        return Keeper(self.folder, self.gate, parts=(part,), instance_id=instance_id)

    def become(self, number: Any) -> None:
        if not isinstance(number, int):
            text = "not a number"
            raise TypeError(text)
        self.number = number

    def taken(self, number: int, occasion: str = STOP) -> None:
        self.number = number
        self.keeper().take(occasion)
        self.number = 0

    def change_header(self, change: Callable[[Header], Header]) -> None:
        header = self.folder.header()
        assert header is not None
        self.folder.write(change(header), {})


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_was_taken_is_restored(world: World) -> None:
    world.taken(7)
    restored = world.keeper("second").restore(previous_instance_id="first")
    assert (world.number, restored.restored, restored.unclean) == (7, "yes", False)


def test_a_first_start_restores_nothing_and_is_clean(world: World) -> None:
    restored = world.keeper().restore(previous_instance_id=None)
    assert (restored.restored, restored.unclean, restored.snapshot_age_s) == ("no", False, None)


def test_a_server_that_was_killed_without_any_snapshot_was_not_clean(world: World) -> None:
    assert world.keeper().restore(previous_instance_id="first").unclean is True


@pytest.mark.parametrize(
    ("occasion", "previous"), [("interval", "first"), (STOP, "killed after that one")]
)
def test_a_snapshot_that_is_not_the_last_word_is_restored_as_unclean(
    world: World, occasion: str, previous: str
) -> None:
    world.taken(7, occasion)
    restored = world.keeper("second").restore(previous_instance_id=previous)
    assert (world.number, restored.restored, restored.unclean) == (7, "yes", True)


@pytest.mark.parametrize("name", ["schema", "emulator", "moto", "python"])
def test_another_version_is_set_aside_and_named(world: World, name: str) -> None:
    world.taken(7)
    world.change_header(lambda h: replace(h, versions={**h.versions, name: "0"}))
    restored = world.keeper("second").restore(previous_instance_id="first")
    assert restored.restored.startswith(f"set aside: it was written with {name} 0, and this is ")
    assert world.number == 0
    assert world.folder.header() is None
    assert len(list(world.folder.path.parent.glob("snapshot-set-aside-*/header.json"))) == 1


def test_a_damaged_header_is_set_aside(world: World) -> None:
    world.taken(7)
    (world.folder.path / "header.json").write_text('{"versions":')
    restored = world.keeper("second").restore(previous_instance_id="first")
    assert restored.restored.startswith("set aside: header.json is damaged")
    assert restored.unclean is True


def test_content_that_a_part_refuses_is_set_aside(world: World) -> None:
    world.taken(7)
    content = Content(world.folder)
    content.add_section("number", b'"seven"')
    world.folder.write(
        replace(world.folder.header() or a_header(), sections=content.sections), content.new
    )
    restored = world.keeper("second").restore(previous_instance_id="first")
    assert "the part number cannot be read" in restored.restored


def test_nothing_is_taken_after_the_last_snapshot(world: World) -> None:
    keeper = world.keeper()
    keeper.take(STOP)
    with pytest.raises(Stopped):
        keeper.take("interval")


def test_snapshots_are_taken_only_while_something_changes(world: World) -> None:
    numbers, stopping = [0, 1, 1, 1], threading.Event()

    def changes() -> int:
        if len(numbers) == 1:
            stopping.set()
        return numbers.pop(0)

    keeper = world.keeper()
    keeper.keep_taking(changes, interval_s=0, stopping=stopping)
    first = world.folder.header()
    assert first is not None
    assert first.occasion == "interval"


def a_header(**members: Any) -> Header:
    given: dict[str, Any] = {
        "versions": {},
        "instance_id": "first",
        "occasion": STOP,
        "taken_at": 1.0,
        "sections": {},
        **members,
    }
    return Header(**given)


def written(folder: SnapshotFolder, text: bytes) -> str:
    content = Content(folder)
    content.add_section("part", text)
    folder.write(a_header(sections=content.sections), content.new)
    return content.sections["part"]


def test_a_snapshot_cut_off_before_its_header_leaves_the_one_before(tmp_path: Path) -> None:
    folder = SnapshotFolder(path=tmp_path / "snapshot")
    digest = written(folder, b"before")
    (folder.path / "content" / "0a.new").write_bytes(b"half of what comes after")
    (folder.path / "content" / "0b").write_bytes(b"all of it, but no header names it")
    header = folder.header()
    assert header is not None
    assert header.sections == {"part": digest}
    assert folder.read(digest) == b"before"


def test_content_that_no_header_names_is_deleted_by_the_next_snapshot(tmp_path: Path) -> None:
    folder = SnapshotFolder(path=tmp_path / "snapshot")
    written(folder, b"before")
    digest = written(folder, b"after")
    assert [path.name for path in (folder.path / "content").iterdir()] == [digest]


def test_content_that_is_there_already_is_not_read_again(tmp_path: Path) -> None:
    folder = SnapshotFolder(path=tmp_path / "snapshot")
    digest = written(folder, b"body")
    content = Content(folder)
    content.add_object(digest, lambda: pytest.fail("read"))
    assert content.new == {}


def test_damaged_content_is_refused(tmp_path: Path) -> None:
    folder = SnapshotFolder(path=tmp_path / "snapshot")
    digest = written(folder, b"body")
    (folder.path / "content" / digest).write_bytes(b"other")
    with pytest.raises(Unusable, match="is damaged"):
        folder.read(digest)


def test_only_calls_that_may_change_something_count_as_changes() -> None:
    gate = Gate()
    for action in ("GetObject", "ListTopics", "DescribeAlarms", "PutObject", "CreateTopic"):
        with gate.entered(a_call(action)):
            pass
    assert gate.changes == 2


def test_a_change_counts_when_it_is_made_so_that_no_snapshot_is_its_last_without_it() -> None:
    gate = Gate()
    with gate.entered(a_call("PutObject")), gate.alone(patience_s=0) as quiet:
        assert not quiet
        before = gate.changes
    assert gate.changes == before + 1


def test_a_call_waits_for_the_snapshot() -> None:
    gate, done = Gate(), threading.Event()

    def call() -> None:
        with gate.entered(a_call("PutObject")):
            done.set()

    with gate.alone(patience_s=0) as quiet:
        assert quiet is True
        threading.Thread(target=call, daemon=True).start()
        assert done.wait(0.05) is False
    assert done.wait(5) is True


def test_a_snapshot_waits_only_so_long_for_a_call_and_not_for_a_long_poll() -> None:
    gate = Gate()
    with gate.entered(a_call("PutObject")), gate.alone(patience_s=0.01) as quiet:
        assert quiet is False
    with gate.entered(a_call("ReceiveMessage")), gate.alone(patience_s=0.01) as quiet:
        assert quiet is True


def settled(kind: str, **members: Any) -> dict[str, Any] | None:
    store, key = Store(), Key(region=REGION, kind=kind, name="name")
    store.put(key, members)
    settle(store, now=99.0)
    return store.find(key)


def test_an_interrupted_first_deployment_has_failed() -> None:
    after = settled("endpoint", EndpointStatus="Creating", CreationTime=1.0)
    assert after is not None
    assert (after["EndpointStatus"], after["FailureReason"]) == ("Failed", REASON)


@pytest.mark.parametrize("status", ["Updating", "RollingBack"])
def test_an_interrupted_update_keeps_the_config_that_served(status: str) -> None:
    after = settled(
        "endpoint",
        EndpointStatus=status,
        EndpointConfigName="old",
        PendingDeploymentSummary={"EndpointConfigName": "new"},
        _RollingBackSeen=True,
    )
    assert after == {
        "EndpointStatus": "InService",
        "EndpointConfigName": "old",
        "FailureReason": REASON,
        "LastModifiedTime": 99.0,
    }


def test_an_endpoint_that_was_being_deleted_is_gone() -> None:
    assert settled("endpoint", EndpointStatus="Deleting", EndpointArn="arn") is None


def test_an_endpoint_that_served_is_not_touched() -> None:
    before = {"EndpointStatus": "InService", "LastModifiedTime": 1.0}
    assert settled("endpoint", **before) == before


@pytest.mark.parametrize(
    ("before", "after"), [("InProgress", "Failed"), ("Stopping", "Stopped"), ("Completed", None)]
)
@pytest.mark.parametrize("noun", ["Training", "Processing", "Transform"])
def test_no_job_is_under_way_after_a_restart(noun: str, before: str, after: str | None) -> None:
    job = settled(f"{noun.lower()}-job", **{f"{noun}JobStatus": before})
    assert job is not None
    assert job[f"{noun}JobStatus"] == (after or before)
    assert job.get("FailureReason") == (REASON if after == "Failed" else None)
    assert job.get(f"{noun}EndTime") == (99.0 if after else None)


def test_documents_and_tags_are_the_same_after_a_dump() -> None:
    store, other = Store(), Store()
    key = Key(region=REGION, kind="model", name="ü")
    store.put(key, {"CreationTime": 1.25, "Nested": {"list": [1, None, "é"]}})
    store.add_tags("arn", {"a": "b"})
    other.load(store.dump())
    assert other.find(key) == store.find(key)
    assert other.tags("arn") == {"a": "b"}


def test_a_sealed_store_dumps_what_it_held_then() -> None:
    store = Store()
    store.seal()
    store.add_tags("arn", {"a": "b"})
    assert json.loads(store.dump())["tags"] == {}

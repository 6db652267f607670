"""Puts the parts of the cloud and the state directory together for a keeper."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from emulator.persistence import moto_state
from emulator.persistence.content import Content, ReadObject, SnapshotFolder
from emulator.persistence.gate import Gate
from emulator.persistence.keeper import Keeper, Part
from emulator.persistence.settling import settle
from emulator.store import Store


def keeper_of(
    store: Store,
    gate: Gate,
    *,
    path: Path,
    instance_id: str,
    others: Sequence[Part] = (),
    is_home: Callable[[], bool] = lambda: True,
) -> Keeper:
    """SageMaker comes first: its documents point to S3, so S3 must be the younger part."""
    moto = Part(name="moto", dump=moto_state.dump, prepare=moto_state.prepare)
    parts = (_sagemaker(store), moto, *others)
    folder = SnapshotFolder(path=path)
    return Keeper(folder, gate, parts=parts, instance_id=instance_id, is_home=is_home)


def plain_part(name: str, *, snapshot: Callable[[], Any], restore: Callable[[Any], None]) -> Part:
    """Return a part that is plain data; `restore` raises for what it cannot take."""

    def prepare(data: bytes, _: ReadObject) -> Callable[[], None]:
        restore(json.loads(data))
        return lambda: None

    return Part(name=name, dump=lambda _: json.dumps(snapshot()).encode(), prepare=prepare)


def _sagemaker(store: Store) -> Part:
    def dump(_: Content) -> bytes:
        return store.dump()

    def prepare(data: bytes, _: ReadObject) -> Callable[[], None]:
        rehearsal = Store()
        rehearsal.load(data)
        settle(rehearsal, now=time.time())

        def install() -> None:
            store.load(data)
            settle(store, now=time.time())

        return install

    return Part(name="sagemaker", dump=dump, prepare=prepare)

"""Takes snapshots (on request, at the end, every minute with changes) and restores the last one."""

import logging
import platform
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import moto

from emulator import __version__
from emulator.persistence.content import Content, Header, ReadObject, SnapshotFolder, Unusable
from emulator.persistence.gate import Gate

log = logging.getLogger(__name__)

SCHEMA = 1
STOP = "stop"
# How long calls under way may keep a snapshot (and with it all new calls) waiting.
_PATIENCE_S = 0.5


def versions() -> dict[str, str]:
    """Return what a snapshot must agree with to be understood."""
    return {
        "schema": str(SCHEMA),
        "emulator": __version__,
        "moto": moto.__version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
    }


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the cloud. `prepare` reads what `dump` gave and returns what installs it."""

    name: str
    dump: Callable[[Content], bytes]
    prepare: Callable[[bytes, ReadObject], Callable[[], None]]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One snapshot; `blocked_ms` is how long it held calls back."""

    occasion: str
    taken_at: float
    blocked_ms: float
    written_bytes: int
    objects: int
    not_kept: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Restored:
    """How this server began. `unclean`: the one before it ended without its last snapshot."""

    restored: str = "no"
    unclean: bool = False
    snapshot_age_s: float | None = None


class Stopped(Exception):
    """The last snapshot has been taken."""


class Homeless(Exception):
    """The state directory has been moved or deleted: its path may be somebody else's now."""


class Keeper:
    """`parts` are dumped in this order, so a part may point only into those after it.

    They are installed in the reverse order, so that those are there when it begins to act.
    """

    def __init__(
        self,
        folder: SnapshotFolder,
        gate: Gate,
        *,
        parts: Sequence[Part],
        instance_id: str,
        is_home: Callable[[], bool] = lambda: True,
    ) -> None:
        self._folder = folder
        self._gate = gate
        self._parts = parts
        self._instance_id = instance_id
        self._is_home = is_home
        self._lock = threading.Lock()
        self._stopped = False
        # Why the last snapshot could not be taken; None when it was.
        self.trouble: str | None = None

    def take(self, occasion: str) -> Taken:
        """Write a snapshot; after the one at the stop no call gets through any more."""
        try:
            taken = self._take(occasion)
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"
            raise
        self.trouble = None
        return taken

    def _take(self, occasion: str) -> Taken:
        with self._lock:
            if self._stopped:
                raise Stopped
            self._stopped = occasion == STOP
            content = Content(self._folder)
            with self._gate.alone(patience_s=_PATIENCE_S, for_good=occasion == STOP) as quiet:
                started = time.perf_counter()
                for part in self._parts:
                    content.add_section(part.name, part.dump(content))
                blocked_ms = (time.perf_counter() - started) * 1000
            header = self._header(occasion, content)
            if not self._is_home():
                raise Homeless
            self._folder.write(header, content.new)
        taken = Taken(
            occasion=occasion,
            taken_at=header.taken_at,
            blocked_ms=round(blocked_ms, 1),
            written_bytes=sum(len(data) for data in content.new.values()),
            objects=len(content.objects),
            not_kept=tuple(content.lost),
        )
        facts = " ".join(f"{name}={value}" for name, value in asdict(taken).items())
        log.info("snapshot %s quiet=%s", facts, quiet)
        return taken

    def _header(self, occasion: str, content: Content) -> Header:
        return Header(
            versions=versions(),
            instance_id=self._instance_id,
            occasion=occasion,
            taken_at=time.time(),
            sections=content.sections,
            objects=content.objects,
        )

    def keep_taking(
        self, changes: Callable[[], int], *, interval_s: float, stopping: threading.Event
    ) -> None:
        """Take a snapshot per interval in which something changed, until the stop."""
        seen = changes()
        while not stopping.wait(interval_s):
            now = changes()
            if now == seen:
                continue
            try:
                self.take("interval")
                seen = now
            except (Stopped, Homeless):
                return
            except Exception:
                log.exception("no snapshot could be taken; what changed is lost if this is killed")

    def restore(self, *, previous_instance_id: str | None) -> Restored:
        """Bring back the last snapshot, or set it aside and say why."""
        try:
            header = self._folder.header()
            unclean = previous_instance_id is not None and (
                header is None or not _is_last_word(header, previous_instance_id)
            )
            age_s = None if header is None else round(time.time() - header.taken_at, 1)
        except Unusable as unusable:
            return self._set_aside(unusable, unclean=previous_instance_id is not None, age_s=None)
        if header is None:
            return Restored(unclean=unclean)
        try:
            prepared = self._prepared(header)
        except Unusable as unusable:
            return self._set_aside(unusable, unclean=unclean, age_s=age_s)
        for install in reversed(prepared):
            install()
        return Restored(restored="yes", unclean=unclean, snapshot_age_s=age_s)

    def _prepared(self, header: Header) -> Sequence[Callable[[], None]]:
        """Read every part, so that one that cannot be used leaves nothing half restored."""
        _check_versions(header.versions)
        prepared = []
        for part in self._parts:
            if part.name not in header.sections:
                text = f"it has no part {part.name}"
                raise Unusable(text)
            data = self._folder.read(header.sections[part.name])
            try:
                prepared.append(part.prepare(data, self._folder.read))
            except Unusable:
                raise
            except Exception as error:
                text = f"the part {part.name} cannot be read ({error!r})"
                raise Unusable(text) from error
        return prepared

    def _set_aside(self, why: Unusable, *, unclean: bool, age_s: float | None) -> Restored:
        path = self._folder.set_aside()
        log.error("snapshot set aside as %s: %s; starting empty", path.name, why)
        text = f"set aside: {why} (kept as {path.name})"
        return Restored(restored=text, unclean=unclean, snapshot_age_s=age_s)


def _is_last_word(header: Header, previous_instance_id: str) -> bool:
    return header.occasion == STOP and header.instance_id == previous_instance_id


def _check_versions(written_by: Mapping[str, Any]) -> None:
    for name, version in versions().items():
        if written_by.get(name) != version:
            text = f"it was written with {name} {written_by.get(name)}, and this is {version}"
            raise Unusable(text)

"""The evidence of a release: what was deployed, on what grounds, by whom, and what its tests said.

One document for each deployment, at the address of its own content; the line of the history that
tells of the deployment carries its sha256. It carries those of everything it speaks of: data,
split, code, artifact and the record of the release. So one chain, from the newest line in the
ledger's head backwards, vouches for every byte.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.core import naming
from pipeline.core.document import Stored
from pipeline.core.errors import CorruptRecord
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.outcomes import ProbeReport
from pipeline.core.records import Release, TrainingRun

DETAIL = "evidence"


@dataclass(frozen=True, kw_only=True)
class Tested:
    """One endpoint test, and what it found in a sentence."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Evidence(Stored):
    """Grounds of one deployment: evaluation, decision and approval are in the release.

    `files` has the sha256 of data, split, code, artifact and the release's record by their keys, as
    they were written: a later version may write the same record otherwise. `plan_digest` is that of
    a reviewed plan, None where the run planned by itself.
    """

    release: Release
    training: TrainingRun
    files: Mapping[str, str]
    tests: tuple[Tested, ...]
    plan_digest: str | None
    run_id: str


def evidence_of(
    release: Release,
    training: TrainingRun,
    tests: ProbeReport,
    *,
    plan_digest: str | None,
    run_id: str,
) -> Evidence:
    record = naming.release_object(release.endpoint_name, release.release_id)
    artifact = naming.artifact_object(release.artifact_sha256)
    return Evidence(
        release=release,
        training=training,
        files={**training.files, artifact: release.artifact_sha256, record: release.sha256},
        tests=tuple(
            Tested(name=case.name, passed=case.passed, detail=case.detail) for case in tests.cases
        ),
        plan_digest=plan_digest,
        run_id=run_id,
    )


class Kept(Protocol):
    """What was kept, by its key: a bucket, or a folder that was downloaded from one."""

    def body(self, key: str) -> bytes | None: ...
    def sha256(self, key: str) -> str | None: ...
    def keys(self, prefix: str) -> Sequence[str]: ...


@dataclass(frozen=True, kw_only=True)
class Verified:
    """How many documents and files were compared; `problems` name each that is not what it was."""

    checked: int
    problems: tuple[str, ...] = field(default=())


class Verifier:
    """Goes through the chain of one endpoint, the newest line first."""

    def __init__(self, kept: Kept, endpoint: str) -> None:
        self._kept = kept
        self._endpoint = endpoint
        self._seen: dict[str, str | None] = {}  # with the sha256 that was found
        self._problems: list[str] = []

    def verify(self) -> Verified:
        key = naming.ledger_object(self._endpoint)
        body = self._kept.body(key)
        self._seen[key] = None
        if body is None:
            self._problems.append(f"{key} is gone: nothing vouches for the newest line.")
            return self._result()
        try:
            head = LedgerHead.from_json(body, place=key)
        except CorruptRecord as error:
            self._problems.append(f"{key} was changed: {error.message}")
            return self._result()
        self._lines(head)
        return self._result()

    def _result(self) -> Verified:
        return Verified(checked=len(self._seen), problems=tuple(dict.fromkeys(self._problems)))

    def _lines(self, head: LedgerHead) -> None:
        """Each line is vouched for by the one after it, the newest by the head."""
        last = head.last_event
        newest = last.number if last else 0
        known = {naming.history_object(self._endpoint, n) for n in range(1, newest + 1)}
        for key in self._kept.keys(naming.history_prefix(self._endpoint)):
            if key not in known:
                self._problems.append(f"{key} is a line that the ledger does not know.")
        expected = last.sha256 if last else None
        for number in range(newest, 0, -1):
            event = self._line(number, expected, last if number == newest else None)
            expected = event.previous_sha256 if event else None
            if event and DETAIL in event.details:
                self._evidence(event.details[DETAIL])

    def _line(
        self, number: int, expected: str | None, told: HistoryEvent | None
    ) -> HistoryEvent | None:
        """Return a line that is what it was. The newest may be in the head alone."""
        key = naming.history_object(self._endpoint, number)
        body = self._kept.body(key)
        self._seen[key] = None
        if body is None:
            if told is None:
                self._problems.append(f"{key} is gone.")
            return told
        if expected is not None and _digest(body) != expected:
            self._problems.append(f"{key} was changed: its sha256 is {_digest(body)[:12]}.")
            return told
        try:
            return HistoryEvent.from_json(body, place=key)
        except CorruptRecord as error:
            self._problems.append(f"{key} was changed: {error.message}")
            return told

    def _evidence(self, sha256: str) -> None:
        key = naming.evidence_object(self._endpoint, sha256)
        if not self._is(key, sha256):
            return
        evidence = Evidence.from_json(self._kept.body(key) or b"", place=key)
        for name, digest in sorted(evidence.files.items()):
            self._is(name, digest)

    def _is(self, key: str, sha256: str) -> bool:
        """Compare what is kept with what it was; a file that many releases share is read once."""
        found = self._seen.get(key) or self._kept.sha256(key)
        self._seen[key] = found
        if found is None:
            self._problems.append(f"{key} is gone.")
        elif found != sha256:
            self._problems.append(f"{key} was changed: its sha256 is {found[:12]}.")
        return found == sha256


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()

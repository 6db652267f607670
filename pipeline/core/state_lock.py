"""The lock on a Terraform state, and whether it is one that a dead run has left behind.

Terraform's S3 backend keeps it as an object beside the state, `<key>.tflock` (Terraform
documentation, Backend Type: s3, State Locking). It has no expiry: whoever is killed leaves it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pipeline.core.errors import CorruptRecord
from pipeline.core.lease import Owner

_Text = Annotated[str, StringConstraints(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class StateLock:
    """Who locked the state, for what (`OperationTypeApply`), and when. `who` is user@host."""

    lock_id: str
    who: str
    operation: str
    created_at: datetime
    path: str

    @property
    def host(self) -> str:
        return self.who.rpartition("@")[2]


class _Document(BaseModel):
    """Terraform's own document (internal/states/statemgr, LockInfo)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    lock_id: _Text = Field(alias="ID")
    who: _Text = Field(alias="Who", pattern="@")
    operation: _Text = Field(alias="Operation")
    created_at: AwareDatetime = Field(alias="Created")
    path: _Text = Field(alias="Path")
    info: str = Field(alias="Info")
    version: str = Field(alias="Version")


def parse_state_lock(text: str | bytes, *, place: str) -> StateLock:
    """Read what Terraform wrote at `place`. Raises CorruptRecord for anything else."""
    try:
        found = _Document.model_validate_json(text)
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_input=False)[0]
        part = ".".join(str(each) for each in first["loc"]) or "document"
        what = f"The lock of a Terraform state at {place} cannot be read: {part}: {first['msg']}."
        remedy = "When no Terraform works on this state, remove that object (docs/operations.md)."
        raise CorruptRecord(what, remedy=remedy) from refused
    return StateLock(
        lock_id=found.lock_id,
        who=found.who,
        operation=found.operation,
        created_at=found.created_at,
        path=found.path,
    )


def is_of_dead_run(
    lock: StateLock, *, by: Owner, from_: datetime, until: datetime | None, is_alive: bool
) -> bool:
    """Tell whether a run made this lock and cannot release it any more.

    The run held the lease as `by` between `from_` and `until`, None where it was never replaced.
    `is_alive` says whether any process of the run, such as its Terraform, still lives. The lock and
    the lease have their times from the clock of the same host.
    """
    if is_alive or lock.host != by.host:
        return False
    return from_ <= lock.created_at and (until is None or lock.created_at <= until)

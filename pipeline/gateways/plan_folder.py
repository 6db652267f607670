"""The private folder of a plan: plan files, their variables, and what they are for.

A plan file holds the whole state with everything secret in it: the folder is its owner's alone.
"""

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.core import plan_record
from pipeline.core.errors import CorruptRecord, UsageError
from pipeline.core.plan_record import PlanRecord
from pipeline.gateways.files import write_whole

_RECORD = "plan.json"
_SEAL = "plan.json.sha256"
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class PlanFolder:
    """A plan folder that was read and is whole: each file is what its record says."""

    path: Path
    record: PlanRecord

    def plan_file(self, root: str) -> Path:
        return self.path / plan_file_name(root)

    def variables(self, root: str) -> str:
        return (self.path / variables_name(root)).read_text(encoding="utf-8")


def plan_file_name(root: str) -> str:
    return f"{root}.tfplan"


def variables_name(root: str) -> str:
    return f"{root}.tfvars.json"


def emptied(path: Path) -> Path:
    """Make the folder, private and empty. Raises UsageError where something else lies there."""
    if path.is_symlink() or (path.exists() and not _is_ours(path)):
        message = f"{path} is there and is no plan folder."
        raise UsageError(message, remedy="Name another place with --output-dir.")
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(mode=_PRIVATE_FOLDER, parents=True)
    path.chmod(_PRIVATE_FOLDER)
    return path


def keep(path: Path, source: Path, name: str) -> None:
    """Copy a file into the folder."""
    shutil.copyfile(source, path / name)
    (path / name).chmod(_PRIVATE_FILE)


def keep_text(path: Path, text: str, name: str) -> None:
    write_whole(path / name, text)
    (path / name).chmod(_PRIVATE_FILE)


def seal(path: Path, record: PlanRecord) -> None:
    """Write down what the folder is; what comes into it later is no part of it."""
    keep_text(path, record.to_json() + "\n", _RECORD)
    keep_text(path, _sha256(path / _RECORD) + "\n", _SEAL)


def digests(path: Path) -> dict[str, str]:
    """Return the sha256 of each file in the folder by its name."""
    return {each.name: _sha256(each) for each in _files(path)}


def read(path: Path) -> PlanFolder:
    """Read a plan folder. Raises UsageError for none, PlanRefused for one that was changed."""
    if not (path / _RECORD).is_file():
        message = f"{path} is no plan folder: there is no {_RECORD} in it."
        raise UsageError(message, remedy="Name the folder plan/ below --output-dir of a plan run.")
    try:
        record = PlanRecord.from_json((path / _RECORD).read_bytes(), place=str(path / _RECORD))
    except CorruptRecord as error:
        raise plan_record.tampered(str(path), error.message) from error
    found = digests(path)
    sealed = (path / _SEAL).read_text(encoding="utf-8").strip() if _SEAL in found else ""
    if found.pop(_RECORD) != sealed or not record.is_consistent:
        raise plan_record.tampered(str(path), f"{_RECORD} differs from its seal")
    del found[_SEAL]
    changed = sorted(
        name
        for name in found.keys() | record.files.keys()
        if found.get(name) != record.files.get(name)
    )
    if changed:
        raise plan_record.tampered(str(path), f"{', '.join(changed)} differs")
    return PlanFolder(path=path.absolute(), record=record)  # Terraform reads it from elsewhere


def _is_ours(path: Path) -> bool:
    return path.is_dir() and ((path / _RECORD).is_file() or not any(path.iterdir()))


def _files(path: Path) -> Iterable[Path]:
    return sorted(each for each in path.iterdir() if each.is_file())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_CHUNK_BYTES):
            digest.update(part)
    return digest.hexdigest()

"""Which Terraform a plan is made from: the sha256 of each file of roots and modules."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

_LOCK = ".terraform.lock.hcl"
_CODE = (".tf", ".json", ".tftpl", ".tmpl", ".j2")
_NOT_CODE = ("tests", ".terraform")


def code_of(project: Path, roots: Iterable[str], extra: Iterable[Path] = ()) -> dict[str, str]:
    """Return the sha256 of each file by its path in the project, provider locks included.

    `extra` are further files that decide what is planned.
    """
    files = [each for root in roots for each in _code(project / "terraform" / root)]
    files += _code(project / "terraform" / "modules")
    files += extra
    return {
        path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def _code(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and (path.suffix in _CODE or path.name == _LOCK)
        and not set(path.relative_to(folder).parts[:-1]) & set(_NOT_CODE)
    ]

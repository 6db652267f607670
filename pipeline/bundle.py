"""Packs the code that runs in SageMaker's containers: the model's own and the user's modules.

The same sources give the same bytes. User code is read, never imported: what it would do on
import belongs into a container.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import UsageError
from pipeline.modules import UserModules, parse_spec, require_attribute

_ENTRY_POINTS = ("train.py", "evaluate.py", "inference.py")
_REQUIREMENTS = "requirements.txt"
_BASE_CLASS_MODULE = "pipeline.training"
# What the runner and the containers must see alike, and the class that users extend
_SHARED = ("__init__", "candidates", "cells", "dates", "schema", "training")
_RUNNER_FILES = tuple(f"pipeline/{name}.py" for name in _SHARED)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """`files`: loose files by POSIX name; `archive`: the same as a tar.gz with this `sha256`."""

    files: Mapping[str, bytes]
    archive: bytes
    sha256: str


def build_bundle(project: Path, specs: Iterable[str] = (), *, source_dir: Path) -> Bundle:
    """Return model/ and the modules of `specs` ("module:attribute"), found below `source_dir`.

    A named module brings along what it imports from the same folder. Raises UsageError when a
    module or attribute is missing, is not Python, hides one of the bundle's own modules, or asks
    for packages by a requirements.txt beside it.
    """
    files = _own_files(project)
    modules = UserModules(source_dir)
    for spec in specs:
        module, attribute = parse_spec(spec)
        if module == _BASE_CLASS_MODULE:
            require_attribute(files["pipeline/training.py"], attribute, spec=spec)
        else:
            modules.add(spec)
    if modules.files and source_dir.resolve() != project.resolve():
        _refuse_requirements(source_dir)
    files |= modules.files
    archive = pack(files)
    return Bundle(files=files, archive=archive, sha256=hashlib.sha256(archive).hexdigest())


def _refuse_requirements(source_dir: Path) -> None:
    """Refuse packages that nobody would install; the project's own list is not the user's."""
    file = source_dir / _REQUIREMENTS
    if file.is_file():
        message = (
            f"{file} lies beside your code, but packages of your own are not installed in the "
            "containers yet."
        )
        remedy = (
            "Use what the scikit-learn image has (numpy, pandas, scikit-learn), and remove or "
            "rename the file."
        )
        raise UsageError(message, remedy=remedy, code="CodeRefused")


def _own_files(project: Path) -> dict[str, bytes]:
    """Return the entry points at the root, the rest of model/ as a package, and the base class."""
    files = {name: (project / name).read_bytes() for name in _RUNNER_FILES}
    for path in sorted((project / "model").rglob("*.py")):
        name = path.relative_to(project / "model").as_posix()
        files[name if name in _ENTRY_POINTS else f"model/{name}"] = path.read_bytes()
    absent = [name for name in _ENTRY_POINTS if name not in files]
    if absent:
        message = f"The folder {project / 'model'} has no {', '.join(absent)}."
        raise UsageError(message, remedy="These entry points are what SageMaker's jobs start.")
    return files


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a tar.gz that depends on names and contents only."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), 0o644, 0
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()

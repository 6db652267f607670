"""Finds and packs the code that runs in SageMaker's containers: the model's own and the user's.

The same sources give the same bytes. User code is read, never imported: what it would do on
import belongs into a container.
"""

import ast
import difflib
import gzip
import hashlib
import io
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import UsageError

_ENTRY_POINTS = ("train.py", "evaluate.py", "inference.py", "monitor.py")
_REQUIREMENTS = "requirements.txt"
_BASE_CLASS_MODULE = "pipeline.training"
# What the runner and the containers must see alike, and the class that users extend
_SHARED = (
    "pipeline/__init__.py",
    "pipeline/candidates.py",
    "pipeline/regressors.py",
    "pipeline/training.py",
)
_SHARED_FOLDER = "pipeline/tabular"
# Names that mean something else inside the bundle
_WHEELS = "wheels"
_RESERVED = frozenset(
    {"train", "evaluate", "inference", "monitor", "model", "pipeline", "vendor", _WHEELS}
)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """`files`: loose files by POSIX name; `archive`: the same as a tar.gz with this `sha256`."""

    files: Mapping[str, bytes]
    archive: bytes
    sha256: str


def build_bundle(
    project: Path,
    specs: Iterable[str] = (),
    *,
    source_dir: Path,
    wheels: Mapping[str, bytes] | None = None,
) -> Bundle:
    """Return model/ and the modules of `specs` ("module:attribute"), found below `source_dir`.

    `wheels` are packages that training needs, by file name (None: none were asked for); they are
    in the archive alone, and part of its digest. A named module brings along what it imports from
    the same folder. Raises UsageError when a module or attribute is missing, is not Python, hides
    one of the bundle's own modules, or lies beside a requirements.txt that nobody asked for.
    """
    files = _own_files(project)
    modules = _UserModules(source_dir)
    for spec in specs:
        module, attribute = _parse_spec(spec)
        if module == _BASE_CLASS_MODULE:
            _require_attribute(files["pipeline/training.py"], attribute, spec=spec)
        else:
            modules.add(spec)
    if wheels is None and modules.files and source_dir.resolve() != project.resolve():
        _refuse_requirements(source_dir)
    files |= modules.files
    packages = {f"{_WHEELS}/{name}": content for name, content in (wheels or {}).items()}
    archive = pack({**files, **packages})
    return Bundle(files=files, archive=archive, sha256=hashlib.sha256(archive).hexdigest())


def _refuse_requirements(source_dir: Path) -> None:
    """Refuse packages that nobody would install; the project's own list is not the user's."""
    file = source_dir / _REQUIREMENTS
    if file.is_file():
        message = (
            f"{file} lies beside your code, but nothing says that its packages are to be "
            "installed in the containers."
        )
        remedy = (
            "Set `training.requirements` to it; or remove or rename it, and use what the "
            "scikit-learn image has (numpy, pandas, scikit-learn)."
        )
        raise _refused(message, remedy)


def _own_files(project: Path) -> dict[str, bytes]:
    """Return the entry points at the root, the rest of model/ as a package, and the base class."""
    tabular = sorted((project / _SHARED_FOLDER).glob("*.py"))
    shared = [*_SHARED, *(f"{_SHARED_FOLDER}/{path.name}" for path in tabular)]
    files = {name: (project / name).read_bytes() for name in shared}
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


def _refused(message: str, remedy: str) -> UsageError:
    return UsageError(message, remedy=remedy, code="CodeRefused")


def _parse_spec(spec: str) -> tuple[str, str]:
    """Return module and attribute of "module:attribute"."""
    module, separator, attribute = spec.partition(":")
    names = [*module.split("."), attribute]
    if not (separator and all(name.isidentifier() for name in names)):
        message = f"{spec!r} does not name a class or function."
        raise _refused(message, "Write `module:Name`, without `.py` and without a folder.")
    return module, attribute


def _require_attribute(source: bytes, attribute: str, *, spec: str) -> None:
    """Refuse a module that defines or imports no such name at its top level."""
    names = set(_defined_names(_parse_python(source, name=spec).body))
    if attribute in names or "*" in names:
        return
    near = difflib.get_close_matches(attribute, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Check the name against the file."
    message = f"{spec!r}: the module has no {attribute!r}."
    raise _refused(message, hint)


def _parse_python(source: bytes, *, name: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        message = f"{name} is not valid Python: {error}."
        raise _refused(message, "Correct the file.") from error


def _defined_names(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                yield name
            case ast.If(body=first, orelse=second) | ast.Try(body=first, orelse=second):
                yield from _defined_names([*first, *second])


class _UserModules:
    """Collects files below one folder: `files` by POSIX name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}

    def add(self, spec: str) -> None:
        """Add the module of a spec with everything it imports from the folder."""
        module, attribute = _parse_spec(spec)
        top = module.partition(".")[0]
        if top in _RESERVED or top in sys.stdlib_module_names:
            message = f"{spec!r}: a module of your own cannot be called {top!r}."
            raise _refused(message, "Python or the code bundle has one of that name; rename yours.")
        file = self._file_of(module)
        if file is None:
            near = difflib.get_close_matches(module, self._module_names(), n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "Check the name and the folder."
            message = f"{spec!r}: there is no module {module!r} in {self.folder}."
            raise _refused(message, hint)
        _require_attribute(file.read_bytes(), attribute, spec=spec)
        self._collect(top)

    def _module_names(self) -> list[str]:
        return [path.stem for path in self.folder.glob("*.py")]

    def _file_of(self, module: str) -> Path | None:
        path = self.folder.joinpath(*module.split("."))
        candidates = (path.with_name(f"{path.name}.py"), path / "__init__.py")
        return next((file for file in candidates if file.is_file()), None)

    def _collect(self, top: str) -> None:
        """Add a module of the folder, or a package whole: it may load parts of itself by name."""
        package, module = self.folder / top, self.folder / f"{top}.py"
        # Python's own order: a package with __init__.py, then a module, then a bare folder
        bare = module.is_file() and not (package / "__init__.py").is_file()
        for file in [module] if bare else sorted(package.rglob("*.py")):
            name = file.relative_to(self.folder).as_posix()
            if name in self.files:
                continue
            self.files[name] = file.read_bytes()
            for imported in _imported_tops(_parse_python(self.files[name], name=name)):
                if imported not in _RESERVED and imported not in sys.stdlib_module_names:
                    self._collect(imported)


def _imported_tops(tree: ast.Module) -> Iterator[str]:
    """Yield the first part of every absolute import, also of those inside functions.

    Relative imports stay inside their package, which is collected whole.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                yield from (alias.name.partition(".")[0] for alias in aliases)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]

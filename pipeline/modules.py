"""Finds a user's modules and what they import from the same folder, by reading their source."""

import ast
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.errors import UsageError

# Names that mean something else inside the bundle
_RESERVED = frozenset({"train", "evaluate", "inference", "model", "pipeline"})


def refused(message: str, remedy: str) -> UsageError:
    return UsageError(message, remedy=remedy, code="CodeRefused")


def parse_spec(spec: str) -> tuple[str, str]:
    """Return module and attribute of "module:attribute"."""
    module, separator, attribute = spec.partition(":")
    names = [*module.split("."), attribute]
    if not (separator and all(name.isidentifier() for name in names)):
        message = f"{spec!r} does not name a class or function."
        raise refused(message, "Write `module:Name`, without `.py` and without a folder.")
    return module, attribute


def require_attribute(source: bytes, attribute: str, *, spec: str) -> None:
    """Refuse a module that defines or imports no such name at its top level."""
    names = set(_defined_names(_parse_python(source, name=spec).body))
    if attribute in names or "*" in names:
        return
    near = difflib.get_close_matches(attribute, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Check the name against the file."
    message = f"{spec!r}: the module has no {attribute!r}."
    raise refused(message, hint)


def _parse_python(source: bytes, *, name: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        message = f"{name} is not valid Python: {error}."
        raise refused(message, "Correct the file.") from error


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


class UserModules:
    """Collects files below one folder: `files` by POSIX name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}

    def add(self, spec: str) -> None:
        """Add the module of a spec with everything it imports from the folder."""
        module, attribute = parse_spec(spec)
        top = module.partition(".")[0]
        if top in _RESERVED or top in sys.stdlib_module_names:
            message = f"{spec!r}: a module of your own cannot be called {top!r}."
            raise refused(message, "Python or the code bundle has one of that name; rename yours.")
        file = self._file_of(module)
        if file is None:
            near = difflib.get_close_matches(module, self._module_names(), n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "Check the name and the folder."
            message = f"{spec!r}: there is no module {module!r} in {self.folder}."
            raise refused(message, hint)
        require_attribute(file.read_bytes(), attribute, spec=spec)
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

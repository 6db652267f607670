"""The project's own Python files and what they import, read without running them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.project import PROJECT_ROOT


def python_files(*folders: str) -> list[Path]:
    """Return the files of these folders, as paths from the project's root."""
    found = [path for folder in folders for path in (PROJECT_ROOT / folder).rglob("*.py")]
    assert found, f"no Python file in {folders}"
    own = (path.relative_to(PROJECT_ROOT) for path in found)
    return sorted(path for path in own if not any(part.startswith(".venv") for part in path.parts))


def name_of(path: Path) -> str:
    """Return the module's name: pipeline.core.gate of pipeline/core/gate.py."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse((PROJECT_ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def imports_of(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports anywhere in it, names of members included."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} is a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages_of(path: Path) -> set[str]:
    """Return the top-level packages that a file imports."""
    return {name.partition(".")[0] for name in imports_of(path)}


def calls_of(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call with the dotted name of what is called, as far as it is a name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node

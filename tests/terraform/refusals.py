"""The variables of a directory alone: all that a `terraform test` of refusals needs.

A run that starts the provider costs half a second, and a refused variable never gets that far.
"""

import re
from pathlib import Path

FILE = "tests/refusals.tftest.hcl"

_BLOCK = re.compile(
    r'^(?:variable "\w+"|locals|variables|run "\w+") \{\n.*?^\}\n', re.DOTALL | re.MULTILINE
)
_OF_RESOURCES = re.compile(r"\b(?:aws_\w+|data|module|terraform_data)\.\w")
_VALIDATION = re.compile(r"^  validation \{\n.*?^  \}\n", re.DOTALL | re.MULTILINE)


def write_variables(directory: Path, folder: Path) -> Path:
    """Copy variables, what is computed from them alone, and the refusals; return the folder."""
    (folder / "tests").mkdir(parents=True)
    for path in [*sorted(directory.glob("*.tf")), directory / FILE]:
        blocks = _BLOCK.findall(path.read_text(encoding="utf-8"))
        kept = [block for block in blocks if not _OF_RESOURCES.search(block)]
        target = folder / path.relative_to(directory)
        target.write_text("\n".join(kept), encoding="utf-8")
    return folder


def without_each_validation(variables: str) -> list[str]:
    """Return the text as often as it has validations, each time without one of them."""
    return [
        variables[: match.start()] + variables[match.end() :]
        for match in _VALIDATION.finditer(variables)
    ]

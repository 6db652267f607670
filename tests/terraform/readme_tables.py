"""The tables of inputs and outputs in the READMEs, made from the declarations.

`python -m tests.terraform.readme_tables` writes them anew.
"""

import re
from collections.abc import Iterator

from tests.terraform.hcl_types import attributes, short, type_of
from tests.terraform.offline import TERRAFORM

_DEFAULT = re.compile(r"^  default\s+= (.*?)(?=^  \w|^$|\Z)", re.DOTALL | re.MULTILINE)


def declared(kind: str, directory: str) -> dict[str, str]:
    """Return name -> body of the variables or outputs of one directory, in file order."""
    text = (TERRAFORM / directory / f"{kind}s.tf").read_text()
    return dict(re.findall(rf'^{kind} "(\w+)" {{\n(.*?)^}}', text, re.DOTALL | re.MULTILINE))


def described(body: str) -> str:
    quoted = re.match(r'  description = "(.*)"\n', body)
    return quoted[1].replace('\\"', '"') if quoted else " ".join(body.split("EOT")[1].split())


def with_tables(directory: str) -> str:
    """Return the README of a directory with its tables as the declarations have it."""
    inputs = [
        row for name, body in declared("variable", directory).items() for row in _rows(name, body)
    ]
    outputs = [
        f"| `{name}` | {described(body)} |" for name, body in declared("output", directory).items()
    ]
    readme = (TERRAFORM / directory / "README.md").read_text()
    readme = _replaced(
        readme, ["| Input | Type | Default | Description |", "|---|---|---|---|", *inputs]
    )
    return _replaced(readme, ["| Output | Description |", "|---|---|", *outputs])


def _rows(name: str, body: str) -> Iterator[str]:
    """Yield the row of a variable, then one for each attribute of the objects in it."""
    constraint = type_of(body)
    yield f"| `{name}` | {short(constraint)} | {_default(body)} | {described(body)} |"
    for each in attributes(constraint, name):
        default = "required" if each.default is None else f"`{each.default}`"
        yield f"| `{each.path}` | {each.type} | {default} | {each.comment} |"


def _replaced(readme: str, table: list[str]) -> str:
    """Replace the one table that has the same first line."""
    present = re.compile(rf"^{re.escape(table[0])}\n(\|.*\n)*", re.MULTILINE)
    replaced, count = present.subn(lambda _: "\n".join(table) + "\n", readme)
    if count != 1:
        message = f"There should be one table {table[0]} in the README, not {count}."
        raise ValueError(message)
    return replaced


def _default(body: str) -> str:
    """Return a default in a line; of an object over several lines the names alone."""
    found = _DEFAULT.search(body)
    if found is None:
        return "required"
    value = found[1].strip()
    names = re.findall(r"^    (\w+)\s+= ", value, re.MULTILINE)
    return f"`{{ {', '.join(names)} }}`" if names else f"`{value}`"


def main() -> None:
    for path in sorted(TERRAFORM.rglob("versions.tf")):
        directory = str(path.parent.relative_to(TERRAFORM))
        (path.parent / "README.md").write_text(with_tables(directory))


if __name__ == "__main__":
    main()

"""Type constraints of Terraform variables, read for the tables of the READMEs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ARGUMENT = re.compile(r"(\w+)\s*=\s*(.*)", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)\)$", re.DOTALL)
_OPENING, _CLOSING = "([{", ")]}"
_COLLECTIONS = ("list", "map", "set")


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute of an object, `a.b` within `a`; `default` is None where it is required."""

    path: str
    type: str
    default: str | None
    comment: str


def type_of(body: str) -> str:
    """Return the type constraint of a variable's body; "any" where it has none."""
    found = re.search(r"^  type\s*= ", body, re.MULTILINE)
    return _until_closed(body[found.end() :]) if found else "any"


def short(constraint: str) -> str:
    """Return the constraint in a word: what is in an object is said attribute by attribute."""
    call = _CALL.match(constraint)
    if call is None or call[1] == "object":
        return call[1] if call else constraint
    inside = call[2].strip()
    return f"{call[1]}({short(inside)})" if call[1] in _COLLECTIONS else constraint


def attributes(constraint: str, path: str) -> Iterator[Attribute]:
    """Yield the attributes of an object, or of the objects in a collection, at any depth."""
    call = _CALL.match(constraint)
    if call is None:
        return
    if call[1] in _COLLECTIONS:
        yield from attributes(call[2].strip(), f"{path}[*]")
        return
    for part, comment in _parts(call[2].strip().removeprefix("{").removesuffix("}")):
        found = _ARGUMENT.match(part)
        assert found, part
        name, value = found.groups()
        of, default = _required_or_default(value.strip())
        yield Attribute(path=f"{path}.{name}", type=short(of), default=default, comment=comment)
        yield from attributes(of, f"{path}.{name}")


def _required_or_default(value: str) -> tuple[str, str | None]:
    call = _CALL.match(value)
    if call is None or call[1] != "optional":
        return value, None
    parts = [part for part, _ in _parts(call[2])]
    return parts[0], parts[1] if len(parts) > 1 else "null"


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield what commas and line ends part, outside all brackets, with the comment behind it."""
    depth, said, comment = 0, "", ""
    for piece in re.findall(r"#[^\n]*|[\s\S]", f"{text}\n"):
        depth += (piece in _OPENING) - (piece in _CLOSING)
        if piece.startswith("#"):
            comment = piece.removeprefix("#").strip() if depth == 0 else comment
        elif depth == 0 and piece in ",\n":
            if said.strip():
                yield said.strip(), comment
            said, comment = "", ""
        else:
            said += piece


def _until_closed(text: str) -> str:
    depth = 0
    for index, letter in enumerate(text):
        depth += (letter in _OPENING) - (letter in _CLOSING)
        if depth == 0 and letter == "\n":
            return text[:index].strip()
    return text.strip()

"""Metric math as text: tokens and a recursive-descent parser into a tree. Pure; no `eval`.

Syntax: "Using metric math" in the CloudWatch user guide. Comparisons bind weaker than sums, `&&`
and `||` weaker still.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from emulator.metrics.errors import validation_error

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>&&|\|\||[<>=!]=|[-+*/^<>(),\[\]]))"
)
_WORDS = {"AND": "&&", "OR": "||"}
# Weakest first.
_LEVELS = (("||",), ("&&",), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))
_DEEPEST = 30


@dataclass(frozen=True, kw_only=True)
class Number:
    value: float


@dataclass(frozen=True, kw_only=True)
class Text:
    value: str


@dataclass(frozen=True, kw_only=True)
class Name:
    name: str


@dataclass(frozen=True, kw_only=True)
class Negative:
    operand: "Node"


@dataclass(frozen=True, kw_only=True)
class Binary:
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, kw_only=True)
class FunctionCall:
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, kw_only=True)
class Array:
    items: tuple["Node", ...]


Node = Number | Text | Name | Negative | Binary | FunctionCall | Array


def parse(expression: str) -> Node:
    """Return the tree; raise ValidationError when this is no expression."""
    parser = _Parser(expression)
    tree = parser.level(0)
    parser.end()
    return tree


def names_in(node: Node) -> set[str]:
    """Return the metric ids that an expression refers to by name."""
    match node:
        case Name(name=name):
            return {name}
        case Negative(operand=operand):
            return names_in(operand)
        case Binary(left=left, right=right):
            return names_in(left) | names_in(right)
        case FunctionCall(arguments=parts) | Array(items=parts):
            return set().union(*(names_in(part) for part in parts))
        case _:
            return set()


def functions_in(node: Node) -> set[str]:
    match node:
        case Negative(operand=operand):
            return functions_in(operand)
        case Binary(left=left, right=right):
            return functions_in(left) | functions_in(right)
        case FunctionCall(name=name, arguments=parts):
            return {name}.union(*(functions_in(part) for part in parts))
        case Array(items=parts):
            return set().union(*(functions_in(part) for part in parts))
        case _:
            return set()


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = self._read(expression)
        self._at = 0
        self._depth = 0

    def _read(self, expression: str) -> list[tuple[str, str]]:
        tokens, position = [], 0
        text = expression.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                self._fail(f"unexpected character at {position + 1}")
            kind = str(found.lastgroup)
            value = found[kind]
            if kind == "name" and value.upper() in _WORDS:
                kind, value = "sign", _WORDS[value.upper()]
            tokens.append((kind, value))
            position = found.end()
        return tokens

    def level(self, number: int) -> Node:
        """Read operands joined by the operators of this level, left to right."""
        if number == len(_LEVELS):
            return self._signed()
        node = self.level(number + 1)
        while self._next_sign() in _LEVELS[number]:
            sign = self._take()[1]
            node = Binary(sign=sign, left=node, right=self.level(number + 1))
        return node

    def end(self) -> None:
        if self._at < len(self._tokens):
            self._fail(f"unexpected {self._tokens[self._at][1]}")

    def _signed(self) -> Node:
        if self._next_sign() in ("-", "+"):
            sign = self._take()[1]
            operand = self._deeper(self._signed)
            return Negative(operand=operand) if sign == "-" else operand
        base = self._atom()
        if self._next_sign() != "^":
            return base
        self._take()
        return Binary(sign="^", left=base, right=self._deeper(self._signed))

    def _atom(self) -> Node:
        kind, value = self._take()
        if kind == "number":
            return Number(value=float(value))
        if kind == "text":
            return Text(value=value[1:-1])
        if kind == "name":
            if self._next_sign() == "(":
                self._take()
                return FunctionCall(name=value.upper(), arguments=self._items(")"))
            return Name(name=value)
        if value == "(":
            node = self._deeper(lambda: self.level(0))
            self._expect(")")
            return node
        if value == "[":
            return Array(items=self._items("]"))
        return self._fail(f"unexpected {value}")

    def _items(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while self._next_sign() != closing:
            if items:
                self._expect(",")
            items.append(self._deeper(lambda: self.level(0)))
        self._take()
        return tuple(items)

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("too many levels")
        node = read()
        self._depth -= 1
        return node

    def _expect(self, sign: str) -> None:
        if self._take() != ("sign", sign):
            self._fail(f"expected {sign}")

    def _next_sign(self) -> str | None:
        if self._at >= len(self._tokens):
            return None
        kind, value = self._tokens[self._at]
        return value if kind == "sign" else None

    def _take(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            self._fail("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _fail(self, detail: str) -> NoReturn:
        text = f"Error in expression '{self._expression}': {detail}."
        raise validation_error(text)

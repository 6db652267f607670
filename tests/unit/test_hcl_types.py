"""How the tables of Terraform's READMEs read a variable's type."""

import pytest

from tests.terraform.hcl_types import Attribute, attributes, short, type_of

BODY = """  description = "What it is."
  type = map(object({
    count = optional(number, 1) # how many, at least (one)
    inner = optional(object({ names = set(string), on = optional(bool) }), {})
    kind  = string
  }))
  nullable = false
"""


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        ("string", "string"),
        ("list(string)", "list(string)"),
        ("map(map(number))", "map(map(number))"),
        ("object({ a = string })", "object"),
        ("set(object({ a = string }))", "set(object)"),
    ],
)
def test_a_type_is_said_in_a_word(constraint: str, said: str) -> None:
    assert short(constraint) == said


def test_attributes_of_objects_are_found_at_any_depth() -> None:
    assert list(attributes(type_of(BODY), "x")) == [
        Attribute(
            path="x[*].count", type="number", default="1", comment="how many, at least (one)"
        ),
        Attribute(path="x[*].inner", type="object", default="{}", comment=""),
        Attribute(path="x[*].inner.names", type="set(string)", default=None, comment=""),
        Attribute(path="x[*].inner.on", type="bool", default="null", comment=""),
        Attribute(path="x[*].kind", type="string", default=None, comment=""),
    ]


def test_a_type_without_objects_has_no_attributes() -> None:
    assert list(attributes(type_of("  type = list(string)\n"), "x")) == []

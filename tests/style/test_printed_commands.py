"""Every command that the sources tell a person to type is one that the command line takes."""

import ast
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import command
from pipeline.core.printed_commands import WRAPPER, Given, Words, completed
from pipeline.request import options_of
from tests.style.sources import python_files, tree_of
from tests.support.printed import commands
from tests.support.project import PROJECT_ROOT

# What the door says of its own flags, and what completes the commands of the others.
NOT_MESSAGES = {
    Path(f"pipeline/{name}.py") for name in ("cli", "core/printed_commands", "flags", "modes")
}
# Names of texts that say what happened: they may quote, and are never completed.
SAYS_WHAT_HAPPENED = {"message", "what"}
# What stands for a value that is known only when the program runs.
PLACEHOLDERS = {"because": "", "mode": "evaluation", "flags['stop_after']": "train"}
OTHERS = "a-value"
EVERYTHING = Given(
    program=f"/a b/{WRAPPER}",
    place=Words(
        flags={
            "--config-file": "/it's/my.json",
            "--environment": "production",
            "--backend": "aws",
            "--region": "eu-west-1",
            "--endpoint-name": "other-production",
        },
        variables={"ENDPOINT_PREFIX": "iris", "S3_BUCKET": "b.c", "MODEL_NAME_PREFIX": "x"},
    ),
    choices=Words(flags={"--disable-auto-deploy": None}, variables={"MLOPS_X__Y": "{\"a\": 'b'}"}),
)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file that name a mode, placeholders filled in, and their lines."""
    tree = tree_of(path)
    apart = {id(each) for node in ast.walk(tree) for each in _apart(node)}
    for node in ast.walk(tree):
        if id(node) not in apart and isinstance(node, ast.JoinedStr | ast.Constant):
            text = _text(node)
            if "--mode" in text:
                yield node.lineno, text


def _apart(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is no text of its own, or says what happened: docstrings, messages, parts."""
    if isinstance(node, ast.JoinedStr):
        yield from node.values
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.Assign):
        names = {each.id for each in node.targets if isinstance(each, ast.Name)}
        if names & SAYS_WHAT_HAPPENED:
            yield from ast.walk(node.value)


def _text(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else ""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else _placeholder(part)
        for part in node.values
    )


def _placeholder(part: ast.expr) -> str:
    assert isinstance(part, ast.FormattedValue)
    return PLACEHOLDERS.get(ast.unparse(part.value), OTHERS)


SOURCES = [path for path in python_files("pipeline") if path not in NOT_MESSAGES]
# Read here, parsed in the tests: each worker of a test run would parse all of them.
NAMING = [path for path in SOURCES if "--mode" in (PROJECT_ROOT / path).read_text("utf-8")]


@pytest.mark.parametrize("path", NAMING, ids=str)
def test_what_a_text_names_is_parsed_by_the_command_line(path: Path) -> None:
    for line, text in texts(path):
        assert commands(text), f"{line}: {text}"
        for mention in commands(completed(text, EVERYTHING)):
            _require_parsed(mention)


def _require_parsed(mention: str) -> None:
    words = shlex.split(mention)
    program = words.index(EVERYTHING.program)
    assert all("=" in word for word in words[:program])
    context = command.make_context("typed", words[program + 1 :])
    assert context.params["config_environment"] == "production"
    assert str(context.params["config_file"]) == "/it's/my.json"
    flags = {key: each for key, each in context.params.items() if "config_" not in key}
    options_of(flags, {})


def test_there_are_such_texts() -> None:
    assert sum(1 for path in NAMING for _ in texts(path)) > 20


def test_what_is_noted_or_shown_names_commands_only_as_what_to_do() -> None:
    """A line may quote, so the recorder completes none: it takes what to do apart from it."""
    for path in NAMING:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".note", ".show")):
                place = f"{path}:{node.lineno}"
                assert not any("--mode" in ast.unparse(each) for each in node.args), place

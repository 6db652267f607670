"""The exact command that a person types after this run: the same endpoint, place and choices.

Remedies name a command in short, `--mode status`, and nobody in the steps has to know how the run
was started: where a remedy leaves the program, its commands are completed. So are a note's `to_do`
and a finding's fix. All else stays as it is, messages above all: they quote what Terraform and
containers said, and what others said is nobody's command.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.core.modes import FACTS

WRAPPER = "run_mlops_pipeline.sh"
_PLAIN = frozenset(mode.value for mode, facts in FACTS.items() if facts.is_plain)

_WORD = r"""(?:'[^']*'|"[^"]*"|[\w@%+=/-]|[:,.](?=[:,.]*[\w@%+=/'"-]))+"""
_PROGRAM = rf"""(?:'[^']*'|"[^"]*"|[\w@%+=:,./-])*(?:'[^']*)?{re.escape(WRAPPER)}'?"""
# The word behind one of these is not its own.
FLAGS_WITHOUT_VALUE = (
    *("break-lease", "disable-auto-deploy", "dry-run", "explain", "follow", "force", "verify"),
    *("watch", "with-data", "yes"),
)
_ALONE = "|".join(FLAGS_WITHOUT_VALUE)
COMMAND = re.compile(
    rf"(?P<variables>(?:(?<![\w'-])[A-Za-z_]\w*={_WORD} )*)"
    rf"(?P<program>{_PROGRAM} )?"
    r"(?<![\w-])--mode (?P<mode>[a-z]+(?:-[a-z]+)*)"
    rf"(?P<flags>(?: --(?:{_ALONE})(?![\w-])| --[a-z][a-z-]* {_WORD})*)",
    re.ASCII,
)
# What ends a sentence would be copied with the command.
_MARK = r"(?:[.,;](?: (?P<more>)|$))?"
_IN_A_SENTENCE = re.compile(COMMAND.pattern + _MARK, re.ASCII | re.MULTILINE)
_START = re.compile(rf"(?<!\S)\./{re.escape(WRAPPER)}(?! --mode)")
_VARIABLE = re.compile(rf"([A-Za-z_]\w*)={_WORD} ", re.ASCII)
_FLAG = re.compile(r"(?<!\S)--[a-z][a-z-]*")


@dataclass(frozen=True, kw_only=True)
class Words:
    """Flags and variables with their values; None is a flag that takes none."""

    flags: Mapping[str, str | None] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Given:
    """How a run was started: the program, and what flags and variables gave it besides its mode.

    `place` says where and on what it works, `choices` how. The file's values are in neither.
    """

    program: str
    place: Words = field(default_factory=Words)
    choices: Words = field(default_factory=Words)


def completed(text: str, given: Given) -> str:
    """Return a text of ours with its commands as they can be typed; whole ones stay as they are.

    A command that ends a sentence ends a line instead of it.
    """
    text = _START.sub(lambda _: shlex.quote(given.program), text)
    return _IN_A_SENTENCE.sub(lambda found: _alone(found, given), text)


def _alone(found: re.Match[str], given: Given) -> str:
    return _whole(found, given) + ("" if found["more"] is None else "\n")


def _whole(found: re.Match[str], given: Given) -> str:
    variables, flags = found["variables"], found["flags"]
    if found["program"]:
        return f"{variables}{found['program']}--mode {found['mode']}{flags}"
    has_variables, has_flags = set(_VARIABLE.findall(variables)), set(_FLAG.findall(flags))
    if "ENDPOINT_PREFIX" in has_variables:
        has_flags.add("--endpoint-name")  # it would name another endpoint than the prefix does
    added = [given.place] if found["mode"] in _PLAIN else [given.place, given.choices]
    before = [
        f"{name}={_quoted(value)} "
        for words in added
        for name, value in words.variables.items()
        if name not in has_variables
    ]
    after = [word for words in added for word in _flags(words, has_flags)]
    program = shlex.quote(given.program)
    return f"{variables}{''.join(before)}{program} --mode {found['mode']}{flags}{''.join(after)}"


def _flags(words: Words, known: set[str]) -> Iterator[str]:
    for name, value in words.flags.items():
        if name not in known:
            yield f" {name}" if value is None else f" {name} {_quoted(value)}"


def _quoted(value: str) -> str:
    """Quote for a shell; also a mark at the end, which would end the sentence instead."""
    quoted = shlex.quote(value)
    return f"'{value}'" if quoted == value and value.endswith((".", ",", ":")) else quoted

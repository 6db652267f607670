"""The command that a person is told to type means the endpoint and the choices of the run."""

import shlex
from pathlib import Path

import click
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from pipeline.cli import command
from pipeline.configuration.sources import given
from pipeline.core.printed_commands import FLAGS_WITHOUT_VALUE, Given, Words, completed
from pipeline.recorder import Recorder
from tests.support.printed import commands
from tests.unit.test_results import a_report

HERE = "./run_mlops_pipeline.sh"
PLAIN = Given(program=HERE)
PRODUCTION = Given(
    program=HERE,
    place=Words(
        flags={"--environment": "production", "--endpoint-name": "other-production"},
        variables={"ENDPOINT_PREFIX": "iris", "MODEL_NAME_PREFIX": "flower"},
    ),
    choices=Words(
        flags={"--disable-auto-deploy": None},
        variables={"MLOPS_TRAINING__DATA": "my data.csv"},
    ),
)
NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True)
FLAGS = st.from_regex(r"--[a-z][a-z-]{0,8}[a-z]", fullmatch=True)
VALUES = st.one_of(
    st.text(min_size=1),
    st.sampled_from(["x.", "a: --mode status", "--mode", "it's --mode full.", "'", '"', "é'.json"]),
)
WORDS = st.builds(
    Words,
    flags=st.dictionaries(FLAGS.filter(lambda flag: flag != "--mode"), VALUES, max_size=3),
    variables=st.dictionaries(NAMES, VALUES, max_size=3),
)
PROGRAMS = st.one_of(st.just(HERE), VALUES.map(lambda name: f"/{name}/run_mlops_pipeline.sh"))
GIVEN = st.builds(Given, program=PROGRAMS, place=WORDS, choices=WORDS)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        (
            "Look at --mode status first.",
            f"Look at ENDPOINT_PREFIX=iris MODEL_NAME_PREFIX=flower {HERE} --mode status "
            "--environment production --endpoint-name other-production first.",
        ),
        (
            "Type: --mode rollback --to r-1 --force.",
            "Type: ENDPOINT_PREFIX=iris MODEL_NAME_PREFIX=flower "
            f"MLOPS_TRAINING__DATA='my data.csv' {HERE} --mode rollback --to r-1 --force "
            "--environment production --endpoint-name other-production --disable-auto-deploy",
        ),
        (
            "ENDPOINT_PREFIX=wine MODEL_NAME_PREFIX=wine --mode status --environment staging, then",
            f"ENDPOINT_PREFIX=wine MODEL_NAME_PREFIX=wine {HERE} --mode status "
            "--environment staging\nthen",
        ),
    ],
)
def test_what_was_given_is_added_where_the_mention_has_no_own(text: str, typed: str) -> None:
    assert completed(text, PRODUCTION) == typed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Look at --mode status.", ("--mode status",)),
        ("--mode status, mend it; --mode prune: it", ("--mode status", "--mode prune")),
        (
            'type --mode approve --training-job a-1 --reason "...", then --mode full',
            ('--mode approve --training-job a-1 --reason "..."', "--mode full"),
        ),
        ("repeat --mode rollback --to r-1 --force and look", ("--mode rollback --to r-1 --force",)),
        ("A=b C='d e' --mode full", ("A=b C='d e' --mode full",)),
        ("the flag --mode, and a-flag--mode full", ()),
        ("Name a job that mode training finished.", ()),
    ],
)
def test_a_sentence_ends_where_its_command_does(text: str, found: tuple[str, ...]) -> None:
    assert commands(text) == found


@for_all(GIVEN)
def test_a_shell_reads_back_exactly_what_was_given(run: Given) -> None:
    typed = completed("Look at --mode status first.", run)
    words = shlex.split(typed.removeprefix("Look at ").removesuffix(" first."))
    flags = [word for pair in run.place.flags.items() for word in pair]
    variables = [f"{name}={value}" for name, value in run.place.variables.items()]
    if "ENDPOINT_PREFIX" not in run.place.variables:
        assert words == [*variables, run.program, "--mode", "status", *flags]


@for_all(GIVEN, st.sampled_from(["full", "status", "rollback --to r-1 --force"]), VALUES)
def test_a_completed_command_stays_as_it_is(run: Given, mode: str, reason: str) -> None:
    text = (
        f"Look, then type: A={shlex.quote(reason)} --mode {mode} --note {shlex.quote(reason)}, ok"
    )
    once = completed(text, run)
    assert completed(once, run) == once


def test_a_flag_that_takes_no_value_has_none_of_the_next_flags() -> None:
    to_do = "To do it: --mode cleanup --yes --confirm production"
    typed = completed(
        to_do, Given(program=HERE, place=Words(flags={"--environment": "production"}))
    )
    assert typed == (
        f"To do it: {HERE} --mode cleanup --yes --confirm production --environment production"
    )
    spelled = {
        name.removeprefix("--")
        for option in command.params
        if isinstance(option, click.Option) and option.is_flag
        for name in option.opts
        if name.startswith("--")
    }
    of_the_screen = {"deployment-only", "local-test", "no-color", "quiet", "verbose"}
    assert set(FLAGS_WITHOUT_VALUE) == spelled - of_the_screen


@for_all(st.text(), GIVEN)
def test_a_text_without_a_command_is_not_touched(text: str, run: Given) -> None:
    if "--mode" not in text and HERE not in text:
        assert completed(text, run) == text


def test_the_program_alone_is_the_one_that_can_be_started_from_here() -> None:
    far = Given(program="/a b/run_mlops_pipeline.sh")
    text = "Remove .venv and start ./run_mlops_pipeline.sh, which makes it anew."
    assert completed(text, PLAIN) == text
    assert "start '/a b/run_mlops_pipeline.sh', which" in completed(text, far)
    assert completed("type: --mode full", far) == "type: '/a b/run_mlops_pipeline.sh' --mode full"


def test_flags_and_variables_are_typed_as_they_were_given() -> None:
    run = given(
        program=HERE,
        flags={"environment": "production", "auto_deploy_enabled": "false", "backend": None},
        environment={
            "AWS_REGION": "eu-west-1",
            "ENDPOINT_PREFIX": "mine",
            "LOG_LEVEL": "DEBUG",
            "MLOPS_ENVIRONMENT": "staging",
            "MLOPS_TRAINING__HYPERPARAMETERS": '{"a": [1]}',
            "MODEL_NAME_PREFIX": "",
            "PATH": "/bin",
            "SLACK_WEBHOOK_URL": "https://hooks.example.com/secret",
        },
        config_file=Path("/a b/c.json"),
        endpoint_name="named",
    )
    assert run.place == Words(
        flags={
            "--config-file": "/a b/c.json",
            "--environment": "production",
            "--region": "eu-west-1",
            "--endpoint-name": "named",
        },
        variables={"ENDPOINT_PREFIX": "mine"},
    )
    assert run.choices == Words(
        flags={"--disable-auto-deploy": None},
        variables={"MLOPS_TRAINING__HYPERPARAMETERS": '{"a": [1]}'},
    )


def test_nothing_given_adds_nothing() -> None:
    run = given(program=HERE, flags={}, environment={}, config_file=None, endpoint_name=None)
    assert run == PLAIN


def test_a_note_may_quote_and_only_what_it_says_to_do_is_completed() -> None:
    recorder = Recorder(completed=lambda text: completed(text, PRODUCTION))
    recorder.note("It said: use --mode full.", to_do="--mode status")
    (note,) = recorder.complete(a_report()).notes
    assert note.startswith("It said: use --mode full. ENDPOINT_PREFIX=iris ")


@pytest.mark.parametrize(
    ("line", "joined"),
    [
        ("Approved by ada: it looks well", "Approved by ada: it looks well. To go on, type it"),
        ("Approved by ada: it looks well.", "Approved by ada: it looks well. To go on, type it"),
        ("It waits!", "It waits! To go on, type it"),
        ("Is it well?", "Is it well? To go on, type it"),
        ("It said: 'no.'", "It said: 'no.' To go on, type it"),
        ("To apply it:", "To apply it: To go on, type it"),
    ],
)
def test_what_to_do_begins_a_sentence_of_its_own(line: str, joined: str) -> None:
    for keep in (Recorder.note, Recorder.show):
        recorder = Recorder()
        keep(recorder, line, to_do="To go on, type it")
        told = recorder.complete(a_report())
        assert joined in (*told.notes, *told.listing)
        keep(recorder, line)
        told = recorder.complete(a_report())
        assert line in (*told.notes, *told.listing)

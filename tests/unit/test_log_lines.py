"""Log records as JSON objects: whole, one line each, and without a secret in any form."""

import json
import logging
import sys
from typing import Any

import pytest

from pipeline.gateways.console import asks_for_json
from pipeline.gateways.log_lines import JsonFormatter, RedactingFormatter

SECRET = 'T0/"quoted"\\é'


def written(message: str, *args: object, **members: Any) -> dict[str, Any]:
    record = logging.makeLogRecord(
        {"name": "pipeline.steps.train", "levelname": "INFO", "msg": message, "args": args}
        | {"created": 1767225600.5}
        | members
    )
    line = JsonFormatter(run_id="run-1", secrets=["", SECRET]).format(record)
    assert "\n" not in line
    document: dict[str, Any] = json.loads(line)
    return document


def test_a_record_is_an_object_of_five_texts() -> None:
    assert written("job=%s started", "a") == {
        "time": "2026-01-01T00:00:00.500+00:00",
        "level": "INFO",
        "logger": "pipeline.steps.train",
        "message": "job=a started",
        "run_id": "run-1",
    }


def test_lines_within_a_message_stay_within_the_object() -> None:
    assert written("one\ntwo")["message"] == "one\ntwo"


def test_text_that_is_no_unicode_is_still_json() -> None:
    assert written("bytes \udcff")["message"] == "bytes \udcff"


def test_what_was_given_besides_the_message_is_extra() -> None:
    assert written("x", job="a", seconds=2)["extra"] == {"job": "a", "seconds": 2}


def test_what_all_lines_have_in_common_and_what_one_adds_are_fields_of_it() -> None:
    record = logging.makeLogRecord(
        {"name": "pipeline", "levelname": "INFO", "msg": "training took 1.2 s", "created": 0.0}
        | {"event": "phase_ended", "phase": "training", "duration_ms": 1200, "job": "a"}
    )
    about = {"environment": "staging", "endpoint": "e", "phase": "another", "token": SECRET}
    formatter = JsonFormatter(run_id="run-1", secrets=[SECRET], about=lambda: about)
    assert json.loads(formatter.format(record)) == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "INFO",
        "logger": "pipeline",
        "message": "training took 1.2 s",
        "run_id": "run-1",
        "environment": "staging",
        "endpoint": "e",
        "phase": "training",
        "event": "phase_ended",
        "duration_ms": 1200,
        "token": "[redacted]",
        "extra": {"job": "a"},
    }


def test_a_secret_is_redacted_whatever_json_makes_of_it() -> None:
    document = written("to %s", SECRET, channel={"url": SECRET})
    assert document["message"] == "to [redacted]"
    assert document["extra"] == {"channel": {"url": "[redacted]"}}


def test_a_traceback_is_a_text_of_the_object_and_redacted() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        document = written("a bug", exc_info=sys.exc_info())
    assert document["exception"].splitlines()[-1] == "ValueError: [redacted]"


def test_lines_of_text_are_redacted_too() -> None:
    record = logging.makeLogRecord({"msg": f"to {SECRET}"})
    assert RedactingFormatter("%(message)s", secrets=[SECRET]).format(record) == "to [redacted]"


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], False),
        (["--log-format", "json"], True),
        (["--log-format=json", "--nonsense"], True),
        (["--log-format", "json", "--log-format=text"], False),
        (["--log-format"], False),
    ],
)
def test_a_command_line_asks_for_json_also_when_it_is_refused(
    arguments: list[str], asked: bool
) -> None:
    assert asks_for_json(arguments) is asked

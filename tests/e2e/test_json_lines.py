"""--log-format json: whatever happens, every line on stderr is one JSON object."""

import json
import signal
from typing import Any

from tests.e2e.command_line import CommandLine, Outcome
from tests.e2e.story import Story

JSON = ("--log-format", "json")
WEBHOOK = "http://127.0.0.1:9/services/T0000/B0000/not-for-any-log"


def objects(outcome: Outcome) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in outcome.stderr.splitlines()]
    required = {"time", "level", "logger", "message", "run_id"}
    assert all(required <= set(each) for each in found), found
    return found


def test_a_flag_that_does_not_exist_is_said_in_json(bare: CommandLine) -> None:
    refused = bare.run(*JSON, "--nonsense")
    (line,) = objects(refused)
    assert (refused.exit_code, line["level"]) == (2, "ERROR")
    assert "--nonsense" in line["message"]


def test_a_refused_configuration_is_said_in_json(bare: CommandLine) -> None:
    refused = bare.run(*JSON, "--accuracy", "7", SLACK_WEBHOOK_URL=WEBHOOK)
    assert refused.exit_code == 2
    assert "accuracy_threshold = 7" in objects(refused)[-1]["message"]


def test_a_run_that_fails_says_so_in_json_and_names_itself(quiet: Story) -> None:
    failed = quiet.run(
        "--mode", "testing", "--endpoint-name", "nobody", *JSON, SLACK_WEBHOOK_URL=WEBHOOK
    )
    lines = objects(failed)
    assert failed.exit_code == 2
    assert {each["run_id"] for each in lines} == {failed.results["run_id"]}
    assert lines[-1]["message"].startswith("Error: There is no endpoint nobody.")
    assert WEBHOOK not in failed.stderr


def test_an_interrupted_run_ends_in_json_too(plain_story: Story) -> None:
    running = plain_story.command.start("--mode", "training", "--verbose", *JSON)
    stderr = running.process.stderr
    assert stderr is not None
    first = json.loads(stderr.readline())
    running.process.send_signal(signal.SIGINT)
    ended = running.ended()
    lines = objects(ended)
    assert ended.exit_code == 130
    assert first["run_id"]
    assert "nterrupted." in lines[-1]["message"]

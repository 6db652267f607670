"""What of an event a target is sent: paths and templates, without a server."""

import json
from typing import Any

import pytest

from emulator.messaging.event_input import target_input

RULE = "arn:aws:events:us-east-1:000000000000:rule/nightly"
EVENT: dict[str, Any] = {
    "id": "1",
    "time": "2026-01-01T00:00:00Z",
    "detail": {"name": 'a "b"', "list": [1, {"deep": None}], "odd key": True},
}


def sent(**target: Any) -> str:
    return target_input({"Arn": "unused", **target}, EVENT, rule_arn=RULE)


def filled(template: str, **paths: str) -> str:
    return sent(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})


def test_without_a_choice_it_is_the_whole_event() -> None:
    assert json.loads(sent()) == EVENT


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", EVENT),
        ("$.detail.list[1].deep", None),
        ("$.detail['odd key']", True),
        ("$.detail.nothing", None),
        ("$.detail.list[7]", None),
        ("$.detail.name[0]", None),
    ],
)
def test_a_path_finds_its_part_or_null(path: str, found: Any) -> None:
    assert json.loads(sent(InputPath=path)) == found


def test_a_placeholder_outside_quotes_is_json_and_inside_it_is_text() -> None:
    text = filled('{"a": <name>, "b": "<name>!", "c": <list>}', name="$.detail.name", list="$.id")
    assert json.loads(text) == {"a": 'a "b"', "b": 'a "b"!', "c": "1"}


def test_a_path_that_finds_nothing_leaves_nothing_in_a_text() -> None:
    assert filled('"by <who>."', who="$.detail.who") == '"by ."'


def test_a_name_without_a_path_stays_as_it_is() -> None:
    assert filled('"<unknown> <id>"', id="$.id") == '"<unknown> 1"'


def test_the_rule_and_the_event_itself_have_names() -> None:
    text = filled('{"rule": <aws.events.rule-name>, "event": <aws.events.event.json>}')
    assert json.loads(text) == {"rule": "nightly", "event": EVENT}

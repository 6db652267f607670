"""Fault rules for fleets that serve: which requests they hit, and what a wrong answer is."""

import json
from typing import Any

import pytest

from emulator.containers.worker import ContainerResponse
from emulator.containers.wrong_answers import wrong_answer
from emulator.fault_parsing import InvalidFault
from emulator.faults import Faults


def faults(*rules: dict[str, Any]) -> Faults:
    made = Faults()
    for rule in rules:
        made.add({"hosting": rule})
    return made


def hits(made: Faults, requests: int, *, config: str = "config") -> list[int]:
    """Return the numbers of the requests that were hit."""
    return [n for n in range(1, requests + 1) if made.serving.hit(config, "primary") is not None]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(1, [1, 2, 3, 4]), (0.5, [2, 4]), (0.25, [4]), (0.75, [2, 3, 4]), (0.1, [])],
)
def test_a_share_of_the_requests_is_hit_by_counting(share: float, expected: list[int]) -> None:
    assert hits(faults({"fault": "error_share", "share": share}), 4) == expected


@pytest.mark.parametrize("share", [0.07, 0.1, 0.29, 0.3, 0.7])
def test_of_a_hundred_requests_exactly_the_share_is_hit(share: float) -> None:
    assert len(hits(faults({"fault": "hang", "share": share}), 100)) == round(100 * share)


def test_each_fleet_is_counted_by_itself() -> None:
    made = faults({"endpoint_config": "x-*", "fault": "error_share", "share": 0.5})
    found = [made.serving.hit(config, "primary") for config in ("x-1", "x-2", "y-1", "x-1", "x-2")]
    assert [rule is not None for rule in found] == [False, False, False, True, True]


def test_a_crash_comes_after_as_many_requests_and_then_again() -> None:
    assert hits(faults({"fault": "crash_after", "requests": 2}), 7) == [3, 6]
    assert hits(faults({"fault": "crash_after", "requests": 2, "times": 1}), 7) == [3]
    assert hits(faults({"fault": "crash_after", "requests": 0}), 2) == [1, 2]


def test_a_request_that_one_rule_leaves_alone_meets_the_next() -> None:
    made = faults({"fault": "error_share", "share": 0.5}, {"fault": "slow", "latency_ms": 10})
    found = [made.serving.hit("config", "primary") for _ in range(3)]
    assert [rule and rule.fault for rule in found] == ["slow", "error_share", "slow"]


def test_such_a_rule_is_listed_and_cleared_and_lets_a_fleet_start() -> None:
    made = faults({"fault": "wrong_answers", "times": 3})
    assert made.hosting_fault("config") is None
    assert len(made.listing()[0]) == 1
    made.clear()
    assert (hits(made, 2), made.listing()[0]) == ([], ())


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"fault": "error_share"}, "error_share needs `share`"),
        ({"fault": "error_share", "share": 0}, "`share` is 0; allowed is a number above 0"),
        ({"fault": "error_share", "share": 1.5}, "`share` is 1.5; allowed is a number above 0"),
        ({"fault": "error_share", "share": 0.5, "latency_ms": 1}, "unknown keys latency_ms"),
        ({"fault": "slow"}, "slow needs `latency_ms`"),
        ({"fault": "hang", "latency_ms": 1}, "unknown keys latency_ms"),
        ({"fault": "crash_after"}, "crash_after needs `requests`"),
        ({"fault": "crash_after", "requests": 1.5}, "`requests` is 1.5; allowed is an integer"),
        ({"fault": "crash_after", "requests": 1, "share": 0.5}, "unknown keys share"),
        ({"fault": "ping_fail", "share": 0.5}, "unknown keys share"),
    ],
)
def test_what_does_not_belong_to_the_fault_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidFault, match=message):
        faults(rule)


def answered(body: str, *, kind: str) -> ContainerResponse:
    return ContainerResponse(status=200, headers={"content-type": kind}, body=body.encode())


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            {
                "predictions": ["a", "c", "a"],
                "probabilities": [[0.9, 0.1, 0.0], [0.0, 0.2, 0.8], [0.5, 0.5, 0.0]],
                "labels": ["a", "b", "c"],
            },
            {
                "predictions": ["b", "a", "b"],
                "probabilities": [[0.0, 0.9, 0.1], [0.8, 0.0, 0.2], [0.0, 0.5, 0.5]],
                "labels": ["a", "b", "c"],
            },
        ),
        ({"predictions": [1.5, 3.5, 2.5]}, {"predictions": [2.5, 1.5, 3.5]}),
        ({"predictions": [[1, 2], [5]]}, {"predictions": [[2, 1], [6]]}),
        ({"predictions": ["a"], "labels": ["a"]}, {"predictions": ["aa"], "labels": ["a"]}),
        ([1, 1, None], [2, 2, None]),
        ({"prediction": True}, {"prediction": False}),
    ],
)
def test_a_wrong_json_answer_has_the_shape_of_the_right_one(right: Any, wrong: Any) -> None:
    response = wrong_answer(answered(json.dumps(right), kind="application/json; charset=utf-8"))
    assert json.loads(response.body) == wrong
    assert response.status == 200


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("a\nb\na\n", "b\na\nb\n"),
        ("0.1,x\n0.2,y", "0.2,y\n0.1,x"),
        ("7\n7\n", "8\n8\n"),
        ("1.5\n", "2.5\n"),
        ("one", "eno"),
        ("aba\n", "abaaba\n"),
        ("", ""),
    ],
)
def test_a_wrong_text_answer_has_as_many_lines_and_cells(right: str, wrong: str) -> None:
    assert wrong_answer(answered(right, kind="text/csv")).body == wrong.encode()


@pytest.mark.parametrize(
    "response",
    [
        answered("not json", kind="application/json"),
        answered("1", kind="application/octet-stream"),
        ContainerResponse(status=400, headers={"Content-Type": "text/csv"}, body=b"1"),
    ],
)
def test_what_is_not_understood_stays_as_it_is(response: ContainerResponse) -> None:
    assert wrong_answer(response) == response

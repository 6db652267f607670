"""What the embedded AWS adds to moto is checked as a client reads it, in all three protocols."""

import json

import pytest

from emulator.api.shaping import ResponseShapeError
from emulator.calls import Call
from emulator.moto_patches.checking import check_answer

JSON = "application/x-amz-json-1.0"


def check(service: str, action: str, body: str, *, kind: str = JSON) -> None:
    call = Call(
        service=service,
        action=action,
        region="us-east-1",
        method="POST",
        path="/",
        target=True,
        endpoint_name=None,
        body=b"",
    )
    check_answer(call, kind, headers={"Content-Type": kind}, body=body.encode())


def an_alarm(**members: object) -> str:
    return json.dumps({"MetricAlarms": [{"AlarmName": "a", **members}]})


def test_an_answer_of_cloudwatch_may_have_what_its_model_has() -> None:
    check("monitoring", "DescribeAlarms", an_alarm(StateValue="OK", Threshold=1.0))


@pytest.mark.parametrize("member", [{"StateValue": "FINE"}, {"ActionsEnabled": "yes"}])
def test_an_answer_that_its_model_forbids_is_found(member: dict[str, str]) -> None:
    with pytest.raises(ResponseShapeError):
        check("monitoring", "DescribeAlarms", an_alarm(**member))


def test_a_required_member_must_be_there() -> None:
    with pytest.raises(ResponseShapeError, match="ScalableTargets\\[0\\]"):
        check("application-autoscaling", "DescribeScalableTargets", '{"ScalableTargets": [{}]}')


def test_the_query_protocol_is_read_too() -> None:
    alarm = "<MetricAlarms><member><StateValue>FINE</StateValue></member></MetricAlarms>"
    result = f"<DescribeAlarmsResult>{alarm}</DescribeAlarmsResult>"
    answer = f"<DescribeAlarmsResponse>{result}</DescribeAlarmsResponse>"
    with pytest.raises(ResponseShapeError, match="FINE"):
        check("monitoring", "DescribeAlarms", answer, kind="application/x-www-form-urlencoded")


def test_what_is_only_motos_is_not_checked() -> None:
    check("sqs", "ReceiveMessage", '{"Messages": "none"}')

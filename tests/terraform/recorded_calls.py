"""What the real Terraform asks of AWS for each kind of move.

`RECORDED` is data: whoever stands in for Terraform elsewhere sends these calls, in any order that
they allow. tests/terraform/test_release_table.py holds it to the real Terraform and provider.

A call is an action and what it is about, without the endpoint's name: "CreateModel r1",
"PutMetricAlarm r1-n1-errors". Calls about the endpoint name the config that it goes to.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tests.terraform.recorder import Call, Recorder

# A call -> the calls that are answered before it is sent.
Order = Mapping[str, Sequence[str]]

# The first of these that a call has is what it is about.
_NAMES = ("EndpointConfigName", "EndpointName", "ModelName", "AlarmName", "AlarmNames.member.1")


class Recorded(Protocol):
    @property
    def endpoint(self) -> str: ...

    @property
    def recorder(self) -> Recorder: ...


def calls_of(stack: Recorded) -> list[str]:
    """Return what the stack's Terraform changed since this was last asked, oldest first.

    A call that was not answered with success ends in "refused".
    """
    return [_said(call, stack.endpoint) for call in stack.recorder.taken()]


def _said(call: Call, endpoint: str) -> str:
    name = next((str(call.about[each]) for each in _NAMES if each in call.about), "")
    said = f"{call.action} {name.removeprefix(f'{endpoint}-')}"
    return said if call.status == 200 else f"{said} refused"


def respects(calls: Sequence[str], order: Order) -> bool:
    """Tell whether these are exactly those calls, each once and after all that it waits for."""
    place = {call: index for index, call in enumerate(calls)}
    return sorted(calls) == sorted(order) and all(
        place[before] < place[call] for call, befores in order.items() for before in befores
    )


def _made(release: str, count: int = 1) -> Order:
    key = f"{release}-n{count}"
    return {
        f"CreateModel {release}": (),
        f"CreateEndpointConfig {key}": (f"CreateModel {release}",),
        f"PutMetricAlarm {key}-errors": (),
        f"PutMetricAlarm {key}-latency": (),
        f"PutMetricAlarm {key}-tests": (),
    }


def _removed(release: str, count: int = 1, *, after: Sequence[str] = ()) -> Order:
    key = f"{release}-n{count}"
    return {
        f"DeleteAlarms {key}-errors": after,
        f"DeleteAlarms {key}-latency": after,
        f"DeleteAlarms {key}-tests": after,
        f"DeleteEndpointConfig {key}": after,
        f"DeleteModel {release}": (*after, f"DeleteEndpointConfig {key}"),
    }


def _then(call: str, before: Order) -> Order:
    return {**before, call: tuple(before)}


_OTHER_COUNT: Order = {
    "CreateEndpointConfig r2-n2": (),
    "PutMetricAlarm r2-n2-errors": (),
    "PutMetricAlarm r2-n2-latency": (),
    "PutMetricAlarm r2-n2-tests": (),
}
RECORDED: Mapping[str, Order] = {
    "first deploy": _then("CreateEndpoint r1-n1", {**_made("r1"), "PutMetricAlarm quiet": ()}),
    "next": _then("UpdateEndpoint r2-n1", _made("r2")),
    "back": {"UpdateEndpoint r1-n1": ()},
    "count change": _then("UpdateEndpoint r2-n2", _OTHER_COUNT),
    "prune": _removed("r1"),
    "move and remove": {
        "UpdateEndpoint r2-n1": (),
        **_removed("r1", after=("UpdateEndpoint r2-n1",)),
    },
}

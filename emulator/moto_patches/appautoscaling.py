"""Application Auto Scaling: moto takes the requests, emulator/autoscaling is what answers.

moto's own only stores documents: nothing is checked against SageMaker, and nothing ever scales.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from emulator.api.errors import AwsError
from emulator.autoscaling.registry import ACTIONS
from emulator.autoscaling.service import ApplicationAutoScaling
from emulator.moto_patches.patching import add, existing

_UNKNOWN_TO_MOTO = (
    "DescribeScalingActivities",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
)

# The patched class belongs to the process, so what answers for it does too.
_serving: list[ApplicationAutoScaling] = []


def apply() -> None:
    for action in ACTIONS:
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", action).lower()
        if action in _UNKNOWN_TO_MOTO:
            add(ApplicationAutoScalingResponse, name, function=_answering(action))
        else:
            existing(ApplicationAutoScalingResponse, name)
            setattr(ApplicationAutoScalingResponse, name, _answering(action))


def answer_with(autoscaling: ApplicationAutoScaling) -> None:
    """Let this Application Auto Scaling answer from now on."""
    _serving[:] = [autoscaling]


def _answering(action: str) -> Callable[[Any], str]:
    def answer(self: Any) -> str:
        if not _serving:
            text = "no Application Auto Scaling is serving"
            raise NotImplementedError(text)
        params = json.loads(self.body or "{}")
        given = {name: value for name, value in params.items() if value is not None}
        try:
            return json.dumps(_serving[0].answer(action, given, region=self.region))
        except AwsError as error:
            raise JsonRESTError(error.code, error.message) from error

    return answer

"""Application Auto Scaling: the tags of scalable targets.

Source: "RegisterScalableTarget", "ListTagsForResource", "TagResource" and "UntagResource" pages of
the API reference. The tags live on moto's own target, so they end with it.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from emulator.moto_patches.patching import add, wrap


def apply() -> None:
    wrap(ApplicationAutoScalingResponse, "register_scalable_target", by=_keeping_tags)
    for name, function in _MISSING.items():
        add(ApplicationAutoScalingResponse, name, function=function)


def _keeping_tags(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto drops Tags; those of a target that exists already are not changed by registering."""

    def register_scalable_target(self: Any) -> Any:
        answer = original(self)
        target = _target(self, json.loads(answer)["ScalableTargetARN"])
        if not hasattr(target, "tags"):
            target.tags = dict(self._get_param("Tags") or {})
        return answer

    return register_scalable_target


def _list_tags_for_resource(self: Any) -> str:
    return json.dumps({"Tags": _target(self, self._get_param("ResourceARN")).tags})


def _tag_resource(self: Any) -> str:
    target = _target(self, self._get_param("ResourceARN"))
    target.tags = {**target.tags, **self._get_param("Tags")}
    return "{}"


def _untag_resource(self: Any) -> str:
    target = _target(self, self._get_param("ResourceARN"))
    removed = self._get_param("TagKeys")
    target.tags = {key: value for key, value in target.tags.items() if key not in removed}
    return "{}"


_MISSING = {
    "list_tags_for_resource": _list_tags_for_resource,
    "tag_resource": _tag_resource,
    "untag_resource": _untag_resource,
}


def _target(response: Any, arn: str) -> Any:
    for targets in response.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target
    code = "ResourceNotFoundException"
    raise JsonRESTError(code, f"Resource not found for ARN: {arn}")

"""Application Auto Scaling as one thing: checks a request, acts, and shapes the answer."""

import importlib
from collections.abc import Mapping
from typing import Any

import botocore.session

from emulator.api.constraints import check_json_types, check_request
from emulator.api.shaping import shape_response
from emulator.autoscaling.firing import fire
from emulator.autoscaling.registry import ACTIONS
from emulator.autoscaling.scaler import Scaler
from emulator.store import Store

for _resource in ("activities", "policies", "scheduled_actions", "targets"):
    importlib.import_module(f"emulator.autoscaling.{_resource}")


class ApplicationAutoScaling:
    """`strict` refuses an answer of ours that AWS's model does not allow (for tests)."""

    def __init__(self, scaler: Scaler, store: Store, *, strict: bool) -> None:
        self._scaler = scaler
        self._store = store
        self._strict = strict
        self.model = botocore.session.Session().get_service_model("application-autoscaling")

    def answer(self, action: str, params: Mapping[str, Any], *, region: str) -> dict[str, Any]:
        """Raise AwsError for what AWS would refuse."""
        operation = self.model.operation_model(action)
        check_json_types(params, operation.input_shape)
        check_request(params, operation.input_shape)
        result = ACTIONS[action](self._scaler.context(region), params)
        return shape_response(result, operation.output_shape, strict=self._strict)

    def fire(self, name: str) -> list[str]:
        """Fire the scheduled actions of this name; return their ARNs."""
        return fire(name, store=self._store, context=self._scaler.context)

"""The door of the control plane: one JSON 1.1 request in, one answer out."""

import importlib
import json
import logging
from collections.abc import Mapping
from typing import Any

import botocore.session

from emulator.answers import Answer
from emulator.api.addresses import check_addresses
from emulator.api.constraints import check_json_types, check_request
from emulator.api.errors import AwsError, NotImplementedByEmulator, ValidationError
from emulator.api.shaping import shape_response
from emulator.cloud import Cloud
from emulator.sagemaker.hosting import Hosting
from emulator.sagemaker.registry import ACTIONS, Context
from emulator.store import Store

log = logging.getLogger(__name__)

_CONTENT_TYPE = "application/x-amz-json-1.1"
_RESOURCES = (
    "capacity",
    "endpoint_configs",
    "endpoints",
    "model_package_groups",
    "model_packages",
    "models",
    "monitoring_job_definitions",
    "monitoring_schedules",
    "pipelines",
    "processing_jobs",
    "search",
    "search_suggestions",
    "tags",
    "training_jobs",
    "transform_jobs",
)

for _resource in _RESOURCES:
    importlib.import_module(f"emulator.sagemaker.{_resource}")


class ControlPlane:
    """`strict` turns an answer that AWS's model does not allow into a 500 (for tests)."""

    def __init__(self, cloud: Cloud, hosting: Hosting, *, store: Store, strict: bool) -> None:
        self._cloud = cloud
        self._hosting = hosting
        self._store = store
        self._strict = strict
        self._model = botocore.session.Session().get_service_model("sagemaker")

    def answer(self, *, action: str, region: str, body: bytes) -> Answer:
        try:
            document = self._act(action, region, body=body)
        except AwsError as error:
            return _error_answer(error)
        except RecursionError:
            code, text = "SerializationException", "The request is nested too deeply."
            return _error_answer(AwsError(code, text))
        except Exception:
            log.exception("action=%s failed", action)
            code, text = "InternalFailure", f"The embedded AWS failed in {action}; see its log."
            return _error_answer(AwsError(code, text, status=500))
        return Answer(
            status=200,
            headers={"Content-Type": _CONTENT_TYPE},
            body=json.dumps(document).encode(),
        )

    def _act(self, action: str, region: str, *, body: bytes) -> dict[str, Any]:
        function = ACTIONS.get(action)
        if function is None:
            text = f"SageMaker action {action}"
            raise NotImplementedByEmulator(text)
        operation = self._model.operation_model(action)
        params = _parsed(body)
        check_json_types(params, operation.input_shape)
        check_request(params, operation.input_shape)
        check_addresses(params, operation.input_shape)
        context = Context(
            region=region, cloud=self._cloud, store=self._store, hosting=self._hosting
        )
        result = function(context, params)
        return shape_response(result, operation.output_shape, strict=self._strict)


def _error_answer(error: AwsError) -> Answer:
    document = {"__type": error.code, "message": error.message}
    return Answer(
        status=error.status,
        headers={"Content-Type": _CONTENT_TYPE, "x-amzn-ErrorType": error.code},
        body=json.dumps(document).encode(),
    )


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        params = _without_nulls(json.loads(body or b"{}"))
        # JSON can say half a character, which nothing can be encoded with.
        if b"\\u" in body:
            json.dumps(params, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        code = "SerializationException"
        text = f"The request is not JSON: {error}"
        raise AwsError(code, text) from error
    if not isinstance(params, dict):
        text = "The request is not a JSON object."
        raise ValidationError(text)
    return params


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value

"""Holds a JSON request to AWS's own model before moto, which takes anything, sees it."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

import botocore.session
from moto.core.exceptions import JsonRESTError

from emulator.api.constraints import check_json_types, check_request
from emulator.api.errors import AwsError

Check = Callable[[Mapping[str, Any]], None]


def held_to_model(
    service: str, action: str, *, named_by: str | None = None, check: Check | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a wrapper of the response method of `action`; `check` may raise AwsError too.

    `named_by` is the member whose value is the end of the request's path.
    """

    def wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
        def respond(self: Any, *arguments: Any) -> Any:
            params = json.loads(self.body or "{}")
            if named_by is not None:
                params[named_by] = self.uri.partition("?")[0].rpartition("/")[2]
            try:
                shape = _input_shape(service, action)
                check_json_types(params, shape)
                check_request(params, shape)
                if check is not None:
                    check(params)
            except AwsError as error:
                raise JsonRESTError(error.code, error.message) from error
            return original(self, *arguments)

        return respond

    return wrapper


@functools.cache
def _input_shape(service: str, action: str) -> Any:
    model = botocore.session.Session().get_service_model(service)
    return model.operation_model(action).input_shape

"""Shapes a document into the response of an action: only members that the model knows.

`strict` refuses (ResponseShapeError) what AWS could never answer: a missing required member, a
wrong type or enum value. It is on in tests.
"""

from collections.abc import Mapping
from typing import Any

from botocore.validate import ParamValidator

Json = Any


class ResponseShapeError(AssertionError):
    """Our own answer does not fit AWS's model."""


def shape_response(document: Mapping[str, Any], shape: Any, *, strict: bool) -> dict[str, Json]:
    """Return the wire form; an action without output shape answers an empty object."""
    if shape is None:
        return {}
    response: dict[str, Json] = _shaped(document, shape)
    if strict:
        check_response(response, shape)
    _leave_out(response)
    return response


def _leave_out(value: Json) -> None:
    """AWS gives no name to the versions of a model package group, though its model requires one.

    sagemaker-core's ModelPackage asks by name where it has one, and would ask by the group's.
    """
    if isinstance(value, list):
        for item in value:
            _leave_out(item)
    elif isinstance(value, dict):
        if "ModelPackageArn" in value and "ModelPackageVersion" in value:
            value.pop("ModelPackageName", None)
        for item in value.values():
            _leave_out(item)


def _shaped(value: Any, shape: Any) -> Json:
    if shape.type_name == "structure":
        return {
            name: _shaped(value[name], member)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_shaped(item, shape.member) for item in value]
    if shape.type_name == "map":
        return {key: _shaped(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return round(float(value), 3)
    return value


def check_response(response: Mapping[str, Json], shape: Any) -> None:
    """Raise ResponseShapeError when the response does not fit the shape."""
    report = ParamValidator().validate(response, shape)
    if report.has_errors():
        raise ResponseShapeError(report.generate_report())
    _check_enums(response, shape, path="response")


def _check_enums(value: Json, shape: Any, *, path: str) -> None:
    if shape.type_name == "structure":
        for name, item in value.items():
            _check_enums(item, shape.members[name], path=f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            _check_enums(item, shape.member, path=path)
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        text = f"{path} is {value!r}; the model allows {', '.join(shape.enum)}"
        raise ResponseShapeError(text)

"""A user's inference module, called the way the scikit-learn serving toolkit calls it.

`model_fn` is required; then either `transform_fn`, or any of `input_fn`, `predict_fn` and
`output_fn`, whose defaults fill the gaps.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.containers.shims import codecs

if TYPE_CHECKING:
    from types import ModuleType

Transform = Callable[[Any, Any, str, str], Any]

_UNSUPPORTED_MEDIA_TYPE = 415
_NOT_ACCEPTABLE = 406
_INTERNAL_SERVER_ERROR = 500


class UserError(Exception):
    """The inference module cannot be served as it is."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What goes back over HTTP."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """A loaded model with the function that answers a request."""

    model: Any
    transform: Transform

    def answer(self, body: bytes, *, content_type: str, accept: str) -> Reply:
        """Answer one request; every exception becomes an error reply and goes to the log."""
        try:
            content = body.decode() if content_type in codecs.TEXT_TYPES else body
            return reply_of(self.transform(self.model, content, content_type, accept))
        except _Refused as refused:
            return _error_reply(refused.cause, refused.status)
        except Exception as error:
            traceback.print_exc()
            return _error_reply(error, _INTERNAL_SERVER_ERROR)


class _Refused(Exception):
    def __init__(self, cause: Exception, status: int) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.status = status


def load(module: ModuleType, model_dir: str) -> Handlers:
    """Check the module's functions and load its model."""
    transform = _transform(module)
    model_fn = getattr(module, "model_fn", None)
    if model_fn is None:
        text = f"Please provide a model_fn implementation in {module.__name__}.py."
        raise NotImplementedError(text)
    return Handlers(model=model_fn(model_dir), transform=transform)


def _transform(module: ModuleType) -> Transform:
    names = ("input_fn", "predict_fn", "output_fn")
    given = {name: getattr(module, name) for name in names if getattr(module, name, None)}
    transform_fn: Transform | None = getattr(module, "transform_fn", None)
    if transform_fn is None:
        return _chain(given)
    if given:
        text = "Cannot use transform_fn implementation with input_fn, predict_fn, and/or output_fn"
        raise UserError(text)
    return transform_fn


def _chain(given: dict[str, Callable[..., Any]]) -> Transform:
    input_fn = given.get("input_fn", codecs.decode)
    predict_fn: Callable[..., Any] = given.get("predict_fn", _predict)
    output_fn = given.get("output_fn", _encode)

    def transform(model: Any, content: Any, content_type: str, accept: str) -> Any:
        data = _refusing(_UNSUPPORTED_MEDIA_TYPE, input_fn, content, content_type)
        prediction = predict_fn(data, model)
        return _refusing(_NOT_ACCEPTABLE, output_fn, prediction, accept)

    return transform


def _predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def _encode(prediction: Any, accept: str) -> tuple[str | bytes, str]:
    return codecs.encode(prediction, accept), accept


def _refusing(status: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the function; an UnsupportedFormatError of any toolkit means this status."""
    try:
        return function(*arguments)
    except Exception as error:
        if type(error).__name__ == "UnsupportedFormatError":
            raise _Refused(error, status) from error
        raise


def reply_of(result: Any) -> Reply:
    """Turn what a handler returned into a reply, as Flask does under the real toolkit.

    `(body, mimetype)` keeps its type; bare text or bytes are `text/html`; a dict or list is JSON;
    a werkzeug or Flask response is taken as it is.
    """
    if isinstance(result, tuple):
        return Reply(status=200, content_type=_with_charset(result[1]), body=_raw(result[0]))
    if isinstance(result, str | bytes):
        return Reply(status=200, content_type=_with_charset("text/html"), body=_raw(result))
    if isinstance(result, dict | list):
        return Reply(status=200, content_type=codecs.JSON, body=_raw(json.dumps(result)))
    if hasattr(result, "get_data") and hasattr(result, "status_code"):
        body, content_type = result.get_data(), str(result.content_type)
        return Reply(status=int(result.status_code), content_type=content_type, body=body)
    text = (
        f"The handlers returned {type(result).__name__}. Return (body, content type), "
        "text, bytes, a dict or a list."
    )
    raise TypeError(text)


def _with_charset(mimetype: str) -> str:
    plain_text = mimetype.startswith("text/") and "charset" not in mimetype
    return f"{mimetype}; charset=utf-8" if plain_text else mimetype


def _raw(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)


def _error_reply(error: Exception, status: int) -> Reply:
    content = {"error": type(error).__name__, "error-message": str(error)}
    return Reply(status=status, content_type=codecs.JSON, body=json.dumps(content).encode())

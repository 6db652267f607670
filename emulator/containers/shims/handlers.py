"""A user's inference module, called the way the scikit-learn image calls it.

`model_fn` is required; then either `transform_fn`, or any of `input_fn`, `predict_fn` and
`output_fn`, whose defaults fill the gaps. The rules are those of `_user_module_transformer` in
aws/sagemaker-scikit-learn-container, of `Transformer` and `Worker` in sagemaker-containers
2.8.6.post2, and of Flask 3.1.3, which a test runs beside this. What any of the functions raises,
its defaults too, is Flask's 500 to the caller; only a response object has a status of its own.
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

_OWN_HEADERS = ("Content-Type", "Content-Length")
_HTML = "text/html; charset=utf-8"
# Flask's page: what went wrong is in the log alone.
_ERROR_PAGE = b"""<!doctype html>
<html lang=en>
<title>500 Internal Server Error</title>
<h1>Internal Server Error</h1>
<p>The server encountered an internal error and was unable to complete your request. Either the \
server is overloaded or there is an error in the application.</p>
"""


class UserError(Exception):
    """The inference module cannot be served as it is."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What goes back over HTTP; `headers` are those besides content type and length."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """A loaded model with the function that answers a request."""

    model: Any
    transform: Transform

    def answer(self, body: bytes, *, content_type: str, accept: str) -> Reply:
        """Answer one request; every exception is the same 500, and goes to the log."""
        try:
            text = content_type in codecs.TEXT_TYPES
            content = body.decode(errors="replace") if text else body
            return reply_of(self.transform(self.model, content, content_type, accept))
        except Exception:
            traceback.print_exc()
            return Reply(status=500, content_type=_HTML, body=_ERROR_PAGE)


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
    input_fn: Callable[..., Any] = given.get("input_fn", codecs.decode)
    predict_fn: Callable[..., Any] = given.get("predict_fn", _predict)
    output_fn: Callable[..., Any] = given.get("output_fn", _encode)

    def transform(model: Any, content: Any, content_type: str, accept: str) -> Any:
        return output_fn(predict_fn(input_fn(content, content_type), model), accept)

    return transform


def _predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def _encode(prediction: Any, accept: str) -> tuple[str | bytes, str]:
    return codecs.encode(prediction, accept), accept


def reply_of(result: Any) -> Reply:
    """Turn what a handler returned into a reply, as Flask does in the image.

    `(body, mimetype)` keeps its type; bare text or bytes are `text/html`; a dict or list is JSON;
    a werkzeug or Flask response is taken as it is, with its status.
    """
    if isinstance(result, tuple):
        return Reply(status=200, content_type=_with_charset(result[1]), body=_raw(result[0]))
    if isinstance(result, str | bytes):
        return Reply(status=200, content_type=_HTML, body=_raw(result))
    if isinstance(result, dict | list):
        text = json.dumps(result, sort_keys=True, separators=(",", ":"))
        return Reply(status=200, content_type=codecs.JSON, body=_raw(f"{text}\n"))
    if hasattr(result, "get_data") and hasattr(result, "status_code"):
        return _reply_of_response(result)
    text = (
        f"The handlers returned {type(result).__name__}. Return (body, content type), "
        "text, bytes, a dict or a list."
    )
    raise TypeError(text)


def _reply_of_response(response: Any) -> Reply:
    return Reply(
        status=int(response.status_code),
        content_type=str(response.content_type),
        body=response.get_data(),
        headers=tuple(
            (name, value) for name, value in response.headers.items() if name not in _OWN_HEADERS
        ),
    )


def _with_charset(mimetype: str) -> str:
    plain_text = mimetype.startswith("text/") and "charset" not in mimetype
    return f"{mimetype}; charset=utf-8" if plain_text else mimetype


def _raw(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)

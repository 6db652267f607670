"""The serving toolkit's handler rules, without a server."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from emulator.containers.shims import codecs
from emulator.containers.shims.handlers import Reply, UserError, load, reply_of


def a_module(**functions: Any) -> ModuleType:
    module = ModuleType("inference")
    vars(module).update({"model_fn": lambda _: "model", **functions})
    return module


def answer(module: ModuleType, body: bytes = b"[1]", content_type: str = codecs.JSON) -> Reply:
    return load(module, "/m").answer(body, content_type=content_type, accept=codecs.JSON)


def test_json_and_csv_reach_the_handlers_as_text_and_the_rest_as_bytes() -> None:
    module = a_module(transform_fn=lambda _m, body, _c, accept: (type(body).__name__, accept))
    assert answer(module, content_type="text/csv").body == b"str"
    assert answer(module, content_type="application/json; charset=utf-8").body == b"bytes"


def test_what_is_not_utf8_in_text_reaches_the_handlers_replaced() -> None:
    module = a_module(transform_fn=lambda _m, body, _c, accept: (body, accept))
    assert answer(module, b"caf\xe9").body == "caf\ufffd".encode()


def test_a_handlers_exception_is_told_to_the_log_and_not_to_the_caller(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def predict_fn(_data: object, _model: object) -> object:
        text = "no such column"
        raise KeyError(text)

    reply = answer(a_module(predict_fn=predict_fn))
    assert reply.status == 500
    assert b"Internal Server Error" in reply.body
    assert b"no such column" not in reply.body
    assert "KeyError: 'no such column'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("result", "content_type", "body"),
    [
        (("[1]", "application/json"), "application/json", b"[1]"),
        (("1,2", "text/csv"), "text/csv; charset=utf-8", b"1,2"),
        ("[1]", "text/html; charset=utf-8", b"[1]"),
        (b"raw", "text/html; charset=utf-8", b"raw"),
        ({"a": 1}, "application/json", b'{"a":1}\n'),
    ],
)
def test_what_a_handler_returns_decides_the_content_type(
    result: object, content_type: str, body: bytes
) -> None:
    assert reply_of(result) == Reply(status=200, content_type=content_type, body=body)


def test_a_response_object_keeps_its_own_status() -> None:
    from flask import Response

    given = Response("bad row", status=400, mimetype="text/plain", headers={"X-Rows": "1"})
    reply = reply_of(given)
    assert (reply.status, reply.body, reply.headers) == (400, b"bad row", (("X-Rows", "1"),))


def test_a_handler_that_returns_nothing_usable_is_told_what_to_return() -> None:
    with pytest.raises(TypeError, match=r"Return \(body, content type\)"):
        reply_of(None)


def test_transform_fn_and_the_other_handlers_exclude_each_other() -> None:
    with pytest.raises(UserError, match="Cannot use transform_fn"):
        load(a_module(transform_fn=print, output_fn=print), "/m")


def test_one_csv_row_arrives_with_one_dimension_as_in_the_real_image() -> None:
    assert codecs.decode("1,2,3", codecs.CSV).shape == (3,)
    assert codecs.decode("1,2\n3,4", codecs.CSV).dtype == np.float32


def test_a_numpy_array_comes_back_as_it_was_sent() -> None:
    array = np.arange(6).reshape(2, 3)
    encoded = codecs.encode(array, codecs.NPY)
    assert np.array_equal(codecs.decode(encoded, codecs.NPY), array)


def test_a_type_without_a_coding_is_unsupported() -> None:
    with pytest.raises(codecs.UnsupportedFormatError, match="image/png"):
        codecs.decode(b"x", "image/png")
    with pytest.raises(codecs.UnsupportedFormatError, match="image/png"):
        codecs.encode([1], "image/png")

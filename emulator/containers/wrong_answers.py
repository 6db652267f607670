"""Another answer than the model's: as well formed, and wrong in every row.

Known are JSON and text. What an answer says about its rows is rotated: each value becomes the next
one of those that there are, the last one the first. Where there is only one value, a number gets
one more and a text is reversed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.containers.worker import ContainerResponse

_JSON = "application/json"


def wrong_answer(response: ContainerResponse) -> ContainerResponse:
    """Return the response with other values; as it is when it is an error or of another type."""
    if response.status != 200:
        return response
    headers = {name.lower(): value for name, value in response.headers.items()}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == _JSON:
            return replace(response, body=json.dumps(_wrong(json.loads(response.body))).encode())
        if kind.startswith("text/"):
            return replace(response, body=_wrong_text(response.body.decode()).encode())
    except ValueError:
        return response
    return response


def _wrong(document: Any) -> Any:
    match document:
        case {"predictions": [*predictions], "labels": [*labels]} if _are_flat(
            *predictions, *labels
        ):
            return _wrong_labels(document, predictions, labels)
        case dict():
            return {name: _wrong(value) for name, value in document.items()}
        case list():
            if _are_flat(*document):
                return _rotated(document)
            return [_wrong(value) for value in document]
        case _:
            return _rotated([document])[0]


def _are_flat(*values: Any) -> bool:
    return not any(isinstance(value, dict | list) for value in values)


def _wrong_labels(document: Any, predictions: Sequence[Any], labels: Sequence[Any]) -> Any:
    """Give each row the next label, and the label the probability of the one before."""
    rows = document.get("probabilities")
    wrong = {**document, "predictions": _rotated(predictions, among=labels)}
    if isinstance(rows, list):
        wrong["probabilities"] = [
            [*row[-1:], *row[:-1]] if isinstance(row, list) else row for row in rows
        ]
    return wrong


def _wrong_text(text: str) -> str:
    """Rotate each column of the lines, which may be CSV without quotes."""
    rows = [line.split(",") for line in text.splitlines()]
    width = max((len(row) for row in rows), default=0)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    columns = [_rotated(column) for column in zip(*padded, strict=True)]
    wrong = [
        ",".join(cells[: len(row)])
        for cells, row in zip(zip(*columns, strict=True), rows, strict=True)
    ]
    return "\n".join(wrong) + ("\n" if text.endswith("\n") else "")


def _rotated(values: Sequence[Any], *, among: Sequence[Any] = ()) -> list[Any]:
    ordered = [*among] or sorted({*_changeable(values)}, key=_by_type)
    if len(ordered) < 2:
        return [_other(value) for value in values]
    following = dict(zip(ordered, [*ordered[1:], ordered[0]], strict=True))
    return [following[value] if value in following else _other(value) for value in values]


def _by_type(value: Any) -> tuple[str, Any]:
    """Numbers and texts have no order among them."""
    return type(value).__name__, value


def _changeable(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None and value != ""]


def _other(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return _other_text(value)
        case _:
            return value


def _other_text(text: str) -> str:
    """A number gets one more; else the text from its end, or twice when that is the same."""
    for number in (int, float):
        try:
            return str(number(text) + 1)
        except ValueError:
            continue
    backwards = text[::-1]
    return backwards if backwards != text else text * 2

"""The one way a record becomes JSON in S3 and comes back.

Strict on the way in: an unknown key, a missing key or a value of another type is `CorruptRecord`,
because a half-understood ledger is worse than none. The text is canonical (sorted keys, no
spaces), so that equal records are equal bytes and their sha256 means something.
NaN and infinities, which JSON does not know, travel as the strings NaN, Infinity, -Infinity.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from pipeline.core.errors import CorruptRecord

_NOT_FINITE = {"NaN", "Infinity", "-Infinity"}


def _number_of(value: object) -> object:
    return float(value) if isinstance(value, str) and value in _NOT_FINITE else value


# In documents for others than this software, what is no number is null.
_MEASURED = WithJsonSchema({"type": ["number", "null"]}, mode="serialization")
Metric = Annotated[float, BeforeValidator(_number_of), _MEASURED]
Metrics = Mapping[str, Metric]
Instant = Annotated[datetime, AwareDatetime]


class Stored:
    """Base of every record kept in S3: `to_json` and `from_json`, inverse of each other."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        strict=True, extra="forbid", ser_json_inf_nan="strings"
    )

    def to_json(self) -> str:
        text = _adapter(type(self)).dump_json(self, warnings="error")
        return canonical_json(json.loads(text))

    @classmethod
    def from_json(cls, text: str | bytes, *, place: str = "") -> Self:
        """Read what `to_json` wrote; raises CorruptRecord naming the first thing that is wrong.

        `place` is where it was read from, for the person who has to restore it.
        """
        try:
            record: Self = _adapter(cls).validate_json(text)
        except ValidationError as refused:
            first = refused.errors(include_url=False, include_input=False)[0]
            part = ".".join(str(each) for each in first["loc"]) or "document"
            named = f"The {cls.__name__} at {place}" if place else f"A stored {cls.__name__}"
            what = f"{named} cannot be read: {part}: {first['msg']}."
            remedy = "Restore an earlier version of the object, or use the version that wrote it."
            raise CorruptRecord(what, remedy=remedy) from refused
        return record

    @property
    def sha256(self) -> str:
        return sha256_of(self.to_json())


_adapters: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    """Building an adapter costs milliseconds and the answer never changes."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def canonical_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def strict_json(text: str) -> object:
    """Read JSON as its standard has it: no key twice, no NaN, no infinity. Raises ValueError."""
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    except RecursionError as error:
        message = "it is nested too deeply"
        raise ValueError(message) from error


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        message = f"{digits} is too large a number"
        raise ValueError(message)
    return number


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping: dict[str, object] = {}
    for key, value in pairs:
        if key in mapping:
            message = f"the key {key!r} appears twice"
            raise ValueError(message)
        mapping[key] = value
    return mapping


def _no_constant(name: str) -> object:
    message = f"{name} is not a JSON value"
    raise ValueError(message)

"""Pickles moto's backends: what Python's pickle refuses in them, and what must not be copied.

moto 5.2.5 keeps locks (SQS, ECR, Lambda), weak dictionaries (Lambda), private keys (KMS, EC2), a
dictionary made with arguments (SSM), one that shows only part of what it holds and bodies in
temporary files (S3).
"""

import io
import pickle
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

import cloudpickle
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.s3.models import FakeKey
from moto.ssm.models import ParameterDict

from emulator.persistence.content import Content, ReadObject, digest_of

_DIGEST = "_emulator_digest"
_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())
_Reduced = tuple[Any, ...]
_Reducer = Callable[[Any, Content], _Reduced]


def dumps(value: Any, content: Content) -> bytes:
    """Pickle; S3 bodies go into `content`, and the pickle only names them."""
    stream = io.BytesIO()
    _Pickler(stream, content).dump(value)
    return stream.getvalue()


def loads(data: bytes, *, read_object: ReadObject) -> Any:
    return _Unpickler(io.BytesIO(data), read_object).load()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    # cloudpickle's own is a chain of two, asked for every object.
    dispatch_table: ClassVar[dict[type, Any]] = dict(cloudpickle.Pickler.dispatch_table)

    def __init__(self, stream: io.BytesIO, content: Content) -> None:
        super().__init__(stream, protocol=pickle.HIGHEST_PROTOCOL)
        self._content = content

    def reducer_override(self, value: Any) -> Any:
        """Called for every object, so what is known of a type is looked up only once."""
        reduced = _known_types[type(value)]
        if reduced is not None:
            return reduced(value, self._content)
        if isinstance(value, type | types.FunctionType):
            return super().reducer_override(value)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, read_object: ReadObject) -> None:
        super().__init__(stream)
        self._read_object = read_object

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (_body.__module__, _body.__name__):
            return self._read_object
        return super().find_class(module, name)


class _Body:
    """Stands for an S3 body in the pickle; comes back as the bytes."""

    def __init__(self, digest: str) -> None:
        self._digest = digest

    def __reduce__(self) -> _Reduced:
        return _body, (self._digest,)


def _body(digest: str) -> bytes:
    text = f"S3 body {digest} without a snapshot to read it from"
    raise AssertionError(text)


def _reduced_key(key: Any, content: Content) -> _Reduced:
    """A body never changes, so its digest is computed once and stays with the object."""
    state = dict(vars(key))
    del state["_value_buffer"], state["lock"]
    if not key.disposed:
        if _DIGEST not in state:
            digest = digest_of(key.value)
            state[_DIGEST] = vars(key)[_DIGEST] = digest
        content.add_object(state[_DIGEST], lambda: bytes(key.value))
        state["value"] = _Body(state[_DIGEST])
    return _new, (type(key),), state, None, None, _restore_key


def _restore_key(key: Any, state: dict[str, Any]) -> None:
    key.__setstate__({"value": b"", **state})
    if key.disposed:
        key._value_buffer.close()


def place_of(backends: Any) -> tuple[str, str]:
    """Return where a service's BackendDict lives: module and name (`s3_backends`)."""
    module = backends.backend.__module__
    for name, value in list(vars(sys.modules[module]).items()):
        if value is backends:
            return module, name
    text = f"{module} has no name for its backends"
    raise pickle.PicklingError(text)


def backends_at(module: str, name: str) -> Any:
    __import__(module)
    return getattr(sys.modules[module], name)


def _backends_of_account(module: str, name: str, account_id: str) -> Any:
    return backends_at(module, name)[account_id]


def _reduced_account(value: Any, _: Content) -> _Reduced:
    module = sys.modules[value.backend.__module__]
    for name, backends in list(vars(module).items()):
        if isinstance(backends, BackendDict) and backends.get(value.account_id) is value:
            return _backends_of_account, (module.__name__, name, value.account_id)
    text = f"{module.__name__} has no such account: {value.account_id}"
    raise pickle.PicklingError(text)


def _reduced_parameters(value: Any, _: Content) -> _Reduced:
    created = (value.account_id, value.region_name)
    return ParameterDict, created, vars(value), None, iter(dict.items(value))


def _reduced_dictionary(value: Any, _: Content) -> _Reduced:
    """A dictionary may show other items than it holds (S3: only the latest version of a key)."""
    state = (vars(value), dict(dict.items(value)))
    return _new, (type(value),), state, None, None, _restore_dictionary


def _new(kind: Any) -> Any:
    return kind.__new__(kind)


def _restore_dictionary(value: Any, state: tuple[dict[str, Any], dict[Any, Any]]) -> None:
    attributes, items = state
    vars(value).update(attributes)
    dict.update(value, items)


def _reduced_private_key(key: Any, _: Content) -> _Reduced:
    text = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return _private_key, (text,)


def _private_key(text: bytes) -> Any:
    return serialization.load_der_private_key(text, None)


_PRIVATE_KEYS = (RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)
_REDUCERS: tuple[tuple[Any, _Reducer], ...] = (
    (FakeKey, _reduced_key),
    (BackendDict, lambda value, _: (backends_at, place_of(value))),
    (AccountSpecificBackend, _reduced_account),
    (ParameterDict, _reduced_parameters),
    (_PRIVATE_KEYS, _reduced_private_key),
    (_LOCK, lambda *_: (threading.Lock, ())),
    (_RLOCK, lambda *_: (threading.RLock, ())),
    (
        weakref.WeakValueDictionary,
        lambda value, _: (weakref.WeakValueDictionary, (), None, None, iter(list(value.items()))),
    ),
)


class _KnownTypes(dict[type, _Reducer | None]):
    def __missing__(self, kind: type) -> _Reducer | None:
        reducers = [reduced for known, reduced in _REDUCERS if issubclass(kind, known)]
        if issubclass(kind, dict) and kind.__base__ is dict and kind.__module__.startswith("moto."):
            reducers.append(_reduced_dictionary)
        self[kind] = reducers[0] if reducers else None
        return self[kind]


_known_types = _KnownTypes()

"""moto's part of a snapshot: the backends of all services, accounts and regions, in one pickle.

One pickle, because backends point into one another. A service that cannot be pickled is left out
and named, rather than costing all others their state.
"""

import logging
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.base_backend import BackendDict

from emulator.persistence.content import Content, ReadObject, Unusable
from emulator.persistence.pickling import backends_at, dumps, loads, place_of

log = logging.getLogger(__name__)

_ATTEMPTS = 5
_PEERS = ("vpc_refs", "vpc_pcx_refs", "backend_refs")
# What BackendDict itself has; a service's own class may have more (S3: who owns which bucket).
_OWN_ATTRIBUTES = frozenset(vars(BackendDict(object, "none")))


@dataclass(frozen=True, kw_only=True)
class _Backend:
    """One service in one account and region."""

    module: str
    name: str
    account_id: str
    region: str
    backend: Any

    @property
    def label(self) -> str:
        return f"{self.module.split('.')[1]} in {self.account_id}/{self.region}"


def dump(content: Content) -> bytes:
    """Return the pickle; what cannot be in it is named in `content.lost`."""
    services = list(BackendDict._instances)
    backends = [backend for service in services for backend in _backends_of(service)]
    attributes = {place_of(service): _attributes(service) for service in services}
    try:
        return _dumps((backends, attributes), content)
    except Exception:
        log.exception("not all of moto can be pickled; looking for what cannot")
    kept = [backend for backend in backends if _can_be_kept(backend, content)]
    labels = {backend.label for backend in kept}
    content.lost.extend(backend.label for backend in backends if backend.label not in labels)
    return _dumps((kept, attributes), content)


def _backends_of(service: Any) -> Iterable[_Backend]:
    module, name = place_of(service)
    for account_id, regions in list(service.items()):
        for region, backend in list(regions.items()):
            yield _Backend(
                module=module, name=name, account_id=account_id, region=region, backend=backend
            )


def _attributes(service: Any) -> Mapping[str, Any]:
    return {name: item for name, item in vars(service).items() if name not in _OWN_ATTRIBUTES}


def _dumps(value: Any, content: Content) -> bytes:
    """Pickle; try again when a thread of moto's own changed something meanwhile."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return dumps(value, content)
        except RuntimeError as error:
            if "changed" not in str(error) and "mutated" not in str(error):
                raise
    return dumps(value, content)


def _can_be_kept(backend: _Backend, content: Content) -> bool:
    try:
        _dumps(backend, content)
    except Exception as error:
        log.error("service=%s is not kept: %r", backend.label, error)
        return False
    return True


def prepare(data: bytes, read_object: ReadObject) -> Callable[[], None]:
    """Read everything; return what puts the backends where moto looks for them."""
    try:
        backends, attributes = loads(data, read_object=read_object)
    except Unusable:
        raise
    except Exception as error:
        text = f"moto's state cannot be read ({type(error).__name__}: {error})"
        raise Unusable(text) from error

    def install() -> None:
        for (module, name), values in attributes.items():
            vars(backends_at(module, name)).update(values)
        for item in backends:
            backends_at(item.module, item.name)[item.account_id][item.region] = item.backend
            _introduce(item.backend)

    return install


def _introduce(backend: Any) -> None:
    """EC2's backends find one another (for peering) by lists that only their __init__ fills."""
    for name in _PEERS:
        peers = getattr(backend, name, None)
        if peers is not None:
            peers[type(backend)].add(weakref.ref(backend))

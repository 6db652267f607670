"""moto lists its own folder for each request, to know whether a host is one of its services."""

import functools

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from emulator.moto_patches.patching import wrap

_HOSTS = 256  # a service and region each, or a bucket


def apply() -> None:
    wrap(
        DomainDispatcherApplication,
        "get_backend_for_host",
        by=functools.lru_cache(maxsize=_HOSTS),
    )

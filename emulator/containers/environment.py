"""A container's environment, built from nothing: the server's own variables stay out of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.containers.layout import ContainerLayout

# What a process on this machine needs to start and to verify TLS; never credentials.
INHERITED = (
    "PATH",
    "LD_LIBRARY_PATH",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
)


def container_environment(
    given: Mapping[str, str],
    *,
    layout: ContainerLayout,
    region: str,
    endpoint_url: str | None,
    host: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Merge what AWS sets with the request's variables, which win except over AWS's own.

    `endpoint_url` None means network isolation: no way to AWS and no credentials.
    """
    environment = {name: host[name] for name in INHERITED if name in host}
    environment |= {
        "HOME": str(layout.scratch),
        "TMPDIR": str(layout.scratch),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "UTF-8",
    }
    environment |= {name: layout.rewrite(value) for name, value in given.items()}
    environment |= {"AWS_REGION": region}
    if endpoint_url is not None:
        environment |= _role_access(region, endpoint_url)
    return environment


def _role_access(region: str, endpoint_url: str) -> dict[str, str]:
    return {
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }

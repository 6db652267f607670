"""What the parts of the emulator know about the cloud they are in, and how they call it."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from emulator.faults import Faults

ACCOUNT_ID = "000000000000"


class _Clients:
    """Clients by service and region: botocore sessions are not thread-safe, its clients are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[tuple[str, str, str], Any] = {}

    def get(self, endpoint_url: str, service: str, *, region: str) -> Any:
        key = (endpoint_url, service, region)
        with self._lock:
            if key not in self._by_key:
                self._by_key[key] = _new_client(endpoint_url, service, region=region)
            return self._by_key[key]


def _new_client(endpoint_url: str, service: str, *, region: str) -> Any:
    return botocore.session.Session(profile=None).create_client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 3, "mode": "standard"},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=32,
            proxies={},
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """`time_scale` divides the waits that the emulator owns, never a timestamp or a timeout."""

    account_id: str
    endpoint_url: str
    state_dir: Path
    faults: Faults
    time_scale: float
    _clients: _Clients = field(default_factory=_Clients, repr=False, compare=False)

    def client(self, service: str, region: str) -> Any:
        return self._clients.get(self.endpoint_url, service, region=region)

"""Data capture of one fleet: invocations are queued, a thread of its own writes them to S3.

An invocation neither waits for a capture nor fails because of one; what is lost is said in the
server's log.
"""

from __future__ import annotations

import itertools
import logging
import random
import threading
import uuid
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from emulator.containers.batching import BatchWriter
from emulator.containers.capture_format import capture_line, file_name, hour_folder
from emulator.containers.storage import StorageError, join_uri, parse_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.cloud import Cloud
    from emulator.containers.capture_format import CaptureSettings, Exchange

logger = logging.getLogger(__name__)

# How long AWS takes is not documented ("a couple of minutes"); this is divided by the time scale.
_INTERVAL_S = 5.0
_FILE_LINES = 1000
# AWS stops capturing when its disk is full; here it is memory that must not be.
_WAITING_BYTES = 64 * 1024 * 1024


class CaptureLog:
    """Captures a share of a variant's invocations. Thread-safe."""

    def __init__(
        self,
        settings: CaptureSettings,
        cloud: Cloud,
        *,
        region: str,
        folder: str,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`folder` is `<endpoint>/<variant>`; `chance` gives numbers in [0, 1)."""
        self._settings = settings
        self._client = cloud.client("s3", region)
        self._folder = join_uri(settings.destination, folder)
        self._chance = chance
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._exchanges: BatchWriter[Exchange] = BatchWriter(
            self._write, interval_s=_INTERVAL_S / cloud.time_scale, most_items=_FILE_LINES
        )

    def add(self, exchange: Exchange) -> None:
        """Queue an invocation, if it is in the sample and there is room."""
        if self._chance() * 100 >= self._settings.sampling_percentage:
            return
        with self._lock:
            full = self._waiting_bytes + exchange.size_bytes > _WAITING_BYTES
            if not full:
                self._waiting_bytes += exchange.size_bytes
        if full:
            logger.warning("capture_lost folder=%s cause=too much is waiting", self._folder)
            return
        self._exchanges.put(exchange)

    def close(self) -> None:
        """Write what is queued and end the thread."""
        self._exchanges.close()

    def _write(self, exchanges: list[Exchange]) -> None:
        try:
            for hour, within in itertools.groupby(exchanges, lambda each: hour_folder(each.at)):
                self._write_file(hour, list(within))
        except (BotoCoreError, ClientError, StorageError) as error:
            logger.warning("capture_lost invocations=%d cause=%s", len(exchanges), error)
        finally:
            with self._lock:
                self._waiting_bytes -= sum(each.size_bytes for each in exchanges)

    def _write_file(self, hour: str, exchanges: Sequence[Exchange]) -> None:
        lines = [
            capture_line(exchange, str(uuid.uuid4()), settings=self._settings) + "\n"
            for exchange in exchanges
        ]
        name = file_name(exchanges[0].at, str(uuid.uuid4()))
        bucket, key = parse_uri(join_uri(self._folder, hour, name))
        self._client.put_object(
            Bucket=bucket, Key=key, Body="".join(lines).encode(), **self._encryption()
        )

    def _encryption(self) -> dict[str, str]:
        key_id = self._settings.kms_key_id
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}

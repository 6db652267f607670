"""A client that asks an endpoint at a constant rate, whatever happens to the endpoint meanwhile.

Each request has its time, and goes out then: an endpoint that stalls is not asked less. Plain
keep-alive connections, because an SDK would need more of the processor than the server.
"""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any, Self
from urllib.parse import urlsplit

_CREDENTIAL = "test/20260101/us-east-1/sagemaker/aws4_request"
_HEADERS = {
    "Content-Type": "text/csv",
    "Accept": "application/json",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={_CREDENTIAL}, SignedHeaders=host, Signature=0",
}
_TIMEOUT_S = 70


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: when it was sent (time.monotonic), milliseconds, and what was wrong with it."""

    sent: float
    latency_ms: float
    wrong: str


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What came of the requests of a stretch of time."""

    asked: Sequence[Asked]

    @property
    def failures(self) -> list[str]:
        return [each.wrong for each in self.asked if each.wrong]

    @property
    def p99_ms(self) -> float:
        latencies = [each.latency_ms for each in self.asked if not each.wrong]
        return quantiles(latencies, n=100, method="inclusive")[98] if len(latencies) > 1 else 0.0


@dataclass(kw_only=True)
class ConstantRate:
    """Use as a context. A failed request is an error, no answer, or another label than expected."""

    endpoint_url: str
    endpoint: str
    row: str
    label: str
    rate_per_s: float
    connections: int = 8
    _asked: list[Asked] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._numbers, self._started = itertools.count(), time.monotonic()
        self._threads = [threading.Thread(target=self._work) for _ in range(self.connections)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def since(self, began: float, until: float | None = None) -> Traffic:
        """Return the requests that were sent from a moment on, as `time.monotonic` has it."""
        end = time.monotonic() if until is None else until
        return Traffic(asked=[each for each in list(self._asked) if began <= each.sent < end])

    def _work(self) -> None:
        address = urlsplit(self.endpoint_url)
        connection = http.client.HTTPConnection(
            str(address.hostname), address.port, timeout=_TIMEOUT_S
        )
        while True:
            due = self._started + next(self._numbers) / self.rate_per_s
            if self._over.wait(max(0.0, due - time.monotonic())):
                break
            sent = time.monotonic()
            wrong = self._ask(connection)
            latency_ms = (time.monotonic() - sent) * 1000
            self._asked.append(Asked(sent=sent, latency_ms=latency_ms, wrong=wrong))
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> str:
        """Return what is wrong with the answer; nothing where it is right."""
        try:
            path = f"/endpoints/{self.endpoint}/invocations"
            connection.request("POST", path, body=f"{self.row}\n".encode(), headers=_HEADERS)
            response = connection.getresponse()
            status, body = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return repr(error)
        if status != http.client.OK:
            return f"HTTP {status}: {body[:200]!r}"
        document: Any = json.loads(body)
        predictions = document.get("predictions")
        return "" if predictions == [self.label] else f"predicted {predictions}"

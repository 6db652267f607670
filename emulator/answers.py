"""One HTTP answer, and its way to a WSGI server."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

StartResponse = Callable[..., Any]
Environ = dict[str, Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        headers = [*self.headers.items(), ("Content-Length", str(len(self.body)))]
        start_response(_status_line(self.status), headers)
        return [self.body]


def _status_line(status: int) -> str:
    """AWS uses codes that HTTP does not name (530 of the SageMaker runtime)."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unnamed"

"""A message over HTTP: the receiver may be slow, absent or no address at all."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from emulator.messaging import web
from emulator.messaging.deliveries import Undelivered

pytestmark = pytest.mark.emulated


@contextmanager
def a_dripping_receiver() -> Iterator[str]:
    """Send a line of a head every now and then, and never its end."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not ended.wait(0.05):
                    connection.sendall(b"X-More: yes\r\n")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        ended.set()


def test_a_receiver_that_drips_is_given_up_in_time() -> None:
    started = time.monotonic()
    with a_dripping_receiver() as url, pytest.raises(Undelivered, match="was not answered") as why:
        web.send("POST", url, headers={}, body=b"x", limit_s=0.3)
    assert time.monotonic() - started < 2
    assert why.value.permanent is False


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:99999/", "http://[::1", "http://127.0.0.1:1/\u00e9?\ud800", "http://a b"],
)
def test_what_is_no_address_is_said_and_not_tried_again(url: str) -> None:
    with pytest.raises(Undelivered, match="cannot be sent") as why:
        web.send("POST", url, headers={}, body=b"x")
    assert why.value.permanent is True

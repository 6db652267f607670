"""How the connection of a call ends when a fault rule says so.

The middleware asks for it in the call's environ, the HTTP server does it.
"""

import os
import selectors
import socket
import struct
import time
from typing import Literal

from emulator.answers import Environ

# reset: RST and no answer; close: FIN and no answer; truncate: half of the body, then FIN.
Ending = Literal["reset", "close", "truncate"]

_KEY = "emulator.ending"
# Where werkzeug puts the connection of a request.
_CONNECTION = "werkzeug.socket"


def ask_ending(environ: Environ, ending: Ending) -> None:
    environ[_KEY] = ending


def asked_ending(environ: Environ) -> Ending | None:
    ending: Ending | None = environ.get(_KEY)
    return ending


def hold(environ: Environ, seconds: float) -> None:
    """Wait so long, or until the caller hangs up."""
    connection = environ.get(_CONNECTION)
    if connection is None:
        time.sleep(seconds)
        return
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        selector.select(seconds)


def reset(connection: socket.socket) -> None:
    """End the connection with RST at once: what still has it open (its files) sees it closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())

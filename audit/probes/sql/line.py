"""The one connection of a look: opened by us, so that it can be cut from outside. A door.

Drivers leave sockets behind when a server misbehaves, and one that drips a byte at a time
never meets a driver's timeout. Here every socket is known, and hung up in the end.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from typing import Any


class Context(ssl.SSLContext):
    """A verifying TLS client that remembers what it wrapped."""

    wrapped: list[socket.socket]

    def wrap_socket(self, *given: Any, **more: Any) -> ssl.SSLSocket:
        made = super().wrap_socket(*given, **more)
        self.wrapped.append(made)
        return made


def context(authority: str, wrapped: list[socket.socket]) -> Context:
    """TLS that believes this authority only. Raises OSError."""
    made = Context(ssl.PROTOCOL_TLS_CLIENT)
    made.wrapped = wrapped
    made.load_verify_locations(cafile=authority)
    return made


class Line:
    """Sockets of one conversation."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self.dead = False

    def open(self, host: str, port: int, path: str, seconds: float) -> socket.socket:
        """A connected socket. Raises OSError."""
        if path:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sockets.append(made)
            made.settimeout(seconds)
            made.connect(path)
        else:
            made = socket.create_connection((host, port), seconds)
            self.sockets.append(made)
        if self.dead:
            raise OSError("cut")
        return made

    def cut(self) -> None:
        """Wake whoever waits on these sockets: the conversation is over."""
        self.dead = True
        for one in list(self.sockets):
            with contextlib.suppress(OSError, ValueError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give every socket back, also those a driver forgot."""
        self.cut()
        for one in list(self.sockets):
            handle = one.detach()
            if handle >= 0:
                with contextlib.suppress(OSError):
                    os.close(handle)

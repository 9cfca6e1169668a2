"""Events to a log server: RFC 5424 messages over TLS (RFC 5425), certificate verified.

TLS sends no answer per message: what was handed over when a line broke may or may
not have arrived, so the last window is sent again (receivers know `event.id`).
This module is a door: a TLS socket.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.batch import Event
from gateway.formats import ecs_line, frame, syslog
from gateway.node import Address
from rules.load import WorldError

TIMEOUT = 15.0
CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A log server. `ca` is its issuer's PEM (the system's where None); `own` is for mutual TLS."""

    host: str
    port: int = 6514
    ca: Path | None = None
    own: Path | None = None
    key: Path | None = None

    @classmethod
    def parse(cls, text: str) -> tuple[str, int]:
        """NAME[:PORT] or [IPV6]:PORT. Raises ValueError."""
        if text.startswith("["):
            found = Address.parse(text)
            return found.host, found.port
        name, colon, port = text.partition(":")
        if not name or (colon and not 0 < int(port) < 65536):
            raise ValueError(f"`{text}` is not HOST:PORT")
        return name, int(port) if colon else 6514


def context(server: Server) -> ssl.SSLContext:
    """TLS 1.2 or newer, names and certificates checked. Raises WorldError."""
    try:
        made = ssl.create_default_context(cafile=str(server.ca) if server.ca else None)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        if server.own is not None:
            made.load_cert_chain(server.own, server.key)
    except (OSError, ssl.SSLError) as error:
        raise WorldError(f"TLS: {error}") from error
    return made


def ship(events: Iterable[Event], server: Server, version: str = "") -> int:
    """Send them all; the number sent. Raises WorldError with how many had been handed over."""
    sent = 0
    made = context(server)
    try:
        with (
            socket.create_connection((server.host, server.port), TIMEOUT) as plain,
            made.wrap_socket(plain, server_hostname=server.host) as line,
        ):
            pending, waiting = bytearray(), 0
            for event in events:
                pending += frame(syslog(event, ecs_line(event, version)))
                waiting += 1
                if len(pending) >= CHUNK:
                    line.sendall(pending)
                    sent, pending, waiting = sent + waiting, bytearray(), 0
            line.sendall(pending)
            sent += waiting
            with suppress(OSError):  # some servers hang up without a word
                line.unwrap()
    except (OSError, ValueError) as error:
        raise WorldError(
            f"{server.host}:{server.port}: 已交出 {sent} 条 / {sent} were handed over: {error}"
        ) from error
    return sent

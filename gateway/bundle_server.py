"""A small HTTP server for one bundle: ETag, and a rollout that says who gets it already.

`GET /bundle?school=no-1` gives the candidate to nodes all of whose schools are in, the
former bundle (or 204) to the others. It holds no key and is trusted by nobody: a reverse
proxy with TLS in front adds secrecy, signatures give the truth. A door to the network.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gateway.http_port import Handler, HttpPort
from gateway.node import Address
from gateway.rollouts import progress_of
from policies.rollout import Rollout, released
from rules.load import WorldError

PATH = "/bundle"
LONGEST = 4096  # characters of a request target
SECONDS = 30.0  # of a silent client
MOST = 64  # nodes at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is offered: the candidate, what others keep, and how far the rollout is."""

    bundle: Path
    former: Path | None = None
    rollout: Rollout | None = None
    data: Path = Path("var")


def choose(offer: Offer, schools: list[str]) -> Path | None:
    """Which bundle a node with these schools gets now. Raises WorldError."""
    if offer.rollout is None:
        return offer.bundle
    if released(offer.rollout, progress_of(offer.data, offer.rollout), schools):
        return offer.bundle
    return offer.former


def server(offer: Offer, address: Address, say: Callable[[str], None]) -> HttpPort:
    """A server on this address; the caller runs and closes it."""

    class Desk(Handler):
        protocol_version = "HTTP/1.1"
        timeout = SECONDS

        def do_GET(self) -> None:  # noqa: N802 - the name is the protocol's
            try:
                status, etag, body = answer(offer, self.path, self.headers.get("if-none-match", ""))
            except (WorldError, OSError) as error:
                say(str(error))
                status, etag, body = 500, "", b""
            self.send_response(status)
            if etag:
                self.send_header("etag", etag)
                self.send_header("content-type", "application/x-tar")
            if status not in (204, 304):
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            say(f"{self.address_string()} {format % args}")

    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    opened = socket.create_server((address.host, address.port), family=family, backlog=128)
    return HttpPort(opened, Desk, name="bundles", most=MOST)


def answer(offer: Offer, target: str, etag: str) -> tuple[int, str, bytes]:
    """Status, ETag and body of one request."""
    if len(target) > LONGEST:
        return 414, "", b""
    try:
        parts = urlsplit(target)
        schools = parse_qs(parts.query, max_num_fields=200).get("school", [])
    except ValueError:
        return 400, "", b""
    if parts.path != PATH:
        return 404, "", b""
    chosen = choose(offer, schools)
    if chosen is None:
        return 204, "", b""
    data = chosen.read_bytes()
    mark = f'"{sha256(data).hexdigest()[:32]}"'
    return (304, mark, b"") if mark == etag else (200, mark, data)

"""The portal's port: HTTP in, `Gate` decides, the service is told. A door: a socket.

Few connections, short bodies, ten seconds a request; what pages are shown under
/portal tell nothing about anybody.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from gateway.http_port import Handler, HttpPort
from gateway.identity.portal import LARGEST, STATUS, Gate, Login, Refused, RefusedError

if TYPE_CHECKING:
    from gateway.identity.portal_login import PortalLogin

MOST = 16  # connections at once


class Desk(Protocol):
    """What the port needs of the service."""

    gate: Gate
    pages: PortalLogin | None  # a login of the portal's own

    def portal(self, said: Login, now: float) -> bool: ...

    def asked_for(self, result: str) -> None: ...


class Api(HttpPort):
    """The port itself, on a socket that is already bound and listening."""

    def __init__(self, opened: socket.socket, desk: Desk) -> None:
        super().__init__(opened, _Handler, name="portal", desk=desk, most=MOST)
        self.lock = threading.Lock()


class _Handler(Handler):
    server: Api

    def do_POST(self) -> None:  # noqa: N802 - the name is the protocol's
        now = time.time()
        desk = self.server.desk
        try:
            body = self._body()
            headers = dict(self.headers.items())
            with self.server.lock:
                said = desk.gate.admit(self.command, self.path, headers, body, now)
        except RefusedError as error:
            desk.asked_for(error.why)
            return self._reply(STATUS[error.why], {"error": str(error)})
        if not desk.portal(said, now):
            desk.asked_for("full")
            return self._reply(503, {"error": "too many sessions"})
        desk.asked_for("accepted")
        return self._reply(200, {"address": said.address, "seconds": said.seconds})

    do_DELETE = do_POST  # noqa: N815 - the name is the protocol's

    def do_GET(self) -> None:  # noqa: N802 - the name is the protocol's
        pages = self.server.desk.pages
        if pages is None or not self.path.startswith("/portal"):
            return self.do_POST()
        reply = pages.answer(self.path, dict(self.headers.items()), str(self.client_address[0]))
        self.send_response(reply.status)
        for name, value in (*reply.headers, ("Connection", "close")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = True
        return None

    do_PUT = do_POST  # noqa: N815

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or not 0 < int(length[:9]) <= LARGEST:
            if self.command == "GET":
                return b""
            raise RefusedError(Refused.BODY, f"Content-Length: 1 to {LARGEST}")
        return self.rfile.read(int(length[:9]))

    def _reply(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

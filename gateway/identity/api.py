"""The portal's port: HTTP in, `Gate` decides, the service is told. A door: a socket.

Few connections, short bodies, ten seconds a request; no page is ever shown here, and
nothing about anybody is told.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from gateway.identity.portal import LARGEST, STATUS, Gate, Login, Refused, RefusedError

SECONDS = 10.0  # for a whole request
MOST = 16  # connections at once


class Desk(Protocol):
    """What the port needs of the service."""

    gate: Gate

    def portal(self, said: Login, now: float) -> bool: ...

    def asked_for(self, result: str) -> None: ...


class Api(ThreadingHTTPServer):
    """The port itself, on a socket that is already bound and listening."""

    daemon_threads = True

    def __init__(self, opened: socket.socket, desk: Desk) -> None:
        host, port = opened.getsockname()[:2]
        super().__init__((host, port), _Handler, bind_and_activate=False)
        self.socket.close()
        opened.setblocking(True)
        self.socket = opened
        self.desk = desk
        self.lock = threading.Lock()
        self.slots = threading.BoundedSemaphore(MOST)

    def start(self, look: float = 0.5) -> None:
        """Serve in a thread that looks every `look` seconds whether to stop."""
        threading.Thread(
            target=self.serve_forever, args=(look,), name="portal", daemon=True
        ).start()

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Beyond MOST at once a connection is closed."""
        return self.slots.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not worth a traceback."""


class _Handler(BaseHTTPRequestHandler):
    server: Api
    server_version = "qinglang"
    sys_version = ""
    timeout = SECONDS

    def do_POST(self) -> None:
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
    do_GET = do_POST  # noqa: N815
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

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Who logs in is nobody's log line."""

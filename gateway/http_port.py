"""A small HTTP server on a socket that is bound already: so many at once, and no more.

The status port, the identity service's port and the bundle server are this class with
handlers of their own. Beyond `most` connections at once a new one is closed, so nobody
can pile threads up; a silent client is let go after `Handler.timeout` seconds. A door.
"""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECONDS = 10.0  # for what a client has to say
MOST = 32  # connections at once


class HttpPort(ThreadingHTTPServer):
    """The port itself. `desk` is what the handler answers from."""

    daemon_threads = True

    def __init__(
        self,
        opened: socket.socket,
        handler: type[BaseHTTPRequestHandler],
        *,
        name: str,
        desk: Any = None,
        most: int = MOST,
    ) -> None:
        host, port = opened.getsockname()[:2]
        super().__init__((host, port), handler, bind_and_activate=False)
        self.socket.close()
        opened.setblocking(True)
        self.socket = opened
        self.server_name, self.server_port = str(host), int(port)
        self.desk = desk
        self._name = name
        self._slots = threading.BoundedSemaphore(most)

    def start(self, look: float = 0.5) -> threading.Thread:
        """Serve in a thread that looks every `look` seconds whether to stop."""
        thread = threading.Thread(
            target=self.serve_forever, args=(look,), name=self._name, daemon=True
        )
        thread.start()
        return thread

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Beyond `most` at once a connection is closed."""
        return self._slots.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not worth a traceback on the console."""


class Handler(BaseHTTPRequestHandler):
    """A handler that names no version, waits for nobody and writes no log."""

    server: HttpPort
    server_version = "qinglang"
    sys_version = ""
    timeout = SECONDS

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: scrapes every few seconds are no news, and who logs in is nobody's."""

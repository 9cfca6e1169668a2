"""A process's line to the identity service: one thread that keeps what is Known up to date.

It connects, takes everything, then changes; when the service goes away it tries again
and again, and meanwhile what was known stays until it expires. The event loop is never
made to wait. A door: a unix socket and a thread.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from loguru import logger

from gateway.authority import read_keys
from gateway.delivery import short_path
from gateway.identity.feed import LARGEST, LENGTH, RING, SESSIONS, FeedError, take
from gateway.identity.known import Known
from gateway.identity.pseudonyms import load
from gateway.node import Node
from rules.load import WorldError

SOCKET = "identity.sock"
AGAIN = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds before the next try
FIRST = 2.0  # seconds a new process waits to be told everything
PSEUDONYMS = "pseudonyms"


def first_known(node: Node) -> Known:
    """What a process knows before it has heard of anybody. Raises WorldError on bad keys."""
    keys = node.data / "keys"
    return Known(load(keys / PSEUDONYMS, read_keys(keys).pseudonym))


def now_known(node: Node, seconds: float) -> Known:
    """What the running service knows just now; the keys alone where none runs or answers.

    Raises WorldError on bad keys."""
    known = first_known(node)
    if (node.run / SOCKET).exists():
        follower = IdentityFollower(node.run / SOCKET, known, lambda: first_known(node))
        follower.start()
        follower.complete(seconds)
        follower.close()
    return known


class IdentityFollower:
    """Feeds `known` from `start` to `close`."""

    def __init__(
        self,
        door: Path,
        known: Known,
        reread: Callable[[], Known],
        heard: Callable[[str], None] = lambda _kind: None,
    ) -> None:
        """`reread` gives a Known with the keys as they are now."""
        self.known = known
        self._door = door
        self._reread = reread
        self._heard = heard
        self._over = threading.Event()
        self._complete = threading.Event()
        self._line: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="identity", daemon=True)

    @classmethod
    def of(cls, node: Node) -> IdentityFollower:
        """The follower of a node's process, started; waits a moment to know everything."""
        follower = cls(node.run / SOCKET, first_known(node), lambda: first_known(node))
        follower.start()
        if (node.run / SOCKET).exists():
            follower.complete(FIRST)
        return follower

    def start(self) -> None:
        self._thread.start()

    def complete(self, seconds: float) -> bool:
        """Has everything been told once? Waits so long for it at most."""
        return self._complete.wait(seconds)

    def close(self) -> None:
        """Hang up and stop."""
        self._over.set()
        line = self._line
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _run(self) -> None:
        failures = 0
        while not self._over.is_set():
            try:
                self._follow()
                failures = 0
            except (ConnectionError, FileNotFoundError, TimeoutError):
                failures += 1
            except (OSError, FeedError, WorldError) as error:
                failures += 1
                logger.warning("identity: {}", error)
            self._over.wait(AGAIN[min(failures, len(AGAIN) - 1)])

    def _follow(self) -> None:
        """Take frames until the other side hangs up."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(short_path(self._door))
            self._line = line
            try:
                while body := _frame(line):
                    kind = take(self.known, body)
                    if kind == RING:
                        self.known.ring = self._reread().ring
                    if kind == SESSIONS:
                        self._complete.set()
                    self._heard(kind)
            finally:
                self._line = None


def _frame(line: socket.socket) -> bytes:
    """The next frame's content; empty at the end. Raises FeedError for an impossible length."""
    head = _exactly(line, LENGTH.size)
    if not head:
        return b""
    (size,) = LENGTH.unpack(head)
    if not 0 < size <= LARGEST:
        raise FeedError(f"a frame of {size} bytes")
    return _exactly(line, size)


def _exactly(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = line.recv(min(size - len(parts), 1 << 20))
        if not part:
            return b""
        parts += part
    return bytes(parts)

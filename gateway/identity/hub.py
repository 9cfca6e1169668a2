"""Where followers connect: a unix socket; each gets everything, then every change.

A follower that does not read is let go when its queue is full; it comes back and gets
everything again. What is told is bytes made elsewhere. A door: a socket and threads.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from gateway.delivery import short_path

WAITING = 1000  # frames a follower may be behind
SLOWEST = 30.0  # seconds for one frame


class Hub:
    """Tells frames to all who follow, from `open` to `close`."""

    def __init__(self, door: Path, first: Callable[[], Iterable[bytes]]) -> None:
        """`first` gives what a new follower is told. It is called under `lock`, which the
        owner holds too while it changes what is told, so that no change is missed."""
        self.lock = threading.RLock()
        self._door = door
        self._first = first
        self._lines: set[queue.Queue[bytes]] = set()
        self._listener: socket.socket | None = None

    @property
    def followers(self) -> int:
        return len(self._lines)

    def open(self) -> None:
        """Listen. A socket left by a killed process is replaced: the caller is alone."""
        self._door.unlink(missing_ok=True)
        listener = self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(short_path(self._door))
        self._door.chmod(0o600)
        listener.listen(64)
        threading.Thread(target=self._accept, args=(listener,), name="hub", daemon=True).start()

    def close(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self.lock:
            for waiting in tuple(self._lines):
                self._let_go(waiting)
        self._door.unlink(missing_ok=True)

    def tell(self, frame: bytes) -> None:
        """One frame to everybody; the caller holds `lock`."""
        for waiting in tuple(self._lines):
            try:
                waiting.put_nowait(frame)
            except queue.Full:
                self._let_go(waiting)

    def _let_go(self, waiting: queue.Queue[bytes]) -> None:
        """End a line: what it has not read is dropped."""
        self._lines.discard(waiting)
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.get_nowait()
        waiting.put_nowait(b"")

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(line,), name="line", daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        line.settimeout(SLOWEST)  # before anybody reads: later, a read under way would spin
        waiting: queue.Queue[bytes] = queue.Queue(WAITING)
        with self.lock:
            first = tuple(self._first())
            self._lines.add(waiting)
        threading.Thread(target=self._hear, args=(line, waiting), daemon=True).start()
        with line:
            with contextlib.suppress(OSError):
                for frame in first:
                    line.sendall(frame)
                while frame := waiting.get():
                    line.sendall(frame)
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)  # closing alone would wait for `_hear`
        with self.lock:
            self._lines.discard(waiting)

    def _hear(self, line: socket.socket, waiting: queue.Queue[bytes]) -> None:
        """A follower says nothing; when it hangs up, its line ends."""
        with contextlib.suppress(OSError):
            while True:
                try:
                    if not line.recv(64):
                        break
                except TimeoutError:
                    continue
        with self.lock:
            if waiting in self._lines:
                self._let_go(waiting)

"""The writer's ear: a unix socket, one thread per worker's connection, one bounded queue.

The other end of `gateway.delivery`. It knows frames and answers, not what is in
them. A worker whose batch waits in the queue is not read further, so a slow store
slows only the workers' flush threads. This module is a door: a socket.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.delivery import LARGEST_FRAME, LENGTH, short_path

WAITING = 256  # batches read and not yet answered, of all workers


@dataclass(frozen=True, slots=True)
class Arrival:
    """One batch's bytes and how to answer its sender."""

    payload: bytes
    answer: Callable[[bytes], None]


class Intake:
    """Accepts workers at one socket path from `open` to `close`."""

    def __init__(self, door: Path) -> None:
        self._door = door
        self._arrivals: queue.Queue[Arrival] = queue.Queue(WAITING)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def open(self) -> None:
        """Listen. A socket left there by a killed process is replaced: the caller is alone."""
        self._door.unlink(missing_ok=True)
        self._listener.bind(short_path(self._door))
        self._door.chmod(0o600)
        self._listener.listen(64)
        threading.Thread(target=self._accept, name="intake", daemon=True).start()

    def close(self) -> None:
        """Accept nobody further; what was read may still be taken and answered."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._door.unlink(missing_ok=True)

    def take(self, most: int, wait: float) -> list[Arrival]:
        """Up to `most` batches; waits `wait` seconds for the first."""
        found: list[Arrival] = []
        with suppress(queue.Empty):
            found.append(self._arrivals.get(block=wait > 0, timeout=wait or None))
            while len(found) < most:
                found.append(self._arrivals.get_nowait())
        return found

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._hear, args=(line,), name="line", daemon=True).start()

    def _hear(self, line: socket.socket) -> None:
        """Queue one worker's batches until it hangs up or says nonsense."""
        with line, suppress(OSError):
            while payload := _frame(line):
                done = threading.Event()
                self._arrivals.put(Arrival(payload, _answerer(line, done)))
                done.wait()


def _answerer(line: socket.socket, done: threading.Event) -> Callable[[bytes], None]:
    def answer(word: bytes) -> None:
        with suppress(OSError):  # it hung up meanwhile, and will spill
            line.sendall(word)
        done.set()

    return answer


def _frame(line: socket.socket) -> bytes:
    """The next frame's payload; empty at the end, and for a length that cannot be."""
    head = _exactly(line, LENGTH.size)
    if not head:
        return b""
    (size,) = LENGTH.unpack(head)
    return _exactly(line, size) if size <= LARGEST_FRAME else b""


def _exactly(line: socket.socket, size: int) -> bytes:
    """So many bytes, or none at all if the other side hangs up before."""
    parts = bytearray()
    while len(parts) < size:
        part = line.recv(min(size - len(parts), 1 << 20))
        if not part:
            return b""
        parts += part
    return bytes(parts)

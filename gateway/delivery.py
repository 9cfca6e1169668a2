"""How a worker's batches reach the writer: one unix socket with acknowledgement, else spill files.

Called by the flush thread alone, never by the event loop. Frame: 4 bytes length
(big endian), payload. Answer: `+` stored, `-` cannot store now. What is not
acknowledged becomes a file in the spill folder (written whole, synced, renamed),
which the writer takes in later; a batch that arrives both ways is stored once.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LENGTH = struct.Struct(">I")
LARGEST_FRAME = 64 * 1024 * 1024
STORED = b"+"
REFUSED = b"-"
SPILL_SUFFIX = ".batch"
PART_SUFFIX = ".part"  # being written


class Fate(StrEnum):
    """What became of a batch."""

    STORED = "stored"
    SPILLED = "spilled"
    LOST = "lost"  # the spill folder is full or cannot be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where batches go. `budget` is the bytes the whole spill folder may hold."""

    socket: Path
    spill: Path
    budget: int = 2 * 1024 * 1024 * 1024
    timeout: float = 2.0
    patience: float = 5.0  # seconds in which a writer that did not answer is not asked again


class Delivery:
    """One worker's line to the writer; reconnects by itself."""

    def __init__(self, route: Route, clock: Callable[[], float] = time.monotonic) -> None:
        self._route = route
        self._clock = clock
        self._ask_again = 0.0
        self._line: socket.socket | None = None

    def send(self, name: str, payload: bytes) -> Fate:
        """Deliver one batch; `name` is unique and becomes the spill file's name. Never raises."""
        if self._acknowledged(payload):
            return Fate.STORED
        return Fate.SPILLED if self._spill(name, payload) else Fate.LOST

    def close(self) -> None:
        """Hang up; the next `send` connects anew."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _acknowledged(self, payload: bytes) -> bool:
        if self._clock() < self._ask_again:
            return False
        try:
            line = self._line or self._connect()
            line.sendall(LENGTH.pack(len(payload)) + payload)
            answer = line.recv(1)
        except TimeoutError:  # stopped or swamped: do not make every batch wait for it
            self._ask_again = self._clock() + self._route.patience
            self.close()
            return False
        except OSError:
            self.close()
            return False
        if not answer:
            self.close()
        return answer == STORED

    def _connect(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(self._route.timeout)
        try:
            line.connect(short_path(self._route.socket))
        except OSError:
            line.close()
            raise
        self._line = line
        return line

    def _spill(self, name: str, payload: bytes) -> bool:
        folder = self._route.spill
        target = folder / (name + SPILL_SUFFIX)
        fresh = folder / (name + PART_SUFFIX)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _held(folder) + len(payload) > self._route.budget:
                return False
            with open(fresh, "wb", opener=_private) as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            return False
        return True


def short_path(path: Path) -> str:
    """A socket path the kernel takes (108 bytes): relative to the working folder where shorter."""
    absolute = str(path)
    relative = os.path.relpath(absolute)
    return relative if len(os.fsencode(relative)) < len(os.fsencode(absolute)) else absolute


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _held(folder: Path) -> int:
    """Bytes in the spill folder; a file that vanishes meanwhile counts nothing."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                total += entry.stat().st_size
            except OSError:
                continue
    return total

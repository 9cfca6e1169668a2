"""A worker's line to the usage service: a thread that tells marks and hears rows.

While the service is away the marks wait in the Tally, and the worker goes on with the
rows it knows and its own marks. A batch that was not acknowledged is said again under
the same number: it counts once. This module is a door: a socket, a thread.
"""

from __future__ import annotations

import contextlib
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from gateway.delivery import short_path
from gateway.usage import Mark, Place, Tally, oldest
from gateway.usage_words import (
    LARGEST,
    LENGTH,
    WordError,
    marks_message,
    pack,
    rows_of,
    unpack,
)
from policies.moment import moment
from rules.load import WorldError

if TYPE_CHECKING:
    from gateway.metrics import Metrics

TELL_EVERY = 0.5  # seconds
PATIENCE = 5.0  # seconds without an answer after which the line is made anew
FORGET_EVERY = 600.0
MARKS_PER_FRAME = 10_000


class UsageLine:
    """Keeps one Tally and the service in step, from `start` to `close`."""

    def __init__(
        self,
        tally: Tally,
        door: Path,
        *,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.time,
        every: float = TELL_EVERY,
    ) -> None:
        self.tally = tally
        self.boot = secrets.token_hex(8)
        self._door = door
        self._metrics = metrics
        self._clock = clock
        self._every = every
        self._seq = 0
        self._said: tuple[int, float, Mapping[Place, Mark]] | None = None  # not acknowledged
        self._left: dict[Place, Mark] = {}
        self._sock: socket.socket | None = None
        self._heard = b""
        self._lost = 0
        self._forget_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Tell what is left (for two seconds at most) and hang up."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            with contextlib.suppress(OSError, WordError):
                self.turn(0.05)
            if self._sock is None or (self._said is None and not self._left):
                break
        self._hang_up()

    def turn(self, wait: float) -> None:
        """Tell what waits, hear what comes for `wait` seconds. Raises OSError, WordError."""
        if self._sock is None:
            self._connect()
        self._tell()
        self._hear(wait)
        if self._said is not None and time.monotonic() - self._said[1] > PATIENCE:
            raise TimeoutError("the usage service does not answer")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.turn(self._every)
            except (OSError, WordError) as error:
                if self._sock is not None:
                    logger.warning("usage: the line is down: {}", error)
                self._hang_up()
                self._stop.wait(self._every)
            except Exception:  # the door of this thread
                logger.exception("usage: the line has failed")
                self._hang_up()
                self._stop.wait(self._every)
            self._look_after()

    def _look_after(self) -> None:
        if self._metrics is not None and self.tally.lost > self._lost:
            self._metrics.usage_lost(self.tally.lost - self._lost)
        self._lost = self.tally.lost
        now = self._clock()
        if abs(now - self._forget_at) >= FORGET_EVERY:
            self._forget_at = now
            self.tally.forget_before(oldest(moment(now).day))

    def _connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(2.0)
        try:
            sock.connect(short_path(self._door))
        except OSError:
            sock.close()
            raise
        self._sock, self._heard = sock, b""
        if self._said is not None:
            self._send(self._said[0], self._said[2])

    def _hang_up(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._sock = None

    def _tell(self) -> None:
        if self._said is not None:
            return
        marks = self._left or self.tally.pending()
        if not marks:
            return
        places = list(marks)
        now = {place: marks[place] for place in places[:MARKS_PER_FRAME]}
        self._left = {place: marks[place] for place in places[MARKS_PER_FRAME:]}
        self._seq += 1
        self._send(self._seq, now)

    def _send(self, seq: int, marks: Mapping[Place, Mark]) -> None:
        self._said = (seq, time.monotonic(), marks)
        if self._sock is not None:
            self._sock.sendall(pack(marks_message(self.boot, seq, marks)))

    def _hear(self, wait: float) -> None:
        end = time.monotonic() + wait
        while (left := end - time.monotonic()) > 0 and self._sock is not None:
            if not select.select([self._sock], [], [], left)[0]:
                return
            part = self._sock.recv(1 << 20)
            if not part:
                raise ConnectionResetError("the usage service hung up")
            self._heard += part
            for message in self._messages():
                self._learn(message)

    def _messages(self) -> list[dict[str, Any]]:
        found = []
        while len(self._heard) >= LENGTH.size:
            (size,) = LENGTH.unpack(self._heard[: LENGTH.size])
            if size > LARGEST:
                raise WordError(f"a frame of {size} bytes")
            if len(self._heard) < LENGTH.size + size:
                break
            found.append(unpack(self._heard[LENGTH.size : LENGTH.size + size]))
            self._heard = self._heard[LENGTH.size + size :]
        return found

    def _learn(self, message: Mapping[str, Any]) -> None:
        match message.get("say"):
            case "rows":
                whole, rows = rows_of(message)
                self.tally.learn(rows, whole=whole)
            case "ack":
                if self._said is not None and message.get("seq") == self._said[0]:
                    self._said = None
            case "refused":
                raise ConnectionRefusedError("the usage service cannot store now")
            case _:
                return


def ask(door: Path, message: Mapping[str, Any]) -> int:
    """Say `reset` or `rename` to a running service; how many rows. Raises WorldError."""
    return _asked(door, message)[0]


def tokens(door: Path) -> set[str]:
    """Every token that a running service keeps rows of. Raises WorldError."""
    return _asked(door, {"say": "rename", "pairs": []})[1]


def _asked(door: Path, message: Mapping[str, Any]) -> tuple[int, set[str]]:
    """How many rows changed, and the tokens of the rows that are told before the answer."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(10.0)
    known: set[str] = set()
    try:
        sock.connect(short_path(door))
        sock.sendall(pack(message))
        while True:
            (size,) = LENGTH.unpack(_exactly(sock, LENGTH.size))
            answer = unpack(_exactly(sock, min(size, LARGEST)))
            if answer.get("say") == "done":
                return int(answer["count"]), known
            if answer.get("say") == "failed":
                raise WorldError(str(answer.get("why")))
            if answer.get("say") == "rows":
                known |= {place[0] for place, _ in rows_of(answer)[1]}
    except (OSError, WordError) as error:
        raise WorldError(
            f"限额服务没有应答 / the usage service does not answer: {error}"
        ) from error
    finally:
        sock.close()


def _exactly(sock: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = sock.recv(size - len(parts))
        if not part:
            raise ConnectionResetError("hung up")
        parts += part
    return bytes(parts)

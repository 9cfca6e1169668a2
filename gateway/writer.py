"""The writer process: takes the batches of all workers of a node and stores them. One per node.

`python -O -m gateway.writer --node <data>/run/node.json [--url URL]`

Many batches share one transaction; each is answered after the commit. What workers
had to spill is taken in beside. While the database is away or the disk is full,
batches are refused at once, so that workers spill and nobody waits. SIGTERM
stores what has arrived and ends. This module is a door: files, signals, a clock.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from gateway import oplog
from gateway.batch import Batch, BatchError, decode
from gateway.delivery import LARGEST_FRAME, PART_SUFFIX, REFUSED, SPILL_SUFFIX, STORED
from gateway.events import route
from gateway.intake import Intake
from gateway.node import Node
from gateway.sealing import Sealer
from gateway.signing import Signing
from gateway.store import Store
from rules.load import DataError, WorldError

if TYPE_CHECKING:
    from gateway.metrics import Metrics

MOST_TOGETHER = 64  # batches in one transaction
LOOK_EVERY = 0.5  # seconds between looks at the spill folder
BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds after the first, second, ... failure
ORPHANED = 60.0  # seconds after which a half-written spill file has lost its worker


class Writer:
    """Hears many, writes to one store. `run` returns after `stop`."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        spill: Path,
        *,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
        sealer: Sealer | None = None,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._intake = intake
        self._spill = spill
        self._metrics = metrics
        self._clock = clock
        self._stopping = threading.Event()
        self._failures = 0
        self._closed_until = 0.0
        self._look_at = 0.0

    def stop(self) -> None:
        """Ask `run` to store what has arrived and to return."""
        self._stopping.set()

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until stopped; `ready` is called once workers can be heard."""
        self._intake.open()
        try:
            ready()
            while not self._stopping.is_set():
                self.turn(LOOK_EVERY)
        finally:
            self._intake.close()
            while self.turn(0.0):
                continue
            if self._sealer:
                self._sealer.finish()
            self._store.close()

    def turn(self, wait: float) -> int:
        """Store and answer what waits, and look at the spill folder when it is time.

        Returns how many batches were answered.
        """
        arrivals = self._intake.take(MOST_TOGETHER, wait)
        stored = self._stored([arrival.payload for arrival in arrivals])
        for arrival, done in zip(arrivals, stored, strict=True):
            arrival.answer(STORED if done else REFUSED)
        if self._clock() >= self._look_at and not self._closed:
            self._look_at = self._clock() + LOOK_EVERY
            self._replay()
        if self._sealer:
            self._sealer.step()
        return len(arrivals)

    @property
    def _closed(self) -> bool:
        """Is the writer holding back after trouble?"""
        return self._clock() < self._closed_until

    def _stored(self, payloads: Sequence[bytes]) -> list[bool]:
        """Which of these are stored now: all in one transaction, else each on its own."""
        if self._closed:
            return [False] * len(payloads)
        batches = [_decoded(payload) for payload in payloads]
        if self._write([batch for batch in batches if batch is not None]):
            return [batch is not None for batch in batches]
        return [
            batch is not None and not self._closed and self._write([batch]) for batch in batches
        ]

    def _write(self, batches: list[Batch]) -> bool:
        """Store them; False if not. Trouble of the world closes the writer for a while."""
        if not batches:
            return True
        try:
            self._store.write(batches)
        except WorldError as error:
            pause = BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
            self._failures += 1
            self._closed_until = self._clock() + pause
            logger.warning("events are refused for {} s: {}", pause, error)
            return False
        except Exception:  # the outermost door: this batch is not stored, the next may be
            logger.exception("events: {} batches cannot be stored together", len(batches))
            if self._metrics:
                self._metrics.failure("writer")
            return False
        self._failures = 0
        return True

    def _replay(self) -> None:
        """Take in spilled batches, oldest first; one that can never be stored is put aside."""
        files = _spilled(self._spill, time.time() - ORPHANED)[:MOST_TOGETHER]
        stored = self._stored([_read(path) for path in files])
        if self._closed:
            return
        for path, done in zip(files, stored, strict=True):
            with suppress(OSError):
                if done:
                    path.unlink()
                else:
                    path.replace(path.with_suffix(".rejected"))
                    logger.error("spilled batch {} is not readable: put aside", path.name)
            if self._metrics:
                self._metrics.spilled("replayed" if done else "rejected")
        if len(files) == MOST_TOGETHER:
            self._look_at = 0.0  # there are more


def _decoded(payload: bytes) -> Batch | None:
    try:
        return decode(payload)
    except BatchError as error:
        logger.warning("events: {}", error)
        return None


def _spilled(folder: Path, orphaned: float) -> list[Path]:
    """Spill files, oldest first; half-written ones only from before `orphaned`."""
    if not folder.is_dir():
        return []
    aged: list[tuple[float, Path]] = []
    for path in folder.iterdir():
        with suppress(OSError):
            since = path.stat().st_mtime
            if path.suffix == SPILL_SUFFIX or (path.suffix == PART_SUFFIX and since < orphaned):
                aged.append((since, path))
    return [path for _, path in sorted(aged)]


def _read(path: Path) -> bytes:
    """A spill file's bytes; none where it cannot be a batch or cannot be read."""
    try:
        return path.read_bytes() if path.stat().st_size <= LARGEST_FRAME else b""
    except OSError:
        return b""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock file. Raises WorldError if another process holds it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WorldError(
                f"本节点已有写入进程 another writer serves this node ({path})"
            ) from error
        yield


def serve(node: Node, url: str = "") -> None:
    """Run this node's writer until SIGTERM or SIGINT."""
    path = route(node)
    ready = node.run / "writer.ready"
    with alone(node.run / "writer.lock"):
        metrics = _metrics()
        store = Store(node.name, node.events, url=url, snapshots=node.snapshot, metrics=metrics)
        signing = Signing(socket=node.signer_socket, folder=node.ledger)
        told = metrics.unsigned if metrics else lambda _count: None
        sealer = Sealer(store, signing, unsigned=told)
        intake = Intake(path.socket)
        writer = Writer(store, intake, path.spill, metrics=metrics, sealer=sealer)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: writer.stop())
        try:
            writer.run(lambda: _say(ready))
        finally:
            ready.unlink(missing_ok=True)


def _say(ready: Path) -> None:
    ready.write_text(str(os.getpid()), encoding="ascii")


def _metrics() -> Metrics | None:
    """Figures, where the supervisor gave a folder for them."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return None
    from gateway.metrics import Metrics

    return Metrics()


def main(argv: Sequence[str] | None = None) -> int:
    """The process. Exit code 0 after SIGTERM, 2 bad node file, 3 the world failed."""
    parser = argparse.ArgumentParser(prog="python -m gateway.writer")
    parser.add_argument("--node", type=Path, required=True, help="node.json")
    parser.add_argument("--url", default="", help="database URL instead of day files")
    options = parser.parse_args(argv)
    os.umask(0o077)
    oplog.set_up()
    try:
        serve(Node.read(options.node), options.url)
    except DataError as error:
        logger.error("{}", error)
        return 2
    except (WorldError, OSError) as error:
        logger.error("{}", error)
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The usage service: the one writer of a node's quotas, and what tells all workers of them.

`python -O -m gateway.usage_service --node <data>/run/node.json`

A worker connects to the unix socket, hears all rows, then says what it has marked; a
batch is stored, acknowledged, and the changed rows are told to every worker, so that
all of them know within a second or two. Between two looks old days are let go.
This module is a door: a socket, a database, a clock, signals.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from loguru import logger

from gateway import oplog
from gateway.delivery import short_path
from gateway.node import Node
from gateway.usage import usage_file, usage_socket
from gateway.usage_store import UsageStore
from gateway.usage_words import (
    LARGEST,
    LENGTH,
    WordError,
    marks_of,
    names_of,
    pack,
    pairs_of,
    rows_messages,
    unpack,
)
from gateway.writer import alone
from policies.moment import moment
from rules.load import DataError, WorldError

PRUNE_EVERY = 600.0  # seconds
MOST_UNREAD = 64 * 1024 * 1024  # bytes a worker may leave unread before it is hung up on


class UsageService:
    """Serves one store at one socket until `stop`."""

    def __init__(
        self, store: UsageStore, door: Path, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.store = store
        self.door = door
        self.clock = clock
        self._lines: set[asyncio.StreamWriter] = set()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Listen until stopped; `ready` is called once workers can be heard."""
        self.door.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._hear, short_path(self.door))
        self.door.chmod(0o600)
        ready()
        while not self._stopping.is_set():
            self.prune()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PRUNE_EVERY):
                    await self._stopping.wait()
        server.close()
        for line in list(self._lines):
            line.close()
        await asyncio.sleep(0)
        self.door.unlink(missing_ok=True)

    def prune(self) -> None:
        """Let go of old days."""
        try:
            self.store.prune(moment(self.clock()).day)
        except WorldError as error:
            logger.warning("usage: {}", error)

    async def _hear(self, reader: asyncio.StreamReader, line: asyncio.StreamWriter) -> None:
        """One worker (or command), until it hangs up or says nonsense."""
        self._lines.add(line)
        try:
            _say(line, rows_messages(self.store.rows(), whole=True))
            while True:
                (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                if size > LARGEST:
                    raise WordError(f"a frame of {size} bytes")
                self.answer(unpack(await reader.readexactly(size)), line)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except WordError as error:
            logger.warning("usage: hung up: {}", error)
        except Exception:  # the outermost door of one line
            logger.exception("usage: a line has failed")
        finally:
            self._lines.discard(line)
            line.close()

    def answer(self, message: dict[str, Any], line: asyncio.StreamWriter) -> None:
        """Do what one message says. Raises WordError for one that does not read."""
        match message.get("say"):
            case "marks":
                boot, seq, marks = marks_of(message)
                try:
                    changed = self.store.apply(boot, seq, marks)
                except WorldError as error:  # the worker keeps it and tries again
                    logger.warning("usage: {}", error)
                    _say(line, [{"say": "refused", "seq": seq}])
                    return
                _say(line, [{"say": "ack", "seq": seq}])
                self._tell(rows_messages(changed))
            case "reset":
                token, counter = names_of(message)
                self._done(line, lambda: self.store.reset(token, counter))
            case "rename":
                pairs = pairs_of(message)
                self._done(line, lambda: self.store.rename(pairs))
            case other:
                raise WordError(f"unknown message {other!r}")

    def _done(self, line: asyncio.StreamWriter, work: Callable[[], int]) -> None:
        try:
            count = work()
        except WorldError as error:
            _say(line, [{"say": "failed", "why": str(error)}])
            return
        logger.info("usage: {} rows were reset or renamed", count)
        _say(line, [{"say": "done", "count": count}])
        self._tell(rows_messages(self.store.rows(), whole=True))

    def _tell(self, messages: Iterable[dict[str, Any]]) -> None:
        frames = list(messages)
        for line in list(self._lines):
            if line.transport.get_write_buffer_size() > MOST_UNREAD:
                line.transport.abort()  # it will connect again and hear everything
            else:
                _say(line, frames)


def _say(line: asyncio.StreamWriter, messages: Iterable[dict[str, Any]]) -> None:
    if not line.is_closing():
        line.writelines([pack(message) for message in messages])


def serve(node: Node) -> None:
    """Run this node's usage service until SIGTERM or SIGINT."""
    ready = node.run / "usage.ready"

    async def run() -> None:
        service = UsageService(store, usage_socket(node))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, service.stop)
        await service.serve(lambda: _note(ready))

    with alone(node.run / "usage.lock"):
        store = UsageStore(usage_file(node))
        try:
            asyncio.run(run())
        finally:
            store.close()
            ready.unlink(missing_ok=True)


def _note(ready: Path) -> None:
    ready.write_text(str(os.getpid()), encoding="ascii")


def main(argv: Sequence[str] | None = None) -> int:
    """The process. Exit code 0 after SIGTERM, 2 bad node file, 3 the world failed."""
    parser = argparse.ArgumentParser(prog="python -m gateway.usage_service")
    parser.add_argument("--node", type=Path, required=True, help="node.json")
    options = parser.parse_args(argv)
    os.umask(0o077)
    oplog.set_up()
    try:
        serve(Node.read(options.node))
    except DataError as error:
        logger.error("{}", error)
        return 2
    except (WorldError, OSError) as error:
        logger.error("{}", error)
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

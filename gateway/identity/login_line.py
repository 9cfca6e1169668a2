"""A worker's line to the identity service's logins: asked and answered on its event loop.

One connection for all, opened when it is first wanted and again after it was lost. While
the service is away every login is answered `down`, at once or after `PATIENCE`. A door.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from loguru import logger

from gateway.delivery import short_path
from gateway.identity import login_words as words
from gateway.identity.login_words import DOWN, Answer, Asked, LoginError

PATIENCE = 35.0  # seconds: longer than the longest timeout of a directory
CONNECT = 2.0


class LoginLine:
    """Asks. All methods are called on one event loop."""

    def __init__(self, door: Path, patience: float = PATIENCE) -> None:
        self._door = door
        self._patience = patience
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()

    async def ask(self, user: str, password: str, address: str) -> Answer:
        """What becomes of a login; `down` where nobody answers."""
        if len(user) > words.MOST_USER or len(password) > words.MOST_PASSWORD:
            return Answer(say=words.Say.NO)
        self._number += 1
        asked = Asked(number=self._number, user=user, password=password, address=address)
        try:
            async with asyncio.timeout(self._patience):
                writer = await self._open()
                future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
                self._waiting[asked.number] = future
                writer.write(words.asking(asked))
                return await future
        except (OSError, TimeoutError, UnicodeEncodeError):
            return DOWN
        finally:
            self._waiting.pop(asked.number, None)

    def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._lost()

    async def _open(self) -> asyncio.StreamWriter:
        async with self._opening:
            if self._writer is None or self._writer.is_closing():
                async with asyncio.timeout(CONNECT):
                    reader, self._writer = await asyncio.open_unix_connection(
                        short_path(self._door)
                    )
                self._reading = asyncio.get_running_loop().create_task(
                    self._read(reader, self._writer)
                )
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (size,) = words.LENGTH.unpack(await reader.readexactly(words.LENGTH.size))
                if not 0 < size <= words.LARGEST:
                    raise LoginError(f"a frame of {size} bytes")
                number, answer = words.answer(await reader.readexactly(size))
                future = self._waiting.get(number)
                if future is not None and not future.done():
                    future.set_result(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        except LoginError as error:
            logger.warning("logins: {}", error)
        finally:
            if self._writer is writer:
                self._lost()
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    def _lost(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_result(DOWN)
